"""A prompt as people see it: rows in, text and buttons out. Pure.

The first two lines are what a phone's notification shows: what is asked, and for
which account; the last says where the prompt stands. Every state draws the whole
message anew, so any edit can be repeated. Colour never carries a meaning alone: the
word stands in the label.
"""

from collections.abc import Callable

from bot.telegram.callbacks import REASONS
from bot.telegram.cards import PromptCard
from bot.telegram.views.outcomes import (
    MODES,
    REASON_LIMIT,
    SIDES,
    closed_line,
    filled_line,
    order_line,
    part_line,
    places_of,
    risk_line,
)
from bot.telegram.views.prompt_buttons import prompt_buttons
from bot.telegram.views.speech import say
from bot.telegram.views.text import (
    CAPTION_LIMIT,
    brief,
    clock,
    dotted,
    figure,
    money,
    places,
    price,
    result,
    safe,
    shown_units,
    told,
    when,
    why,
)
from bot.telegram.views.view import View
from core.ids import short
from core.market import OrderType
from core.money import ZERO, plain
from core.prompts import UNDECIDED, PromptState
from core.signals import Source
from core.trades import TradeState

WHY_LIMIT = 300
"""Units of the provider's reason; fewer where a caption has no room for them."""
GIVEN_LIMIT = 500
"""Units of what a person wrote."""


def prompt_view(card: PromptCard) -> View:
    """The message of a prompt."""
    above = [headline(card), account_line(card), levels(card), *_money(card)]
    below = _standing(card)
    room = CAPTION_LIMIT - shown_units("\n".join([*above, "", *below]))
    return View(
        text="\n".join([*above, *provider_reason(card, room), *below]),
        rows=prompt_buttons(card),
        photo=card.signal.chart_path,
    )


def asked_again_view(card: PromptCard) -> View:
    """The message of before a snooze, once the prompt comes back as a new one."""
    said = say("⏸ Was snoozed: asked again in a newer message.")
    lines = [headline(card), account_line(card), levels(card), said]
    return View(text="\n".join(lines), photo=card.signal.chart_path)


def headline(card: PromptCard) -> str:
    """What is asked, in the first line."""
    signal = card.signal
    side, provider = say(SIDES[signal.side]), safe(signal.provider)
    kind = "" if signal.order_type is OrderType.MARKET else f" {signal.order_type}"
    if signal.source is Source.TRADINGVIEW:
        provider = say("{provider} via TradingView", provider=provider)
    asked = f"<b>{side}{kind.upper()} {safe(signal.instrument)}</b>"
    return dotted(asked, signal.timeframe, provider, short(signal.id))


def levels(card: PromptCard) -> str:
    """Entry, stop and target."""
    signal, prompt, least = card.signal, card.prompt, places_shown(card)
    entry = prompt.price if prompt.price is not None else signal.price
    return say(
        "Entry <b>{entry}</b> · SL {stop} · TP {target}",
        entry=price(entry, least),
        stop=price(signal.stop_loss, least),
        target=price(signal.take_profit, least),
    )


def places_shown(card: PromptCard) -> int:
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
    lots = plain(prompt.lots)
    lines = [say("<b>{lots} lots</b> · Risk {risk}", lots=lots, risk=_risk(card))]
    if prompt.reward_money is not None:
        gain = result(prompt.reward_money, currency)
        bounded = prompt.risk_money and card.signal.stop_loss is not None
        lines.append(
            say(
                "At target {money} · {r} R",
                money=gain,
                r=figure(round(prompt.reward_money / prompt.risk_money, 1)),
            )
            if bounded
            else say("At target {money}", money=gain)
        )
    if prompt.state in UNDECIDED and prompt.headroom is not None:
        spread = price(prompt.spread, places_shown(card))
        room = money(prompt.headroom, currency)
        lines.append(
            say("Spread {spread} · Headroom {money}", spread=spread, money=room)
        )
    return lines


def _risk(card: PromptCard) -> str:
    """The loss at the stop; without one nobody knows how much it may be."""
    prompt = card.prompt
    if card.signal.stop_loss is None:
        return say("<b>without limit</b>, there is no stop loss")
    return say(
        "<b>{money}</b> ({percent} %)",
        money=money(prompt.risk_money or ZERO, card.account.currency),
        percent=figure(prompt.risk_percent or ZERO),
    )


def provider_reason(card: PromptCard, room: int) -> list[str]:
    """The provider's reason, as far as the rest leaves room for it."""
    text = why(card.signal.payload, min(WHY_LIMIT, room)) if room > 0 else ""
    return [f"<blockquote expandable>{text}</blockquote>"] if text else []


def account_line(card: PromptCard) -> str:
    """Which account, and whether its money is real."""
    mode = say(MODES[card.account.mode])
    return say("Account {name} · <b>{mode}</b>", name=safe(card.account.id), mode=mode)


def _standing(card: PromptCard) -> list[str]:
    """Where the prompt stands, in one or more lines."""
    prompt = card.prompt
    if prompt.viewer and card.order is not None and prompt.decided_at is None:
        return [say("☑ Decided: approved"), *_execution(card)]
    draw = _OVER.get(prompt.state)
    return draw(card) if draw else [*_waiting(card), countdown(card)]


def _ordered(card: PromptCard) -> list[str]:
    return [_approved(card), *_worse(card), *_execution(card)]


def _decided(card: PromptCard) -> list[str]:
    return [_superseded(card), *_execution(card)]


def _expired(card: PromptCard) -> list[str]:
    reason = told(card.prompt.reason, REASON_LIMIT)
    return [f"{say('⌛ Expired, nothing was sent.')} {reason}".rstrip()]


def _withdrawn(_: PromptCard) -> list[str]:
    return [say("🚫 Withdrawn by the provider, nothing was sent.")]


def _refused(card: PromptCard) -> list[str]:
    return [f"⛔ {told(card.prompt.reason, REASON_LIMIT)}"]


def _approved(card: PromptCard) -> str:
    at, name = clock(card.prompt.decided_at), safe(card.decider)
    number = card.approval.rule_number if card.approval else None
    if card.rule is not None and number is not None:
        return say(
            "✅ Approved by your standing rule for {provider}, {number} of {most} "
            "today · {at}",
            provider=safe(card.signal.provider),
            number=number,
            most=card.rule.per_day,
            at=at,
        )
    if card.first:
        return say(
            "✅ Approved by {first} and {name} · {at}",
            first=safe(card.first),
            name=name,
            at=at,
        )
    if name:
        return say("✅ Approved by {name} · {at}", name=name, at=at)
    return say("✅ Approved · {at}", at=at)


def _worse(card: PromptCard) -> list[str]:
    """What the price had moved, within the limit, when it was approved."""
    r, points = card.prompt.drift_r, card.prompt.drift_points
    if points is None:
        return []
    if r is None:
        return [say("Price {points} points worse than shown", points=figure(points))]
    return [
        say(
            "Price {r} R ({points} points) worse than shown",
            r=figure(r),
            points=figure(points),
        )
    ]


def _superseded(card: PromptCard) -> str:
    at, name = clock(card.prompt.decided_at), safe(card.decider)
    if card.first:
        return say(
            "☑ Decided by {first} and {name} · {at}: approved",
            first=safe(card.first),
            name=name,
            at=at,
        )
    if name:
        return say("☑ Decided by {name} · {at}: approved", name=name, at=at)
    return say("☑ Decided · {at}: approved", at=at)


def _rejected(card: PromptCard) -> list[str]:
    at, name = clock(card.prompt.decided_at), safe(card.decider)
    line = (
        say("✖ Rejected by {name} · {at}", name=name, at=at)
        if name
        else say("✖ Rejected · {at}", at=at)
    )
    given = card.approval.reason if card.approval else ""
    if given and given in REASONS.values():
        given = say(given)
    return [dotted(line, brief(given, GIVEN_LIMIT)) if given else line]


def _waiting(card: PromptCard) -> list[str]:
    """What an undecided prompt waits for, beside the end of its time."""
    prompt = card.prompt
    if prompt.viewer:
        return [say("You are a viewer: approvers decide.")]
    match prompt.state:
        case PromptState.CONFIRMING:
            said = [f"❓ <b>{told(prompt.reason, REASON_LIMIT)}</b>"]
        case PromptState.AWAITING_SECOND:
            return [
                say("✋ Approved by you. A second, different person must approve too.")
            ]
        case PromptState.SNOOZED:
            until = clock(prompt.snoozed_until)
            said = [say("⏸ Snoozed until {at}; the buttons still work.", at=until)]
        case _ if prompt.reason:
            said = [f"⚠ {told(prompt.reason, REASON_LIMIT)}"]
        case _:
            said = []
    return [*_first(card), *said]


def _first(card: PromptCard) -> list[str]:
    """Somebody else has approved, and that is not enough."""
    if not card.first:
        return []
    return [
        say(
            "✋ Approved by {name}. A second, different person must approve too.",
            name=safe(card.first),
        )
    ]


def countdown(card: PromptCard) -> str:
    """The expiry, counted down by Telegram itself in the reader's own time."""
    moment = card.prompt.expires_at
    unix, plainly = int(moment.timestamp()), when(moment, now=card.now)
    there = f'<tg-time unix="{unix}" format="r">{plainly}</tg-time>'
    return say("⏳ Expires {when}", when=there)


def _execution(card: PromptCard) -> list[str]:
    """What the broker made of an approval; a viewer reads neither lots nor money."""
    trade, order, lots = card.trade, card.order, not card.prompt.viewer
    least, currency = places_shown(card), card.account.currency
    if trade is None:
        return [] if order is None else [order_line(order, lots=lots, least=least)]
    lines = [filled_line(trade, order, lots=lots, least=least)]
    risk = risk_line(trade, order, currency) if lots else ""
    lines += [risk] if risk else []
    lines += part_line(trade, currency) if lots else []
    if trade.state is TradeState.CLOSED:
        lines.append(closed_line(trade, currency if lots else "", least=least))
    return lines


_OVER: dict[PromptState, Callable[[PromptCard], list[str]]] = {
    PromptState.APPROVED: _ordered,
    PromptState.SUPERSEDED: _decided,
    PromptState.REJECTED: _rejected,
    PromptState.EXPIRED: _expired,
    PromptState.CANCELLED: _withdrawn,
    PromptState.REFUSED: _refused,
}
