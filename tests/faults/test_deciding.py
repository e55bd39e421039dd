"""``kill -9`` between a tap and its decision."""

import pytest

from tests.faults.points import POINTS, Part

HERE = POINTS[Part.DECIDING]


@pytest.mark.parametrize("point", HERE)
async def test_a_death_around_a_tap_loses_and_doubles_nothing(play, point) -> None:
    verdict = await play(*HERE[point])
    assert not verdict.violations, verdict
