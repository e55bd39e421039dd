"""Where things stand, for somebody who asked with a command: text views. Pure."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

from bot.telegram.cards import AccountCard, PromptCard
from bot.telegram.views.following import followers_line
from bot.telegram.views.outcomes import MODES, SIDES, places_of
from bot.telegram.views.speech import later, say, say_count
from bot.telegram.views.text import (
    figure,
    listed,
    money,
    number,
    price,
    result,
    safe,
    span,
    told,
    when,
)
from bot.telegram.views.view import View
from core.accounts import FIRED, GuardPhase, GuardScope
from core.desk.releasing import Released
from core.ids import short
from core.limits import drawdown_percent
from core.money import plain
from core.orders import Order
from core.trades import Trade, TradeState

PHASES = {
    GuardPhase.ARMED: later("🟢 armed"),
    GuardPhase.BLIND: later("⚪ blind: no entries"),
    GuardPhase.TRIGGERED: later("🔴 fired"),
    GuardPhase.CLOSING: later("🔴 closing"),
    GuardPhase.FLAT: later("🔴 flat"),
    GuardPhase.LOCKED: later("🔒 locked: no entries until /rearm"),
}


LONG_AGO = timedelta(minutes=5)
"""Whoever watches an account has looked, or noted that it is blind, long before."""


def _age(card: AccountCard) -> str:
    """How old the reading is, as a sentence; nothing while it is fresh."""
    guard = card.guard
    if guard.measured_at is None:
        return say("⚠ Never seen so far.")
    age = card.now - guard.measured_at
    if age <= card.stale_after:
        return ""
    message = later("⚠ Seen {age} ago.")
    if guard.blind_since is not None:
        message = later("⚠ Seen {age} ago; it cannot be seen now.")
    elif age > LONG_AGO:
        message = later("⚠ Seen {age} ago: <b>nobody is watching this account.</b>")
    return say(message, age=span(age))


def positions_view(cards: Sequence[AccountCard]) -> View:
    """Open trades and waiting orders, account by account."""
    if not cards:
        return View(text=say("There is no account here on which you decide."))
    lines = [line for card in cards for line in _positions_of(card)]
    return View(text=listed(lines).strip())


def _positions_of(card: AccountCard) -> list[str]:
    head = say(
        "<b>{account}</b> · {mode}",
        account=safe(card.account.id),
        mode=say(MODES[card.account.mode]),
    )
    lines = [_position_line(trade, card.account.currency) for trade in card.trades]
    lines += [_order_line(order) for order in card.placed]
    aged = [age] if (age := _age(card)) else []
    return [f"\n{head}", *aged, *(lines or [say("Nothing is open.")])]


def _order_line(order: Order) -> str:
    return say(
        "🕓 {side} {type} {lots} {instrument} at {price}",
        side=say(SIDES[order.side]),
        type=order.order_type.upper(),
        lots=plain(order.volume),
        instrument=safe(order.instrument),
        price=price(order.price),
    )


def _position_line(trade: Trade, currency: str) -> str:
    least = places_of(trade)
    leaving = trade.state is TradeState.CLOSING
    message = (
        later("{side} {lots} {instrument} from {price}: <b>{result}</b>, closing…")
        if leaving
        else later("{side} {lots} {instrument} from {price}: <b>{result}</b>")
    )
    line = say(
        message,
        side=say(SIDES[trade.side]),
        lots=plain(trade.volume_open),
        instrument=safe(trade.instrument),
        price=price(trade.open_price, least),
        result=result(trade.floating, currency),
    )
    levels = say(
        "SL {stop} · TP {target}",
        stop=price(trade.stop_loss, least),
        target=price(trade.take_profit, least),
    )
    return f"{line}\n   {levels}"


NOTHING_HELD = Released(coming=0, left=0)


def pending_view(
    cards: Sequence[PromptCard], released: Released = NOTHING_HELD
) -> View:
    """The prompts that wait for this person, and what became of those held."""
    held = _held(released)
    if not cards:
        return View(text=held or say("Nothing waits for you."))
    lines = [
        say(
            "{side} {instrument} on {account} · {signal} · until {until}",
            side=say(SIDES[card.signal.side]),
            instrument=safe(card.signal.instrument),
            account=safe(card.account.id),
            signal=short(card.signal.id),
            until=when(card.prompt.expires_at, now=card.now),
        )
        for card in cards
    ]
    head = [say("<b>Waiting for you</b>, decide at the chart:")]
    return View(text=listed([*([held] if held else []), *head, *lines]))


def _held(released: Released) -> str:
    """What comes now of what a provider asked too fast, and how to get the rest."""
    if not released.coming:
        return ""
    coming = say_count(
        "📨 {count} more comes now.", "📨 {count} more come now.", released.coming
    )
    if not released.left:
        return coming
    left = say_count(
        "{count} still waits: /pending again.",
        "{count} still wait: /pending again.",
        released.left,
    )
    return f"{coming} {left}"


def guard_view(cards: Sequence[AccountCard]) -> View:
    """Where each guard stands and how much room is left."""
    blocks = [_guard_of(card) for card in cards]
    nothing = say("There is no account here that you administer or decide on.")
    return View(text=listed(blocks, between="\n\n") or nothing)


_CLOSES = {
    GuardScope.ALL: later("At the limit it closes all positions."),
    GuardScope.OURS: later("At the limit it closes our positions."),
}


def _guard_of(card: AccountCard) -> str:
    guard, rules = card.guard, card.rules
    currency = card.account.currency
    lines = [
        say(
            "<b>{account}</b> · {phase}",
            account=safe(card.account.id),
            phase=say(PHASES[guard.phase]),
        ),
        say(
            "Equity {equity} · peak {peak}",
            equity=number(guard.equity),
            peak=money(guard.peak, currency),
        ),
        say(
            "Drawdown {loss} %, limit {limit} %",
            loss=figure(round(drawdown_percent(guard), 2)),
            limit=figure(rules.max_drawdown_percent),
        ),
        say(
            "Headroom with every stop hit {headroom}",
            headroom=money(card.headroom, currency),
        ),
        say(_CLOSES[rules.guard_closes]),
    ]
    if guard.phase in FIRED and guard.reason:
        lines.insert(1, told(guard.reason))
    if age := _age(card):
        lines.insert(1, age)
    return "\n".join(lines)


def status_view(
    cards: Sequence[AccountCard],
    queues: Mapping[str, int],
    troubles: Mapping[str, str] = MappingProxyType({}),
    undelivered: int = 0,
    followers: int = 0,
) -> View:
    """The health of everything on one screen."""
    lines = [say("<b>Status</b>")]
    lines += [f"⚠ {told(trouble)}" for trouble in troubles.values()]
    lines += [_status_of(card) for card in cards]
    waiting = (
        f"{say(QUEUES.get(name, name))} {count}" for name, count in queues.items()
    )
    lines.append(say("Queues: {queues}", queues=", ".join(waiting)))
    if undelivered:
        lines.append(say("Undelivered: {number}", number=undelivered))
    if followers:
        lines.append(followers_line(followers))
    return View(text=listed(lines))


QUEUES = {
    "prompts": later("prompts"),
    "notices": later("notices"),
    "orders": later("orders"),
    "updates": later("updates"),
}


def _status_of(card: AccountCard) -> str:
    head = say(
        "{account} · {mode} · {phase}",
        account=safe(card.account.id),
        mode=say(MODES[card.account.mode]),
        phase=say(PHASES[card.guard.phase]),
    )
    aged = f"\n   {age}" if (age := _age(card)) else ""
    holds = say(
        "equity {equity} · {open} open, {waiting} waiting, {unknown} unknown",
        equity=money(card.guard.equity, card.account.currency),
        open=len(card.trades),
        waiting=len(card.placed),
        unknown=len(card.parked),
    )
    return f"{head}{aged}\n   {holds}"
