"""The durable steps of a signal's way, by name, and how one is recognised.

A step is one transaction, or one call to the outside that changes something there.
Between any two of them the process can die; a test names a step and whether it dies
before or after it. Nothing in the product knows of these names: a step is recognised
by the rows that it writes or by the method that it calls.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from aiogram.methods import (
    AnswerCallbackQuery,
    EditMessageCaption,
    EditMessageText,
    SendMessage,
    SendPhoto,
)
from core.accounts import GuardPhase, GuardState
from core.messages import MESSAGES, AuditEntry, InboxUpdate, OutboxItem, Topic
from core.orders import Order, OrderKind, OrderState, Send, SendState
from core.ports import Insert, Row, Save, Write
from core.prompts import Approval, Decision, Prompt
from core.signals import Action, Signal
from core.trades import Trade, TradeState


class Step(StrEnum):
    """One durable step."""

    SIGNAL = "signal"
    """A signal is stored with its work; the provider has no answer yet."""
    WITHDRAWAL = "withdrawal"
    """A signal is withdrawn with its prompts."""
    DRAW = "draw"
    """The chart is drawn and stored."""
    PROPOSE = "propose"
    """The prompts of an account, with the messages to send."""
    PROPOSED = "proposed"
    """The signal says that its prompts were made."""
    CARD = "card"
    """A prompt's message goes to Telegram."""
    DELIVERED = "delivered"
    """The prompt knows its message."""
    TOLD = "told"
    """Messages are done in the outbox."""
    REDRAW = "redraw"
    """A message is edited at Telegram."""
    NOTICE = "notice"
    """Somebody is told something at Telegram."""
    INBOX = "inbox"
    """Telegram's updates are stored; the next poll confirms them."""
    APPROVE = "approve"
    """Approval, order and their consequences."""
    REJECT = "reject"
    """A rejection."""
    ANSWER = "answer"
    """The tap is answered at Telegram."""
    HANDLED = "handled"
    """The update is done in the inbox."""
    CLAIM = "claim"
    """Outbox items are taken."""
    INTENT = "intent"
    """An opening order leaves now."""
    ENTRY = "entry"
    """The broker is told to open."""
    OUTCOME = "outcome"
    """What the broker answered, and the trade."""
    WORK_DONE = "work_done"
    """An item of work is done in the outbox."""
    LEASE = "lease"
    """The right to serve an account is taken or renewed."""
    GIVE_UP = "give_up"
    """After a start: what was on its way is unknown now."""
    ADOPT = "adopt"
    """What was unknown is found at the broker."""
    MISSED = "missed"
    """What was unknown was not found, for the first time."""
    ABSENT = "absent"
    """What was unknown is proved not executed."""
    TRADE_CLOSED = "trade_closed"
    """A trade that the broker closed is recorded."""
    TRIGGER = "trigger"
    """The guard fires."""
    STOP_ENTRIES = "stop_entries"
    """Prompts end, queued entries are withdrawn."""
    CLOSE_ORDER = "close_order"
    """The close of one position is ordered."""
    CLOSE_INTENT = "close_intent"
    """A closing order leaves now."""
    CLOSE = "close"
    """The broker is told to close."""
    CLOSE_OUTCOME = "close_outcome"
    """What the broker answered to a close."""
    NOTHING_LEFT = "nothing_left"
    """One look of two that found nothing."""
    FLAT = "flat"
    """The account is proved flat."""
    LOCK = "lock"
    """The guard waits for a person."""
    OTHER = "other"
    """What no test kills at; ``UNNAMED`` says which of these are known."""


class Moment(StrEnum):
    """On which side of a step."""

    BEFORE = "before"
    AFTER = "after"


UNNAMED = frozenset({"measured", "trade seen", "curve", "report", "tap refused"})
"""Commits without a name of their own: looks at the market, and what they draw."""


@dataclass(frozen=True, slots=True)
class Named:
    """A step and, for one without a name, what it was."""

    step: Step
    what: str = ""


def step_of(writes: Iterable[Write], *, sent_here: Iterable[int]) -> Named:
    """The step that a transaction is; ``sent_here`` are numbers sent in this life."""
    writes = list(writes)
    new = {type(each.row): each.row for each in writes if isinstance(each, Insert)}
    kept = {type(each.row): each.row for each in writes if isinstance(each, Save)}
    return Named(
        _of_new(new, kept) or _of_kept(kept, sent_here) or Step.OTHER,
        _unnamed(writes, new, kept),
    )


Rows = dict[type[Row], Row]


def _of_new(new: Rows, kept: Rows) -> Step | None:
    """By what is inserted, the weightiest row first."""
    match new:
        case _ if isinstance(signal := new.get(Signal), Signal):
            opened = signal.action is Action.OPEN
            return Step.SIGNAL if opened else Step.WITHDRAWAL
        case _ if InboxUpdate in new:
            return Step.INBOX
        case _ if Prompt in new:
            return Step.PROPOSE
        case _ if isinstance(approval := new.get(Approval), Approval):
            approved = approval.decision is Decision.APPROVE
            return Step.APPROVE if approved else Step.REJECT
        case _ if isinstance(send := new.get(Send), Send):
            order = kept.get(Order)
            opening = isinstance(order, Order) and order.kind is OrderKind.OPEN
            return Step.INTENT if opening else Step.CLOSE_INTENT
        case _ if isinstance(order := new.get(Order), Order):
            return Step.CLOSE_ORDER if order.kind is OrderKind.CLOSE else None
    return None


def _of_kept(kept: Rows, sent_here: Iterable[int]) -> Step | None:
    """By what is saved."""
    send, trade, prompt = kept.get(Send), kept.get(Trade), kept.get(Prompt)
    if isinstance(send, Send):
        return _of_send(send, kept.get(Order), sent_here)
    if isinstance(trade, Trade) and trade.state is TradeState.CLOSED:
        return Step.TRADE_CLOSED
    if isinstance(prompt, Prompt) and len(kept) == 1 and prompt.message_id:
        return Step.DELIVERED
    if isinstance(item := kept.get(OutboxItem), OutboxItem) and item.done_at:
        return Step.TOLD if item.topic in MESSAGES else Step.WORK_DONE
    if InboxUpdate in kept:
        return Step.HANDLED
    signal = kept.get(Signal)
    proposed = isinstance(signal, Signal) and signal.proposed_at is not None
    return Step.PROPOSED if proposed else None


def _of_send(
    send: Send, order: Row | None, sent_here: Iterable[int]
) -> Step | None:
    """What became of a transmission; an order says how it was learned."""
    if not isinstance(order, Order):
        return Step.MISSED
    if send.state is SendState.ABSENT:
        return Step.ABSENT
    if send.magic in sent_here:
        opening = order.kind is OrderKind.OPEN
        return Step.OUTCOME if opening else Step.CLOSE_OUTCOME
    return Step.GIVE_UP if order.state is OrderState.UNKNOWN else Step.ADOPT


def step_of_guard(before: GuardState | None, after: GuardState) -> Step | None:
    """The step that a write of the guard's state is; ``None`` for a mere reading."""
    if before is None:
        return None
    if before.phase is not after.phase:
        return {
            GuardPhase.TRIGGERED: Step.TRIGGER,
            GuardPhase.CLOSING: Step.STOP_ENTRIES,
            GuardPhase.FLAT: Step.FLAT,
            GuardPhase.LOCKED: Step.LOCK,
        }.get(after.phase)
    return Step.NOTHING_LEFT if after.flat_readings > before.flat_readings else None


def _unnamed(writes: list[Write], new: Rows, kept: Rows) -> str:
    if GuardState in kept:
        return "measured"
    if Trade in kept:
        return "trade seen"
    kinds = {each.__name__ for each in (*new, *kept)}
    known = {
        frozenset({"EquityPoint"}): "curve",
        frozenset({"Reconciliation"}): "report",
        frozenset(): "tap refused",
    }
    return known.get(frozenset(kinds), " ".join(sorted(kinds)))


METHODS = {
    SendPhoto: Step.CARD,
    SendMessage: Step.NOTICE,
    EditMessageCaption: Step.REDRAW,
    EditMessageText: Step.REDRAW,
    AnswerCallbackQuery: Step.ANSWER,
}
"""The calls to Telegram that change something there."""
