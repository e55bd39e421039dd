"""Where the service is killed: every step, on both sides, in a story that has it.

A step that comes only after another death names that one first.
"""

import os
from dataclasses import dataclass
from enum import StrEnum

from tests.faults.run import Plan
from tests.faults.steps import Moment, Step
from tests.faults.stories import Story
from tests.faults.tripwire import Kill


class Part(StrEnum):
    """A stretch of the stories."""

    PROMPTING = "prompting"
    DECIDING = "deciding"
    TRADING = "trading"
    DOUBT = "doubt"
    GUARDING = "guarding"
    CLOSING = "closing"
    HANDLING = "handling"
    LOSSES = "losses"


LONG = "SOAK_RUNS" in os.environ
"""The long programme kills at later hits of a step too, not only at the first."""
BOTH = (Moment.BEFORE, Moment.AFTER)
ONLY_AFTER = (Moment.AFTER,)
"""Before a claim nobody knows yet whether there is something to take."""


@dataclass(frozen=True, slots=True)
class Place:
    """A step, the story that it comes in, and the deaths that it needs before."""

    step: Step
    story: Story
    first: tuple[Kill, ...] = ()
    hits: tuple[int, ...] = (1,)
    moments: tuple[Moment, ...] = BOTH
    lost_replies: int = 0
    lost_changes: int = 0


NOT_SENT = (Kill(Step.ENTRY, Moment.BEFORE),)
"""The intent is committed, the broker has heard nothing."""
SENT = (Kill(Step.ENTRY, Moment.AFTER),)
"""The broker has executed, nobody here knows."""
NOT_CLOSED = (Kill(Step.CLOSE, Moment.BEFORE),)
CLOSED = (Kill(Step.CLOSE, Moment.AFTER),)
NOT_MOVED = (Kill(Step.MODIFY, Moment.BEFORE),)
MOVED = (Kill(Step.MODIFY, Moment.AFTER),)

PLACES: dict[Part, tuple[Place, ...]] = {
    Part.PROMPTING: (
        Place(Step.SIGNAL, Story.TRADE),
        Place(Step.DRAW, Story.TRADE),
        Place(Step.PROPOSE, Story.TRADE),
        Place(Step.PROPOSED, Story.TRADE),
        Place(Step.CARD, Story.TRADE, hits=(1, 2)),
        Place(Step.DELIVERED, Story.TRADE),
        Place(Step.TOLD, Story.TRADE),
        Place(Step.CLAIM, Story.TRADE, hits=(1, 2, 3), moments=ONLY_AFTER),
        Place(Step.LEASE, Story.TRADE),
        Place(Step.WITHDRAWAL, Story.WITHDRAWAL),
    ),
    Part.DECIDING: (
        Place(Step.INBOX, Story.TRADE),
        Place(Step.APPROVE, Story.TRADE),
        Place(Step.REJECT, Story.TRADE),
        Place(Step.REASON, Story.TRADE),
        Place(Step.ANSWER, Story.TRADE),
        Place(Step.HANDLED, Story.TRADE),
        Place(Step.ASK, Story.CONFIRMATION),
        Place(Step.APPROVE, Story.CONFIRMATION),
        Place(Step.GRANT, Story.RULE),
        Place(Step.PROPOSE, Story.RULE),
        Place(Step.APPROVE, Story.RULE),
        Place(Step.PROPOSED, Story.RULE),
        Place(Step.SNOOZE, Story.SNOOZE),
        Place(Step.WAKE, Story.SNOOZE),
        Place(Step.CARD, Story.SNOOZE, hits=(2, 3)),
    ),
    Part.TRADING: (
        Place(Step.INTENT, Story.TRADE),
        Place(Step.ENTRY, Story.TRADE),
        Place(Step.OUTCOME, Story.TRADE),
        Place(Step.WORK_DONE, Story.TRADE, hits=(1, 3)),
        Place(Step.REDRAW, Story.TRADE),
        Place(Step.TRADE_CLOSED, Story.TRADE),
        Place(Step.NOTICE, Story.TRADE),
    ),
    Part.DOUBT: (
        Place(Step.GIVE_UP, Story.TRADE, first=NOT_SENT),
        Place(Step.GIVE_UP, Story.TRADE, first=SENT),
        Place(Step.LOOK, Story.TRADE, first=NOT_SENT),
        Place(Step.LOOK, Story.TRADE, first=SENT),
        Place(Step.ABSENT, Story.TRADE, first=NOT_SENT),
        Place(Step.ADOPT, Story.TRADE, first=SENT),
        Place(Step.ADOPT, Story.TRADE, lost_replies=1),
    ),
    Part.GUARDING: (
        Place(Step.TRIGGER, Story.GUARD),
        Place(Step.STOP_ENTRIES, Story.GUARD),
        Place(Step.NOTHING_LEFT, Story.GUARD),
        Place(Step.FLAT, Story.GUARD),
        Place(Step.LOCK, Story.GUARD),
        Place(Step.TRADE_OPENED, Story.PANIC),
        Place(Step.OUTCOME, Story.PANIC, hits=(2,)),
        Place(Step.TRIGGER, Story.PANIC),
    ),
    Part.CLOSING: (
        Place(Step.CLOSE_ORDER, Story.GUARD, hits=(1, 2)),
        Place(Step.CLOSE_INTENT, Story.GUARD),
        Place(Step.CLOSE, Story.GUARD, hits=(1, 2)),
        Place(Step.CLOSE_OUTCOME, Story.GUARD),
        Place(Step.GIVE_UP, Story.GUARD, first=NOT_CLOSED),
        Place(Step.ABSENT, Story.GUARD, first=NOT_CLOSED),
        Place(Step.ADOPT, Story.GUARD, first=CLOSED),
        Place(Step.CANCEL_ORDER, Story.PANIC),
        Place(Step.CANCEL, Story.PANIC),
        Place(Step.PENDING_ENDED, Story.PANIC),
    ),
    Part.HANDLING: (
        Place(Step.CLOSE_ORDER, Story.HANDS),
        Place(Step.CLOSE_INTENT, Story.HANDS),
        Place(Step.CLOSE, Story.HANDS),
        Place(Step.CLOSE_OUTCOME, Story.HANDS),
        Place(Step.TRADE_CHANGED, Story.HANDS),
        Place(Step.ABSENT, Story.HANDS, first=NOT_CLOSED),
        Place(Step.ADOPT, Story.HANDS, first=CLOSED),
        Place(Step.MODIFY_ORDER, Story.HANDS),
        Place(Step.MODIFY_INTENT, Story.HANDS),
        Place(Step.MODIFY, Story.HANDS),
        Place(Step.MODIFY_OUTCOME, Story.HANDS),
        Place(Step.ABSENT, Story.HANDS, first=NOT_MOVED),
        Place(Step.ADOPT, Story.HANDS, first=MOVED),
        Place(Step.ADOPT, Story.HANDS, lost_changes=2, hits=(1, 2)),
    ),
}
"""Where the service is killed; each part has a test file of its own."""


def plans(place: Place) -> list[Plan]:
    """The runs of one place."""
    return [
        Plan(
            deaths=(*place.first, Kill(place.step, moment, hit)),
            lost_replies=place.lost_replies,
            lost_changes=place.lost_changes,
        )
        for hit in (place.hits if LONG else place.hits[:1])
        for moment in place.moments
    ]


LOSSES = (
    Plan(lost_replies=1),
    Plan(lost_answers=1),
    Plan(deaths=SENT, late_history=True),
    Plan(deaths=(Kill(Step.CARD, Moment.BEFORE),), lost_pictures=True),
)
"""Runs in which something gets lost outside."""

Point = tuple[Story, Plan]
POINTS: dict[Part, dict[str, Point]] = {
    part: {
        f"{place.story}: {plan}": (place.story, plan)
        for place in places
        for plan in plans(place)
    }
    for part, places in PLACES.items()
} | {Part.LOSSES: {str(plan): (Story.TRADE, plan) for plan in LOSSES}}
"""Every run, by part and the name of its test."""


def every_point() -> list[Point]:
    """All runs."""
    return [point for points in POINTS.values() for point in points.values()]
