"""The command line: global options, the verbs, and the only place that exits."""

import gc
import os
import re
import signal
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from ccci import settings
from ccci.commandline.declared import Command, Parameter
from ccci.commandline.reading import Asked, Incomplete, Words, asked, is_off, taken_apart
from ccci.commands.options import Context
from ccci.commands.reporting import REPORT, ask_for_copies
from ccci.commands.verbs import ALONE, EVERYWHERE, PROGRAM
from ccci.errors import CcciError, Interrupted, UsageError, of_the_machine
from ccci.exits import UNREAD_EXIT, Verdict
from ccci.host import interrupts
from ccci.terminal.output import Output
from ccci.terminal.streams import tolerant

_ALL = (*EVERYWHERE, *ALONE)
_SIGN = {"verbose": 1, "quiet": -1}
_OPTION = re.compile(r"--[a-z][a-z-]+")


@dataclass(slots=True)
class _Call:
    """A command line as far as it is understood: where its words go, and which verb it names."""

    output: Output
    verb: str = ""
    sources: Mapping[str, str] | None = None
    reports: tuple[str, ...] = ()
    """The words of `--report` as they were given, and its values among them."""


def run(argv: Sequence[str] | None = None) -> None:
    """Run ccci with these arguments (default: the process's own) and exit with its code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    with tolerant() as streams, interrupts.heard(streams.say):
        code = ended(arguments)
    # Who was to read it has gone, or its disk is full: what was found is told nobody, so that no
    # code of a verdict may be.
    sys.exit(UNREAD_EXIT if streams.lost and code not in interrupts.EXIT_CODES else code)


def ended(arguments: Sequence[str]) -> int:
    """Run the command line to its end, whatever that is, and return its exit code."""
    arguments, reports = _reports_last(arguments)
    call = _Call(_output(arguments), reports=reports)
    try:
        try:
            return _called(arguments, call)
        except (CcciError, Interrupted) as error:
            return _told(error, call)
        except KeyboardInterrupt:
            return _told(Interrupted(signal.SIGINT), call)
        except Exception as error:
            found = interrupts.behind(error) or of_the_machine(error)
            if found is None:
                raise
            return _told(found, call)
    except Interrupted as stopped:
        return stopped.exit_code
    except Exception:  # noqa: BLE001 -- the last resort of the whole program
        from ccci.terminal import bugs  # noqa: PLC0415 -- only where there is one

        bugs.tell(traceback.format_exc(), call.output, call.verb)
        return Verdict.BUG.exit_code


def _called(arguments: Sequence[str], call: _Call) -> int:
    call.verb = next((word for word in arguments if word in PROGRAM.members), "")
    words = taken_apart(PROGRAM, _ALL, arguments)
    _collect_from_here_on()
    everywhere = asked(_ALL, replace(words, before=(), behind=()), os.environ, {})
    chosen = everywhere.values
    # The line itself stands above variables, and these two are one setting.
    heard = _SIGN.keys() & everywhere.given or _SIGN
    verbosity = sum(_SIGN[name] * chosen[name] for name in heard)
    call.output = Output(json=chosen["json"], verbosity=verbosity)
    if chosen["help"]:
        short = "--help" not in _ours(arguments)
        return _run("help", call, topic=words.path.split(), short=short)
    if words.verb is None:
        if chosen["version"]:
            return _run("version", call)
        if chosen["completion"] is not None:
            return _run("completion", call, shell=chosen["completion"])
        raise Incomplete(words.path)
    found = _asked(words.verb, words, call)
    return words.verb.function(
        ctx=Context(call.output, PROGRAM, found.given, found.said), **found.values
    )


def _collect_from_here_on() -> None:
    """Let the collector pass over what is imported by now, and begin where `main` stopped it."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def _asked(verb: Command, words: Words, call: _Call) -> Asked:
    # A setting that is passed over in silence tests something else than what was meant.
    for name, near in _unread(verb).items():
        meant = f"; did you mean {near}?" if near else ""
        call.output.warn(f"{name} is set, but is no setting of ccci and is not read{meant}")
    found = asked(verb.parameters, words, os.environ, _files(verb))
    for each in verb.parameters:
        if found.sources.get(each.name) in each.former:
            call.output.warn(f"{each.former[0]} is an old name: set {each.variables[0]} instead")
    call.sources = {
        each.title: found.sources[each.name]
        for each in verb.parameters
        if each.name in found.sources
    }
    return found


def _module(name: str) -> Any:  # noqa: ANN401
    """Return a module of the commands, imported when it is called as a verb's is."""
    return import_module(f"ccci.commands.{name}")


def _run(module: str, call: _Call, **values: Any) -> int:  # noqa: ANN401
    return int(_module(module).command(ctx=Context(call.output, PROGRAM), **values))


def _told(error: CcciError | Interrupted, call: _Call) -> int:
    """Say what stopped ccci; an option that a variable gave is called by the variable, too."""
    if isinstance(error, Incomplete) and not call.output.json:
        call.output.explain(_short_help(error.path))
    if isinstance(error, UsageError):
        meant = _OPTION.findall(error.message)
        for name, source in (call.sources or {}).items():
            if name in meant and source not in error.message:
                error.message += f" ({name} is set by {_named(source)})"
        if not call.output.copies.left:
            ask_for_copies([word for word in call.reports if word != REPORT], call.output)
    from ccci.terminal.story import tell_error  # noqa: PLC0415 -- a sweep has no report

    return tell_error(error, call.output, call.verb)


def _reports_last(arguments: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Return the words with each `--report` behind the verb whose option it is, and these."""
    ours = _ours(arguments)
    rest: list[str] = []
    found: list[str] = []
    left = iter(ours)
    for word in left:
        if word == REPORT:
            found += [word, *islice(left, 1)]
        elif word.startswith(f"{REPORT}="):
            found += [REPORT, word.partition("=")[2]]
        else:
            rest.append(word)
    return [*rest, *found, *arguments[len(ours) :]], tuple(found)


def _named(source: str) -> str:
    return "a file of settings, see `ccci config`" if source == "file" else source


def _ours(arguments: Sequence[str]) -> list[str]:
    words = list(arguments)
    return words[: words.index("--")] if "--" in words else words


def _output(arguments: Sequence[str]) -> Output:
    """Return where words go before it is known what they ask for: one document if any is wanted."""
    said = os.environ.get("CCCI_JSON", "")
    return Output(json="--json" in _ours(arguments) or (bool(said) and not is_off(said)))


def _files(verb: Command) -> Mapping[str, Any]:
    """Return what files of settings say, for the options that nothing else sets."""
    paths = (Path(settings.OWN_FILE), settings.config_file())
    if verb.path in {"config", "help"} or not any(path.exists() for path in paths):
        return {}
    # Only now is it worth to import every verb: a key has to be an option of one.
    found: Mapping[str, Any] = _module("config").said_of(verb.path, PROGRAM, os.environ)
    return found


def _unread(verb: Command) -> dict[str, str]:
    """Return the variables that no option reads; the other verbs are imported where it matters."""
    own = set(_variables((*_ALL, *verb.parameters)))
    if not settings.unread(os.environ, own):
        return {}
    every = [each for command in PROGRAM.load() for each in command.parameters]
    return settings.unread(os.environ, own.union(_variables(every)))


def _variables(parameters: Sequence[Parameter]) -> Iterator[str]:
    for each in parameters:
        yield from each.read


def _short_help(path: str) -> list[str]:
    lines: list[str] = _module("help").page(PROGRAM, path, 80, short=True)
    return lines
