"""Write the reference pages that are made from the code: `python -m docs.generate [--check]`.

With `--check` nothing is written; a page that is not current makes the exit code 1.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import typer

from ccci.cli import app
from ccci.exits import MEANINGS, SIGTERM_EXIT, WORST_FIRST, Verdict
from ccci.swarm import axes, hints, identity
from ccci.swarm.hints import hint_for
from ccci.swarm.model import UpdateState
from ccci.sweep import rule_pages

FOLDER = Path(__file__).parent
_MARK = "<!-- Made by `python -m docs.generate` from the code; changes here are lost. -->"

_VARIABLES = (
    "Every option can be given as the variable named beside it, the first that is set wins; a "
    "list holds one value per line. `--json`, `-v` and `-q` are taken before and after the "
    "command, but not behind `--`."
)
_VERDICTS = (
    "A verdict is the word in the report, the exit code is what a script or a CI step branches "
    "on. Both come from one table in the code."
)
_ABOVE = (
    "A verdict about the run itself (`unable`, `deploy-failed`, `base-broken`) stands above its "
    "services."
)
_REASONS = (
    "`identity.reason` in the report; the exit code is 13 (`wrong-identity`) unless the table "
    "says otherwise."
)
_CAUSES = (
    "Why a service failed: `services[].cause.code` in the report, one per failing service, with "
    "the task that shows it, its last log lines, its last probe output and one next step. "
    "`evidence` says where the container was: `local` on the node we talk to, where its "
    "out-of-memory flag and its probes can be read, or `remote`, where they cannot."
)
_PHASES = (
    "What the live view and the log say of a service while it is followed. The verdict, once "
    "there is one, takes the phase's place."
)
_SWARM = (
    "The other column is Swarm's own word for the update, in its wire spelling, or `-` where it "
    "has none: before the updater begins, after a change that rolls nothing, and after somebody "
    "re-sent the service in the middle of a roll."
)


def command_line() -> str:
    """Return the page of every command and option, from the Typer app itself."""
    group: Any = typer.main.get_command(app)
    lines = [
        "# Command line",
        "",
        group.help,
        "",
        _VARIABLES,
        "",
        *_options(group),
    ]
    for name, command in _commands(group):
        lines += ["", f"## ccci {name}", "", *_usage(name, command), *_options(command)]
    return "\n".join(lines)


def _commands(group: Any, prefix: str = "") -> Iterable[tuple[str, Any]]:  # noqa: ANN401
    for name, command in sorted(group.commands.items()):
        if command.hidden:
            continue
        if hasattr(command, "commands"):
            if command.invoke_without_command:
                yield f"{prefix}{name}", command
            yield from _commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def _usage(name: str, command: Any) -> list[str]:  # noqa: ANN401
    arguments = [_metavar(each) for each in _arguments(command)]
    usage = " ".join(["ccci", name, "[OPTIONS]", *arguments])
    lines = ["```", usage, "```", "", *_paragraphs(command.help or ""), ""]
    described = [
        f"- `{_metavar(each)}`: {_one_line(each.help)} {_variables(each)}".rstrip()
        for each in _arguments(command)
        if getattr(each, "help", None)
    ]
    lines += described
    return [*lines, ""] if described else lines


def _metavar(argument: Any) -> str:  # noqa: ANN401
    name = str(argument.metavar or argument.name.upper())
    if name.startswith("["):
        return name
    return (name if argument.required else f"[{name}]") + ("..." if argument.nargs == -1 else "")


def _paragraphs(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


def _arguments(command: Any) -> list[Any]:  # noqa: ANN401
    return [each for each in command.params if each.param_type_name == "argument"]


def _options(command: Any) -> list[str]:  # noqa: ANN401
    options = [
        each
        for each in command.params
        if each.param_type_name == "option" and not each.hidden and each.name != "help"
    ]
    if not options:
        return []
    lines = ["| option | meaning | default | variable |", "| --- | --- | --- | --- |"]
    for each in options:
        names = ", ".join(f"`{name}`" for name in (*each.opts, *each.secondary_opts))
        default = "" if each.default in (None, False, (), [], 0, "") else f"`{each.default}`"
        lines.append(f"| {names} | {_one_line(each.help or '')} | {default} | {_variables(each)} |")
    return lines


def _variables(parameter: Any) -> str:  # noqa: ANN401
    named = parameter.envvar or ()
    return ", ".join(f"`{name}`" for name in ([named] if isinstance(named, str) else named))


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def exit_codes() -> str:
    """Return the page of verdicts and exit codes."""
    return "\n".join(
        [
            "# Verdicts and exit codes",
            "",
            _VERDICTS,
            "",
            *_table(
                ("verdict", "exit code", "meaning"),
                (
                    (f"`{verdict.value}`", _code(verdict), meaning.sentence)
                    for verdict, meaning in MEANINGS.items()
                ),
            ),
            "",
            "## Which of several counts",
            "",
            "A stack's verdict is its worst service's, in this order: "
            + ", ".join(f"`{verdict.value}`" for verdict in WORST_FIRST)
            + ".",
            "",
            _ABOVE,
        ]
    )


def _code(verdict: Verdict) -> str:
    if verdict is Verdict.INTERRUPTED:
        return f"{verdict.exit_code}, {SIGTERM_EXIT}"
    return str(verdict.exit_code)


def mismatches() -> str:
    """Return the page of the reasons of `wrong-identity`."""
    return "\n".join(
        [
            "# Identity: reasons of a mismatch",
            "",
            _REASONS,
            "",
            *_table(
                ("reason", "meaning"),
                ((f"`{each.value}`", text) for each, text in identity.MEANINGS.items()),
            ),
        ]
    )


def causes() -> str:
    """Return the page of causes."""
    return "\n".join(
        [
            "# Causes",
            "",
            _CAUSES,
            "",
            *_table(
                ("cause", "meaning", "next step"),
                (
                    (f"`{each.value}`", text, hint_for(each))
                    for each, text in hints.MEANINGS.items()
                ),
            ),
        ]
    )


def phases() -> str:
    """Return the page of phases and of Swarm's own words."""
    return "\n".join(
        [
            "# Phases",
            "",
            _PHASES,
            "",
            *_table(
                ("phase", "meaning"), ((f"`{each}`", text) for each, text in axes.PHASES.items())
            ),
            "",
            "## What Swarm says",
            "",
            _SWARM,
            "",
            *(f"- `{each.value}`" for each in UpdateState),
        ]
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(heads)} |", f"| {' | '.join('---' for _ in heads)} |"]
    return lines + [f"| {' | '.join(_one_line(cell) for cell in row)} |" for row in rows]


PAGES: dict[str, Callable[[], str]] = {
    "reference/cli.md": command_line,
    "reference/exit-codes.md": exit_codes,
    "reference/causes.md": causes,
    "reference/phases.md": phases,
    "reference/identity.md": mismatches,
    "reference/rules.md": rule_pages.page,
}
"""Every generated page by its path below `docs/`, and the function that returns its text."""


def text_of(page: str) -> str:
    """Return a generated page as it should be in its file."""
    title, _, rest = PAGES[page]().partition("\n")
    return f"{title}\n\n{_MARK}\n{rest.rstrip()}\n"


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or with `--check` name those that are not current."""
    stale = []
    for page in PAGES:
        path = FOLDER / page
        if not path.is_file() or path.read_text(encoding="utf-8") != text_of(page):
            stale.append(page)
            if "--check" not in arguments:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text_of(page), encoding="utf-8")
    for page in stale:
        say = "is not current: run `make docs`" if "--check" in arguments else "written"
        print(f"docs/{page} {say}", file=sys.stderr)  # noqa: T201
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
