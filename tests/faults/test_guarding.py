"""``kill -9`` while the guard fires and proves that the account is flat."""

import pytest

from tests.faults.points import POINTS, Part

HERE = POINTS[Part.GUARDING]


@pytest.mark.parametrize("point", HERE)
async def test_a_death_of_a_fired_guard_loses_and_doubles_nothing(play, point) -> None:
    verdict = await play(*HERE[point])
    assert not verdict.violations, verdict
