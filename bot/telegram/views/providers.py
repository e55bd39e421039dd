"""Providers as admins see them, and what a flood of one tells. Pure.

Names and addresses of what was refused come from strangers: they are tidied, escaped
and cut.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.telegram.callbacks import Press, pack
from bot.telegram.provider_cards import ProviderCard, ProvidersPage
from bot.telegram.views.text import brief, listed, safe, when
from bot.telegram.views.view import Button, View
from core.clock import in_words
from core.desk.flooding import is_muted
from core.ids import ProviderName
from core.refusals import RefusalCause, RefusedRequests
from core.users import Provider

MOST_INSTRUMENTS = 3
MOST_REFUSED = 12
NAME_LIMIT = 24
"""Units of a name that a stranger gave."""
TIMES = "\N{MULTIPLICATION SIGN}"
ADDRESS_LIMIT = 45
"""As long as the longest IPv6 address."""

_CAUSES = {
    RefusalCause.UNNAMED: "no usable provider name",
    RefusalCause.UNKNOWN: "unknown name",
    RefusalCause.DISABLED: "sent while disabled",
    RefusalCause.UNSIGNED: "no complete signature",
    RefusalCause.FORGED: "wrong signature",
    RefusalCause.RETIRED: "signed with the key from before the rotation",
    RefusalCause.STALE: "clock off by more than {tolerance} (stale)",
    RefusalCause.READER: "unknown read token",
    RefusalCause.HOOK: "unknown or dead TradingView address",
    RefusalCause.CERTIFICATE: "without TradingView's certificate",
    RefusalCause.ALERT: "an alert that could not be taken",
}


def providers_view(page: ProvidersPage) -> View:
    """Every provider with its buttons, then what was refused and why."""
    lines = ["<b>Providers</b>"]
    lines += [_block(card, page.now) for card in page.cards]
    if not page.cards:
        lines.append("\nThere is none yet: <code>tapgate provider add NAME</code>")
    if page.more:
        lines.append(f"\n… and {page.more} more: /providers NAME shows one.")
    lines += _refused(page)
    alone = len(page.cards) == 1
    rows = tuple(_row(card.provider, page.now, alone=alone) for card in page.cards)
    return View(text=listed(lines), rows=rows)


def _block(card: ProviderCard, now: datetime) -> str:
    provider = card.provider
    signals = f"24 h: {card.accepted} accepted · {card.undecided} undecided"
    last = f"Last signal {when(card.last_at, now=now)}" if card.last_at else ""
    lines = [
        f"\n<b>{safe(provider.id)}</b> · {_standing(provider, now)}",
        _instruments(provider),
        f"Signs with a {'key pair' if provider.public_key else 'secret'}",
        _former(provider, now),
        signals,
        last or "No signal so far",
    ]
    return "\n".join(line for line in lines if line)


def _standing(provider: Provider, now: datetime) -> str:
    if not provider.enabled:
        return "🔴 disabled"
    if provider.muted_until is not None and is_muted(provider, now):
        return f"🔇 muted until {when(provider.muted_until, now=now)}"
    return "🟢 enabled"


def _instruments(provider: Provider) -> str:
    known = provider.instruments
    few = ", ".join(safe(each) for each in known[:MOST_INSTRUMENTS])
    more = len(known) - MOST_INSTRUMENTS
    return f"{few or 'All instruments'}{f' +{more}' if more > 0 else ''}"


def _former(provider: Provider, now: datetime) -> str:
    until = provider.former_until
    if until is None or until <= now:
        return ""
    what = "key" if provider.former_public_key else "secret"
    return f"Former {what} valid until {when(until, now=now)}"


def _row(provider: Provider, now: datetime, *, alone: bool) -> tuple[Button, ...]:
    """What can be done about it; where it stands alone its name need not be said."""
    name = provider.id
    whose = "" if alone else f" · {name}"
    if not provider.enabled:
        enable = Button(
            text=f"Enable{whose}", data=pack(Press.ENABLE, name), style="success"
        )
        return (enable,)
    disable = Button(
        text=f"Disable{whose}", data=pack(Press.DISABLE, name), style="danger"
    )
    if is_muted(provider, now):
        return disable, Button(text=f"Unmute{whose}", data=pack(Press.UNMUTE, name))
    return disable, Button(text=f"Mute 1 h{whose}", data=pack(Press.MUTE, name))


def _refused(page: ProvidersPage) -> Iterator[str]:
    if not page.refused:
        yield "\nNothing was refused in the last 7 days."
        return
    yield "\n<b>Refused in the last 7 days</b>"
    known_first = sorted(page.refused, key=_is_strangers)
    for refused in known_first[:MOST_REFUSED]:
        yield _refusal(refused, page.tolerance, page.now)
    more = len(page.refused) - MOST_REFUSED
    if more > 0:
        yield f"… and {more} more kinds, longer ago."


def _is_strangers(refused: RefusedRequests) -> bool:
    """Strangers can make many of these: they must not hide what concerns us."""
    return refused.cause is RefusalCause.UNKNOWN


def _refusal(refused: RefusedRequests, tolerance: timedelta, now: datetime) -> str:
    cause = _CAUSES[refused.cause].format(tolerance=in_words(tolerance))
    name = brief(refused.provider, NAME_LIMIT)
    if refused.cause is RefusalCause.UNKNOWN:
        cause = f"{cause} “{name}”"
    elif name:
        cause = f"{name}: {cause}"
    address = brief(refused.address, ADDRESS_LIMIT)
    origin = f" from {address}" if address else ""
    last = f"last {when(refused.last_at, now=now)}{origin}"
    return f"· {cause} {refused.count:,} {TIMES}\n   {last}"


def disable_question(provider: Provider, asked: int) -> View:
    """Really refuse everything it sends?"""
    name = provider.id
    confirm = Button(
        text="Confirm",
        data=pack(Press.DISABLE_NOW, f"{name}@{asked}"),
        style="danger",
    )
    back = Button(text="Back", data=pack(Press.PROVIDERS, name))
    return View(
        text=f"🔴 <b>Disable {safe(name)}</b>: from now on all it sends is refused "
        "with 401. What it asked already can still be decided. Go?",
        rows=((confirm, back),),
    )


def held_notice(name: ProviderName, count: int, most: int) -> View:
    """To whoever was not asked about everything."""
    rest = "1 more is" if count == 1 else f"{count} more are"
    return View(
        text=f"⚠ {safe(name)} sends more than {most} signals a minute. {rest} "
        "waiting: /pending"
    )


def flood_notice(name: ProviderName, most: int) -> View:
    """To whoever may mute it."""
    mute = Button(text="Mute 1 h", data=pack(Press.HUSH, name))
    return View(
        text=f"⚠ <b>{safe(name)} sends more than {most} signals a minute.</b>\nThe "
        "rest waits until people ask with /pending. While it is muted its signals "
        "are stored and nobody is asked.",
        rows=((mute,),),
    )


def hushed_view(provider: Provider, until: datetime, now: datetime) -> View:
    """The same message, once it is muted."""
    unmute = Button(text="Unmute", data=pack(Press.UNMUTE, provider.id))
    return View(
        text=f"🔇 <b>{safe(provider.id)} is muted</b> until {when(until, now=now)}. "
        "Its signals are stored and nobody is asked.",
        rows=((unmute,),),
    )
