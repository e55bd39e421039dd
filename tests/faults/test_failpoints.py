"""``kill -9`` at every step of every story: nothing is lost, nothing is doubled."""

import pytest

from tests.faults.conftest import Play
from tests.faults.points import ONLY_AFTER, POINTS
from tests.faults.run import Plan
from tests.faults.steps import UNNAMED, Moment, Step
from tests.faults.stories import Story
from tests.faults.tripwire import Kill


@pytest.mark.parametrize("point", POINTS)
async def test_a_death_here_loses_and_doubles_nothing(play: Play, point: str) -> None:
    story, plan = POINTS[point]
    verdict = await play(story, plan)
    assert not verdict.violations, verdict


@pytest.mark.parametrize("story", Story)
async def test_every_commit_of_a_story_has_a_name(play: Play, story: Story) -> None:
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
        for _, plan in POINTS.values()
        for kill in plan.deaths
        if isinstance(kill, Kill)
    }
    every = {(step, moment) for step in Step for moment in Moment} - {
        (Step.OTHER, Moment.BEFORE),
        (Step.OTHER, Moment.AFTER),
        (Step.CLAIM, Moment.BEFORE),
    }
    assert tried == every
    assert ONLY_AFTER == (Moment.AFTER,)
