"""``kill -9`` between a provider's signal and its card in the chat."""

import pytest

from tests.faults.points import POINTS, Part

HERE = POINTS[Part.PROMPTING]


@pytest.mark.parametrize("point", HERE)
async def test_a_death_on_the_way_to_the_chat_loses_and_doubles_nothing(
    play, point
) -> None:
    verdict = await play(*HERE[point])
    assert not verdict.violations, verdict
