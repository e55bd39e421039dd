"""/providers and its buttons: for whoever administers an account."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from aiogram.filters import CommandObject
from aiogram.types import Message

from bot.telegram.callbacks import Press, Pressed
from bot.telegram.desk import Desk
from bot.telegram.provider_cards import page_with, providers_page
from bot.telegram.routers.asking import (
    Handler,
    asked_too_long_ago,
    not_for_you,
    note_refused,
    too_late,
)
from bot.telegram.views.providers import disable_question, hushed_view, providers_view
from bot.telegram.views.speech import say
from core.desk.joining import Person
from core.desk.providing import known_provider, may_switch, mute, switch
from core.desk.taps import Reply, Tap
from core.errors import Refused
from core.ids import ProviderName

MUTED_FOR = timedelta(hours=1)

Act = Callable[[Desk, Tap, str], Awaitable[str]]
"""Does what a button asks for, about the provider of that name; what to answer."""


async def on_providers(
    _: Message, command: CommandObject, desk: Desk, person: Person, *, manages: bool
) -> None:
    """/providers [NAME]: who sends signals, and what was refused."""
    view = not_for_you()
    if manages:
        wanted = (command.args or "").strip()
        view = providers_view(await providers_page(desk.tools, wanted))
    await desk.gateway.reply(person.id, view)


def _guarded(act: Act) -> Handler:
    """A button's handler: for admins only, about a provider that is there."""

    async def handler(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
        if not await may_switch(desk.tools, tap.user_id):
            await note_refused(desk, tap, pressed, "providers")
            return Reply(text=not_for_you().text, alert=True)
        name, _, asked = pressed.argument.partition("@")
        if pressed.press is Press.DISABLE_NOW and asked_too_long_ago(desk, asked):
            await _show(desk, tap, name)
            return too_late()
        try:
            return Reply(text=await act(desk, tap, name))
        except Refused as gone:
            await _show(desk, tap, name)
            return Reply(text=gone.reason, alert=True)

    return handler


async def _show(desk: Desk, tap: Tap, name: str) -> None:
    """The message shows where things stand now."""
    view = providers_view(await page_with(desk.tools, ProviderName(name)))
    await desk.gateway.try_edit(tap.chat_id, tap.message_id, view)


async def _list(desk: Desk, tap: Tap, name: str) -> str:
    await _show(desk, tap, name)
    return say("Nothing was done.")


async def _ask(desk: Desk, tap: Tap, name: str) -> str:
    provider = await known_provider(desk.tools, name)
    if not provider.enabled:
        await _show(desk, tap, name)
        return say("{name} is disabled already.", name=name)
    asked = int(desk.tools.clock.now().timestamp())
    view = disable_question(provider, asked)
    await desk.gateway.try_edit(tap.chat_id, tap.message_id, view)
    return say("Confirm it, or go back.")


async def _disable(desk: Desk, tap: Tap, name: str) -> str:
    done = await switch(desk.tools, name, enabled=False, by=tap.user_id)
    await _show(desk, tap, name)
    if not done:
        return say("{name} is disabled already.", name=name)
    return say("{name} is disabled.", name=name)


async def _enable(desk: Desk, tap: Tap, name: str) -> str:
    done = await switch(desk.tools, name, enabled=True, by=tap.user_id)
    await _show(desk, tap, name)
    if not done:
        return say("{name} is enabled already.", name=name)
    return say("{name} is enabled.", name=name)


async def _mute(desk: Desk, tap: Tap, name: str) -> str:
    until = desk.tools.clock.now() + MUTED_FOR
    await mute(desk.tools, name, until=until, by=tap.user_id)
    await _show(desk, tap, name)
    return say("{name} is muted for an hour.", name=name)


async def _unmute(desk: Desk, tap: Tap, name: str) -> str:
    done = await mute(desk.tools, name, until=None, by=tap.user_id)
    await _show(desk, tap, name)
    if not done:
        return say("{name} was not muted.", name=name)
    return say("{name} is heard again.", name=name)


async def _hush(desk: Desk, tap: Tap, name: str) -> str:
    now = desk.tools.clock.now()
    until = now + MUTED_FOR
    await mute(desk.tools, name, until=until, by=tap.user_id)
    provider = await known_provider(desk.tools, name)
    view = hushed_view(provider, until, now)
    await desk.gateway.try_edit(tap.chat_id, tap.message_id, view)
    return say("{name} is muted for an hour.", name=name)


HANDLERS: dict[Press, Handler] = {
    Press.PROVIDERS: _guarded(_list),
    Press.DISABLE: _guarded(_ask),
    Press.DISABLE_NOW: _guarded(_disable),
    Press.ENABLE: _guarded(_enable),
    Press.MUTE: _guarded(_mute),
    Press.UNMUTE: _guarded(_unmute),
    Press.HUSH: _guarded(_hush),
}
