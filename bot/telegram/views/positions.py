"""An open trade in one's hands: its card, the questions, what is told. Pure views.

Confirm stands where no button of the card stood: a double tap never meets it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from bot.telegram.callbacks import Press, pack
from bot.telegram.cards import AccountCard
from bot.telegram.position_cards import PositionCard
from bot.telegram.views.answers import positions_view
from bot.telegram.views.outcomes import (
    CLOSED_BY,
    MODES,
    SIDES,
    closed_line,
    in_hand_row,
    part_line,
    places_of,
)
from bot.telegram.views.speech import later, say
from bot.telegram.views.text import dotted, price, result, safe, signed, told, when
from bot.telegram.views.view import Button, View
from core.accounts import Account
from core.desk.handling import Change, Question
from core.ids import short
from core.money import plain
from core.orders import Order
from core.trades import ON_THE_BOOK, CloseReason, Trade, TradeState

MOST_CARDS = 5
"""Trades that are shown with a message each; more get a button each."""
MOST_BUTTONS = 30
ASKS = {
    Change.CLOSE: Press.CLOSE,
    Change.HALF: Press.HALF,
    Change.BREAK_EVEN: Press.BREAK_EVEN,
}
NOW = {
    Change.CLOSE: Press.CLOSE_NOW,
    Change.HALF: Press.HALF_NOW,
    Change.BREAK_EVEN: Press.BREAK_EVEN_NOW,
}


def listing_view(cards: Sequence[AccountCard]) -> View:
    """More trades than are shown one by one: a button opens the card of each."""
    trades = [trade for card in cards for trade in card.trades]
    rows = tuple((_opener(trade),) for trade in trades[:MOST_BUTTONS])
    return View(text=positions_view(cards).text, rows=rows)


def _opener(trade: Trade) -> Button:
    label = say(
        "{side} {lots} {instrument} · {account}",
        side=say(SIDES[trade.side]),
        lots=plain(trade.volume_open),
        instrument=trade.instrument,
        account=trade.account_id,
    )
    return Button(text=label, data=pack(Press.POSITION, trade.id))


def position_view(card: PositionCard, said: str = "") -> View:
    """A trade with its profit now; ``said`` is what was just ordered on it."""
    trade = card.trade
    lines = [_head(trade, card.account), *_standing(card)]
    if said:
        lines.append(f"⏳ {told(said)}")
    return View(text="\n".join(lines), rows=_rows(trade, calm=bool(said)))


def _head(trade: Trade, account: Account) -> str:
    return say(
        "<b>{side} {lots} {instrument}</b> · {account} · <b>{mode}</b> · {signal}",
        side=say(SIDES[trade.side]),
        lots=plain(trade.volume_open or trade.volume),
        instrument=safe(trade.instrument),
        account=safe(account.id),
        mode=say(MODES[account.mode]),
        signal=short(trade.signal_id or trade.id),
    )


def _standing(card: PositionCard) -> Iterator[str]:
    trade, currency, least = card.trade, card.account.currency, places_of(card.trade)
    if trade.state is TradeState.CLOSED:
        yield closed_line(trade, currency)
        return
    yield _profit(trade, currency)
    yield say(
        "From {entry} · SL {stop} · TP {target}",
        entry=price(trade.open_price, least),
        stop=price(trade.stop_loss, least),
        target=price(trade.take_profit, least),
    )
    yield from part_line(trade, currency)
    yield _reading(card)


def _profit(trade: Trade, currency: str) -> str:
    """What floats now, and with what is booked already, in R."""
    floating = f"<b>{result(trade.floating, currency)}</b>"
    r = trade.r_of(trade.floating + trade.booked)
    return floating if r is None else dotted(floating, say("{r} R", r=signed(r, 1)))


def _reading(card: PositionCard) -> str:
    """How old this is; Telegram itself counts on."""
    if card.seen_at is None:
        return say("⚠ Never seen so far.")
    age = _since(card.seen_at, card.now)
    if not card.live:
        return say("⚠ The broker cannot be reached now. Last seen {age}.", age=age)
    if not card.shown:
        return say(
            "⚠ The broker does not show it any more; its result follows. Last seen "
            "{age}.",
            age=age,
        )
    return say("🕓 Read {age}", age=age)


def _since(moment: datetime, now: datetime) -> str:
    unix = int(moment.timestamp())
    return f'<tg-time unix="{unix}" format="r">{when(moment, now=now)}</tg-time>'


def _rows(trade: Trade, *, calm: bool) -> tuple[tuple[Button, ...], ...]:
    """What can be done; after an order nothing but to look again."""
    if trade.state not in ON_THE_BOOK:
        return ()
    refresh = Button(text=say("Refresh"), data=pack(Press.REFRESH, trade.id))
    if calm:
        return ((refresh,),)
    close = Button(text=say("Close"), data=pack(Press.CLOSE, trade.id), style="danger")
    half = Button(text=say("Close half"), data=pack(Press.HALF, trade.id))
    return ((refresh, *_break_even(trade)), (close, half))


def _break_even(trade: Trade) -> tuple[Button, ...]:
    """Nothing where the stop is at the entry, or beyond it, already."""
    stop = trade.stop_loss
    if stop is not None and (stop - trade.open_price) * trade.side.sign >= 0:
        return ()
    return (Button(text=say("Break-even"), data=pack(Press.BREAK_EVEN, trade.id)),)


def question_view(question: Question, asked: int) -> View:
    """What would happen, in money; it stands for a minute."""
    held, bond = question.held, question.bond
    trade = held.trade
    again = Button(text=say("New numbers"), data=pack(ASKS[question.change], trade.id))
    back = Button(text=say("Back"), data=pack(Press.REFRESH, trade.id))
    argument = f"{trade.id}@{asked}@{bond.orders}@{plain(bond.volume)}"
    confirm = Button(
        text=_yes(question),
        data=pack(NOW[question.change], argument),
        style="success" if question.change is Change.BREAK_EVEN else "danger",
    )
    lines = [_head(trade, held.account), _wish(question), _ENDS]
    return View(
        text="\n".join([*lines[:-1], say(lines[-1])]),
        rows=((back,), (again,), (confirm,)),
    )


_ENDS = later("Confirm within a minute, or go back.")


def _yes(question: Question) -> str:
    if question.change is Change.BREAK_EVEN:
        stop = price(question.price, places_of(question.held.trade))
        return say("Confirm: stop at {price}", price=stop)
    return say("Confirm: close {lots} lots", lots=plain(question.volume))


def _wish(question: Question) -> str:
    trade, currency = question.held.trade, question.held.account.currency
    least = places_of(trade)
    values = {
        "lots": plain(question.volume),
        "whole": plain(trade.volume_open),
        "rest": plain(trade.volume_open - question.volume),
        "price": price(question.price, least),
        "money": f"<b>{result(question.money, currency)}</b>",
    }
    if question.change is Change.CLOSE:
        return say(
            "Close all {whole} lots at the market, now about {price}: about {money} "
            "before commission.",
            **values,
        )
    if question.change is Change.HALF:
        return say(
            "Close {lots} of {whole} lots at the market, now about {price}: about "
            "{money} before commission. {rest} lots stay open.",
            **values,
        )
    return _moved(question, values, least)


def _moved(question: Question, values: dict[str, str], least: int) -> str:
    """The new stop is the price of entry: what the trade costs is not covered."""
    trade, before = question.held.trade, question.money_before
    line = say(
        "Move the stop to the entry, {price}. If the price comes back there, the trade "
        "ends at about {money}, all costs included.",
        **values,
    )
    if before is None:
        return f"{line} {say('It has no stop now.')}"
    now = say(
        "At the stop of now, {stop}, it would be {money}.",
        stop=price(trade.stop_loss, least),
        money=result(before, question.held.account.currency),
    )
    return f"{line} {now}"


def reduced_notice(
    trade: Trade, account: Account, detail: str, *, viewer: bool = False
) -> View:
    """A part of a trade was closed; a viewer reads neither lots nor money."""
    made, where, reason = detail.split()
    why = say(CLOSED_BY[CloseReason(reason)])
    at = price(Decimal(where), places_of(trade))
    if viewer:
        line = say("✂ A part: {why} at {price}", why=why, price=at)
        return View(text=f"{_told_of(trade, account)}\n{line}")
    line = say(
        "✂ A part: {why} at {price}: {money}",
        why=why,
        price=at,
        money=f"<b>{result(Decimal(made), account.currency)}</b>",
    )
    rest = say(
        "{lots} of {whole} lots stay open.",
        lots=plain(trade.volume_open),
        whole=plain(trade.volume),
    )
    left = [rest] if trade.state in ON_THE_BOOK else []
    return View(
        text="\n".join([_told_of(trade, account), line, *left]),
        rows=in_hand_row(trade),
    )


def moved_notice(
    trade: Trade, account: Account, order: Order, by: str, *, viewer: bool = False
) -> View:
    """A stop stands where somebody wanted it."""
    line = say(
        "🛡 {name} moved the stop to {price}",
        name=safe(by),
        price=price(order.stop_loss, places_of(trade)),
    )
    return View(
        text=f"{_told_of(trade, account)}\n{line}",
        rows=() if viewer else in_hand_row(trade),
    )


def _told_of(trade: Trade, account: Account) -> str:
    """The head of a notice, which names no lots."""
    return say(
        "<b>{side} {instrument}</b> · {account} · <b>{mode}</b> · {signal}",
        side=say(SIDES[trade.side]),
        instrument=safe(trade.instrument),
        account=safe(account.id),
        mode=say(MODES[account.mode]),
        signal=short(trade.signal_id or trade.id),
    )
