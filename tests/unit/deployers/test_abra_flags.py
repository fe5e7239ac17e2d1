import pytest

from ccci.deployers.abra import flags
from ccci.deployers.abra.flags import Help, Wish, flags_in, order, release
from ccci.errors import ToolMissing

COBRA = """Deploy an app

Usage:
  abra app deploy <domain> [version] [flags]

Flags:
  -C, --chaos                ignore uncommitted recipes changes
  -f, --force                perform action without further prompt
  -h, --help                 help for deploy
  -c, --no-converge-checks   disable converge logic checks
  -D, --no-domain-checks     disable public DNS checks
      --show-unchanged       show all values - not just those changed

Global Flags:
  -n, --no-input   toggle non-interactive mode
  -o, --offline    prefer offline & filesystem access
"""

URFAVE = """NAME:
   abra app deploy - Deploy an app

USAGE:
   abra app deploy [command options] <domain> [<version>]

OPTIONS:
   --force, -f               Perform action without further prompt
   --chaos, -C               Deploy uncommitted recipes changes
   --no-domain-checks, -D    Disable public DNS checks
   --no-converge-checks, -c  Don't wait for converge logic checks
   --server value, -s value  The server
"""

ROOT = Help(root=frozenset({"--no-input", "-n", "--offline", "-o"}))


def test_both_layouts_of_help_give_the_same_flags() -> None:
    assert flags_in(COBRA) == {
        *("-C", "--chaos", "-f", "--force", "-h", "--help", "-c", "--no-converge-checks"),
        *("-D", "--no-domain-checks", "--show-unchanged", "-n", "--no-input", "-o", "--offline"),
    }
    assert flags_in(URFAVE) == {
        *("-C", "--chaos", "-f", "--force", "-c", "--no-converge-checks"),
        *("-D", "--no-domain-checks", "--server", "-s"),
    }


def test_words_of_an_explanation_are_no_flags() -> None:
    assert flags_in("  -x, --extra   use --other instead\nsee --third") == {"-x", "--extra"}


@pytest.mark.parametrize(
    ("printed", "numbers", "text"),
    [
        ("abra version 0.13.0-beta-06a57de\n", (0, 13, 0), "0.13.0-beta-06a57de"),
        ("abra version 0.8.1-beta-1ad2ad5", (0, 8, 1), "0.8.1-beta-1ad2ad5"),
        ("\n0.10.0\n", (0, 10, 0), "0.10.0"),
    ],
)
def test_the_version_is_read(printed: str, numbers: tuple[int, int, int], text: str) -> None:
    assert release(printed).numbers == numbers
    assert str(release(printed)) == text


@pytest.mark.parametrize("printed", ["abra version dev", "", "abra version 0.7.4-beta"])
def test_no_version_or_an_old_one_is_refused(printed: str) -> None:
    with pytest.raises(ToolMissing) as refused:
        release(printed)
    assert "make abra" in refused.value.hint


def test_a_new_abra_gets_every_flag_before_the_domain() -> None:
    asked = flags.deploy("a.test", None, Help(verb=flags_in(COBRA)), chaos=True)
    assert asked.argv == (
        *("app", "deploy", "--no-input", "--offline", "--no-converge-checks"),
        *("--no-domain-checks", "--chaos", "a.test"),
    )
    assert asked.missing == ()


def test_a_global_flag_of_an_old_abra_goes_before_the_verb() -> None:
    asked = flags.deploy("a.test", "1.0.0+2", Help(ROOT.root, flags_in(URFAVE)), chaos=False)
    assert asked.argv == (
        *("--no-input", "--offline", "app", "deploy", "--no-converge-checks"),
        *("--no-domain-checks", "--force", "a.test", "1.0.0+2"),
    )


def test_a_flag_that_is_only_nice_to_have_is_left_out_and_named() -> None:
    help_page = Help(verb=frozenset({"--no-input", "--chaos"}))
    asked = flags.deploy("a.test", None, help_page, chaos=True)
    assert asked.argv == ("app", "deploy", "--no-input", "--chaos", "a.test")
    assert asked.missing == ("--offline", "--no-converge-checks", "--no-domain-checks")


def test_a_flag_that_is_needed_and_absent_is_named() -> None:
    with pytest.raises(ToolMissing, match="no --chaos for `abra app deploy`"):
        flags.deploy("a.test", None, Help(verb=frozenset({"--no-input"})), chaos=True)


def test_a_short_letter_of_another_flag_is_not_taken_for_ours() -> None:
    # `-D` is --domain of `app new`, and --no-domain-checks of `app deploy`.
    help_page = Help(verb=frozenset({"--no-input", "--chaos", "-D", "--domain"}))
    assert "-D" not in flags.deploy("a.test", None, help_page, chaos=True).argv


def test_a_help_of_short_letters_alone_is_understood() -> None:
    help_page = Help(verb=frozenset({"-n", "-C"}))
    assert order(("x",), (), [Wish(flags.CHAOS, needed=True)], help_page).argv == ("x", "-C")


def test_values_are_joined_to_their_flags() -> None:
    help_page = Help(verb=frozenset({"--no-input", "--domain", "--server", "--chaos"}))
    assert flags.new("shop", "a.test", "default", help_page).argv == (
        *("app", "new", "--no-input", "--chaos", "--domain=a.test", "--server=default", "shop"),
    )


def test_secrets_and_undeploy_are_asked_for() -> None:
    help_page = Help(verb=frozenset({"--no-input", "--offline", "--all", "--chaos"}))
    assert flags.generate_secrets("a.test", help_page).argv == (
        *("app", "secret", "generate", "--no-input", "--offline", "--chaos", "--all", "a.test"),
    )
    assert flags.undeploy("a.test", help_page).argv == (
        *("app", "undeploy", "--no-input", "--offline", "a.test"),
    )
