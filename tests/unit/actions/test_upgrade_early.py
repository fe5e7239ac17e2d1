"""What is sure to be refused of a head is said before the base is deployed, and slips are noted."""

import re
from typing import Any

import pytest
from support.recipes.upgrade_stage import Make, Stage, head_of, run

from ccci.deployers import Revision
from ccci.errors import CcciError
from ccci.exits import Verdict
from ccci.steps.before.early import Pair, note_slips

pytestmark = pytest.mark.slow

COMPOSE = """\
version: "3.8"
services:
  app:
    image: a:1
    configs: [entry]
configs:
  entry: {name: "${STACK_NAME}_entry_${ENTRY_VERSION}", file: entry.sh}
"""
WITH_CONFIG = {
    "compose.yml": COMPOSE,
    "abra.sh": "export ENTRY_VERSION=v1\n",
    "entry.sh": "echo one\n",
}
KEPT = {**WITH_CONFIG, "abra.sh": "", ".env.sample": "ENTRY_VERSION=v1\n"}
HEAD = COMPOSE.replace("a:1", "a:2")


def service(lines: str) -> dict[str, str]:
    return {"compose.yml": f"services:\n  app:\n    image: a:2\n    {lines}\n"}


REFUSED: dict[str, tuple[dict[str, str], dict[str, str], str, str]] = {
    "a config that changed under its name": (
        WITH_CONFIG,
        {"compose.yml": HEAD, "entry.sh": "echo two\n"},
        "config-immutable: entry.sh changed, and the config `entry` keeps its name",
        "raise ENTRY_VERSION in abra.sh",
    ),
    "a config whose version the app keeps": (
        KEPT,
        {"compose.yml": HEAD, "entry.sh": "two\n", ".env.sample": "ENTRY_VERSION=v2\n"},
        "ENTRY_VERSION is raised in .env.sample, which existing apps do not follow",
        "export ENTRY_VERSION in abra.sh",
    ),
    "a secret made from a file": (
        {"compose.yml": "services: {app: {image: 'a:1'}}\nsecrets: {s: {file: s}}\n", "s": "1"},
        {"compose.yml": "services: {app: {image: 'a:2'}}\nsecrets: {s: {file: s}}\n", "s": "2"},
        "config-immutable: s changed, and the secret `s` keeps its name",
        "export the version in abra.sh",
    ),
    "no YAML": ({}, {"compose.yml": "services: [a"}, "compose.yml line 1", "correct the file"),
    "a key that docker does not know": (
        {},
        service("imagine: x"),
        "compose.yml line 4",
        "correct the file",
    ),
    "a value that docker stack config takes and deploy refuses": (
        {},
        service("deploy: {update_config: {failure_action: Rollback}}"),
        "compose.yml line 4: docker refuses to deploy app: `failure_action: Rollback` is unknown",
        "write `pause`",
    ),
    "a network that is declared nowhere": (
        {},
        service("networks: [nowhere]"),
        "nowhere",
        "",
    ),
    "an image that is not there": (
        {},
        {"compose.yml": "services: {app: {image: 'b:2'}}\n"},
        "absent image: b:2",
        "correct the image's name",
    ),
    "a secret without a version": (
        {},
        {
            "compose.yml": "services: {app: {image: 'a:2', secrets: [t]}}\n"
            'secrets: {t: {external: true, name: "${STACK_NAME}_t_${SECRET_T_VERSION}"}}\n'
        },
        "the secret t has no version",
        "SECRET_T_VERSION=v1 belongs in .env.sample",
    ),
    "a config without a version": (
        WITH_CONFIG,
        {"compose.yml": HEAD, "abra.sh": "", "entry.sh": "echo one\n"},
        "_entry_, which Swarm refuses: no value for ENTRY_VERSION",
        "export it in abra.sh",
    ),
    "a secret whose variable is misspelt": (
        {
            "compose.yml": "services: {app: {image: 'a:1', secrets: [t]}}\n"
            'secrets: {t: {external: true, name: "${STACK_NAME}_t_${SECRET_T_VERSION}"}}\n',
            ".env.sample": "SECRET_T_VERSION=v1\n",
        },
        {
            "compose.yml": "services: {app: {image: 'a:2', secrets: [t]}}\n"
            'secrets: {t: {external: true, name: "${STACK_NAME}_t_${SECRET_TT_VERSION}"}}\n'
        },
        "_t_, which Swarm refuses: no value for SECRET_TT_VERSION",
        "give the version in its name a value",
    ),
    "a secret that a person provides": (
        {},
        {
            "compose.yml": "services: {app: {image: 'a:2', secrets: [t]}}\n"
            "secrets: {t: {external: true, name: others}}\n"
        },
        "a person has to provide",
        "--secret t=FILE",
    ),
    "a variable that has to be set": (
        {},
        service("environment: {A: '${KEY:?give a key}'}"),
        "give a key",
        "",
    ),
    "a file that the commit has not": (
        {},
        {"compose.yml": HEAD, "abra.sh": "export ENTRY_VERSION=v1\n"},
        "config entry: there is no file entry.sh",
        "add it to the recipe",
    ),
    "a service to be asked that the commit has not": (
        {},
        {".ccci.toml": 'health-path = "/"\nhealth-service = "web"\n'},
        "the recipe's .ccci.toml says health-service 'web', which is no service of this commit",
        "it has app",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_head_that_is_sure_to_be_refused_ends_the_run_before_anything_is_deployed(
    make: Make, what: str
) -> None:
    base, head, message, hint = REFUSED[what]
    stage = make(base_files=base, head_files=head)
    report = run(stage)
    assert (report.verdict, report.exit_code) == (Verdict.DEPLOY_FAILED, 4)
    short = head_of(stage)[:8]
    assert report.summary.startswith(f"the head {short} is refused, and nothing was deployed: "), (
        report.summary
    )
    assert message in report.summary
    assert hint in report.hint
    if "config-immutable" in report.summary:
        assert re.search(
            r"; used by app \((abra.sh|\.env\.sample) line 1\)|line 2\)", report.summary
        )
    assert stage.deployed == []
    assert stage.removed == ["stack"]
    assert report.upgrade is not None
    assert report.upgrade.base.version == "1.0.0+1"
    assert stage.workspace.steps.done[-2].name in {"head preview", "head needs"}


ANSWERED: dict[str, tuple[dict[str, str], dict[str, str], dict[str, Any]]] = {
    "the version raised for the head alone": (
        KEPT,
        {"compose.yml": HEAD, "entry.sh": "two\n"},
        {"upgrade_env": {"ENTRY_VERSION": "v2"}},
    ),
    "the variable given for the head alone": (
        {},
        service("environment: {A: '${KEY:?give a key}'}"),
        {"upgrade_env": {"KEY": "k"}},
    ),
    "the sample taken over": (
        {},
        {**service("environment: {A: '${KEY:?give a key}'}"), ".env.sample": "A=1\nKEY=k\n"},
        {"upgrade_env_from_sample": True},
    ),
}


@pytest.mark.parametrize("what", ANSWERED)
def test_what_an_option_answers_is_not_refused(make: Make, what: str) -> None:
    base, head, options = ANSWERED[what]
    stage = make(base_files=base, head_files=head)
    assert run(stage, **options).verdict is Verdict.CONVERGED
    assert [why for why, _, _ in stage.deployed] == ["base", "head"]


def test_what_was_known_of_a_head_that_is_refused_is_told(make: Make) -> None:
    head = {"compose.yml": HEAD + "x-a: ${NOWHERE}\n", "entry.sh": "echo two\n"}
    stage = make(base_files=WITH_CONFIG, head_files=head)
    assert run(stage).verdict is Verdict.DEPLOY_FAILED
    assert noted(stage, "no value for NOWHERE") != []


def test_what_both_commits_have_is_the_bases_fault_or_nobodys(make: Make) -> None:
    odd = "    deploy: {update_config: {failure_action: Rollback}}\n"
    both = "services:\n  app:\n    image: a:1\n" + odd
    stage = make(base_files={"compose.yml": both}, head_files={"compose.yml": both + "x-a: 1\n"})
    assert run(stage).verdict is Verdict.CONVERGED
    broken = make(base_files={"compose.yml": "services: ["}, head_files={"compose.yml": "a: ["})
    assert run(broken).verdict is Verdict.BASE_BROKEN


def test_each_commit_is_read_once_for_its_deploy(make: Make) -> None:
    stage = make()
    run(stage)
    deployer: Any = stage.workspace.deployer
    assert len(deployer.read) == len(set(deployer.read)) == 2
    assert deployer.read[1] == head_of(stage)


def test_the_env_of_the_app_is_the_bases_until_the_head_is_deployed(make: Make) -> None:
    stage = make(head_files={".env.sample": "A=1\nB=2\n"})
    seen: list[str] = []
    played = stage.put

    def look(*arguments: Any) -> Any:
        seen.append(arguments[1].env_file.read_text())
        seen.append((arguments[1].checkout / "compose.yml").read_text())
        return played(*arguments)

    stage.watch_deploys(look)
    run(stage, upgrade_env_from_sample=True)
    assert "B=2" not in seen[0]
    assert "a:1" in seen[1]
    assert "B=2" in seen[2]
    assert "a:2" in seen[3]


def noted(stage: Stage, rule: str) -> list[str]:
    return [each for each in stage.workspace.run.trouble if each.startswith(rule)]


SLIPS = {
    "a port": (service("ports: ['81:80']"), "CCCI116", "compose.yml line 4: app: port 81/tcp"),
    "a network of others": (
        {
            "compose.yml": "services: {app: {image: 'a:2', networks: [proxy]}}\n"
            "networks: {proxy: {external: true}}\n"
        },
        "CCCI119",
        "the network `proxy` of somebody else",
    ),
    "a weaker policy": (
        service("deploy: {update_config: {failure_action: continue}}"),
        "CCCI111",
        "",
    ),
}


@pytest.mark.parametrize("what", SLIPS)
def test_a_slip_is_a_note(make: Make, what: str) -> None:
    files, rule, words = SLIPS[what]
    stage = make(head_files=files)
    assert run(stage).verdict is Verdict.CONVERGED
    (note,) = noted(stage, rule)
    assert words in note


@pytest.mark.parametrize("ends", [{"head": Verdict.ROLLED_BACK}, {"base": Verdict.UNSTABLE}])
def test_a_slip_is_told_whatever_the_run_comes_to(make: Make, ends: dict[str, Any]) -> None:
    stage = make(head_files=service("ports: ['81:80']"), **ends)
    assert run(stage).verdict is not Verdict.CONVERGED
    assert len(noted(stage, "CCCI116")) == 1


def test_a_slip_that_the_recipe_answers_for_is_no_note(make: Make) -> None:
    answered = service("ports: ['81:80'] # ccci: ignore CCCI116 it is meant")
    stage = make(head_files=answered)
    run(stage)
    assert noted(stage, "CCCI") == []


def test_slips_beyond_a_few_are_counted(make: Make) -> None:
    ports = ", ".join(f"'{number}:80'" for number in range(81, 91))
    stage = make(head_files=service(f"ports: [{ports}]"))
    run(stage)
    assert len(noted(stage, "CCCI116")) == 5
    (more,) = noted(stage, "5 more slips")
    assert f"--from 1.0.0+1 --to {head_of(stage)[:10]}" in more


def test_what_the_run_tells_by_itself_is_no_slip_as_well(make: Make) -> None:
    sample = {".env.sample": "A=1\nB=2\nC_VERSION=2\n"}
    stage = make(
        base_files={".env.sample": "A=1\nC_VERSION=1\n"},
        head_files={**service("environment: {B: '${B}', C: '$C_VERSION'}"), **sample},
    )
    run(stage)
    assert noted(stage, "CCCI") == []
    assert len(noted(stage, "the head's .env.sample")) == 2


def test_beside_a_refusal_only_other_slips_are_told(make: Make) -> None:
    head = {"compose.yml": HEAD + "    # more\n", "entry.sh": "two\n"}
    head["compose.yml"] = HEAD.replace("    configs", "    ports: ['81:80']\n    configs")
    stage = make(base_files=WITH_CONFIG, head_files=head)
    run(stage)
    assert [each[:7] for each in noted(stage, "CCCI")] == ["CCCI116"]


def test_a_head_that_has_a_released_version_still_is_told_so(make: Make) -> None:
    label = '    deploy: {labels: ["coop-cloud.${STACK_NAME}.version=2.0.0+1"]}\n'
    head = {"compose.yml": f"services:\n  app:\n    image: a:2\n{label}"}
    for releases, told in (((), 0), (("2.0.0+1",), 1)):
        stage = make(head_files=head, releases=releases)
        assert run(stage).verdict is Verdict.CONVERGED
        assert len(noted(stage, "the head still has the version 2.0.0+1")) == told
        assert stage.deployed[0][1] == "1.0.0+1"


def test_what_the_swarm_lacks_says_nothing_of_the_head(make: Make) -> None:
    elsewhere = {
        "compose.yml": "services: {app: {image: 'a:2', networks: [p]}}\n"
        "networks: {p: {external: true, name: nowhere}}\n"
    }
    stage = make(head_files=elsewhere)
    with pytest.raises(CcciError, match="the external network nowhere is not on this swarm"):
        run(stage)
    assert stage.deployed == []
    made = {"compose.yml": "services: {app: {image: 'a:1'}}\nnetworks: {p: {name: nowhere}}\n"}
    assert run(make(base_files=made, head_files=elsewhere)).verdict is Verdict.CONVERGED


def test_a_base_that_was_deployed_before_is_compared_where_it_is_known(make: Make) -> None:
    stage = make(head_files=service("ports: ['81:80']"))
    for version, count in (("1.0.0+1", 1), ("9.9.9+9", 0), (None, 0)):
        stage.workspace.run.trouble.clear()
        pair = Pair(Revision("", version), Revision(head_of(stage)), "main")
        note_slips(stage.workspace, pair)
        assert len(stage.workspace.run.trouble) == count
