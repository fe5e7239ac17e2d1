"""Texts as somebody may write them who wants our output to do something."""

import re

from hypothesis import strategies as st

COMMANDS = [
    "::set-env name=LD_PRELOAD::/tmp/x",
    "  \u00a0::add-mask::x",
    "::STOP-COMMANDS::token",
    "::anything at all::x",
    "a ::error file=x::y",
    "##vso[task.setvariable variable=x]y",
    "before ##vso[task.complete]",
    "##[group]x",
    "###[add-mask]x",
    "##teamcity[message text='x']",
    "section_start:1560896352:name[collapsed=true]\r\x1b[0Khead",
    "travis_fold:start:x\r\x1b[0K",
    "\x1b]1338;e30=\x1b]0m",
]
"""What GitHub, Forgejo, Azure, TeamCity, GitLab, Travis and Drone take for a command."""

DANGEROUS = re.compile(
    r"^\s*::|::(?:set-env|add-mask|stop-commands|error)\b|##\w*\[|section_start:|section_end:",
    re.IGNORECASE,
)
PIECES = st.sampled_from(
    [
        *COMMANDS,
        *("\x1b", "[31m", "\x9b", "\x9d0;t", "\x07", "\x1b\\", "\x1b[", "\x1bP", "\r", "\n", "\t"),
        *("\u2028", "\u2029", "\u202e", "\u2066", "\u200b", "\ufeff", "\ud800", "\uffff", "\x85"),
        *("::", "##", "[", "`", "|", "<b>", "](http://x)", "![", "@all", "&amp;", "]]>", "\\"),
        *("https://evil.example/x", "www.evil.example", "\U000e0041", "section_start", ":1:x"),
    ]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=12).map("".join)
