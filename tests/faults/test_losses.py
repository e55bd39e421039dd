"""What gets lost outside: a reply, an answer, a picture, the newest history."""

import pytest

from tests.faults.points import POINTS, Part

HERE = POINTS[Part.LOSSES]


@pytest.mark.parametrize("point", HERE)
async def test_what_is_lost_outside_loses_nothing_here(play, point) -> None:
    verdict = await play(*HERE[point])
    assert not verdict.violations, verdict
