"""``kill -9`` between the closes of a fired guard."""

import pytest

from tests.faults.points import POINTS, Part

HERE = POINTS[Part.CLOSING]


@pytest.mark.parametrize("point", HERE)
async def test_a_death_between_closes_loses_and_doubles_nothing(play, point) -> None:
    verdict = await play(*HERE[point])
    assert not verdict.violations, verdict
