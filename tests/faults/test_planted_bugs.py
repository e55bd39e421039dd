"""Six mistakes of real systems: a failpoint must notice each, and only it."""

from dataclasses import replace

import pytest

from tests.faults.bugs import Bug
from tests.faults.points import every_point
from tests.faults.run import Plan
from tests.faults.steps import Moment, Step
from tests.faults.stories import Story
from tests.faults.tripwire import Kill

CAUGHT = {
    Bug.ANSWER_BEFORE_COMMIT: (
        Plan(deaths=(Kill(Step.SIGNAL, Moment.BEFORE),)),
        "I1",
    ),
    Bug.DONE_BEFORE_SEND: (Plan(deaths=(Kill(Step.CARD, Moment.BEFORE),)), "I2"),
    Bug.ROW_AFTER_SEND: (Plan(deaths=(Kill(Step.ENTRY, Moment.AFTER),)), "I4"),
    Bug.RETRY_ON_TIMEOUT: (Plan(lost_replies=1), "I4"),
    Bug.RESUBMIT_ON_NOT_FOUND: (
        Plan(deaths=(Kill(Step.ENTRY, Moment.AFTER),), late_history=True),
        "I4",
    ),
    Bug.NO_UNIQUE_INTENT: (Plan(deaths=(Kill(Step.HANDLED, Moment.BEFORE),)), "I3"),
}
"""The run that notices a bug, and the invariant that it breaks."""


@pytest.mark.parametrize("bug", CAUGHT)
async def test_a_planted_bug_is_caught(play, bug) -> None:
    plan, invariant = CAUGHT[bug]
    verdict = await play(Story.TRADE, replace(plan, bug=bug))
    assert invariant in verdict.broken(), verdict


def test_every_bug_has_a_run() -> None:
    assert set(CAUGHT) == set(Bug) - {Bug.NONE}


@pytest.mark.parametrize("bug", CAUGHT)
def test_the_same_run_without_the_bug_must_be_clean(bug) -> None:
    """The tests of its part play it."""
    plan, _ = CAUGHT[bug]
    assert (Story.TRADE, plan) in every_point()
