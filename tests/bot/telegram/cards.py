"""Cards as the views get them: one of each, of which a test changes what matters."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from bot.telegram.cards import AccountCard, PromptCard
from core.accounts import AccountKind, GuardPhase
from core.ids import OrderId, PromptId, SignalId, Ticket, TradeId
from core.orders import Order, OrderState
from core.prompts import Approval, Decision, Prompt, PromptState
from core.signals import Signal
from core.trades import CloseReason, Trade, TradeState
from tests.builders import (
    a_guard,
    a_prompt,
    a_signal,
    a_trade,
    an_account,
    an_approval,
    an_order,
)
from tests.core.desk.world import RULES
from tests.fakes import NOON

NONCE = "n" * 22
ORDER = OrderId("0" * 22 + "ORDR")
CHART = "2026-11-24/shared/signal/chart.png"
LATER = NOON + timedelta(minutes=2)


def the_signal(**over: Any) -> Signal:
    row = a_signal(
        id=SignalId("0" * 22 + "SGNL"),
        payload='{"reason":"Breakout above the range, retest held"}',
        chart_path=CHART,
    )
    return replace(row, **over)


def the_prompt(**over: Any) -> Prompt:
    return replace(a_prompt(id=PromptId("0" * 22 + "PRMT"), nonce=NONCE), **over)


def decided(state: PromptState, **over: Any) -> Prompt:
    """A prompt that a person ended."""
    return the_prompt(**{"state": state, "decided_by": 1, "decided_at": LATER} | over)


def the_order(state: OrderState, **over: Any) -> Order:
    row = an_order(id=ORDER, state=state)
    return replace(row, **over)


def the_trade(**over: Any) -> Trade:
    row = a_trade(
        id=TradeId("0" * 22 + "TRDE"),
        order_id=ORDER,
        position_id=Ticket(501),
        ticket=Ticket(501),
    )
    return replace(row, **over)


def closed(reason: CloseReason = CloseReason.TARGET, **over: Any) -> Trade:
    """The same trade, over."""
    return the_trade(
        **{
            "state": TradeState.CLOSED,
            "volume_open": Decimal(0),
            "close_price": Decimal("1965.00"),
            "close_reason": reason,
            "profit": Decimal("259.02"),
            "closed_at": LATER,
        }
        | over
    )


def a_rejection(**over: Any) -> Approval:
    row = an_approval(decision=Decision.REJECT, created_at=LATER)
    return replace(row, **over)


def a_card(prompt: Prompt | None = None, **over: Any) -> PromptCard:
    """A prompt that waits for Ada on her paper account, or what ``over`` says."""
    prompt = prompt or the_prompt()
    card = PromptCard(
        prompt=prompt,
        signal=the_signal(),
        account=an_account(),
        order=None,
        trade=None,
        decider="Ada" if prompt.decided_by else "",
        approval=None,
        now=LATER,
    )
    return replace(card, **over)


def an_account_card(**over: Any) -> AccountCard:
    card = AccountCard(
        account=an_account(kind=AccountKind.DESK),
        guard=a_guard(peak=Decimal("10250.5"), phase=GuardPhase.ARMED),
        rules=RULES,
        trades=(),
        placed=(),
        parked=(),
        headroom=Decimal("1799.60"),
        stale_after=timedelta(minutes=3),
        now=LATER,
    )
    return replace(card, **over)
