"""What tools put around the Engine's words when they hand them on. Pure text."""

import re

# charmbracelet/log prints `FATA text`, with a time before it where asked (github.com/charmbracelet
# /log levels.go); abra up to 0.9 used logrus, which prints `FATA[0003] text` on a terminal and
# `level=fatal msg="text"` elsewhere (github.com/sirupsen/logrus text_formatter.go).
_FATAL = re.compile(
    r"^(?:[\d/:. T-]+\s)?FATAL?(?:\[\d+\])?[:\s]\s*(?P<said>.*)$"
    r'|(?:(?!level=fatal\s).)*\blevel=fatal\s.*?msg="(?P<logged>(?:[^"\\]|\\.)*)"'
)
# docker-py's APIError, as its scripts and Ansible's modules print it (docker/errors.py: __str__);
# and the Engine's answer as it came, which curl prints (moby api/types: ErrorResponse).
_CLIENT = re.compile(
    r"\b[45]\d\d (?:Client|Server) Error for \S+: [A-Za-z ]{1,40} \([\"'](?P<said>.*)[\"']\)"
    r'|^\s*\{"message":\s?"(?P<answer>(?:[^"\\]|\\.)*)"\}\s*$'
)


def fatal_of(line: str) -> str | None:
    """Return the words of a fatal line of abra's, or None where a line is none."""
    found = _FATAL.match(line)
    return (found["logged"] or found["said"] or "").strip() if found else None


def without_client(line: str) -> str:
    """Return the Engine's words where a client quotes them; else the line as it is."""
    found = _CLIENT.search(line)
    return (found["said"] or found["answer"] or line) if found else line
