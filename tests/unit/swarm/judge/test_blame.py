"""Whose a cause is, by its code and by the Engine's words."""

import pytest

from ccci.swarm.judge.blame import Whose, whose
from ccci.swarm.model import Cause, CauseCode

C = CauseCode
STORE = "/var/lib/docker/overlay2/" + "0a1b" * 16


@pytest.mark.parametrize(
    ("code", "said", "found"),
    [
        (C.IMAGE_UNAVAILABLE, "toomanyrequests: You have reached your pull limit", Whose.PLACE),
        (C.IMAGE_UNAVAILABLE, 'Get "https://r/v2/": dial tcp: i/o timeout', Whose.PLACE),
        (C.IMAGE_UNAVAILABLE, 'Get "https://r/v2/": x509: unknown authority', Whose.PLACE),
        (C.IMAGE_UNAVAILABLE, "No such image: shop:2", Whose.EITHER),
        (C.IMAGE_UNAVAILABLE, "pull access denied for shop, does not exist", Whose.EITHER),
        (C.IMAGE_UNAVAILABLE, "no matching manifest for linux/arm64", Whose.EITHER),
        (C.IMAGE_UNAVAILABLE, "manifest for shop:9 not found: manifest unknown", Whose.RECIPE),
        (C.IMAGE_UNAVAILABLE, "invalid reference format", Whose.RECIPE),
        (C.MOUNT_FAILED, "bind source path does not exist: /mnt/db", Whose.PLACE),
        (C.MOUNT_FAILED, "bind source path does not exist: /not a directory", Whose.PLACE),
        (C.MOUNT_FAILED, "invalid mount target, must be an absolute path: v", Whose.RECIPE),
        (C.MOUNT_FAILED, "field Source must not be empty", Whose.RECIPE),
        (C.MOUNT_FAILED, "Duplicate mount point: /data", Whose.RECIPE),
        (C.EXIT_NONZERO, "exited with 1", Whose.RECIPE),
        (C.EXIT_NONZERO, "never started: unable to remount dir as readonly: x", Whose.PLACE),
        (C.EXIT_NONZERO, "never started: failed to initialize logging driver", Whose.EITHER),
        (
            C.UNKNOWN,
            f"was rejected: mkdir {STORE}-init/merged: no space left on device",
            Whose.PLACE,
        ),
        (C.UNKNOWN, f"was rejected: lstat {STORE}/merged/etc/x: not a directory", Whose.RECIPE),
        (
            C.UNKNOWN,
            "was rejected: lstat /docker/overlay2/0a1b0a1b0a1b/x: not a directory",
            Whose.RECIPE,
        ),
        (C.UNKNOWN, "was rejected: Range of CPUs is from 0.01 to 2.00", Whose.EITHER),
        (C.PORT_IN_USE, "cannot have its port", Whose.PLACE),
        (C.UNHEALTHY, "was stopped because its health check failed", Whose.RECIPE),
        (C.START_TIMEOUT, "is starting", Whose.EITHER),
    ],
)
def test_a_cause_is_the_places_the_recipes_or_unknown(
    code: CauseCode, said: str, found: Whose
) -> None:
    assert whose(Cause(code, f"task b1 of slot 1 {said}", "mend that")) is found


@pytest.mark.parametrize("code", [132, 137])
def test_what_a_node_may_have_done_is_not_laid_on_the_recipe(code: int) -> None:
    cause = Cause(C.EXIT_NONZERO, "exited", "mend that", exit_code=code)
    assert whose(cause) is Whose.EITHER
