"""``kill -9`` between an approval and the end of its trade."""

import pytest

from tests.faults.points import POINTS, Part

HERE = POINTS[Part.TRADING]


@pytest.mark.parametrize("point", HERE)
async def test_a_death_around_an_order_loses_and_doubles_nothing(play, point) -> None:
    verdict = await play(*HERE[point])
    assert not verdict.violations, verdict
