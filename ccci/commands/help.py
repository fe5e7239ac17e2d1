"""`ccci help`: the help of a command, or of a topic that concerns all of them."""

from collections.abc import Iterator

from ccci.commandline import help as helping
from ccci.commandline.declared import Group
from ccci.commandline.words import WORDS, plain
from ccci.commands.options import Context, examples
from ccci.commands.verbs import ALONE, EVERYWHERE, Topic
from ccci.errors import UsageError
from ccci.exits import MEANINGS
from ccci.nearest import nearest


@examples(
    ("ccci help upgrade", "all options of a command, under their headings"),
    ("ccci help words", "what soak, head, base, chaos and the others mean"),
    ("ccci help variables", "every variable, and the option that it stands for"),
)
def command(ctx: Context, topic: Topic = None, short: bool = False) -> int:
    """Show the help of a command, or explain ccci's words.

    Topics: `words` (what they mean), `variables` (each with its option), `exit-codes` (each with
    its verdict).
    """
    path = " ".join(topic or ())
    width = min(ctx.obj.width or helping.WIDEST, helping.WIDEST)
    topics = {"words": _words, "variables": _variables, "exit-codes": _exit_codes}
    if path in topics:
        rows = list(topics[path](ctx.program))
        lines = [line for name, told in rows for line in helping.row(name, told, width)]
    else:
        lines = page(ctx.program, path, width, short=short)
    ctx.obj.document({"schema": "ccci.help/1", "topic": path, "lines": lines})
    ctx.obj.text(*lines)
    return 0


def page(program: Group, path: str, width: int, *, short: bool = False) -> list[str]:
    """Return the help of a verb or a group. Raise UsageError where there is none of that name."""
    found = helping.named(program, path)
    if found is None:
        known = [name for name, _ in program.verbs()]
        near = nearest(path, [*known, *program.members])
        hint = f"; did you mean `ccci help {near[0]}`?" if near else ""
        raise UsageError(f"there is no command {path!r}{hint}", "`ccci help` lists them")
    if isinstance(found, Group):
        options = (*EVERYWHERE, *(() if path else ALONE))
        first = [verb.load(f"{path} {name}".strip()) for name, verb in list(found.verbs())[:2]]
        shown = [each.examples[0] for each in first]
        return helping.of_group(found, path, options, shown, width, short=short)
    return helping.of_command(found.load(path), EVERYWHERE, width, short=short)


def _words(program: Group) -> Iterator[tuple[str, str]]:  # noqa: ARG001
    for word, meaning in WORDS.items():
        yield word, plain(meaning)


def _variables(program: Group) -> Iterator[tuple[str, str]]:
    found: dict[str, list[str]] = {}
    everywhere = [("", each) for each in EVERYWHERE]
    own = [(command.path, each) for command in program.load() for each in command.parameters]
    for path, each in (*everywhere, *own):
        for variable in each.variables:
            if not variable.startswith("PLUGIN_"):
                found.setdefault(variable, []).append(f"{path} {each.title}".strip())
    for variable in sorted(found):
        yield variable, ", ".join(found[variable])


def _exit_codes(program: Group) -> Iterator[tuple[str, str]]:  # noqa: ARG001
    for verdict, meaning in MEANINGS.items():
        yield f"{verdict.codes}  {verdict.value}", meaning.sentence
