"""``kill -9`` while half of a trade is closed, and while its stop is moved."""

import pytest

from tests.faults.points import POINTS, Part

HERE = POINTS[Part.HANDLING]


@pytest.mark.parametrize("point", HERE)
async def test_a_death_around_a_change_loses_and_doubles_nothing(play, point) -> None:
    verdict = await play(*HERE[point])
    assert not verdict.violations, verdict
