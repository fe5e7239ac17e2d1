"""Text that others wrote, made harmless for whoever reads it: one function per kind of reader.

Names in a compose file, commit messages, what containers and COMMAND print, words of the Engine:
all of it reaches terminals, CI logs and web pages. The printers (`terminal.output` and the writers
of each format) send every text through here, so that no message has to think of it. Every function
takes linear time. Pure.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

_CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
# ECMA-48: control sequences, control strings (titles, links, Drone's and iTerm's cards) and the
# two-character escapes, introduced by ESC or by one C1 character. A string's body holds no control
# character, so that no text is looked at twice.
_ESCAPE = re.compile(
    rf"""(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]
    |(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^{_CONTROLS}\n]*(?:\x07|\x1b\\|\x9c)
    |\x1b[ -/]*[0-~]""",
    re.VERBOSE,
)
_CONTROL = re.compile(rf"[{_CONTROLS}\u2028\u2029]")
# What is not seen but changes what is: Unicode's Default_Ignorable_Code_Point (zero width, bidi
# controls, tags, selectors, fillers), the annotation marks, and a blank Braille pattern.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Half of a surrogate pair (a byte of a file's name that is no UTF-8) cannot be written; XML 1.0
# forbids the noncharacters too. Both are shown by their number.
_IMPOSSIBLE = re.compile("[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")

# Words by which a line of a log commands the CI that shows it. Azure Pipelines and the older form
# of GitHub and Forgejo are read anywhere in a line, as is TeamCity's; GitLab's and Travis' also
# need the escape that is gone already. GitHub reads `::word::` at the beginning of a line alone,
# after any blanks (actions/runner ActionCommand.cs); a log that prefixes lines is cut again.
_COMMAND = re.compile(
    r"#(?=#\w*\[)"
    r"|(?<=section_start)(?=:)|(?<=section_end)(?=:)|(?<=travis_fold)(?=:)|(?<=travis_time)(?=:)"
)
_GITHUB = re.compile(r"^(\s*):(?=:)")
_GITHUB_ANYWHERE = re.compile(
    r":(?=:(?:add-mask|add-matcher|add-path|debug|echo|endgroup|error|group|notice|remove-matcher"
    r"|save-state|set-env|set-output|stop-commands|warning)\b)",
    re.IGNORECASE,
)


def without_escapes(text: str) -> str:
    """Return a text without terminal escapes; other control characters stay."""
    return _ESCAPE.sub("", text)


def lines(text: str) -> str:
    """Return a text of several lines for a terminal: no escapes, controls or unseen characters.

    Escapes vanish, any other control character becomes a space so that no words are glued.
    """
    if text.isascii() and text.isprintable():
        return text  # as nearly all are, a document's keys and numbers of a report among them
    # What is taken out may have kept two halves of another escape apart: controls go last.
    text = _CONTROL.sub(" ", without_escapes(text).replace("\r\n", "\n"))
    return _IMPOSSIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", _UNSEEN.sub("", text))


def line(text: str) -> str:
    """Return a text for a terminal, on one line."""
    return lines(text.strip("\r\n")).replace("\n", " ")


def log(text: str) -> str:
    """Return one line for a CI's log: nothing in it is a command to the CI that shows it."""
    found = _COMMAND.sub(lambda match: f"{match[0]} ", line(text))
    return _GITHUB.sub(r"\1: ", _GITHUB_ANYWHERE.sub(": ", found))


_PROSE = re.compile(r"[\\`*_{}\[\]<>()#+!|~&@$]|://|(?<=[wW]{3})\.")
_BREAK = "&#8203;"


def markdown(text: str) -> str:
    """Return a text for a Markdown paragraph or cell: its characters, and nothing that they mean.

    A bare address would become a link, and a name after `@` a mention that calls somebody: an
    empty character, written as an entity, keeps such words apart.
    """

    def harmless(match: re.Match[str]) -> str:
        found = match[0]
        if found == "://":
            return f":{_BREAK}//"
        if found == ".":
            return f"{_BREAK}."
        if found in "<>&":
            return _escaped(found)
        return f"&#{ord(found)};{_BREAK}" if found in "@#$" else f"\\{found}"

    return _PROSE.sub(harmless, " ".join(log(text).split()))


def markdown_code(text: str) -> str:
    """Return a text as code in Markdown, also in the cell of a table; empty for nothing.

    Within backticks nothing can be escaped but by more of them; within this tag everything can.
    """
    words = markdown(text)
    return f"<code>{words}</code>" if words else ""


# As `html.escape` has them, whose module reads the names of all characters to begin with.
_ENTITIES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"},
)


def _escaped(text: str) -> str:
    return text.translate(_ENTITIES)


def html(text: str) -> str:
    """Return a text for HTML, between tags or inside of a quoted attribute; lines stay.

    A page that is printed is a log, too: there a word for a CI is broken by an entity.
    """
    return _numbered(_escaped(lines(text)), "&#35;", "&#58;")


def xml(text: str) -> str:
    """Return a text for XML 1.0, between tags or inside of a quoted attribute; lines stay."""
    return html(text)


_WHOLE_TEXTS = frozenset({"compose", "diff"})


def document(value: Any) -> Any:  # noqa: ANN401 -- any JSON
    """Return a document for JSON: each text in one harmless line, those of whole files in theirs.

    Scripts print what they read (`jq -r .summary`), so it is not enough that JSON escapes.
    """
    return _document(value, line)


def _document(value: Any, clean: Callable[[str], str]) -> Any:  # noqa: ANN401 -- any JSON
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, (list, tuple)):
        return [_document(each, clean) for each in value]
    if isinstance(value, Mapping):
        return {
            line(str(key)): _document(each, lines if key in _WHOLE_TEXTS else clean)
            for key, each in value.items()
        }
    return value


def json_text(text: str) -> str:
    r"""Return JSON that was written in ASCII, its values unchanged, without a word for a CI.

    These words occur in texts alone, where a character's number says the same.
    """
    return _numbered(text, r"\u0023", r"\u003a")


_COMMAND_OF_A_LOG = re.compile(r"(section_(?:start|end)|travis_(?:fold|time)):")


def dumped(value: Any) -> str:  # noqa: ANN401 -- any JSON
    """Return JSON as it is handed on: its texts harmless lines, nothing in it for a CI to obey."""
    return json_text(json.dumps(document(value), indent=2)) + "\n"


def _numbered(text: str, number_sign: str, colon: str) -> str:
    """Break the words for a CI in a text where a character's number says the same."""
    text = text.replace("##", f"#{number_sign}").replace("::", f":{colon}")
    return _COMMAND_OF_A_LOG.sub(lambda found: found[1] + colon, text)
