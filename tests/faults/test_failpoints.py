"""The failpoints are all there are: no step without a name, none without a death."""

import pytest

from tests.faults.points import every_point
from tests.faults.run import Plan
from tests.faults.steps import UNNAMED, Moment, Step
from tests.faults.stories import Story
from tests.faults.tripwire import Kill

NEVER = {
    (Step.OTHER, Moment.BEFORE),
    (Step.OTHER, Moment.AFTER),
    (Step.CLAIM, Moment.BEFORE),
}
"""Before a claim nobody knows whether there is something to take."""


@pytest.mark.parametrize("story", Story)
async def test_every_commit_of_a_story_has_a_name(play, story) -> None:
    verdict = await play(story, Plan())
    assert not verdict.violations, verdict
    nameless = {
        note.partition(f" {Step.OTHER} ")[2]
        for note in verdict.notes
        if f" {Step.OTHER} " in note
    }
    assert nameless <= UNNAMED


def test_every_step_has_a_death_on_either_side() -> None:
    tried = {
        (kill.step, kill.moment)
        for _, plan in every_point()
        for kill in plan.deaths
        if isinstance(kill, Kill)
    }
    assert tried == {(step, moment) for step in Step for moment in Moment} - NEVER
