"""The rules of the sweep: pure functions from a service's policy to what is wrong with it."""

from ccci.sweep.rules.catalogue import (
    BY_ID,
    EVERY_RULE,
    LONG_NAME,
    NOT_DEPLOYED,
    PAUSED,
    REFUSED,
    RULES,
)
from ccci.sweep.rules.checking import ALL, Choice, of_service
from ccci.sweep.rules.model import Confidence, Hit, Rule, Severity, Subject
from ccci.sweep.rules.upgrade_rules import UPGRADE_RULES

__all__ = [
    "ALL",
    "BY_ID",
    "EVERY_RULE",
    "LONG_NAME",
    "NOT_DEPLOYED",
    "PAUSED",
    "REFUSED",
    "RULES",
    "UPGRADE_RULES",
    "Choice",
    "Confidence",
    "Hit",
    "Rule",
    "Severity",
    "Subject",
    "of_service",
]
