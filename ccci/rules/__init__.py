"""The rules of the sweep: pure functions from a service's policy to what is wrong with it."""

from ccci.rules.catalogue import BY_ID, LONG_NAME, REFUSED, RULES
from ccci.rules.model import Hit, Rule, Severity, Subject

__all__ = ["BY_ID", "LONG_NAME", "REFUSED", "RULES", "Hit", "Rule", "Severity", "Subject"]
