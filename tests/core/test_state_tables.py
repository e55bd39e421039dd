"""Each table against an independent list of what its words promise."""

import pytest

from core.accounts import FIRED, GUARD_MOVES, GuardEvent, GuardPhase
from core.moves import allowed, follow
from core.orders import ORDER_MOVES, OrderEvent, OrderState
from core.prompts import PROMPT_MOVES, UNDECIDED, PromptEvent, PromptState
from core.trades import TRADE_MOVES, TradeEvent, TradeState

ENDS_OF_PROMPT = {"approved", "rejected", "expired", "cancelled", "superseded"} | {
    "refused"
}
ASKED_MORE = {"confirming", "awaiting_second"}
PROMPT = {
    "queued": {"sent", "snoozed"} | ASKED_MORE | ENDS_OF_PROMPT,
    "sent": {"snoozed"} | ASKED_MORE | ENDS_OF_PROMPT,
    "confirming": {"sent", "awaiting_second"} | ENDS_OF_PROMPT,
    "awaiting_second": {"sent"} | ENDS_OF_PROMPT - {"approved"},
    "snoozed": {"queued"} | ASKED_MORE | ENDS_OF_PROMPT,
}
ORDER = {
    "queued": {"submitting", "cancelled"},
    "submitting": {"filled", "partially_filled", "placed", "rejected", "unknown"},
    "placed": {"filled", "partially_filled", "expired", "cancelled"},
    "unknown": {"filled", "partially_filled", "placed", "rejected", "expired"}
    | {"cancelled", "not_executed", "parked"},
    "parked": {"filled", "partially_filled", "placed", "rejected", "expired"}
    | {"cancelled", "not_executed"},
}
TRADE = {"open": {"closing", "closed"}, "closing": {"open", "closed"}}
GUARD = {
    "armed": {"blind", "triggered"},
    "blind": {"armed", "triggered"},
    "triggered": {"closing"},
    "closing": {"flat"},
    "flat": {"locked", "closing", "armed"},
    "locked": {"closing", "armed"},
}
TABLES = [
    (PROMPT_MOVES, PromptState, PROMPT),
    (ORDER_MOVES, OrderState, ORDER),
    (TRADE_MOVES, TradeState, TRADE),
    (GUARD_MOVES, GuardPhase, GUARD),
]
PAIRS = [
    pytest.param(moves, before, after, after in promised.get(before, set()))
    for moves, states, promised in TABLES
    for before in states
    for after in states
    if before is not after
]


@pytest.mark.parametrize(("moves", "before", "after", "promised"), PAIRS)
def test_exactly_the_promised_moves_can_be_written(moves, before, after, promised):
    assert allowed(moves, before, after) is promised


def test_staying_is_always_allowed():
    assert all(
        allowed(moves, each, each) for moves, states, _ in TABLES for each in states
    )


@pytest.mark.parametrize(
    ("moves", "state", "event", "end"),
    [
        (PROMPT_MOVES, PromptState.SENT, PromptEvent.ASK, PromptState.CONFIRMING),
        (ORDER_MOVES, OrderState.SUBMITTING, OrderEvent.LOSE, OrderState.UNKNOWN),
        (TRADE_MOVES, TradeState.OPEN, TradeEvent.VANISH, TradeState.CLOSING),
        (GUARD_MOVES, GuardPhase.LOCKED, GuardEvent.REARM, GuardPhase.ARMED),
    ],
)
def test_an_event_leads_to_the_state_of_the_table(moves, state, event, end):
    assert follow(moves, state, event) is end


@pytest.mark.parametrize(
    ("moves", "state", "event"),
    [
        (PROMPT_MOVES, PromptState.APPROVED, PromptEvent.REJECT),
        (ORDER_MOVES, OrderState.UNKNOWN, OrderEvent.SUBMIT),
        (TRADE_MOVES, TradeState.CLOSED, TradeEvent.REAPPEAR),
        (GUARD_MOVES, GuardPhase.CLOSING, GuardEvent.REARM),
    ],
)
def test_an_event_outside_the_table_is_refused_by_name(moves, state, event):
    with pytest.raises(ValueError, match=f"a {state} one cannot be moved by {event}"):
        follow(moves, state, event)


def test_nothing_leads_from_unknown_back_to_submitting():
    assert not any(
        end is OrderState.SUBMITTING and start is not OrderState.QUEUED
        for (start, _), end in ORDER_MOVES.items()
    )


def test_a_fired_guard_leaves_only_by_being_rearmed():
    ways = {
        event
        for (start, event), end in GUARD_MOVES.items()
        if start in FIRED and end not in FIRED
    }
    assert ways == {GuardEvent.REARM}


def test_the_first_of_two_is_never_approved_without_a_second():
    ends = {
        end
        for (start, _), end in PROMPT_MOVES.items()
        if start is PromptState.AWAITING_SECOND
    }
    assert PromptState.APPROVED not in ends


def test_a_decided_prompt_never_opens_again():
    assert all(start in UNDECIDED for start, _ in PROMPT_MOVES)
