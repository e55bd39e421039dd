"""Where things stand, for somebody who asked with a command: text views. Pure."""

from collections.abc import Sequence
from datetime import timedelta

from bot.telegram.cards import AccountCard, PromptCard
from bot.telegram.views.outcomes import MODES, SIDES, places_of
from bot.telegram.views.text import listed, number, price, safe, signed, when
from bot.telegram.views.view import View
from core.accounts import FIRED, GuardPhase, GuardScope
from core.clock import in_words
from core.desk.releasing import Released
from core.ids import short
from core.limits import drawdown_percent
from core.money import plain
from core.trades import Trade, TradeState

PHASES = {
    GuardPhase.ARMED: "🟢 armed",
    GuardPhase.BLIND: "⚪ blind: no entries",
    GuardPhase.TRIGGERED: "🔴 fired",
    GuardPhase.CLOSING: "🔴 closing",
    GuardPhase.FLAT: "🔴 flat",
    GuardPhase.LOCKED: "🔒 locked: no entries until /rearm",
}


LONG_AGO = timedelta(minutes=5)
"""Whoever watches an account has looked, or noted that it is blind, long before."""


def _age(card: AccountCard) -> str:
    """How old the reading is, as a sentence; nothing while it is fresh."""
    guard = card.guard
    if guard.measured_at is None:
        return "⚠ Never seen so far."
    age = card.now - guard.measured_at
    if age <= card.stale_after:
        return ""
    seen = f"⚠ Seen {in_words(age)} ago"
    if guard.blind_since is not None:
        return f"{seen}; it cannot be seen now."
    if age > LONG_AGO:
        return f"{seen}: <b>nobody is watching this account.</b>"
    return f"{seen}."


def positions_view(cards: Sequence[AccountCard]) -> View:
    """Open trades and waiting orders, account by account."""
    if not cards:
        return View(text="There is no account here on which you decide.")
    lines = [line for card in cards for line in _positions_of(card)]
    return View(text=listed(lines).strip())


def _positions_of(card: AccountCard) -> list[str]:
    head = f"\n<b>{safe(card.account.id)}</b> · {MODES[card.account.mode]}"
    lines = [_position_line(trade, card.account.currency) for trade in card.trades]
    lines += [
        f"🕓 {SIDES[order.side]} {order.order_type.upper()} {plain(order.volume)} "
        f"{safe(order.instrument)} at {price(order.price)}"
        for order in card.placed
    ]
    aged = [age] if (age := _age(card)) else []
    return [head, *aged, *(lines or ["Nothing is open."])]


def _position_line(trade: Trade, currency: str) -> str:
    leaving = ", closing…" if trade.state is TradeState.CLOSING else ""
    least = places_of(trade)
    return (
        f"{SIDES[trade.side]} {plain(trade.volume_open)} {safe(trade.instrument)} "
        f"from {price(trade.open_price, least)}: "
        f"<b>{signed(trade.floating)} {currency}</b>{leaving}\n"
        f"   SL {price(trade.stop_loss, least)} · TP {price(trade.take_profit, least)}"
    )


NOTHING_HELD = Released(coming=0, left=0)


def pending_view(
    cards: Sequence[PromptCard], released: Released = NOTHING_HELD
) -> View:
    """The prompts that wait for this person, and what became of those held."""
    held = _held(released)
    if not cards:
        return View(text=held or "Nothing waits for you.")
    lines = [
        f"{SIDES[card.signal.side]} {safe(card.signal.instrument)} on "
        f"{safe(card.account.id)} · {short(card.signal.id)} · until "
        f"{when(card.prompt.expires_at, now=card.now)}"
        for card in cards
    ]
    head = ["<b>Waiting for you</b>, decide at the chart:"]
    return View(text=listed([*([held] if held else []), *head, *lines]))


def _held(released: Released) -> str:
    """What comes now of what a provider asked too fast, and how to get the rest."""
    if not released.coming:
        return ""
    come = "comes" if released.coming == 1 else "come"
    said = f"📨 {released.coming} more {come} now."
    if not released.left:
        return said
    wait = "waits" if released.left == 1 else "wait"
    return f"{said} {released.left} still {wait}: /pending again."


def guard_view(cards: Sequence[AccountCard]) -> View:
    """Where each guard stands and how much room is left."""
    blocks = [_guard_of(card) for card in cards]
    return View(text=listed(blocks, between="\n\n") or _NOTHING)


_NOTHING = "There is no account here that you administer or decide on."


def _guard_of(card: AccountCard) -> str:
    guard, rules = card.guard, card.rules
    scope = "all positions" if rules.guard_closes is GuardScope.ALL else "our positions"
    currency = card.account.currency
    loss = plain(round(drawdown_percent(guard), 2))
    lines = [
        f"<b>{safe(card.account.id)}</b> · {PHASES[guard.phase]}",
        f"Equity {number(guard.equity)} · peak {number(guard.peak)} {currency}",
        f"Drawdown {loss} %, limit {plain(rules.max_drawdown_percent)} %",
        f"Headroom with every stop hit {card.headroom} {currency}",
        f"At the limit it closes {scope}.",
    ]
    if guard.phase in FIRED and guard.reason:
        lines.insert(1, safe(guard.reason))
    if age := _age(card):
        lines.insert(1, age)
    return "\n".join(lines)


def status_view(cards: Sequence[AccountCard], queues: dict[str, int]) -> View:
    """The health of everything on one screen."""
    lines = ["<b>Status</b>"]
    for card in cards:
        aged = f"\n   {age}" if (age := _age(card)) else ""
        lines.append(
            f"{safe(card.account.id)} · {MODES[card.account.mode]} · "
            f"{PHASES[card.guard.phase]}{aged}\n   equity "
            f"{number(card.guard.equity)} {card.account.currency} · "
            f"{len(card.trades)} open, {len(card.placed)} waiting, "
            f"{len(card.parked)} unknown"
        )
    lines.append(
        "Queues: " + ", ".join(f"{name} {count}" for name, count in queues.items())
    )
    return View(text=listed(lines))
