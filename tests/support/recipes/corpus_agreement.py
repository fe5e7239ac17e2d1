"""Compare the sweep with a corpus of real compose files.

`python tests/support/recipes/corpus_agreement.py FOLDER` does.

The corpus holds `recipes/` and `stacks/`, `INDEX.tsv` (what docker says of each file) and
`TRUTH.tsv` (the effective update policy of each service, made by an independent reader). Prints
every disagreement and the counts; the exit code is 1 when there is one. Policies are compared
where docker accepts the file, be it after a variable or file it asks for is there; elsewhere the
sweep has to refuse it too, and to list its services.
"""

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ccci.exits import Verdict
from ccci.recipe import dotenv
from ccci.sweep.document import document
from ccci.sweep.inventory import ComposeSet, Member
from ccci.sweep.static import Settings, sweep

ENVIRONMENT = {"STACK_NAME": "demo", "DOMAIN": "demo.example.com", "TAG": "latest"}
_HEALTH = {"yes": "defined", "no": "none", "disabled": "disabled", "inherit": "inherited"}


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many services and files were compared, and in what they differ."""

    services: int
    files: int
    differences: tuple[str, ...]


def compare(corpus: Path) -> Agreement:
    """Return how the sweep agrees with the corpus, over every set that TRUTH.tsv names."""
    differences: list[str] = []
    compared = 0
    truth: dict[str, list[dict[str, str]]] = {}
    for row in _rows(corpus / "TRUTH.tsv"):
        truth.setdefault(row["file"], []).append(row)
    said = {row["file"]: row["docker_stack_config"] for row in _rows(corpus / "INDEX.tsv")}
    for label, rows in truth.items():
        found = _swept(corpus, label)
        differences += _status(label, found["files"][0], rows, said.get(label))
        expected = {
            row["service"]: row
            for row in rows
            if not row["service"].startswith("!") and row["failure_action"]
        }
        seen = {each["service"]: each for each in found["services"]}
        differences += [f"{label}: no {name}" for name in expected.keys() - seen.keys()]
        if found["files"][0]["status"] != "ok" and not said.get(label, "").startswith("ok"):
            continue
        for name in expected.keys() & seen.keys():
            compared += 1
            differences += [
                f"{label} {name}: {each}" for each in _differs(expected[name], seen[name])
            ]
    return Agreement(compared, len(truth), tuple(differences))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file, delimiter="\t")


def _swept(corpus: Path, label: str) -> dict[str, Any]:
    first, *others = label.split("+")
    folder = (corpus / first).parent
    if others == ["ALL"]:
        others = sorted(path.name for path in folder.glob("compose.*.yml"))
    members = [Member(first, corpus / first)]
    members += [Member(name, folder / name) for name in others]
    values = ENVIRONMENT
    if first.startswith("recipes/"):
        values = {**_recipe_values(folder), "STACK_NAME": _stack(folder.name)}
    result = sweep([ComposeSet(tuple(members))], Settings(values, {}))
    return document(result, Verdict.CONVERGED)


def _stack(folder: str) -> str:
    return folder.replace("-", "_").replace(".", "_")


def _recipe_values(folder: Path) -> dict[str, str]:
    values: dict[str, str] = {}
    for name in (".env.sample", "abra-exports.env"):
        if (folder / name).is_file():
            text = (folder / name).read_text(encoding="utf-8")
            values |= dotenv.values(dotenv.read(text, name))
    return values


def _status(
    label: str, row: dict[str, Any], rows: list[dict[str, str]], said: str | None
) -> Iterator[str]:
    """Yield where docker and the sweep differ in taking the file at all."""
    if said is not None:
        accepted = said == "ok"
        if accepted != (row["status"] in {"ok", "no-services"}):
            yield f"{label}: docker says {said!r}, the sweep {row['status']}: {row['message']}"
        if not accepted and not row["message"]:
            yield f"{label}: refused without a message"
    if rows[0]["service"] == "!UNPARSEABLE" and row["status"] != "refused":
        yield f"{label}: unparseable, but {row['status']}"
    if rows[0]["service"] == "!NO-SERVICES" and row["status"] != "no-services":
        yield f"{label}: no services, but {row['status']}"


def _differs(truth: dict[str, str], found: dict[str, Any]) -> Iterator[str]:
    update = found["update"]
    replicas = truth["replicas"]
    expected: dict[str, Any] = {
        "failure_action": (truth["failure_action"], update["failure_action"]),
        "order": (truth["order"], update["order"]),
        "monitor": (float(truth["monitor_seconds_effective"]), update["monitor"]),
        "ratio": (float(truth["max_failure_ratio"]), update["max_failure_ratio"]),
        "parallelism": (int(truth["parallelism"]), update["parallelism"]),
        "delay": (_seconds(truth["delay"]), update["delay"]),
        "mode": (truth["mode"], found["mode"]),
        "declared": (truth["update_config"] == "yes", update["declared"]),
        "healthcheck": (_HEALTH[truth["has_healthcheck"]], found["healthcheck"]),
        "volumes": (sorted(set(_listed(truth["named_volumes"]))), found["volumes"]),
        "host_ports": (
            sorted({int(port.split(":")[0]) for port in _listed(truth["host_ports"])}),
            found["host_ports"],
        ),
    }
    if replicas and found["replicas"] is not None:
        expected["replicas"] = (int(replicas), found["replicas"])
    for key, (wanted, got) in expected.items():
        if wanted != got:
            yield f"{key}: expected {wanted}, found {got}"


def _listed(text: str) -> list[str]:
    return [each.strip() for each in text.replace(";", ",").split(",") if each.strip()]


def _seconds(text: str) -> float:
    from ccci.compose.values import nanoseconds

    return nanoseconds(text) / 10**9


def main(arguments: list[str]) -> int:
    """Print the agreement with the corpus in the folder given."""
    agreement = compare(Path(arguments[0]))
    for difference in agreement.differences:
        print(difference)
    print(
        f"{agreement.services} services of {agreement.files} sets compared, "
        f"{len(agreement.differences)} differences"
    )
    return 1 if agreement.differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
