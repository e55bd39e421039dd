"""More about a prompt, and a sample of one. Pure."""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from bot.telegram.callbacks import Press, pack
from bot.telegram.cards import PromptCard
from bot.telegram.views.prompts import prompt_view
from bot.telegram.views.speech import later, say
from bot.telegram.views.text import (
    CAPTION_LIMIT,
    brief,
    dated,
    figure,
    listed,
    money,
    places,
    price,
    result,
    safe,
    shown_units,
)
from bot.telegram.views.view import Button, View
from core.accounts import RiskRules
from core.ids import short
from core.market import OrderType
from core.money import ZERO, plain

VALUE_LIMIT = 200
"""Units of one value of the provider's own."""
MOST_VALUES = 40
_TYPES = {
    OrderType.MARKET: later("market, fills at once"),
    OrderType.LIMIT: later("limit, waits for a better price"),
    OrderType.STOP: later("stop, waits for a worse price"),
}


def details_view(card: PromptCard, rules: RiskRules) -> View:
    """All that there is to know before deciding."""
    blocks = [_what(card), _levels(card), *_money(card, rules), *_said(card)]
    rows: tuple[tuple[Button, ...], ...] = ()
    if card.signal.chart_path is not None:
        full = Button(text=say("Full size"), data=pack(Press.FULL_SIZE, card.prompt.id))
        rows = ((full,),)
    return View(text=listed(blocks, between="\n\n"), rows=rows)


def _what(card: PromptCard) -> str:
    signal = card.signal
    head = say(
        "<b>Details</b> · {instrument} · {tag}",
        instrument=safe(signal.instrument),
        tag=short(signal.id),
    )
    lines = [
        head,
        say(
            "From {provider}, its name for it: {name}",
            provider=safe(signal.provider),
            name=brief(signal.external_id, VALUE_LIMIT),
        ),
        say("Came {time}", time=dated(signal.created_at)),
        say("Expires {time}", time=dated(card.prompt.expires_at)),
        say("Order: {type}", type=say(_TYPES[signal.order_type])),
    ]
    return "\n".join(lines)


def _levels(card: PromptCard) -> str:
    """Where the levels are, and how far from the entry."""
    signal, prompt = card.signal, card.prompt
    least = places(signal.price, signal.stop_loss, signal.take_profit, prompt.price)
    lines = [say("Signal's price {price}", price=price(signal.price, least))]
    entry = signal.price
    if prompt.price is not None:
        entry = prompt.price
        lines.append(say("Price when asked {price}", price=price(entry, least)))
    stop, target = signal.stop_loss, signal.take_profit
    if stop is not None:
        lines.append(
            say(
                "Stop {price}, {away} away",
                price=price(stop, least),
                away=price(abs(entry - stop), least),
            )
        )
    if target is not None:
        away = abs(target - entry)
        r = _in_r(away, stop, entry)
        message = (
            later("Target {price}, {away} away ({r} R)")
            if r
            else later("Target {price}, {away} away")
        )
        at = price(target, least)
        lines.append(say(message, price=at, away=price(away, least), r=r))
    return "\n".join(lines)


def _in_r(distance: Decimal, stop: Decimal | None, entry: Decimal) -> str:
    if stop is None or stop == entry:
        return ""
    return figure(round(distance / abs(entry - stop), 1))


def _money(card: PromptCard, rules: RiskRules) -> Iterator[str]:
    """What it may cost and bring, and the limits here; nothing of that to a viewer."""
    prompt, currency = card.prompt, card.account.currency
    if prompt.viewer:
        return
    if prompt.lots is not None and prompt.risk_money is not None:
        lines = [
            say(
                "{lots} lots risk {money}, {percent} % of the account",
                lots=plain(prompt.lots),
                money=money(prompt.risk_money, currency),
                percent=figure(prompt.risk_percent or ZERO),
            )
        ]
        if prompt.reward_money is not None:
            gain = result(prompt.reward_money, currency)
            lines.append(say("At the target {money}", money=gain))
        if prompt.headroom is not None:
            room = money(prompt.headroom, currency)
            lines.append(
                say("Left before the guard closes everything: {money}", money=room)
            )
        yield "\n".join(lines)
    yield say(
        "Asked again if the price moves more than {drift} R against you. A tap above "
        "{confirm} % risk needs a Confirm. The guard closes at {guard} % drawdown.",
        drift=figure(rules.max_drift_r),
        confirm=figure(rules.confirm_above_risk_percent),
        guard=figure(rules.max_drawdown_percent),
    )


def _said(card: PromptCard) -> Iterator[str]:
    """The provider's own values, each on its line."""
    values = json.loads(card.signal.payload)
    lines = [
        f"· {brief(name, VALUE_LIMIT)}: {brief(_shown(value), VALUE_LIMIT)}"
        for name, value in list(values.items())[:MOST_VALUES]
    ]
    if lines:
        yield "\n".join([say("<b>The provider says</b>"), *lines])


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


# ----------------------------------------------------------------- the sample


def sample_view(card: PromptCard) -> View:
    """A prompt as it would be, marked, with buttons that order nothing."""
    reason = json.dumps({"reason": say("this is how a signal explains itself")})
    real = prompt_view(replace(card, signal=replace(card.signal, payload=reason)))
    head = say("🧪 <b>SAMPLE</b>: nothing is ordered, whatever you tap.")
    text = f"{head}\n{real.text}"
    yes = Button(text=say("Approve"), data=pack(Press.SAMPLED, "yes"), style="success")
    no = Button(text=say("Reject"), data=pack(Press.SAMPLED, "no"), style="danger")
    whole = shown_units(text) <= CAPTION_LIMIT
    return View(text=text if whole else head, rows=((yes, no),), photo=real.photo)


def sampled_view(*, approved: bool) -> View:
    """What becomes of a sample."""
    head = say("🧪 <b>SAMPLE</b>")
    said = (
        say(
            "✅ Approved. With a real signal exactly one order would leave now, and "
            "this message would say what the broker made of it. Nothing was ordered."
        )
        if approved
        else say("✖ Rejected. With a real signal nothing would be ordered either.")
    )
    return View(text=f"{head}\n{said}")
