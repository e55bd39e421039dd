from datetime import timedelta

import pytest

from core.orders import OrderKind, OrderState
from core.prompts import PromptState
from core.signals import Action, SignalStatus, derive_status
from core.trades import TradeState
from tests.builders import a_prompt, a_signal, a_trade, an_order
from tests.fakes import NOON

LATER = NOON + timedelta(minutes=20)
MADE = a_signal(proposed_at=NOON)
UNMADE = a_signal()
CANCELLED = a_signal(proposed_at=NOON, cancelled_at=NOON)

P = PromptState
O = OrderState  # noqa: E741 - a column of the table below
T = TradeState
S = SignalStatus

TABLE = [
    # signal, prompts, orders, trades, status now, status after expiry
    (UNMADE, [], [], [], S.NEW, S.EXPIRED),
    (MADE, [], [], [], S.EXPIRED, S.EXPIRED),
    (MADE, [P.QUEUED], [], [], S.NEW, S.EXPIRED),
    (MADE, [P.REJECTED, P.CONFIRMING], [], [], S.NEW, S.EXPIRED),
    (MADE, [P.REJECTED], [], [], S.REJECTED, S.REJECTED),
    (MADE, [P.REJECTED, P.REFUSED], [], [], S.REJECTED, S.REJECTED),
    (MADE, [P.REJECTED, P.EXPIRED], [], [], S.EXPIRED, S.EXPIRED),
    (CANCELLED, [P.CANCELLED], [], [], S.CANCELLED, S.CANCELLED),
    (CANCELLED, [P.REJECTED], [], [], S.CANCELLED, S.CANCELLED),
    (CANCELLED, [P.SENT], [], [], S.CANCELLED, S.CANCELLED),
    (MADE, [P.APPROVED], [O.QUEUED], [], S.APPROVED, S.APPROVED),
    (MADE, [P.APPROVED], [O.UNKNOWN], [], S.APPROVED, S.APPROVED),
    (CANCELLED, [P.APPROVED], [O.PLACED], [], S.APPROVED, S.APPROVED),
    (MADE, [P.APPROVED], [O.PARKED], [], S.APPROVED, S.APPROVED),
    (MADE, [P.APPROVED], [O.FILLED], [T.OPEN], S.EXECUTED, S.EXECUTED),
    (MADE, [P.APPROVED], [O.FILLED], [T.CLOSING], S.EXECUTED, S.EXECUTED),
    (MADE, [P.APPROVED], [O.QUEUED], [T.OPEN], S.EXECUTED, S.EXECUTED),
    (MADE, [P.APPROVED], [O.FILLED], [T.CLOSED], S.CLOSED, S.CLOSED),
    (MADE, [P.SENT], [O.FILLED], [T.CLOSED], S.CLOSED, S.CLOSED),
    (MADE, [P.APPROVED], [O.PARTIALLY_FILLED], [], S.CLOSED, S.CLOSED),
    (MADE, [P.APPROVED], [O.NOT_EXECUTED], [T.CLOSED], S.CLOSED, S.CLOSED),
    (MADE, [P.APPROVED], [O.REJECTED], [], S.REJECTED, S.REJECTED),
    (MADE, [P.APPROVED], [O.NOT_EXECUTED], [], S.REJECTED, S.REJECTED),
    (MADE, [P.APPROVED, P.SENT], [O.REJECTED], [], S.NEW, S.REJECTED),
    (MADE, [P.APPROVED], [O.EXPIRED], [], S.EXPIRED, S.EXPIRED),
    (CANCELLED, [P.APPROVED], [O.CANCELLED], [], S.CANCELLED, S.CANCELLED),
]


def status(signal, prompts, orders, trades, now):
    return derive_status(
        signal,
        prompts=[a_prompt(state=each) for each in prompts],
        orders=[an_order(state=each) for each in orders],
        trades=[a_trade(state=each) for each in trades],
        now=now,
    )


@pytest.mark.parametrize(
    ("signal", "prompts", "orders", "trades", "expected", "_later"), TABLE
)
def test_the_status_of_an_unexpired_signal(
    signal, prompts, orders, trades, expected, _later
):
    assert status(signal, prompts, orders, trades, NOON) is expected


@pytest.mark.parametrize(
    ("signal", "prompts", "orders", "trades", "_now", "expected"), TABLE
)
def test_the_status_of_the_same_after_its_time(
    signal, prompts, orders, trades, _now, expected
):
    assert status(signal, prompts, orders, trades, LATER) is expected


def test_a_cancel_keeps_the_status_it_was_given():
    cancel = a_signal(action=Action.CANCEL, status=S.REJECTED)
    assert status(cancel, [], [], [], NOON) is S.REJECTED


def test_what_viewers_have_not_done_decides_nothing():
    found = derive_status(
        MADE,
        prompts=[a_prompt(state=P.REJECTED), a_prompt(viewer=True)],
        orders=[],
        trades=[],
        now=NOON,
    )
    assert found is S.REJECTED


def test_closing_orders_say_nothing_about_a_signal():
    found = derive_status(
        MADE,
        prompts=[a_prompt()],
        orders=[an_order(kind=OrderKind.CLOSE, state=O.UNKNOWN)],
        trades=[],
        now=NOON,
    )
    assert found is S.NEW


@pytest.mark.parametrize("action", [Action.UPDATE, Action.CLOSE])
def test_what_follows_a_signal_waits_until_it_expires(action):
    waiting = a_signal(action=action, target="gold-1")
    over = a_signal(action=action, target="gold-1", status=S.REJECTED)
    assert status(waiting, [], [], [], NOON) is S.NEW
    assert status(waiting, [], [], [], LATER) is S.EXPIRED
    assert status(over, [], [], [], LATER) is S.REJECTED
