"""Providers as admins see them, and what a flood of one tells. Pure.

Names and addresses of what was refused come from strangers: they are tidied, escaped
and cut.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from bot.telegram.callbacks import Press, pack
from bot.telegram.provider_cards import ProviderCard, ProvidersPage
from bot.telegram.views.confirming import confirmed
from bot.telegram.views.speech import later, say, say_count
from bot.telegram.views.text import brief, listed, number, safe, span, when
from bot.telegram.views.view import Button, View
from core.desk.flooding import is_muted
from core.ids import ProviderName
from core.refusals import RefusalCause, RefusedRequests
from core.users import Provider

MOST_INSTRUMENTS = 3
MOST_REFUSED = 12
NAME_LIMIT = 24
"""Units of a name that a stranger gave."""
ADDRESS_LIMIT = 45
"""As long as the longest IPv6 address."""

_CAUSES = {
    RefusalCause.UNNAMED: later("no usable provider name"),
    RefusalCause.UNKNOWN: later("unknown name “{name}”"),
    RefusalCause.DISABLED: later("sent while disabled"),
    RefusalCause.UNSIGNED: later("no complete signature"),
    RefusalCause.FORGED: later("wrong signature"),
    RefusalCause.RETIRED: later("signed with the key from before the rotation"),
    RefusalCause.STALE: later("clock off by more than {tolerance} (stale)"),
    RefusalCause.READER: later("unknown read token"),
    RefusalCause.HOOK: later("unknown or dead TradingView address"),
    RefusalCause.CERTIFICATE: later("without TradingView's certificate"),
    RefusalCause.ALERT: later("an alert that could not be taken"),
}


def providers_view(page: ProvidersPage) -> View:
    """Every provider with its buttons, then what was refused and why."""
    lines = [say("<b>Providers</b>")]
    lines += [_block(card, page.now) for card in page.cards]
    if not page.cards:
        none = say("There is none yet: <code>tapgate provider add NAME</code>")
        lines.append(f"\n{none}")
    if page.more:
        more = say("… and {count} more: /providers NAME shows one.", count=page.more)
        lines.append(f"\n{more}")
    lines += _refused(page)
    alone = len(page.cards) == 1
    rows = tuple(_row(card.provider, page.now, alone=alone) for card in page.cards)
    return View(text=listed(lines), rows=rows)


def _block(card: ProviderCard, now: datetime) -> str:
    provider = card.provider
    signals = say(
        "24 h: {accepted} accepted · {undecided} undecided",
        accepted=card.accepted,
        undecided=card.undecided,
    )
    name, standing = safe(provider.id), _standing(provider, now)
    head = say("<b>{name}</b> · {standing}", name=name, standing=standing)
    lines = [
        f"\n{head}",
        _instruments(provider),
        say(_SIGNS_WITH[bool(provider.public_key)]),
        _former(provider, now),
        signals,
        say("Last signal {when}", when=when(card.last_at, now=now))
        if card.last_at
        else say("No signal so far"),
    ]
    return "\n".join(line for line in lines if line)


_SIGNS_WITH = {
    True: later("Signs with a key pair"),
    False: later("Signs with a secret"),
}
_FORMER = {
    True: later("Former key valid until {when}"),
    False: later("Former secret valid until {when}"),
}


def _standing(provider: Provider, now: datetime) -> str:
    if not provider.enabled:
        return say("🔴 disabled")
    if provider.muted_until is not None and is_muted(provider, now):
        until = when(provider.muted_until, now=now)
        return say("🔇 muted until {until}", until=until)
    return say("🟢 enabled")


def _instruments(provider: Provider) -> str:
    known = provider.instruments
    few = ", ".join(safe(each) for each in known[:MOST_INSTRUMENTS])
    more = len(known) - MOST_INSTRUMENTS
    if not few:
        return say("All instruments")
    return f"{few} +{more}" if more > 0 else few


def _former(provider: Provider, now: datetime) -> str:
    until = provider.former_until
    if until is None or until <= now:
        return ""
    return say(_FORMER[bool(provider.former_public_key)], when=when(until, now=now))


def _row(provider: Provider, now: datetime, *, alone: bool) -> tuple[Button, ...]:
    """What can be done about it; where it stands alone its name need not be said."""
    name = provider.id
    whose = "" if alone else f" · {name}"

    def button(label: str, press: Press, style: str = "") -> Button:
        return Button(text=f"{label}{whose}", data=pack(press, name), style=style)

    if not provider.enabled:
        return (button(say("Enable"), Press.ENABLE, "success"),)
    disable = button(say("Disable"), Press.DISABLE, "danger")
    if is_muted(provider, now):
        return disable, button(say("Unmute"), Press.UNMUTE)
    return disable, button(say("Mute 1 h"), Press.MUTE)


def _refused(page: ProvidersPage) -> Iterator[str]:
    if not page.refused:
        yield f"\n{say('Nothing was refused in the last 7 days.')}"
        return
    yield f"\n{say('<b>Refused in the last 7 days</b>')}"
    known_first = sorted(page.refused, key=_is_strangers)
    for refused in known_first[:MOST_REFUSED]:
        yield _refusal(refused, page.tolerance, page.now)
    more = len(page.refused) - MOST_REFUSED
    if more > 0:
        yield say_count(
            "… and {count} more kind, longer ago.",
            "… and {count} more kinds, longer ago.",
            more,
        )


def _is_strangers(refused: RefusedRequests) -> bool:
    """Strangers can make many of these: they must not hide what concerns us."""
    return refused.cause is RefusalCause.UNKNOWN


def _refusal(refused: RefusedRequests, tolerance: timedelta, now: datetime) -> str:
    name = brief(refused.provider, NAME_LIMIT)
    cause = say(_CAUSES[refused.cause], tolerance=span(tolerance), name=name)
    if name and refused.cause is not RefusalCause.UNKNOWN:
        cause = say("{name}: {cause}", name=name, cause=cause)
    address = brief(refused.address, ADDRESS_LIMIT)
    last = when(refused.last_at, now=now)
    at = (
        say("last {when} from {address}", when=last, address=address)
        if address
        else say("last {when}", when=last)
    )
    how_often = say(
        "· {cause} {count} \N{MULTIPLICATION SIGN}",
        cause=cause,
        count=number(Decimal(refused.count), 0),
    )
    return f"{how_often}\n   {at}"


def disable_question(provider: Provider, asked: int) -> View:
    """Really refuse everything it sends?"""
    name = provider.id
    confirm = confirmed(Press.DISABLE_NOW, f"{name}@{asked}")
    back = Button(text=say("Back"), data=pack(Press.PROVIDERS, name))
    return View(
        text=say(
            "🔴 <b>Disable {name}</b>: from now on all it sends is refused with 401. "
            "What it asked already can still be decided. Go?",
            name=safe(name),
        ),
        rows=((confirm, back),),
    )


def held_notice(name: ProviderName, count: int, most: int) -> View:
    """To whoever was not asked about everything."""
    return View(
        text=say_count(
            "⚠ {name} sends more than {most} signals a minute. {count} more is "
            "waiting: /pending",
            "⚠ {name} sends more than {most} signals a minute. {count} more are "
            "waiting: /pending",
            count,
            name=safe(name),
            most=most,
        )
    )


def flood_notice(name: ProviderName, most: int) -> View:
    """To whoever may mute it."""
    mute = Button(text=say("Mute 1 h"), data=pack(Press.HUSH, name))
    return View(
        text=say(
            "⚠ <b>{name} sends more than {most} signals a minute.</b>\nThe rest waits "
            "until people ask with /pending. While it is muted its signals are stored "
            "and nobody is asked.",
            name=safe(name),
            most=most,
        ),
        rows=((mute,),),
    )


def hushed_view(provider: Provider, until: datetime, now: datetime) -> View:
    """The same message, once it is muted."""
    unmute = Button(text=say("Unmute"), data=pack(Press.UNMUTE, provider.id))
    return View(
        text=say(
            "🔇 <b>{name} is muted</b> until {until}. Its signals are stored and "
            "nobody is asked.",
            name=safe(provider.id),
            until=when(until, now=now),
        ),
        rows=((unmute,),),
    )
