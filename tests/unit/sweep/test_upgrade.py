"""What a pull request forgot: pairs of commits, each with what is to be said of it, and no more."""

from pathlib import Path

import pytest

from ccci.sweep.model import Finding, Sweep
from ccci.sweep.rules import Choice, Confidence, Severity
from ccci.sweep.upgrade.comparing import compare
from ccci.sweep.upgrade.revision import read

COMPOSE = """\
version: "3.8"
services:
  app:
    image: shop:1.4.2
    environment: ["A=${A_SETTING}", "DOMAIN"]
    volumes: ["data:/srv/data"]
    secrets: [key]
    configs: [entrypoint]
    healthcheck: {test: [CMD, a], interval: 5s, retries: 3, start_period: 1m}
    deploy:
      update_config: {failure_action: rollback, order: stop-first, monitor: 30s}
      labels:
        - "coop-cloud.${STACK_NAME}.version=1.0.0+1.4.2"
        - "coop-cloud.${STACK_NAME}.timeout=120"
  db:
    image: postgres:15.4
    environment: {POSTGRES_DB: shop}
    volumes: ["db:/var/lib/postgresql/data"]
secrets:
  key: {external: true, name: "${STACK_NAME}_key_${SECRET_KEY_VERSION}"}
configs:
  entrypoint:
    name: ${STACK_NAME}_entrypoint_${ENTRYPOINT_VERSION}
    file: entrypoint.sh
volumes: {data: , db: }
"""
SMTP = 'version: "3.8"\nservices:\n  app:\n    environment: [SMTP_HOST]\n'
FILES = {
    "compose.yml": COMPOSE,
    "compose.smtp.yml": SMTP,
    ".env.sample": "DOMAIN=shop.example.com\nA_SETTING=a\nSECRET_KEY_VERSION=v1\n#SMTP_HOST=mail\n",
    "abra.sh": "export ENTRYPOINT_VERSION=v1\n",
    "entrypoint.sh": "#!/bin/sh\n",
}
Change = tuple[str, str, str]
"""A file, what is replaced in it, and by what; an empty old text stands for the whole file."""


def compared(
    tmp_path: Path,
    *changes: Change,
    also: tuple[Change, ...] = (),
    release: str | None = None,
    annotated: bool = True,
) -> Sweep:
    """Return the comparison of the recipe, changed by `also`, with itself changed by `changes`."""
    before, after = tmp_path / "before", tmp_path / "after"
    base = _changed(FILES, also)
    for folder, files in ((before, base), (after, _changed(base, changes))):
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content, encoding="utf-8")
    return compare(
        "shop",
        read(before, "b" * 40, "1.0.0+1.4.2"),
        read(after, "a" * 40, release or "head", release=release, annotated=annotated),
        Choice(),
    )


def _changed(files: dict[str, str], changes: tuple[Change, ...]) -> dict[str, str]:
    found = dict(files)
    for name, old, new in changes:
        if old:
            assert old in found[name]
            found[name] = found[name].replace(old, new)
        elif new:
            found[name] = new
        else:
            del found[name]
    return found


def said(found: Sweep) -> set[str]:
    return {each.rule for each in found.findings}


def one(found: Sweep, rule: str) -> Finding:
    assert said(found) == {rule}
    return found.findings[0]


QUIET: dict[str, list[Change]] = {
    "nothing": [],
    "a newer image": [("compose.yml", "shop:1.4.2", "shop:1.5.0")],
    "a newer patch of the database": [("compose.yml", "postgres:15.4", "postgres:15.8")],
    "a config with a raised version": [
        ("entrypoint.sh", "sh\n", "sh\nset -e\n"),
        ("abra.sh", "v1", "v2"),
    ],
    "a new config": [
        (
            "compose.yml",
            "configs:\n  entrypoint:",
            "configs:\n  more: {name: m_v1, file: more}\n  entrypoint:",
        ),
        ("more", "", "x\n"),
    ],
    "a variable with a default": [("compose.yml", "${A_SETTING}", "${A_SETTING} ${B:-b}")],
    "a variable that may be left out": [
        ("compose.yml", "${A_SETTING}", "${A_SETTING} ${B}"),
        (".env.sample", "#SMTP_HOST=mail\n", "#SMTP_HOST=mail\n#B=b\n"),
    ],
    "a variable that abra.sh exports": [
        ("compose.yml", "${A_SETTING}", "${A_SETTING} ${B}"),
        ("abra.sh", "v1\n", "v1\nexport B=b\n"),
    ],
    "a new overlay": [("compose.more.yml", "", SMTP)],
    "a new service": [
        ("compose.yml", "secrets:\n  key", "  cache: {image: 'redis:7.2.1'}\nsecrets:\n  key")
    ],
    "a new volume": [("compose.yml", '"data:/srv/data"', '"data:/srv/data", "db:/srv/more"')],
    "a comment and moved lines": [("compose.yml", "services:\n", "\n# more\n\nservices:\n")],
    "a stronger policy": [("compose.yml", "monitor: 30s", "monitor: 60s")],
    "a longer timeout": [("compose.yml", "timeout=120", "timeout=300")],
    "a raised label": [("compose.yml", "1.0.0+1.4.2", "1.1.0+1.5.0")],
    "other words in the sample": [(".env.sample", "shop.example.com", "shop.example.org")],
}


@pytest.mark.parametrize("what", QUIET)
def test_what_no_app_stumbles_over_gets_no_word(tmp_path: Path, what: str) -> None:
    assert compared(tmp_path, *QUIET[what]).findings == ()


def test_what_both_commits_share_gets_no_word(tmp_path: Path) -> None:
    shared: tuple[Change, ...] = (
        ("compose.yml", "order: stop-first", "order: start-first"),
        ("compose.yml", "shop:1.4.2", "shop:latest"),
        ("compose.yml", "${A_SETTING}", "${NOBODY_SETS_IT}"),
        ("compose.yml", "timeout=120", "timeout=20"),
        ("compose.smtp.yml", "  app:\n", "  gone: {environment: [A]}\n  app:\n"),
    )
    assert compared(tmp_path, ("compose.yml", "15.4", "15.5"), also=shared).findings == ()


ACCENT: Change = ("entrypoint.sh", "sh\n", "sh\n# é\n")
VERSIONED = "name: ${STACK_NAME}_entrypoint_${ENTRYPOINT_VERSION}"


@pytest.mark.parametrize(
    ("also", "more", "words", "source"),
    [
        ((), (), "abra.sh still exports ENTRYPOINT_VERSION=v1", "abra.sh"),
        (
            (
                ("compose.yml", "${ENTRYPOINT_VERSION}", "${ENTRYPOINT_VERSION:-v1}"),
                ("abra.sh", "export ENTRYPOINT_VERSION=v1\n", "# none\n"),
            ),
            (),
            "the default in the file is still v1",
            "compose.yml",
        ),
        (
            (
                (".env.sample", "A_SETTING", "ENTRYPOINT_VERSION=v1\nA_SETTING"),
                ("abra.sh", "export ENTRYPOINT_VERSION=v1\n", "# none\n"),
            ),
            ((".env.sample", "ENTRYPOINT_VERSION=v1", "ENTRYPOINT_VERSION=v2"),),
            "raised in .env.sample, which existing apps do not follow",
            ".env.sample",
        ),
        ((("compose.yml", VERSIONED, "name: shop_entry"),), (), "no version in it", "compose.yml"),
        ((("compose.yml", f"    {VERSIONED}\n", ""),), (), "no version in it", "compose.yml"),
    ],
)
def test_a_config_whose_name_does_not_rise_is_refused_wherever_its_version_is_kept(
    tmp_path: Path, also: tuple[Change, ...], more: tuple[Change, ...], words: str, source: str
) -> None:
    found = compared(tmp_path, ACCENT, *more, also=also)
    finding = next(each for each in found.findings if each.rule == "CCCI101")
    assert words in finding.message
    assert (finding.source, finding.severity) == (source, Severity.ERROR)
    assert finding.line
    assert said(found) <= {"CCCI101", "CCCI114"}


def test_a_config_that_no_service_uses_is_refused_all_the_same(tmp_path: Path) -> None:
    unused: Change = ("compose.yml", "    configs: [entrypoint]\n", "")
    assert said(compared(tmp_path, ACCENT, also=(unused,))) == {"CCCI101"}


def test_a_config_of_an_overlay_counts_as_well(tmp_path: Path) -> None:
    overlay = SMTP + "configs: {mail: {name: mail_v1, file: mail.conf}}\n"
    also: tuple[Change, ...] = (("compose.smtp.yml", "", overlay), ("mail.conf", "", "a\n"))
    finding = one(compared(tmp_path, ("mail.conf", "a", "b"), also=also), "CCCI101")
    assert finding.source == "compose.smtp.yml"


def test_a_version_that_nothing_in_the_recipe_sets_is_a_guess(tmp_path: Path) -> None:
    nothing: Change = ("abra.sh", "export ENTRYPOINT_VERSION=v1\n", "# none\n")
    finding = one(compared(tmp_path, ACCENT, also=(nothing,)), "CCCI101")
    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.GUESS)


KEY_ENTRY = '  key: {external: true, name: "${STACK_NAME}_key_${SECRET_KEY_VERSION}"}\n'
SECRETS: dict[str, list[Change]] = {
    "a new one": [
        ("compose.yml", "secrets: [key]", "secrets: [key, mail]"),
        ("compose.yml", KEY_ENTRY, KEY_ENTRY + KEY_ENTRY.replace("key", "mail")),
    ],
    "one with another variable": [
        ("compose.yml", "${SECRET_KEY_VERSION}", "${SECRET_APP_KEY_VERSION}"),
        (".env.sample", "SECRET_KEY_VERSION", "SECRET_APP_KEY_VERSION"),
    ],
    "one with another name": [("compose.yml", "_key_$", "_secret_key_$")],
    "one whose version abra.sh raises": [("abra.sh", "v1\n", "v1\nexport SECRET_KEY_VERSION=v2\n")],
}


@pytest.mark.parametrize("what", SECRETS)
def test_a_secret_that_existing_apps_have_not_is_an_error(tmp_path: Path, what: str) -> None:
    finding = one(compared(tmp_path, *SECRETS[what]), "CCCI102")
    assert (finding.severity, finding.service) == (Severity.ERROR, "app")


def test_a_secret_that_the_release_notes_speak_of_is_a_warning(tmp_path: Path) -> None:
    notes: Change = ("release/next", "", "Run abra app secret generate APP mail v1\n")
    finding = one(compared(tmp_path, *SECRETS["a new one"], notes), "CCCI102")
    assert finding.severity is Severity.WARNING


def test_a_secret_that_no_service_uses_is_not_asked_for(tmp_path: Path) -> None:
    assert said(compared(tmp_path, SECRETS["a new one"][1])) == set()


SLIPS: dict[str, tuple[str, Severity, list[Change]]] = {
    "a variable that nobody sets": (
        "CCCI103",
        Severity.WARNING,
        [("compose.yml", "${A_SETTING}", "${A_SETTING} ${B}")],
    ),
    "a variable that only new apps get": (
        "CCCI103",
        Severity.WARNING,
        [
            ("compose.yml", "${A_SETTING}", "${A_SETTING} ${B}"),
            (".env.sample", "A_SETTING=a\n", "A_SETTING=a\nB=b\n"),
        ],
    ),
    "a variable that is required": (
        "CCCI103",
        Severity.ERROR,
        [("compose.yml", "${A_SETTING}", "${A_SETTING} ${B:?missing}")],
    ),
    "an overlay that is gone": ("CCCI104", Severity.WARNING, [("compose.smtp.yml", "", "")]),
    "an overlay with a service that was renamed": (
        "CCCI105",
        Severity.ERROR,
        [
            ("compose.yml", "  app:\n", "  web:\n"),
            ("compose.yml", '"data:/srv/data"', '"d:/d"'),
            ("compose.yml", "volumes: {data: ", "volumes: {data: , d: "),
        ],
    ),
    "an unknown key": (
        "CCCI106",
        Severity.ERROR,
        [("compose.yml", "    image: shop", "    imagine: 1\n    image: shop")],
    ),
    "a file that is no YAML any more": (
        "CCCI106",
        Severity.ERROR,
        [("compose.yml", "services:\n", "services:\n<<<<<<< HEAD\n")],
    ),
    "a config without its file": ("CCCI106", Severity.ERROR, [("entrypoint.sh", "", "")]),
    "a network that is declared nowhere": (
        "CCCI106",
        Severity.ERROR,
        [("compose.yml", "    secrets: [key]\n", "    secrets: [key]\n    networks: [proxy]\n")],
    ),
    "a service that is gone": (
        "CCCI107",
        Severity.WARNING,
        [("compose.yml", COMPOSE[COMPOSE.index("  db:") : COMPOSE.index("secrets:\n  key")], "")],
    ),
    "a renamed service on its volume": (
        "CCCI107",
        Severity.ERROR,
        [("compose.yml", "  db:\n", "  database:\n")],
    ),
    "a renamed volume": (
        "CCCI108",
        Severity.ERROR,
        [
            ("compose.yml", '"data:/srv/data"', '"files:/srv/data"'),
            ("compose.yml", "volumes: {data: ", "volumes: {files: "),
        ],
    ),
    "a volume with another name of its own": (
        "CCCI108",
        Severity.ERROR,
        [("compose.yml", "volumes: {data: ,", "volumes: {data: {name: elsewhere},")],
    ),
    "a volume that is not mounted": (
        "CCCI108",
        Severity.WARNING,
        [("compose.yml", '    volumes: ["data:/srv/data"]\n', "")],
    ),
    "a major version of postgres": (
        "CCCI109",
        Severity.ERROR,
        [("compose.yml", "postgres:15.4", "postgres:16.1")],
    ),
    "a database that goes back": (
        "CCCI109",
        Severity.ERROR,
        [("compose.yml", "postgres:15.4", "postgres:14.9")],
    ),
    "a database of another kind": (
        "CCCI109",
        Severity.ERROR,
        [("compose.yml", "postgres:15.4", "mariadb:10.11")],
    ),
    "a major version of postgres behind that of its extension": (
        "CCCI109",
        Severity.ERROR,
        [("compose.yml", "postgres:15.4", "timescale/timescaledb:2.11.0-pg16")],
    ),
    "a label that goes back": (
        "CCCI110",
        Severity.WARNING,
        [("compose.yml", "1.0.0+1.4.2", "0.9.0+1.4.0")],
    ),
    "a check that is gone": (
        "CCCI111",
        Severity.WARNING,
        [
            (
                "compose.yml",
                "    healthcheck: {test: [CMD, a], interval: 5s, retries: 3, start_period: 1m}\n",
                "",
            )
        ],
    ),
    "an update that starts first": (
        "CCCI111",
        Severity.WARNING,
        [("compose.yml", "order: stop-first", "order: start-first")],
    ),
    "an action that does less": (
        "CCCI111",
        Severity.WARNING,
        [("compose.yml", "failure_action: rollback", "failure_action: pause")],
    ),
    "a tag that moves": (
        "CCCI111",
        Severity.WARNING,
        [("compose.yml", "shop:1.4.2", "shop:latest")],
    ),
    "a timeout that is too short": (
        "CCCI112",
        Severity.WARNING,
        [("compose.yml", "start_period: 1m", "start_period: 10m")],
    ),
    "a timeout that is shorter than a check's retries": (
        "CCCI112",
        Severity.WARNING,
        [("compose.yml", "interval: 5s, retries: 3, start_period: 1m", "interval: 1m, retries: 9")],
    ),
    "a timeout that was too short and is shorter": (
        "CCCI112",
        Severity.WARNING,
        [("compose.yml", "timeout=120", "timeout=60")],
    ),
    "a COMPOSE_FILE for new apps": (
        "CCCI113",
        Severity.WARNING,
        [
            (".env.sample", "A_SETTING", "COMPOSE_FILE=compose.yml:compose.smtp.yml\nA_SETTING"),
        ],
    ),
    "a secret's version for new apps": (
        "CCCI114",
        Severity.NOTE,
        [(".env.sample", "SECRET_KEY_VERSION=v1", "SECRET_KEY_VERSION=v2")],
    ),
    "a port": (
        "CCCI116",
        Severity.NOTE,
        [("compose.yml", "    secrets: [key]\n", "    secrets: [key]\n    ports: ['8448:8448']\n")],
    ),
    "a label's key with a variable": (
        "CCCI117",
        Severity.WARNING,
        [
            (
                "compose.yml",
                "    image: postgres:15.4\n",
                "    image: postgres:15.4\n    labels: {'traefik.${STACK_NAME}.x': 'y'}\n",
            )
        ],
    ),
    "a database's name": (
        "CCCI118",
        Severity.WARNING,
        [("compose.yml", "POSTGRES_DB: shop", "POSTGRES_DB: store")],
    ),
    "a network of somebody else's": (
        "CCCI119",
        Severity.WARNING,
        [
            (
                "compose.yml",
                "    secrets: [key]\n",
                "    secrets: [key]\n    networks: [monitoring]\n",
            ),
            (
                "compose.yml",
                "secrets:\n  key",
                "networks: {monitoring: {external: true}}\nsecrets:\n  key",
            ),
        ],
    ),
}


@pytest.mark.parametrize("what", SLIPS)
def test_a_slip_is_said_at_its_line_and_alone(tmp_path: Path, what: str) -> None:
    rule, severity, changes = SLIPS[what]
    found = compared(tmp_path, *changes)
    finding = next(each for each in found.findings if each.rule == rule)
    assert finding.severity is severity
    # A renamed service leaves the old one running, and a port may be one more danger.
    assert said(found) <= {rule, "CCCI107"}
    assert finding.source in {"compose.yml", "compose.smtp.yml", ".env.sample", "abra.sh"}
    assert finding.message
    assert finding.hint


def test_a_service_that_moves_into_an_overlay_is_lost_to_those_who_do_not_name_it(
    tmp_path: Path,
) -> None:
    block = COMPOSE[COMPOSE.index("  db:") : COMPOSE.index("secrets:\n  key")]
    overlay: Change = ("compose.db.yml", "", f'version: "3.8"\nservices:\n{block}')
    finding = one(compared(tmp_path, ("compose.yml", block, ""), overlay), "CCCI107")
    assert "compose.db.yml" in finding.message


def test_a_compose_file_that_every_app_names_is_an_error(tmp_path: Path) -> None:
    named: Change = (
        ".env.sample",
        "A_SETTING",
        "COMPOSE_FILE=compose.yml:compose.smtp.yml\nA_SETTING",
    )
    found = compared(tmp_path, ("compose.smtp.yml", "", ""), also=(named,))
    assert one(found, "CCCI104").severity is Severity.ERROR


@pytest.mark.parametrize(
    ("release", "annotated", "rules"),
    [
        ("1.0.0+1.4.2", True, set()),
        ("1.0.0+1.4.2", False, {"CCCI115"}),
        ("1.1.0+1.4.2", True, {"CCCI110"}),
        (None, True, set()),
    ],
)
def test_a_release_is_held_against_its_tag(
    tmp_path: Path, release: str | None, annotated: bool, rules: set[str]
) -> None:
    assert said(compared(tmp_path, release=release, annotated=annotated)) == rules


def test_what_a_comment_answers_is_no_finding(tmp_path: Path) -> None:
    slip = SLIPS["a major version of postgres"][2][0]
    comment: Change = (
        "compose.yml",
        "  db:\n",
        "  db:\n    # ccci: ignore CCCI109 dump in entrypoint\n",
    )
    found = compared(tmp_path, slip, also=(comment,))
    assert found.findings == ()
    assert [each.rule for each in found.ignored] == ["CCCI109"]


def test_files_that_were_broken_before_are_no_measure(tmp_path: Path) -> None:
    broken: Change = ("compose.yml", "services:\n", "services:\n<<<<<<< HEAD\n")
    mended: Change = ("compose.yml", "<<<<<<< HEAD\n", "")
    assert compared(tmp_path, mended, also=(broken,)).findings == ()


APART: dict[str, tuple[str, list[Change], tuple[Change, ...]]] = {
    "an image that only new apps get": (
        "CCCI114",
        [(".env.sample", "SHOP_IMAGE=shop:1", "SHOP_IMAGE=shop:2")],
        (
            ("compose.yml", "shop:1.4.2", "${SHOP_IMAGE}"),
            (".env.sample", "A_SETTING", "SHOP_IMAGE=shop:1\nA_SETTING"),
        ),
    ),
    "a flavour of an image that only new apps get": (
        "CCCI114",
        [(".env.sample", "FLAVOUR=a", "FLAVOUR=b")],
        (
            ("compose.yml", "shop:1.4.2", "${SHOP_IMAGE}"),
            (".env.sample", "A_SETTING", "FLAVOUR=a\nSHOP_IMAGE=shop:1-${FLAVOUR}\nA_SETTING"),
        ),
    ),
    "a port that moves into an overlay": (
        "CCCI113",
        [
            ("compose.yml", "    ports: ['2525:25']\n", ""),
            ("compose.mail.yml", "", "services: {app: {ports: ['2525:25']}}\n"),
        ],
        (("compose.yml", "    secrets: [key]\n", "    secrets: [key]\n    ports: ['2525:25']\n"),),
    ),
    "a default that is dropped": (
        "CCCI103",
        [("compose.yml", "${RULE:-a}", "${RULE}")],
        (("compose.yml", "${A_SETTING}", "${A_SETTING} ${RULE:-a}"),),
    ),
    "a variable within a default": (
        "CCCI117",
        [("compose.yml", "${A_SETTING}", "${RULE:-Host(${DOMAIN})}")],
        (),
    ),
    "a config of an overlay one folder down": (
        "CCCI101",
        [("db/tune.sh", "one", "two")],
        (
            ("db/tune.sh", "", "one\n"),
            (
                "db/compose.tune.yml",
                "",
                (
                    "services: {db: {configs: [tune]}}\n"
                    "configs: {tune: {name: tune_v1, file: db/tune.sh}}\n"
                ),
            ),
        ),
    ),
    "a secret whose version another variable gives": (
        "CCCI102",
        [("compose.yml", "_${KEY_VERSION}", "_${SECRET_KEY_VERSION}")],
        (
            (".env.sample", "", ""),
            ("compose.yml", "_${SECRET_KEY_VERSION}", "_${KEY_VERSION}"),
        ),
    ),
}
"""The rule, what changes, and what both commits have."""


@pytest.mark.parametrize("what", APART)
def test_what_existing_apps_do_not_follow_is_said(tmp_path: Path, what: str) -> None:
    rule, changes, also = APART[what]
    found = compared(tmp_path, *changes, also=also)
    assert one(found, rule).hint
    assert said(compared(tmp_path, also=also)) == set()


def test_a_service_that_never_ran_is_not_missed(tmp_path: Path) -> None:
    stale: Change = ("compose.smtp.yml", "  app:\n", "  web:\n")
    found = compared(tmp_path, ("compose.smtp.yml", "  web:\n", "  app:\n"), also=(stale,))
    assert said(found) == set()


def test_a_line_is_one_that_every_program_counts(tmp_path: Path) -> None:
    (tmp_path / ".env.sample").write_text("# a\u2028b\x0cc\x85d\n#OFFERED=1\n")
    (tmp_path / "abra.sh").write_text("# a\u2028b\x0bc\nexport MADE=1\n")
    found = read(tmp_path, "c" * 40, "x")
    assert found.offered["OFFERED"].line == 2
    assert found.exports["MADE"].line == 2
