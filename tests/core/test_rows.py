import pytest

from core.accounts import GuardPhase
from core.ids import SignalId
from core.orders import EVER_FILLED, LIVE, OVER, OrderKind, OrderState
from core.prompts import PromptState
from core.rows import check_move, signal_of, unique_keys
from core.trades import TradeState
from tests.builders import (
    a_guard,
    a_prompt,
    a_signal,
    a_trade,
    a_user,
    an_approval,
    an_order,
)

SIGNAL = SignalId("S")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (a_prompt(), a_prompt(state=PromptState.APPROVED)),
        (an_order(), an_order(state=OrderState.SUBMITTING)),
        (a_trade(), a_trade(state=TradeState.CLOSED)),
        (a_guard(), a_guard(phase=GuardPhase.TRIGGERED)),
        (a_user(), a_user(name="Grace")),
    ],
)
def test_a_move_of_the_table_may_be_written(before, after):
    check_move(before, after)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (
            a_prompt(state=PromptState.REJECTED),
            a_prompt(state=PromptState.APPROVED),
            "from rejected to approved",
        ),
        (
            an_order(state=OrderState.UNKNOWN),
            an_order(state=OrderState.SUBMITTING),
            "from unknown to submitting",
        ),
        (
            a_trade(state=TradeState.CLOSED),
            a_trade(state=TradeState.OPEN),
            "from closed to open",
        ),
        (
            a_guard(phase=GuardPhase.CLOSING),
            a_guard(phase=GuardPhase.ARMED),
            "from closing to armed",
        ),
    ],
)
def test_any_other_move_is_refused_by_both_names(before, after, words):
    with pytest.raises(ValueError, match=words):
        check_move(before, after)


def test_a_refused_move_does_not_tell_the_nonce_of_a_prompt():
    gone = a_prompt(state=PromptState.REJECTED, nonce="secret")
    with pytest.raises(ValueError, match="Prompt") as caught:
        check_move(gone, a_prompt(state=PromptState.SENT))
    assert "secret" not in str(caught.value)


def test_opening_orders_are_unique_by_signal_account_and_attempt():
    assert unique_keys(an_order()) == (("signal_id", "account_id", "attempt"),)


@pytest.mark.parametrize("state", sorted(LIVE))
@pytest.mark.parametrize("kind", [OrderKind.CLOSE, OrderKind.CANCEL, OrderKind.MODIFY])
def test_live_orders_aimed_at_a_ticket_are_unique(kind, state):
    order = an_order(kind=kind, state=state)
    assert unique_keys(order) == (("account_id", "kind", "ticket"),)


@pytest.mark.parametrize("state", sorted(OVER | EVER_FILLED))
def test_ended_orders_aimed_at_a_ticket_may_be_many(state):
    assert unique_keys(an_order(kind=OrderKind.CLOSE, state=state)) == ()


def test_a_person_decides_once_on_a_prompt():
    assert unique_keys(an_approval()) == (("prompt_id", "user_id"),)


def test_people_have_no_key_but_their_id():
    assert unique_keys(a_user()) == ()


@pytest.mark.parametrize(
    "row",
    [
        a_signal(id=SIGNAL),
        a_prompt(signal_id=SIGNAL),
        an_order(signal_id=SIGNAL),
        a_trade(signal_id=SIGNAL),
    ],
)
def test_what_changes_a_signals_status_names_the_signal(row):
    assert signal_of(row) == SIGNAL


def test_other_rows_touch_no_signal():
    assert signal_of(a_user()) is None
