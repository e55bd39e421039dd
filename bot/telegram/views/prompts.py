"""A prompt as people see it: rows in, text and buttons out. Pure.

The first two lines are what a phone's notification shows: what is asked, and for
which account; the last says where the prompt stands. Every state draws the whole
message anew, so any edit can be repeated. Colour never carries a meaning alone: the
word stands in the label.
"""

from bot.telegram.callbacks import REASONS, Press, pack
from bot.telegram.cards import PromptCard
from bot.telegram.views.outcomes import (
    MODES,
    REASON_LIMIT,
    SIDES,
    closed_line,
    filled_line,
    order_line,
    parked_row,
    places_of,
    risk_line,
)
from bot.telegram.views.text import (
    CAPTION_LIMIT,
    brief,
    clock,
    number,
    places,
    price,
    safe,
    shown_units,
    signed,
    when,
    why,
)
from bot.telegram.views.view import Button, View
from core.desk.reasons import REASON_FOR
from core.ids import short
from core.market import OrderType
from core.money import ZERO, plain
from core.orders import OrderState
from core.prompts import UNDECIDED, PromptState
from core.signals import Source
from core.trades import TradeState

WHY_LIMIT = 300
"""Units of the provider's reason; fewer where a caption has no room for them."""
GIVEN_LIMIT = 500
"""Units of what a person wrote."""
_STANDING = {
    PromptState.CONFIRMING: "❓ <b>{reason}</b>",
    PromptState.APPROVED: "✅ Approved{by} · {at}",
    PromptState.REJECTED: "✖ Rejected{by} · {at}{given}",
    PromptState.EXPIRED: "⌛ Expired, nothing was sent. {reason}",
    PromptState.CANCELLED: "🚫 Withdrawn by the provider, nothing was sent.",
    PromptState.SUPERSEDED: "☑ Decided{by} · {at}: approved",
    PromptState.REFUSED: "⛔ {reason}",
}


def prompt_view(card: PromptCard) -> View:
    """The message of a prompt."""
    above = [_headline(card), _account(card), _levels(card), *_money(card)]
    below = _standing(card)
    room = CAPTION_LIMIT - shown_units("\n".join([*above, "", *below]))
    return View(
        text="\n".join([*above, *_reason(card, room), *below]),
        rows=_buttons(card),
        photo=card.signal.chart_path,
    )


def _headline(card: PromptCard) -> str:
    signal = card.signal
    kind = "" if signal.order_type is OrderType.MARKET else f" {signal.order_type}"
    way = " via TradingView" if signal.source is Source.TRADINGVIEW else ""
    return (
        f"<b>{SIDES[signal.side]}{kind.upper()} {safe(signal.instrument)}</b>"
        f" · {signal.timeframe} · {safe(signal.provider)}{way} · {short(signal.id)}"
    )


def _levels(card: PromptCard) -> str:
    signal, prompt, least = card.signal, card.prompt, _places(card)
    entry = prompt.price if prompt.price is not None else signal.price
    return (
        f"Entry <b>{price(entry, least)}</b> · SL {price(signal.stop_loss, least)}"
        f" · TP {price(signal.take_profit, least)}"
    )


def _places(card: PromptCard) -> int:
    """Decimals of the message's prices: of its finest, so that all are alike."""
    signal, prompt, order, trade = card.signal, card.prompt, card.order, card.trade
    levels = (signal.price, signal.stop_loss, signal.take_profit, prompt.price)
    ordered = order.price if order is not None else None
    traded = places_of(trade) if trade is not None else 0
    return max(places(*levels, prompt.spread, ordered), traded)


def _money(card: PromptCard) -> list[str]:
    prompt, currency = card.prompt, card.account.currency
    if prompt.lots is None or prompt.risk_money is None:
        return []
    lines = [f"<b>{plain(prompt.lots)} lots</b> · Risk {_risk(card)}"]
    if prompt.reward_money is not None:
        bounded = prompt.risk_money and card.signal.stop_loss is not None
        ratio = prompt.reward_money / prompt.risk_money if bounded else None
        shown = f" · {plain(round(ratio, 1))} R" if ratio is not None else ""
        lines.append(f"At target {signed(prompt.reward_money)} {currency}{shown}")
    if prompt.state in UNDECIDED and prompt.headroom is not None:
        lines.append(
            f"Spread {price(prompt.spread, _places(card))} · "
            f"Headroom {number(prompt.headroom)} {currency}"
        )
    return lines


def _risk(card: PromptCard) -> str:
    """The loss at the stop; without one nobody knows how much it may be."""
    prompt = card.prompt
    if card.signal.stop_loss is None:
        return "<b>without limit</b>, there is no stop loss"
    percent = plain(prompt.risk_percent or ZERO)
    money = number(prompt.risk_money or ZERO)
    return f"<b>{money} {card.account.currency}</b> ({percent} %)"


def _reason(card: PromptCard, room: int) -> list[str]:
    """The provider's reason, as far as the rest leaves room for it."""
    text = why(card.signal.payload, min(WHY_LIMIT, room)) if room > 0 else ""
    return [f"<blockquote expandable>{text}</blockquote>"] if text else []


def _account(card: PromptCard) -> str:
    return f"Account {safe(card.account.id)} · <b>{MODES[card.account.mode]}</b>"


def _standing(card: PromptCard) -> list[str]:
    """Where the prompt stands, in one or two lines."""
    prompt = card.prompt
    if prompt.viewer and card.order is not None and prompt.decided_at is None:
        return ["☑ Decided: approved", *_execution(card)]
    if prompt.state in (PromptState.QUEUED, PromptState.SENT):
        return _waiting(card)
    given = card.approval.reason if card.approval else ""
    line = _STANDING[prompt.state].format(
        by=f" by {safe(card.decider)}" if card.decider else "",
        at=clock(prompt.decided_at),
        reason=brief(prompt.reason, REASON_LIMIT),
        given=f" · {brief(given, GIVEN_LIMIT)}" if given else "",
    )
    if prompt.state is PromptState.CONFIRMING:
        return [line, _countdown(card)]
    if prompt.state in (PromptState.APPROVED, PromptState.SUPERSEDED):
        return [line, *_execution(card)]
    return [line.rstrip()]


def _waiting(card: PromptCard) -> list[str]:
    if card.prompt.viewer:
        return ["You are a viewer: approvers decide.", _countdown(card)]
    if card.prompt.reason:
        return [f"⚠ {brief(card.prompt.reason, REASON_LIMIT)}", _countdown(card)]
    return [_countdown(card)]


def _countdown(card: PromptCard) -> str:
    """The expiry, counted down by Telegram itself in the reader's own time."""
    moment = card.prompt.expires_at
    unix, plainly = int(moment.timestamp()), when(moment, now=card.now)
    return f'⏳ Expires <tg-time unix="{unix}" format="r">{plainly}</tg-time>'


def _execution(card: PromptCard) -> list[str]:
    """What the broker made of an approval; a viewer reads neither lots nor money."""
    trade, order, lots = card.trade, card.order, not card.prompt.viewer
    least, currency = _places(card), card.account.currency
    if trade is None:
        return [] if order is None else [order_line(order, lots=lots, least=least)]
    lines = [filled_line(trade, order, lots=lots, least=least)]
    risk = risk_line(trade, order, currency) if lots else ""
    lines += [risk] if risk else []
    if trade.state is TradeState.CLOSED:
        lines.append(closed_line(trade, currency if lots else "", least=least))
    return lines


def _buttons(card: PromptCard) -> tuple[tuple[Button, ...], ...]:
    prompt = card.prompt
    if prompt.viewer:
        return ()
    match prompt.state:
        case PromptState.QUEUED | PromptState.SENT:
            return (_decide_row(card),)
        case PromptState.CONFIRMING:
            return _confirm_rows(card)
        case PromptState.REJECTED if _reason_open(card):
            return _reason_rows(prompt.nonce)
        case PromptState.APPROVED if (
            card.order is not None and card.order.state is OrderState.PARKED
        ):
            return (parked_row(card.order),)
        case _:
            return ()


def _reason_open(card: PromptCard) -> bool:
    """Whether a reason may still be given."""
    approval = card.approval
    if approval is None or approval.reason is not None:
        return False
    return card.now - approval.created_at < REASON_FOR


def _decide_row(card: PromptCard) -> tuple[Button, ...]:
    lots = "" if card.prompt.lots is None else f" {plain(card.prompt.lots)} lots"
    return (
        Button(
            text=f"Approve{lots}",
            data=pack(Press.APPROVE, card.prompt.nonce),
            style="success",
        ),
        Button(
            text="Reject", data=pack(Press.REJECT, card.prompt.nonce), style="danger"
        ),
    )


def _confirm_rows(card: PromptCard) -> tuple[tuple[Button, ...], ...]:
    """Confirm stands where nothing stood: a double tap on Approve never meets it."""
    nonce = card.prompt.nonce
    money = f"risk {number(card.prompt.risk_money or ZERO)} {card.account.currency}"
    what = "no stop loss" if card.signal.stop_loss is None else money
    confirm = Button(
        text=f"Confirm: {what}", data=pack(Press.CONFIRM, nonce), style="success"
    )
    back = Button(text="Back", data=pack(Press.BACK, nonce))
    reject = Button(text="Reject", data=pack(Press.REJECT, nonce), style="danger")
    return ((back, reject), (confirm,))


def _reason_rows(nonce: str) -> tuple[tuple[Button, ...], ...]:
    presets = tuple(
        Button(text=label, data=pack(press, nonce))
        for press, label in REASONS.items()
        if label
    )
    return (
        presets,
        (
            Button(text="Write a reason", data=pack(Press.WRITE, nonce)),
            Button(text="Skip", data=pack(Press.SKIP, nonce)),
        ),
    )
