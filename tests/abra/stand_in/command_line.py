"""The command line: flags as the library of each release reads them, help, and the version."""

import os
import sys

from .played import GLOBAL, URFAVE, VERBS, VERSION, FatalError, fatal_line


def main() -> int:
    keep_in_log()
    verb, flags, positional = parse(sys.argv[1:])
    if "--version" in flags and ("--help" in flags or not verb):
        # CONFIRMED cc-ci REVIEW-dstamp.md: `abra version 0.13.0-beta-06a57de`.
        print(f"abra version {VERSION}")
        return 0
    if "--help" in flags or verb not in VERBS:
        show_help(verb)
        return 0
    from . import verbs  # late: most starts ask for nothing that it and its imports are needed for

    try:
        return verbs.obey(verb, flags, positional)
    except FatalError as fatal:
        fatal_line(str(fatal))
        return 1


def keep_in_log() -> None:
    log = os.environ.get("STAND_IN_ABRA_LOG")
    if log:
        import shlex
        from pathlib import Path

        with Path(log).open("a") as file:
            file.write(shlex.join(sys.argv[1:]) + "\n")


def long_name(flag: str) -> str:
    return flag.rstrip("=").split("/")[-1]


def parse(argv: list[str]) -> tuple[tuple[str, ...], dict[str, str], list[str]]:
    """Return verb, flags and positional arguments, as the two libraries read them."""
    known = {words[:count] for words in VERBS for count in range(1, 4)}
    verb: tuple[str, ...] = ()
    flags: dict[str, str] = {}
    positional: list[str] = []
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return verb, flags, positional + rest
        # urfave stops reading flags at the first positional argument (CONFIRMED urfave/cli v1).
        if word.startswith("-") and not (URFAVE and positional):
            name, _, value = word.partition("=")
            flag = declared(name, verb)
            if flag.endswith("=") and not value and rest:
                value = rest.pop(0)
            flags[long_name(flag)] = value
        elif not positional and (*verb, word) in known:
            verb = (*verb, word)
        else:
            positional.append(word)
    return verb, flags, positional


def declared(name: str, verb: tuple[str, ...]) -> str:
    """Return the declaration of a verb's flag, its own before those of all."""
    for flag in (*VERBS.get(verb, set()), *GLOBAL):
        if name in flag.rstrip("=").split("/"):
            return flag
    print(f"flag provided but not defined: {name}" if URFAVE else f"unknown flag: {name}")
    raise SystemExit(1)


def show_help(verb: tuple[str, ...]) -> None:
    """Print a help page: cobra's layout, or urfave's (LIKELY for both)."""
    own = sorted(VERBS.get(verb, set()))
    words = " ".join(("abra", *verb))
    if URFAVE:
        print(f"NAME:\n   {words} - stand-in\n\nUSAGE:\n   {words} [options] <domain>\n\nOPTIONS:")
        for flag in own + sorted(GLOBAL):
            short, _, long = flag.rstrip("=").rpartition("/")
            value = " value" if flag.endswith("=") else ""
            print(f"   {long}{value}{', ' + short + value if short else ''}  as it says")
    else:
        print(f"Stand-in for {words}\n\nUsage:\n  {words} <domain> [version] [flags]\n")
        for title, flags in (("Flags", own), ("Global Flags" if verb else "Flags", sorted(GLOBAL))):
            print(f"{title}:")
            for flag in flags:
                short, _, long = flag.rstrip("=").rpartition("/")
                value = " string" if flag.endswith("=") else ""
                print(f"  {short + ', ' if short else '    '}{long}{value}   as it says")
            print()
