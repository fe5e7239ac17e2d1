"""Write the reference pages that are made from the code: `python -m docs.generate [--check]`.

With `--check` nothing is written; a page that is not current makes the exit code 1.
"""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ccci import __version__
from ccci.actions.schemas import SCHEMAS, schema_of
from ccci.commandline.declared import Command, Example, Panel, Parameter
from ccci.commandline.help import shown_default
from ccci.commandline.manual import page as page_of_manual
from ccci.commandline.words import WORDS
from ccci.commands.verbs import ALONE, EVERYWHERE, PROGRAM
from ccci.exits import MEANINGS, UNREAD_EXIT, WORST_FIRST
from ccci.planning.fate import FATES
from ccci.report.formats import FORMATS
from ccci.swarm import identity
from ccci.swarm.judge import hints
from ccci.swarm.judge import phrases as axes
from ccci.swarm.judge.hints import HINTS
from ccci.swarm.model import CauseCode, UpdateState
from ccci.sweep import rule_pages
from docs import next_steps, pipelines

FOLDER = Path(__file__).parent
_MARK = "<!-- Made by `python -m docs.generate` from the code; changes here are lost. -->"

_VARIABLES = (
    "An option can be given as the variable named beside it, the first that is set wins; a "
    "list holds one value per line, and in a `PLUGIN_` variable what a runner sends. The options "
    "here are taken before and after the command, but not behind `--`; the last two stand alone."
)
_DOCUMENTS = (
    "What `--json` prints, and what a baseline and a trace hold, key by key, as `ccci schema NAME` "
    "has it for a validator. [The report](report.md), [the sweep](sweep.md), [plans](plan.md) and "
    "[the trace](trace.md) have pages that say what it means. New keys may be added; a key never "
    "changes its meaning."
)
_WORDS = "What a story, a log and the help of ccci mean by a word; `ccci help words` has them, too."
_VERDICTS = (
    "A verdict is the word in the report, the exit code is what a script or a CI step branches "
    "on. Both come from one table in the code."
)
_ABOVE = (
    "A verdict about the run itself (`unable`, `deploy-failed`, `base-broken`) stands above its "
    "services.\n\n"
    f"Where nobody reads what ccci prints any more (`| head`, a pager that was left, a full disk), "
    f"it goes on, tears down, and ends with {UNREAD_EXIT}: the verdict is in `ccci runs`."
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
_STEPS = (
    "By the Engine's message, the container's exit code, the last words of its log and of its "
    "probe, the spec, and what ran before. Names are filled in: here the node is `node2`, the "
    "service one of the stack `shop`. What the Engine or docker refuses has steps of its own."
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


_REPORTS = """\
`--report FORMAT=FILE` copies what a command found to a file, beside the story; it may be given
again, and stands before the command's name or behind it. `CCCI_REPORT` holds one `FORMAT=FILE`
per line, `PLUGIN_REPORT` also as a runner sends it (`junit=a.xml,markdown=b.md`, or JSON).

```
$ ccci converge shop --report junit=report/ccci.xml --report markdown=report/ccci.md -- ./deploy.sh
$ ccci explain last --report html=story.html
```

It is written at every end: a pass, a failure, a command line that is refused, an interrupt, an
Engine out of reach, a bug. `explain` writes the same bytes from a recording as the run itself
did, on any machine, after the teardown.

Where a runner has a job's summary (`GITHUB_STEP_SUMMARY`: GitHub, Forgejo, Gitea), the Markdown is
added to it without being asked for; `GITHUB_STEP_SUMMARY= ccci …` leaves it alone."""
_REPORT_FILES = """\
A plan has `json` and `markdown`, a sweep these and `sarif`, `github`, `gitlab`: its findings at
their lines. Another form is refused (2) where the command line names it. A variable may be set for
every command of a pipeline: what one of them has not is passed over, with a warning.

## Where it goes

- FILE `-` is standard output, and the story goes to standard error; not together with `--json`.
- Folders that are not there are made. A file is written whole or not at all, with the mode that
  the umask gives: what is in it was masked. What an earlier run wrote there is removed when the
  command begins.
- A link is replaced and never followed; what a repository tracks is refused (2): a pull request
  may have put it there.
- What cannot be written (a full or read-only disk) is a warning, and the verdict stands.
- What judged nothing (`usage`, `unable`, `interrupted`, `bug`) is an `error` in JUnit and no
  failure, a notification in SARIF and no result, a warning in annotations. In none of them is it
  a pass.

## In JUnit

The suite is `ccci.COMMAND.STACK`; its cases are `….services` by their names and `….steps` by
theirs, so that a CI knows a case again from one run to the next. `type` is the
[cause](causes.md), or the verdict where there is none. A service that was not decided when the
run was interrupted is `skipped`; the case `verdict` says what no other case does.

JUnit has no standard. What ccci writes is a part of what Jenkins' xUnit plugin checks with (its
`junit-10.xsd`), tested on that part: no properties, no `system-err`, no output of a single case;
times are UTC without a zone, and the attempts of `--repeat` are suites of their own, which no
reader takes for reruns.

## In SARIF and Code Quality

The rule is the cause, or the verdict. Of a stack that is deployed no file is known: since GitHub
and GitLab insist on one, its path is `STACK/SERVICE`, and SARIF names the service as a logical
location as well. Where no line is known SARIF has no region, and Code Quality the first line. Each
entry has a fingerprint that the next run's has too, so that a code host follows it.

Words of others in any of these are no markup, no link, no mention and no command of a CI: see
[security](../explanation/security.md)."""


def command_line() -> str:
    """Return the page of every command and option, from their declarations."""
    lines = [
        "# Command line",
        "",
        PROGRAM.sentence,
        "",
        _VARIABLES,
        "",
        *_options((*EVERYWHERE, *ALONE)),
    ]
    for path, verb in PROGRAM.verbs():
        lines += ["", f"## ccci {path}", "", *_command(verb.load(path))]
    return "\n".join(lines)


def _command(command: Command) -> list[str]:
    lines = ["```", command.usage, "```", "", *_paragraphs(command.text), ""]
    lines += ["```", *(line for each in command.examples for line in _example(each)), "```", ""]
    described = [
        f"- `{each.usage}`: {_one_line(each.meaning)} {_variables(each)}".rstrip()
        for each in command.arguments
    ]
    lines += [*described, ""] if described else []
    for panel in Panel:
        options = [each for each in command.options if each.panel is panel]
        lines += [f"**{panel.value}**", "", *_options(options), ""] if options else []
    return lines


def _example(example: Example) -> list[str]:
    return [f"# {example.meaning}", example.line]


def _paragraphs(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


def _options(options: Iterable[Parameter]) -> list[str]:
    return _table(
        ("option", "meaning", "default", "variable"),
        ((_names(each), each.meaning, _default(each), _variables(each)) for each in options),
    )


def _names(option: Parameter) -> str:
    names = ", ".join(f"`{name}`" for name in option.names)
    return f"{names} `{option.value}`" if option.takes_value else names


def _default(option: Parameter) -> str:
    default = shown_default(option)
    return f"`{default}`" if default else ""


def _variables(parameter: Parameter) -> str:
    return ", ".join(f"`{name}`" for name in parameter.variables)


def glossary() -> str:
    """Return the page of what ccci means by its words."""
    rows = (
        (", ".join(f"**{each}**" for each in word.split(", ")), text)
        for word, text in WORDS.items()
    )
    return "\n".join(["# Words", "", _WORDS, "", *_table(("word", "meaning"), rows)])


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
                    (f"`{verdict.value}`", verdict.codes, meaning.sentence)
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
                ((f"`{each.value}`", text, HINTS[each]) for each, text in hints.MEANINGS.items()),
            ),
            "",
            "## Next steps where more is known",
            "",
            _STEPS,
            *(line for code, rows in next_steps.situations() for line in _situations(code, rows)),
        ]
    )


def _situations(code: CauseCode, rows: list[tuple[str, str]]) -> list[str]:
    of_words = {
        CauseCode.EXIT_NONZERO: ("log", next_steps.of_logs()),
        CauseCode.UNHEALTHY: ("probe", next_steps.of_probes()),
    }.get(code)
    told = {step for _, step in rows}
    lines = ["", f"### `{code.value}`", "", *_table(("situation", "next step"), rows)]
    if of_words is not None:
        what, steps = of_words
        more = [each for each in steps if each not in told]
        lines += ["", f"By the last words of its {what} also:", "", *(f"- {each}" for each in more)]
    return lines


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


def manual() -> str:
    """Return the manual page, in roff."""
    exits = (
        (f"{verdict.codes} {verdict.value}", each.sentence) for verdict, each in MEANINGS.items()
    )
    return page_of_manual(PROGRAM, (*EVERYWHERE, *ALONE), exits, __version__)


def _schema(name: str) -> str:
    return json.dumps(schema_of(name), indent=2) + "\n"


def reports() -> str:
    """Return the page of the forms of a report."""
    return "\n".join(
        [
            "# Reports",
            "",
            _REPORTS,
            "",
            *_table(
                ("form", "what it is", "where it is shown"),
                ((f"`{name}`", each.what, each.shown) for name, each in FORMATS.items()),
            ),
            "",
            _REPORT_FILES,
        ]
    )


def plan_words() -> str:
    """Return the page of what a plan says."""
    return "\n".join(
        [
            "# Plans",
            "",
            "`ccci plan` says what becomes of each service. The keys of `ccci plan --json` are",
            "those of [its schema](schemas/plan.json): `fields` are where the sent spec differs",
            "from the one that is there, `nodes` where its tasks fit and why not elsewhere (with",
            "`tasks`, how many of them, and `limit`, why not more, where a node takes some),",
            "`wanted` how many tasks have to find a node and `placed` how many of them do,",
            "`beside` what they have to run beside where that is why,",
            "`longest` (seconds) and `waves` how long the roll may take (no waves where tasks",
            "replace none: they start at once), `why` why tasks are replaced where no field says",
            "it, `outage` what stops where no node fits, `digest` what an image's tag means (as it",
            "was sent, else on the node asked; null where neither tells),",
            "`objects` the networks, configs and secrets, `findings` what the",
            "[sweep's rules](rules.md) say of the specs that were sent, `planned_on` the",
            "versions of the services that it was planned on. A plan of a recipe has `revision`",
            "(`recipe`, `domain`, `commit`, `version`, `deployer`) and, where its base is not",
            "there yet, `base`, a plan in itself. Values of variables are never told.",
            "",
            *_table(
                ("fate", "what becomes of the service"),
                ((f"`{each.value}`", text) for each, text in FATES.items()),
            ),
        ]
    )


def documents() -> str:
    """Return the page of every JSON document with the keys of its objects."""
    lines = ["# JSON documents", "", _DOCUMENTS]
    for name in SCHEMAS:
        made = schema_of(name)
        lines += ["", f"## {name}", "", f"[{made['title']}](schemas/{name}.json)", ""]
        lines += _keys(made)
        for title, inner in made["$defs"].items():
            lines += ["", f"### {name}: {title}", "", *_keys(inner)] if _is_object(inner) else []
    return "\n".join(lines)


def _is_object(schema: Mapping[str, Any]) -> bool:
    return bool(schema.get("properties"))


def _keys(schema: Mapping[str, Any]) -> list[str]:
    return _table(
        ("key", "holds"), ((f"`{key}`", _kind(each)) for key, each in schema["properties"].items())
    )


def _kind(schema: Mapping[str, Any]) -> str:
    """Return what a value of a schema is, in words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"] if each is not None)
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return " or ".join(_kind(each) for each in schema[word])
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(heads)} |", f"| {' | '.join('---' for _ in heads)} |"]
    return lines + [f"| {' | '.join(_one_line(cell) for cell in row)} |" for row in rows]


PAGES: dict[str, Callable[[], str]] = {
    "reference/cli.md": command_line,
    "reference/documents.md": documents,
    "reference/exit-codes.md": exit_codes,
    "reference/glossary.md": glossary,
    "reference/causes.md": causes,
    "reference/phases.md": phases,
    "reference/identity.md": mismatches,
    "reference/plan.md": plan_words,
    "reference/reports.md": reports,
    "reference/rules.md": rule_pages.page,
    "ccci.1": manual,
    **{f"how-to/ci/{name}.md": partial(pipelines.page, name) for name in pipelines.PIPELINES},
    **{f"reference/schemas/{name}.json": partial(_schema, name) for name in SCHEMAS},
}
"""Every generated page by its path below `docs/`, and the function that returns its text."""


def text_of(page: str) -> str:
    """Return a generated page as it should be in its file."""
    if not page.endswith(".md"):
        return PAGES[page]()
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
