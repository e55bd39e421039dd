"""The durable steps of a signal's way, by name, and how one is recognised.

A step is one transaction, or one call to the outside that changes something there.
Between any two of them the process can die; a test names a step and whether it dies
before or after it. Nothing in the product knows of these names: a step is recognised
by the rows that it writes or by the method that it calls.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from core.accounts import GuardPhase, GuardState
from core.messages import MESSAGES, WORK, InboxUpdate, OutboxItem
from core.orders import Order, OrderKind, OrderState, Send, SendState
from core.ports import Insert, Row, Save, Write
from core.prompts import Approval, Decision, Prompt, PromptState
from core.signals import Action, Signal
from core.standing import StandingRule
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
    ASK = "ask"
    """The numbers changed: they have to be confirmed."""
    REJECT = "reject"
    """A rejection."""
    GRANT = "grant"
    """A standing rule is granted."""
    SNOOZE = "snooze"
    """A prompt goes quiet."""
    WAKE = "wake"
    """It is to come back as a new message."""
    REASON = "reason"
    """Why it was rejected."""
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
    LOOK = "look"
    """The broker is asked for what is unknown; the answer is kept in memory only."""
    ABSENT = "absent"
    """What was unknown is proved not executed."""
    TRADE_OPENED = "trade_opened"
    """A trade that the broker opened, its price having come, is recorded."""
    PENDING_ENDED = "pending_ended"
    """A pending order that is over at the broker is so here."""
    TRADE_CHANGED = "trade_changed"
    """What the broker shows of a trade in hand is recorded, and told."""
    TRADE_CLOSED = "trade_closed"
    """A trade that the broker closed is recorded."""
    TRIGGER = "trigger"
    """The guard fires."""
    STOP_ENTRIES = "stop_entries"
    """Prompts end, queued entries are withdrawn."""
    CLOSE_ORDER = "close_order"
    """The close of one position is ordered."""
    CANCEL_ORDER = "cancel_order"
    """The withdrawal of one pending order is ordered."""
    MODIFY_ORDER = "modify_order"
    """A new stop is ordered."""
    MODIFY_INTENT = "modify_intent"
    """It leaves now."""
    MODIFY = "modify"
    """The broker is told to move a stop."""
    MODIFY_OUTCOME = "modify_outcome"
    """What the broker answered to it."""
    CLOSE_INTENT = "close_intent"
    """A closing or withdrawing order leaves now."""
    CLOSE = "close"
    """The broker is told to close."""
    CANCEL = "cancel"
    """The broker is told to withdraw a pending order."""
    CLOSE_OUTCOME = "close_outcome"
    """What the broker answered to a close or a withdrawal."""
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


UNNAMED = frozenset(
    {"measured", "trade seen", "curve", "report", "redraw asked", "tap refused"}
)
"""Commits without a name of their own: looks at the market, and what they draw."""


@dataclass(frozen=True, slots=True)
class Named:
    """A step and, for one without a name, what it was."""

    step: Step
    what: str = ""


class Rows:
    """What a transaction writes, by kind; the last of each kind stands for all."""

    def __init__(self, writes: Iterable[Write], sent_here: Collection[int]) -> None:
        writes = list(writes)
        self.new = {type(w.row): w.row for w in writes if isinstance(w, Insert)}
        self.kept = {type(w.row): w.row for w in writes if isinstance(w, Save)}
        self.sent_here = sent_here
        """Magic numbers that were sent in this life."""


Rule = Callable[[Rows], bool]


def _new(kind: type[Row], /, **fields: object) -> Rule:
    return lambda rows: _fits(rows.new.get(kind), fields)


def _kept(kind: type[Row], /, **fields: object) -> Rule:
    return lambda rows: _fits(rows.kept.get(kind), fields)


def _fits(row: Row | None, fields: dict[str, object]) -> bool:
    """A field has the value, is one of a set, or is there at all."""
    for name, wanted in fields.items():
        value = getattr(row, name, None)
        if isinstance(wanted, frozenset):
            fits = value in wanted
        else:
            fits = value is not None if wanted is THERE else value == wanted
        if not fits:
            return False
    return row is not None


def _answered(kind: frozenset[OrderKind]) -> Rule:
    """The answer to what was sent in this life."""

    def rule(rows: Rows) -> bool:
        send, order = rows.kept.get(Send), rows.kept.get(Order)
        return (
            isinstance(send, Send)
            and send.magic in rows.sent_here
            and _fits(order, {"kind": kind})
        )

    return rule


def _both(one: Rule, other: Rule) -> Rule:
    return lambda rows: one(rows) and other(rows)


def _alone(rule: Rule) -> Rule:
    return lambda rows: len(rows.kept) == 1 and rule(rows)


THERE = object()
_OPENING = frozenset({OrderKind.OPEN})
_ENDING = frozenset({OrderKind.CLOSE, OrderKind.CANCEL})
_CHANGING = frozenset({OrderKind.MODIFY})
RULES: tuple[tuple[Step, Rule], ...] = (
    (Step.SIGNAL, _new(Signal, action=Action.OPEN)),
    (Step.WITHDRAWAL, _new(Signal, action=Action.CANCEL)),
    (Step.INBOX, _new(InboxUpdate)),
    (Step.PROPOSE, _new(Prompt)),
    (Step.APPROVE, _new(Approval, decision=Decision.APPROVE)),
    (Step.REJECT, _new(Approval, decision=Decision.REJECT)),
    (Step.INTENT, _both(_new(Send), _kept(Order, kind=OrderKind.OPEN))),
    (Step.MODIFY_INTENT, _both(_new(Send), _kept(Order, kind=OrderKind.MODIFY))),
    (Step.CLOSE_INTENT, _new(Send)),
    (Step.CLOSE_ORDER, _new(Order, kind=OrderKind.CLOSE)),
    (Step.CANCEL_ORDER, _new(Order, kind=OrderKind.CANCEL)),
    (Step.MODIFY_ORDER, _new(Order, kind=OrderKind.MODIFY)),
    (Step.ABSENT, _kept(Send, state=SendState.ABSENT)),
    (Step.OUTCOME, _answered(_OPENING)),
    (Step.CLOSE_OUTCOME, _answered(_ENDING)),
    (Step.MODIFY_OUTCOME, _answered(_CHANGING)),
    (Step.GIVE_UP, _both(_kept(Send), _kept(Order, state=OrderState.UNKNOWN))),
    (Step.ADOPT, _kept(Send)),
    (Step.TRADE_OPENED, _new(Trade)),
    (Step.TRADE_CLOSED, _kept(Trade, state=TradeState.CLOSED)),
    (
        Step.TRADE_CHANGED,
        _both(_new(OutboxItem), _kept(Trade, state=TradeState.OPEN)),
    ),
    (Step.ASK, _kept(Prompt, state=PromptState.CONFIRMING)),
    (Step.GRANT, _new(StandingRule)),
    (Step.SNOOZE, _kept(Prompt, state=PromptState.SNOOZED)),
    (Step.WAKE, _kept(Prompt, former_message_id=THERE)),
    (Step.DELIVERED, _alone(_kept(Prompt, message_id=THERE))),
    (Step.REASON, _kept(Approval)),
    (Step.TOLD, _kept(OutboxItem, topic=MESSAGES, done_at=THERE)),
    (Step.WORK_DONE, _kept(OutboxItem, topic=WORK, done_at=THERE)),
    (Step.HANDLED, _kept(InboxUpdate)),
    (Step.PENDING_ENDED, _kept(Order, state=OrderState.CANCELLED)),
    (Step.PROPOSED, _kept(Signal, proposed_at=THERE)),
)
"""How a transaction is recognised; the first rule that fits names it."""


def step_of(writes: Iterable[Write], *, sent_here: Collection[int]) -> Named:
    """The step that a transaction is."""
    rows = Rows(writes, sent_here)
    named = next((step for step, rule in RULES if rule(rows)), None)
    return Named(named) if named else Named(Step.OTHER, _unnamed(rows))


def _unnamed(rows: Rows) -> str:
    kinds = {each.__name__ for each in (*rows.new, *rows.kept)}
    known = {
        frozenset({"EquityPoint"}): "curve",
        frozenset({"OutboxItem"}): "redraw asked",
        frozenset({"Reconciliation"}): "report",
        frozenset({"Trade"}): "trade seen",
        frozenset(): "tap refused",
    }
    return known.get(frozenset(kinds), " ".join(sorted(kinds)))


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


METHODS = {
    "sendPhoto": Step.CARD,
    "sendMessage": Step.NOTICE,
    "editMessageCaption": Step.REDRAW,
    "editMessageText": Step.REDRAW,
    "answerCallbackQuery": Step.ANSWER,
}
"""The calls to Telegram that change something there."""
