"""/settings, /risk, /subscriptions, /pause, /resume and /connect."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from aiogram.filters import CommandObject
from aiogram.types import Message

from bot.telegram.callbacks import Press, Pressed
from bot.telegram.desk import Desk
from bot.telegram.preference_cards import own_limits, settings_card, subscriptions_card
from bot.telegram.reading import reading
from bot.telegram.routers.asking import Command, Handler
from bot.telegram.views.settings import (
    connect_view,
    instruments_view,
    risk_view,
    settings_view,
    subscriptions_view,
    zones_view,
)
from bot.telegram.views.speech import say
from bot.telegram.views.text import told, when
from bot.telegram.views.view import View
from core.accounts import Account
from core.desk import preferring
from core.desk.joining import Person
from core.desk.taps import OUTDATED, Reply, Tap
from core.errors import Refused
from core.ids import AccountId, ProviderName, UserId

SPANS = {"1h": timedelta(hours=1), "1d": timedelta(days=1)}
FOR_GOOD = datetime(2999, 1, 1, tzinfo=UTC)
_HOURS = re.compile(r"(\d{1,2}):(\d{2}) ?- ?(\d{1,2}):(\d{2})")
_NUMBER = re.compile(r"\d{1,3}(?:\.\d{1,4})?")

Act = Callable[[Desk, Tap, str], Awaitable[str]]
"""Does what a button asks for; what to answer."""
Show = Callable[[Desk, UserId], Awaitable[View]]
"""The screen that the button stands on, as it is now."""


# ------------------------------------------------------------------ /settings
async def on_settings(
    _: Message, command: CommandObject, desk: Desk, person: Person
) -> None:
    """/settings [zone NAME | quiet HH:MM-HH:MM | quiet off | drift ACCOUNT R]."""
    words = (command.args or "").split(maxsplit=1)
    try:
        await _set(desk, person.id, *words)
    except Refused as refusal:
        await desk.gateway.reply(person.id, View(text=told(refusal.reason)))
        return
    with await reading(desk.tools, person.id):
        await desk.gateway.reply(person.id, await _settings(desk, person.id))


async def _set(desk: Desk, user_id: UserId, what: str = "", value: str = "") -> None:
    what, value = what.lower(), value.strip()
    if what == "zone":
        await preferring.live_in(desk.tools, user_id, value)
    elif what == "quiet" and value.lower() == "off":
        await preferring.be_quiet(desk.tools, user_id, None, None)
    elif what == "quiet":
        await preferring.be_quiet(desk.tools, user_id, *_minutes(value))
    elif what == "drift":
        await _drift(desk, user_id, value.split())


async def _drift(desk: Desk, user_id: UserId, words: list[str]) -> None:
    """How far the price may move, in R, on the account named or the only one."""
    mine = [each.account for each in await own_limits(desk.tools, user_id)]
    *names, number = words or [""]
    account = _meant(mine, names)
    if account is None or not _NUMBER.fullmatch(number):
        message = say("Say which account and how many R: /settings drift ACCOUNT 0.1.")
        raise Refused(message)
    await preferring.drift_less(desk.tools, user_id, account.id, Decimal(number))


def _minutes(value: str) -> tuple[int, int]:
    found = _HOURS.fullmatch(value)
    if found is None:
        return -1, -1  # which is refused, with how to write it
    begins, begins_minute, ends, ends_minute = map(int, found.groups())
    return begins * 60 + begins_minute, ends * 60 + ends_minute


async def _settings(desk: Desk, user_id: UserId) -> View:
    card = await settings_card(desk.tools, user_id)
    return View(text=say("Say /start first.")) if card is None else settings_view(card)


async def on_pause(
    _: Message, command: CommandObject, desk: Desk, person: Person
) -> None:
    """/pause [1h|1d]: no signals for a while, or until /resume."""
    span = (command.args or "").strip().lower() or "on"
    try:
        text = await _paused(desk, person.id, span)
    except Refused as refusal:
        text = told(refusal.reason)
    await desk.gateway.reply(person.id, View(text=text))


async def _paused(desk: Desk, user_id: UserId, span: str) -> str:
    now = desk.tools.clock.now()
    if span not in {*SPANS, "on"}:
        return say("Say for how long: /pause 1h, /pause 1d, or /pause until /resume.")
    until = now + SPANS[span] if span in SPANS else FOR_GOOD
    await preferring.pause(desk.tools, user_id, until=until)
    if span not in SPANS:
        return say("⏸ No signals until /resume. What you were asked already stays.")
    return say(
        "⏸ No signals until {time}, or /resume. What you were asked already stays.",
        time=when(until, now=now),
    )


async def on_resume(_: Message, desk: Desk, person: Person) -> None:
    """/resume: signals again."""
    await preferring.resume(desk.tools, person.id)
    text = say("▶ Signals come again, from the next one on.")
    await desk.gateway.reply(person.id, View(text=text))


async def on_connect(_: Message, desk: Desk, person: Person) -> None:
    """/connect: how an account gets here."""
    await desk.gateway.reply(person.id, connect_view())


# ---------------------------------------------------------------------- /risk
async def on_risk(
    _: Message, command: CommandObject, desk: Desk, person: Person
) -> None:
    """/risk [ACCOUNT] [PERCENT]: what one trade risks."""
    words = (command.args or "").replace("%", " ").replace(",", ".").split()
    try:
        if words:
            await _risk_words(desk, person.id, words)
    except Refused as refusal:
        await desk.gateway.reply(person.id, View(text=told(refusal.reason)))
        return
    await desk.gateway.reply(person.id, await _risks(desk, person.id))


async def _risk_words(desk: Desk, user_id: UserId, words: list[str]) -> None:
    *names, number = words
    mine = [each.account for each in await own_limits(desk.tools, user_id)]
    account = _meant(mine, names)
    if account is None or not _NUMBER.fullmatch(number):
        message = say("Say which account and how much: /risk ACCOUNT PERCENT.")
        raise Refused(message)
    percent = Decimal(number)
    await preferring.risk_less(desk.tools, user_id, account.id, percent)


def _meant(mine: list[Account], names: list[str]) -> Account | None:
    if not names:
        return mine[0] if len(mine) == 1 else None
    wanted = names[0].lower()
    return next((each for each in mine if each.id.lower() == wanted), None)


async def _risks(desk: Desk, user_id: UserId) -> View:
    return risk_view(await own_limits(desk.tools, user_id))


# ------------------------------------------------------------- /subscriptions
async def on_subscriptions(_: Message, desk: Desk, person: Person) -> None:
    """/subscriptions: whose signals come."""
    await desk.gateway.reply(person.id, await _subscriptions(desk, person.id))


async def _subscriptions(desk: Desk, user_id: UserId) -> View:
    return subscriptions_view(await subscriptions_card(desk.tools, user_id))


async def _instruments(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
    """The instruments of a provider, one of them changed where the tap says so."""
    *change, name = pressed.argument.split("@")
    try:
        if change:
            wanted, instrument = change
            await preferring.choose(
                desk.tools,
                tap.user_id,
                ProviderName(name),
                instrument,
                enabled=wanted == "1",
            )
    except (Refused, ValueError):
        return OUTDATED
    card = await subscriptions_card(desk.tools, tap.user_id)
    provider = next((each for each in card.providers if each.id == name), None)
    if provider is None:
        return OUTDATED
    view = instruments_view(card, provider, desk.tools.choices.instruments)
    await desk.gateway.try_edit(tap.chat_id, tap.message_id, view)
    return Reply(text="")


# -------------------------------------------------------------------- buttons
def _then(act: Act, show: Show) -> Handler:
    """A button that changes something, and the screen drawn again after it."""

    async def handler(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
        try:
            text = await act(desk, tap, pressed.argument)
        except Refused as refusal:
            return Reply(text=refusal.reason, alert=True)
        with await reading(desk.tools, tap.user_id):
            view = await show(desk, tap.user_id)
        await desk.gateway.try_edit(tap.chat_id, tap.message_id, view)
        return Reply(text=text)

    return handler


async def _pause(desk: Desk, tap: Tap, span: str) -> str:
    return await _paused(desk, tap.user_id, span)


async def _resume(desk: Desk, tap: Tap, _: str) -> str:
    await preferring.resume(desk.tools, tap.user_id)
    return say("▶ Signals come again, from the next one on.")


async def _quiet(desk: Desk, tap: Tap, hours: str) -> str:
    begins, _, ends = hours.partition("-")
    if not hours:
        await preferring.be_quiet(desk.tools, tap.user_id, None, None)
    elif begins.isdecimal() and ends.isdecimal():
        await preferring.be_quiet(desk.tools, tap.user_id, int(begins), int(ends))
    return say("Noted.")


async def _zone(desk: Desk, tap: Tap, name: str) -> str:
    await preferring.live_in(desk.tools, tap.user_id, name)
    return say("Noted.")


async def _show_zones(desk: Desk, tap: Tap, _: Pressed) -> Reply:
    await desk.gateway.try_edit(tap.chat_id, tap.message_id, zones_view())
    return Reply(text="")


async def _nothing(_desk: Desk, _tap: Tap, _argument: str) -> str:
    return ""


async def _subscribe(desk: Desk, tap: Tap, argument: str) -> str:
    wanted, _, name = argument.partition("@")
    await preferring.choose(
        desk.tools, tap.user_id, ProviderName(name), enabled=wanted == "1"
    )
    return say("Noted.")


async def _risking(desk: Desk, tap: Tap, argument: str) -> str:
    number, _, name = argument.partition("@")
    if _NUMBER.fullmatch(number):
        await preferring.risk_less(
            desk.tools, tap.user_id, AccountId(name), Decimal(number)
        )
    return say("Noted.")


COMMANDS: dict[str, Command] = {
    "settings": on_settings,
    "risk": on_risk,
    "subscriptions": on_subscriptions,
    "pause": on_pause,
    "resume": on_resume,
    "connect": on_connect,
}
PRESSES: dict[Press, Handler] = {
    Press.SETTINGS: _then(_nothing, _settings),
    Press.PAUSE: _then(_pause, _settings),
    Press.RESUME: _then(_resume, _settings),
    Press.QUIET: _then(_quiet, _settings),
    Press.ZONE: _then(_zone, _settings),
    Press.ZONES: _show_zones,
    Press.RISKING: _then(_risking, _risks),
    Press.SUBSCRIPTIONS: _then(_nothing, _subscriptions),
    Press.SUBSCRIBE: _then(_subscribe, _subscriptions),
    Press.CHOOSE: _instruments,
    Press.INSTRUMENT: _instruments,
}
