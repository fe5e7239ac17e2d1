from ccci import masking
from ccci.exits import Verdict
from ccci.report import Report, ServiceReport, Status, Step
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
        extra={"list": ["hunter22"], "number": 1},
    )
    masked = masking.mask(report, ["hunter22"])
    assert "hunter22" not in repr(masked)
    assert masked.verdict is Verdict.FAILED
    assert masked.services[0].cause is not None
    assert masked.services[0].cause.logs == ("a", "b ***")
    assert masked.extra["number"] == 1
