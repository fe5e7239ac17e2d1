"""A share of failures, and how sure it is. Pure."""

from dataclasses import dataclass
from math import sqrt

_NORMAL_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Share:
    """A share of failures, and the interval in which the true one lies with 95 % confidence."""

    failures: int
    runs: int
    low: float
    high: float

    @property
    def interval(self) -> tuple[float, float]:
        """Return the interval as documents tell it."""
        return round(self.low, 4), round(self.high, 4)

    def __str__(self) -> str:
        """Return it in words."""
        return (
            f"{self.failures} of {self.runs} runs failed "
            f"(95 % confidence: {self.low:.0%} to {self.high:.0%})"
        )


def share(failures: int, runs: int) -> Share:
    """Return the share with its Wilson score interval, which holds for few runs too.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
    """
    z, rate = _NORMAL_95, failures / runs
    middle = (rate + z * z / (2 * runs)) / (1 + z * z / runs)
    half = z / (1 + z * z / runs) * sqrt(rate * (1 - rate) / runs + z * z / (4 * runs * runs))
    low = 0.0 if failures == 0 else max(0.0, middle - half)
    high = 1.0 if failures == runs else min(1.0, middle + half)
    return Share(failures, runs, low, high)
