"""What a provider may send: the rules on a signal's fields, and its fingerprint.

Types are checked at the edge; these rules see whatever values were of the right
type, so that every problem is told at once.
"""

import hashlib
import json
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from core.ids import UserId
from core.market import OrderType, Side, Timeframe
from core.money import plain
from core.signals import Action, Signal, SignalStatus, Source
from core.users import Provider

PRICE_CEILING = Decimal(1_000_000)
EXTERNAL_ID_LIMIT = 100
_INSTRUMENT = re.compile(r"[A-Z0-9_]{2,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeRules:
    """The instance's choices about signals."""

    instruments: tuple[str, ...]
    require_stop_loss: bool
    expires_after: timedelta
    """When the provider does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProblem:
    """One thing wrong with one field, as a sentence."""

    field: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A signal as sent; fields that were missing or of a wrong type are ``None``."""

    external_id: str | None = None
    webhook_id: str | None = None
    """Of the message, which is not part of the content; nor is its source."""
    source: Source = Source.API
    action: Action | None = Action.OPEN
    target: str | None = None
    instrument: str | None = None
    side: Side | None = None
    price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    order_type: OrderType | None = OrderType.MARKET
    timeframe: Timeframe | None = Timeframe.M15
    expires_in: int | None = None
    user_id: UserId | None = None
    payload: str = "{}"
    partial: bool = False
    """A close of a part: the rest stays, and what waits goes on waiting."""


def problems(
    draft: Draft,
    *,
    provider: Provider,
    rules: IntakeRules,
    wrong: Collection[str] = (),
) -> list[FieldProblem]:
    """Everything that the rules say against ``draft``.

    ``wrong`` names the fields whose types the edge has refused already; they are
    not complained of twice.
    """
    found = [] if draft.action is None else _of_action(draft, provider, rules)
    if draft.action is Action.UPDATE and not any(_changes(draft)):
        found += _no_change(wrong)
    if draft.external_id is None and draft.source is Source.API:
        found.append(_missing("external_id"))
    return [problem for problem in found if problem.field not in wrong]


def _of_action(
    draft: Draft, provider: Provider, rules: IntakeRules
) -> list[FieldProblem]:
    if draft.action is not Action.OPEN:
        return _of_follower(draft)
    found = [
        _missing(name)
        for name in ("instrument", "side", "price")
        if getattr(draft, name) is None
    ]
    if rules.require_stop_loss and draft.stop_loss is None:
        found.append(_missing("stop_loss"))
    if draft.target is not None:
        message = "belongs to a cancel, update or close; an open signal has none"
        found.append(FieldProblem(field="target", message=message))
    if draft.instrument is not None:
        found += _instrument_problems(draft.instrument, provider, rules)
    return found + _stop_problems(draft)


def _of_follower(draft: Draft) -> list[FieldProblem]:
    """Of what follows an earlier signal: the target, and what changes."""
    found = []
    if not draft.target:
        meant = draft.source is Source.TRADINGVIEW and draft.action is Action.CLOSE
        if not (meant and draft.instrument):
            found.append(_missing("instrument" if meant else "target"))
    if draft.user_id is not None:
        message = f"belongs to an open; a {draft.action} reaches whom that reached"
        found.append(FieldProblem(field="user", message=message))
    return found


def _changes(draft: Draft) -> tuple[Decimal | None, ...]:
    return draft.price, draft.stop_loss, draft.take_profit


def _no_change(wrong: Collection[str]) -> list[FieldProblem]:
    """An update must say what changes; one that tried to is told of that alone."""
    if {"price", "stop_loss", "take_profit"} & set(wrong):
        return []
    message = "is required where price and take_profit are absent too"
    return [FieldProblem(field="stop_loss", message=message)]


def target_problems(draft: Draft, target: Signal) -> list[FieldProblem]:
    """What does not fit the signal that a cancel, update or close means."""
    found = []
    if draft.instrument not in (None, target.instrument):
        message = f"must be {target.instrument} or absent: the target is about that"
        found.append(FieldProblem(field="instrument", message=message))
    if draft.side not in (None, target.side):
        message = f"must be {target.side} or absent: the target is that"
        found.append(FieldProblem(field="side", message=message))
    if draft.action is Action.UPDATE:
        found += _level_problems(draft, target)
    return found


def _level_problems(draft: Draft, target: Signal) -> list[FieldProblem]:
    """New levels beside those that stay; a stop may pass the entry of what is open."""
    merged = replace(
        draft,
        side=target.side,
        price=draft.price or target.price,
        stop_loss=draft.stop_loss or target.stop_loss,
        take_profit=draft.take_profit or target.take_profit,
    )
    if target.status is SignalStatus.NEW:
        return _stop_problems(merged)
    stop, profit = merged.stop_loss, merged.take_profit
    if stop is None or profit is None or (profit - stop) * target.side.sign > 0:
        return []
    where = "above" if target.side is Side.BUY else "below"
    message = f"must be {where} the stop loss {plain(stop)} of a {target.side}"
    return [FieldProblem(field="take_profit", message=message)]


def _missing(field: str) -> FieldProblem:
    return FieldProblem(field=field, message="is required")


def _instrument_problems(
    instrument: str, provider: Provider, rules: IntakeRules
) -> list[FieldProblem]:
    message = ""
    if instrument != instrument.upper():
        message = f"must be in capitals: did you mean {instrument.upper()}?"
    elif not _INSTRUMENT.fullmatch(instrument):
        message = f"must be 2 to 20 of A-Z, 0-9 and _, was {instrument[:30]!r}"
    elif instrument not in rules.instruments:
        message = f"{instrument} is not traded here; known: {_names(rules.instruments)}"
    elif provider.instruments and instrument not in provider.instruments:
        message = (
            f"{instrument} is not among yours; yours: {_names(provider.instruments)}"
        )
    return [FieldProblem(field="instrument", message=message)] if message else []


def _names(instruments: Collection[str]) -> str:
    return ", ".join(instruments)


def _stop_problems(draft: Draft) -> list[FieldProblem]:
    """Stops belong on their side of the price: a buy's stop below, its target above."""
    if draft.side is None or draft.price is None:
        return []
    found = []
    long = draft.side is Side.BUY
    for field, value, below in (
        ("stop_loss", draft.stop_loss, long),
        ("take_profit", draft.take_profit, not long),
    ):
        if value is not None and not (
            value < draft.price if below else value > draft.price
        ):
            where = "below" if below else "above"
            message = (
                f"must be {where} the price {plain(draft.price)} of a "
                f"{draft.side}, was {plain(value)}"
            )
            found.append(FieldProblem(field=field, message=message))
    return found


def content_hash(draft: Draft) -> str:
    """SHA-256 over the validated content: decimals by value, ``expires_in`` as sent."""
    content = {
        "action": draft.action,
        "target": draft.target,
        "instrument": draft.instrument,
        "side": draft.side,
        "price": _by_value(draft.price),
        "stop_loss": _by_value(draft.stop_loss),
        "take_profit": _by_value(draft.take_profit),
        "order_type": draft.order_type,
        "timeframe": draft.timeframe,
        "expires_in": draft.expires_in,
        "user": draft.user_id,
        "payload": json.loads(draft.payload),
    }
    return hashlib.sha256(_canonical(content).encode()).hexdigest()


_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def _by_value(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
