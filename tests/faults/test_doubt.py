"""``kill -9`` while it is looked up what became of an order."""

import pytest

from tests.faults.points import POINTS, Part

HERE = POINTS[Part.DOUBT]


@pytest.mark.parametrize("point", HERE)
async def test_a_second_death_in_doubt_loses_and_doubles_nothing(play, point) -> None:
    verdict = await play(*HERE[point])
    assert not verdict.violations, verdict
