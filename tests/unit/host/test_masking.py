import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccci.exits import Verdict
from ccci.host import masking
from ccci.host.masking import fingerprints, masked, without_credentials
from ccci.host.secret_values import is_secret, secret_values
from ccci.report.model import Report, ServiceReport, Status, Step
from ccci.report.parts import DryRun, Followed, Teardown
from ccci.swarm.model import Cause, CauseCode


def test_secrets_are_known_by_their_keys() -> None:
    values = {
        "ADMIN_PASSWORD": "hunter22",
        "API_TOKEN": "token123",
        "AWS_SECRET_ACCESS_KEY": "akia1234",
        "SECRET_DB_PASSWORD_VERSION": "v1",
        "DB_PASSWORD_FILE": "/run/secrets/db",
        "DOMAIN": "demo.test",
        "EMPTY_SECRET": "",
    }
    assert masking.secret_values(values) == ("hunter22", "token123", "akia1234")


def test_the_longest_secret_is_hidden_first_and_short_ones_would_hide_everything() -> None:
    assert masking.masked("abcdefgh abcdef v1", ["abcdef", "abcdefgh", "v1"]) == "*** *** v1"


def test_a_report_is_masked_everywhere() -> None:
    cause = Cause(CauseCode.EXIT_NONZERO, "said hunter22", "next", logs=("a", "b hunter22"))
    report = Report(
        "upgrade",
        Verdict.FAILED,
        "x hunter22",
        services=(ServiceReport("app", "id", Verdict.FAILED, cause=cause),),
        steps=(Step("deploy", Status.FAILED, 1.0, "hunter22"),),
        teardown=Teardown(("hunter22",), (), (), ()),
        rollout=Followed(deadline="hunter22", deadline_seconds=1.0),
    )
    masked = masking.mask(report, ["hunter22"])
    assert "hunter22" not in repr(masked)
    assert masked.verdict is Verdict.FAILED
    assert masked.services[0].cause is not None
    assert masked.services[0].cause.logs == ("a", "b ***")
    assert masked.teardown == Teardown(("***",), (), (), ())
    assert masked.rollout == Followed(deadline="***", deadline_seconds=1.0)


PEM = "-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA\nq83vEjRWeJq83v\n-----END KEY-----"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ADMIN_PASSWORD", "correct.horse"),
        ("SMTP_AUTH", "correcthorse"),
        ("JWT", "eyJhbGci.eyJzdWIi.c2ln"),
        ("NOBODY_THOUGHT_OF_IT", "correcthorse"),
        ("SOME_URL", "https://host/path?x=1"),
        ("PRIVATE_KEY", PEM),
        ("DOMAIN", PEM),
        ("WEBHOOK_URL", "https://hooks.example.com/T0/B0/a1b2c3d4e5f6a7b8c9"),
        ("NUMBER", "8472910563"),
        ("SMTP_CRED", "ab1cd"),
        ("LDAP_BINDPW", "q7z8t"),
        ("DBPASS", "x9k2"),
        ("DBPASS", "word"),
        ("ROOTPWD", "words"),
        ("NOBODY_THOUGHT_OF_IT", "x9k2"),
        ("NOBODY_THOUGHT_OF_IT", "p@ss"),
        ("SENDGRID_USERNAME", "SG.abc123def456ghi789"),
        ("SES_USER", "AKIAIOSFODNN7EXAMPLE"),
        ("MAIL_FROM", "abc123def456ghi789jk"),
    ],
)
def test_what_nobody_said_is_public_is_secret(name: str, value: str) -> None:
    assert is_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DOMAIN", "shop.example.com"),
        ("TYPE", "wordpress:1.2.3+4.5.6"),
        ("COMPOSE_FILE", "compose.yml:compose.smtp.yml"),
        ("LETS_ENCRYPT_ENV", "production"),
        ("TIMEOUT", "300"),
        ("SECRET_DB_PASSWORD_VERSION", "v1"),
        ("DB_PASSWORD_FILE", "/run/secrets/db"),
        ("ENABLE_BACKUPS", "true"),
        ("MAIL", "me@example.org"),
        ("SITE", "https://shop.example.com/start"),
        ("AUTH_URL", "https://id.example.com/realms/x"),
        ("PHP", "8.2.1"),
        ("MEMORY", "512m"),
        ("WAIT", "1m30s"),
        ("ZONE", "Europe/Berlin"),
        ("DATA", "/srv/data/shop"),
        ("ADDRESS", "10.0.0.1"),
        ("DB_USER", "discourse"),
        ("TOKEN_TTL", "86400"),
        ("PIN", "1234"),
        ("WORD", "short"),
        ("BYPASS", "words"),
        ("FLAGS", "1,2,3"),
        ("ENCODING", "utf8"),
        ("GIT_COMMIT", "0123456789abcdef0123456789abcdef01234567"),
        ("APP_IMAGE", "x/app@sha256:0123456789abcdef0123456789abcdef"),
        ("DB_HOST", "abc123def456ghi789.eu.rds.example.com"),
        ("MAIL_FROM", "Shop <no-reply@shop.example.com>"),
        ("DATA_PATH", "/srv/abc123def456ghi789"),
        ("EMPTY_PASSWORD", ""),
    ],
)
def test_what_name_or_shape_says_is_public_is_not(name: str, value: str) -> None:
    assert not is_secret(name, value)


def test_what_the_recipe_shows_to_everybody_is_no_secret_but_its_passwords() -> None:
    values = {
        "ADMIN_PASSWORD": "change-me-please",
        "THEME": "autumn-leaves",
        "SMTP_AUTH": "s3cretly",
    }
    found = secret_values(values, {"change-me-please", "autumn-leaves"})
    assert found == ("change-me-please", "s3cretly")


def test_the_password_in_an_address_is_secret_by_itself() -> None:
    found = secret_values({"DATABASE_URL": "postgres://user:swordfish%21@db/x?sslmode=require"})
    assert {"swordfish%21", "swordfish!"} <= set(found)


@pytest.mark.parametrize(
    "form",
    [
        "s3cr&t/value",
        quote("s3cr&t/value", safe=""),
        quote("s3cr&t/value", safe="").lower(),
        base64.b64encode(b"s3cr&t/value").decode().rstrip("="),
        base64.b64encode(b"user:s3cr&t/value").decode(),
        base64.urlsafe_b64encode(b"ab:s3cr&t/value").decode(),
    ],
)
@pytest.mark.parametrize("earlier", [False, True])
def test_a_secret_is_hidden_in_each_of_its_forms(form: str, *, earlier: bool) -> None:
    masks = fingerprints(["s3cr&t/value"], "ab" * 16) if earlier else ["s3cr&t/value"]
    shown = masked(f"before {form} after", masks)
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    hidden = shown.removeprefix("before ").removesuffix(" after")
    assert "***" in hidden
    assert len(hidden.replace("***", "")) <= 10  # what stands around it in the same base64


@pytest.mark.parametrize("earlier", [False, True])
def test_each_line_of_a_value_is_hidden(*, earlier: bool) -> None:
    masks = fingerprints([PEM], "ab" * 16) if earlier else [PEM]
    shown = masked("| MIIEpAIBAAKCAQEA\n| q83vEjRWeJq83v\n" + PEM.replace("\n", "\\n"), masks)
    assert "MIIE" not in shown
    assert "q83v" not in shown


@pytest.mark.parametrize("earlier", [False, True])
def test_a_short_secret_is_hidden_where_it_stands_alone(*, earlier: bool) -> None:
    masks = fingerprints(["aB3dE"], "ab" * 16) if earlier else ["aB3dE"]
    assert masked("pin=aB3dE; xaB3dEx", masks) == "pin=***; xaB3dEx"


def test_secrets_that_overlap_leave_no_rest() -> None:
    assert masked("abcdefghi", ["abcdef", "defghi"]) == "***"


@given(st.text(min_size=6, alphabet=st.characters(categories=("L", "N", "P", "S"))))
def test_a_fingerprint_tells_nothing_of_the_value_it_recognizes(value: str) -> None:
    found = fingerprints([value], "cd" * 16)
    assert value not in repr(found)
    assert value not in masked(f"x {value} y", found)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://u:p@ss@h/x", "https://***@h/x"),
        ("https://u:p/ss@h/x", "https://***@h/x"),
        ("https://token@h", "https://***@h"),
        ("https://h/x?private_token=abc&a=1", "https://h/x?private_token=***&a=1"),
        ("https://h/x#access_token=abc", "https://h/x#access_token=***"),
        ("ftp://u:t@h/", "ftp://***@h/"),
        ("u:t@h:path", "***@h:path"),
        ("ssh://u:p@h/x", "ssh://***@h/x"),
        ("fatal: 'https://u:t@h/': no", "fatal: 'https://***@h/': no"),
    ],
)
def test_no_address_shows_its_user_password_or_token(address: str, shown: str) -> None:
    assert without_credentials(address) == shown
    assert masked(address, ()) == shown


@pytest.mark.parametrize(
    "text",
    [
        "ssh://git@host/x",
        "git@git.coopcloud.tech:x/y.git",
        "nginx:1.25@sha256:0123456789abcdef",
        "https://host:8080/@me?sslmode=require",
        "mail me@example.org: now",
    ],
)
def test_what_only_looks_like_a_password_stays(text: str) -> None:
    assert without_credentials(text) == text


@pytest.mark.slow
@pytest.mark.parametrize(
    "bomb", ["(", "a:", "http://", "?a=", "a.b-", "http://a:b", "x", "@", "://"]
)
def test_a_long_text_is_masked_in_no_time(bomb: str) -> None:
    from time import process_time

    text = bomb * (200_000 // len(bomb)) + "@"
    before = process_time()
    masked(text, ["hunter22", *fingerprints(["hunter22"], "ab" * 16)])
    assert process_time() - before < 10


def test_keys_that_others_named_are_masked_and_none_is_lost() -> None:
    part = DryRun(
        what="x",
        name="x",
        commit="x",
        version=None,
        files=(),
        overlay=None,
        compose="",
        service="app",
        labels={"swordfish": "1", "hunter22.a": "2", "hunter23.a": "3"},
        secrets={},
        configs={},
        networks=(),
        images={},
        plan={"services": [{"name": "services"}], "x hunter22": 1},
    )
    report = Report("deploy", Verdict.DONE, "x", dry_run=(part,))
    (told,) = masking.mask(report, ["swordfish", "hunter22", "hunter23", "services"]).dry_run or ()
    assert told.labels == {"***": "1", "***.a": "2", "***.a (2)": "3"}
    assert told.plan == {"services": [{"name": "***"}], "x ***": 1}


def test_the_words_of_a_document_stay_its_keys() -> None:
    told = masking.mask(
        {"summary": "a summary", "x hunter22": {"exit_code": 1}},
        ["summary", "hunter22", "exit_code"],
    )
    assert told == {"summary": "a ***", "x ***": {"exit_code": 1}}
