"""What of SARIF 2.1.0 ccci uses, as a schema that lets nothing else through.

Written from the specification (OASIS SARIF 2.1.0, sections 3.13 to 3.52), stricter than the
official schema (each result has a file, on which GitHub insists). `CCCI_TEST_SARIF_SCHEMA` may name
that one as a file to be checked as well.
"""

from typing import Any


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": sorted(required),
        "additionalProperties": False,
    }


_TEXT = {"type": "string", "minLength": 1}
_MESSAGE = _object({"text": _TEXT})
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_URI = {"type": "string", "minLength": 1, "pattern": r"^[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+$"}
_LOCATION = _object(
    {
        "physicalLocation": _object(
            {"artifactLocation": _object({"uri": _URI})},
            {"region": _object({"startLine": {"type": "integer", "minimum": 1}})},
        ),
    },
    {
        "logicalLocations": {
            "type": "array",
            "items": _object({"name": _TEXT, "fullyQualifiedName": _TEXT, "kind": _TEXT}),
        },
    },
)
_RULE = _object(
    {
        "id": {"type": "string", "pattern": r"^(CCCI\d{3}|[a-z]+(-[a-z]+)*)$"},
        "shortDescription": _MESSAGE,
        "fullDescription": _MESSAGE,
        "defaultConfiguration": _object({"level": _LEVEL}),
    },
    {"properties": {"type": "object"}},
)
_RESULT = _object(
    {
        "ruleId": {"type": "string", "pattern": r"^(CCCI\d{3}|[a-z]+(-[a-z]+)*)$"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": _LEVEL,
        "message": _MESSAGE,
        "locations": {"type": "array", "items": _LOCATION, "minItems": 1, "maxItems": 1},
    },
    {
        "partialFingerprints": _object({"ccci/v1": _TEXT}),
        "suppressions": {
            "type": "array",
            "items": _object({"kind": {"enum": ["inSource", "external"]}}),
        },
    },
)
_DRIVER = _object(
    {
        "name": _TEXT,
        "semanticVersion": {"type": "string", "pattern": r"^\d+\.\d+\.\d+"},
        "rules": {"type": "array", "items": _RULE, "uniqueItems": True},
    }
)
_INVOCATION = _object(
    {
        "executionSuccessful": {"type": "boolean"},
        "exitCode": {"type": "integer"},
        "toolExecutionNotifications": {
            "type": "array",
            "items": _object(
                {"level": _LEVEL, "message": _MESSAGE, "descriptor": _object({"id": _TEXT})}
            ),
        },
    }
)
SUBSET = _object(
    {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "items": _object(
                {
                    "tool": _object({"driver": _DRIVER}),
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": {"type": "array", "items": _RESULT, "uniqueItems": True},
                },
                {"invocations": {"type": "array", "items": _INVOCATION, "minItems": 1}},
            ),
        },
    }
)
