"""How long things took, kept as counts per step of a scale, so that days can be added up and still have a median."""

import math
from collections import Counter
from collections.abc import Mapping

STEPS_PER_DOUBLING = 4
"""A step is a fifth longer than the one before: a median is known to within a tenth."""


def step_of(seconds: float) -> int:
    """Return the step of the scale in which a time lies; what took no time at all is in step 0."""
    return max(0, math.ceil(math.log2(max(seconds, 1.0)) * STEPS_PER_DOUBLING))


def added(parts: list[Mapping[str, int]]) -> Counter[int]:
    """Add up counts as they are stored, by the names of their steps."""
    total: Counter[int] = Counter()
    for part in parts:
        total.update({int(step): count for step, count in part.items()})
    return total


def seconds_of(step: int) -> float:
    """Return the middle of a step."""
    return 2.0 ** ((step - 0.5) / STEPS_PER_DOUBLING) if step else 1.0


def median_seconds(counts: Mapping[int, int]) -> float | None:
    """Return the median, in the middle of its step; None where nothing was counted."""
    half, seen = sum(counts.values()) / 2, 0
    for step in sorted(counts):
        seen += counts[step]
        if counts[step] and seen >= half:
            return seconds_of(step)
    return None
