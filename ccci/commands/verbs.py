"""Every verb by its name, with its sentence: the tree of the command line, none of it imported."""

from typing import Annotated

from ccci.commandline.declared import Completes, Group, Kind, Panel, Verb, bound
from ccci.commands.options import argument, option

DEPLOY = "Deploy and judge"
BEFORE = "Before the deploy"
LOOK = "Look"
CLEAN = "Clean up"
SANDBOX = "Sandbox"
CCCI = "ccci itself"


def _verb(module: str, sentence: str, panel: str, function: str = "command") -> Verb:
    return Verb(f"ccci.commands.{module}", sentence, panel, function)


_SWEEP = Group(
    "Look over many recipes, or the running swarm, at once.",
    {
        "rollback-policy": _verb(
            "rollback_policy",
            "Say what update policy Swarm applies to every service, and where that is a risk.",
            BEFORE,
        ),
        "upgrade": _verb(
            "sweep_upgrade",
            "Say what an upgrade between two commits of a recipe forgets. Nothing is deployed.",
            BEFORE,
        ),
        "rules": _verb("rules", "Explain a rule, or list them all.", BEFORE),
        "leftovers": _verb(
            "leftovers", "Remove what killed runs left: apps, locks, checkouts.", CLEAN
        ),
    },
    {"--list-rules": "rules"},
)
_RUNS = Group(
    "List what was run, newest first, and what each run left behind.",
    {
        "bundle": _verb(
            "bundle", "Pack a recorded run into one masked archive, for a bug report.", LOOK
        ),
    },
    itself=_verb("runs", "List what was run, newest first, and what each run left behind.", LOOK),
)
_SANDBOX = Group(
    "A private throwaway Swarm: its own dockerd, network namespace, folder and socket.",
    {
        "up": _verb(
            "sandbox",
            "Bring a sandbox up, ready in seconds, and print how to use it.",
            SANDBOX,
            "up",
        ),
        "image": _verb(
            "sandbox",
            "Make a small image of the machine's busybox on every node of a sandbox.",
            SANDBOX,
            "image",
        ),
        "status": _verb(
            "sandbox", "Say whether a sandbox is up and works (0) or not (3).", SANDBOX, "status"
        ),
        "down": _verb(
            "sandbox",
            "Remove a sandbox without trace, whatever state it is in, and say what was removed.",
            SANDBOX,
            "down",
        ),
    },
)

PROGRAM = Group(
    "Is the commit I meant the commit that runs on Docker Swarm, and if not, why not?",
    {
        "upgrade": _verb(
            "upgrade",
            "Deploy a release of RECIPE, upgrade it to --head, and say whether that commit runs.",
            DEPLOY,
        ),
        "converge": _verb(
            "converge",
            "Take a baseline, run COMMAND, and follow every service of STACK to a verdict.",
            DEPLOY,
        ),
        "deploy": _verb(
            "deploy",
            "Deploy RECIPE and say whether what was asked for runs. The app stays.",
            DEPLOY,
        ),
        "explain": _verb(
            "explain", "Tell the story of a recorded run again, from its files alone.", LOOK
        ),
        "runs": _RUNS,
        "identity": _verb(
            "identity",
            "Say which commit is declared, which runs on every task, and what was there before.",
            LOOK,
        ),
        "doctor": _verb(
            "doctor",
            "Say whether this machine is able to run ccci, with the next step where it is not.",
            LOOK,
        ),
        "plan": _verb(
            "plan",
            "Say what COMMAND would do to STACK, or a deploy of RECIPE to its app, and write "
            "nothing.",
            BEFORE,
        ),
        "sweep": _SWEEP,
        "teardown": _verb(
            "teardown", "Remove an app that a run left, and prove that it is gone.", CLEAN
        ),
        "sandbox": _SANDBOX,
        "help": _verb("help", "Show the help of a command, or explain ccci's words.", CCCI),
        "config": _verb(
            "config",
            "Print each setting, and where it comes from: a variable, a file, or the default.",
            CCCI,
        ),
        "schema": _verb(
            "schema",
            "Print the JSON Schema of a document that ccci writes, such as the report.",
            CCCI,
        ),
        "completion": _verb("completion", "Print what completes ccci in a shell.", CCCI),
        "version": _verb("version", "Print the version.", CCCI),
    },
)

SHELLS = ("bash", "zsh", "fish")
_HELP = option("", "This help; -h has it in one screen.", "-h", "--help", panel=Panel.OUTPUT)

EVERYWHERE = (
    bound(
        option(
            "JSON",
            "One JSON document on standard output, people's words on standard error.",
            panel=Panel.OUTPUT,
            short=True,
        ),
        "json",
        bool,
        default=False,
    ),
    bound(
        option(
            "VERBOSE",
            "Say more, on standard error.",
            "-v",
            "--verbose",
            panel=Panel.OUTPUT,
            kind=Kind.COUNT,
        ),
        "verbose",
        int,
        default=0,
    ),
    bound(
        option(
            "QUIET",
            "Say less, on standard error.",
            "-q",
            "--quiet",
            panel=Panel.OUTPUT,
            kind=Kind.COUNT,
        ),
        "quiet",
        int,
        default=0,
    ),
    bound(_HELP, "help", bool, default=False),
)
"""The options that every verb takes, before its name and behind it."""
ALONE = (
    bound(
        option("", "Print the version.", "--version", panel=Panel.OUTPUT),
        "version",
        bool,
        default=False,
    ),
    bound(
        option(
            "",
            "Print what completes ccci in a shell.",
            "--completion",
            panel=Panel.OUTPUT,
            words=SHELLS,
        ),
        "completion",
        str,
    ),
)
"""The options that stand without a verb."""

Topic = Annotated[
    list[str] | None,
    argument(
        "[VERB]",
        "A command such as `sweep upgrade`, or one of the topics: words, variables, exit-codes.",
        completes=Completes.VERBS,
    ),
]
