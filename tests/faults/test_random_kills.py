"""``kill -9`` at moments that nobody chose: a small slice; ``make soak`` plays more.

``SOAK_RUNS`` is the number of runs; each has ``DEATHS`` kills. The seed is in the
test's name. Zero failures in N kills bound the failure rate of one kill at 3/N with
95 % confidence; this says nothing about power cuts.
"""

import os
import random

import pytest

from tests.faults.run import Plan
from tests.faults.stories import Story

RUNS = int(os.environ.get("SOAK_RUNS", "3"))
DEATHS = 4
LONGEST = 1.2
"""Seconds of the longest life but the last."""


@pytest.mark.parametrize("seed", range(RUNS))
async def test_deaths_at_random_moments_lose_and_double_nothing(play, seed) -> None:
    chance = random.Random(seed)  # noqa: S311 - a repeatable story, no secret
    story = chance.choice((Story.TRADE, Story.TRADE, Story.GUARD, Story.PANIC))
    deaths = tuple(chance.uniform(0.05, LONGEST) for _ in range(DEATHS))
    late = chance.random() < 0.5
    plan = Plan(deaths=deaths, late_history=late)
    verdict = await play(story, plan)
    assert not verdict.violations, verdict
