"""Groups: /here and /gone, the buttons of what is shown there, and the group's news.

In a group only what is meant for us is answered: /here and /gone, and commands with
our name behind them. What is about somebody's account goes to their own chat.
"""

from contextlib import suppress

from aiogram import F, Router
from aiogram.types import ChatMemberUpdated, Message

from bot.telegram.access import GROUPS
from bot.telegram.callbacks import Press, Pressed
from bot.telegram.cards import prompt_card
from bot.telegram.desk import Desk
from bot.telegram.introducing import bot_name
from bot.telegram.posting_cards import posting_card
from bot.telegram.routers.asking import Command, Handler, not_for_you
from bot.telegram.views.details import details_view
from bot.telegram.views.groups import (
    anonymous_view,
    in_a_group_view,
    in_private_view,
    no_more_view,
    posting_view,
    shown_here_view,
)
from bot.telegram.views.speech import say
from bot.telegram.views.text import told
from bot.telegram.views.view import View
from bot.telegram.wire.failures import TelegramFailure, Unreachable
from core.desk.delivering import chat_moved
from core.desk.grouping import Place, lost_group, show_here, show_no_more
from core.desk.joining import Person
from core.desk.posting import approve_here, prompt_of_tapper, reject_here
from core.desk.taps import OUTDATED, Reply, Tap
from core.errors import Refused
from core.groups import NO_TOPIC, Posting

_GONE = ("left", "kicked")


def router() -> Router:
    """The router of what is written in groups, and of what becomes of them."""
    groups = Router(name="groups")
    here = F.chat.type.in_(GROUPS)
    groups.message.register(on_group_message, here)
    groups.my_chat_member.register(on_group_membership, here)
    return groups


# ------------------------------------------------------------------ what becomes of it
async def on_group_membership(event: ChatMemberUpdated, desk: Desk) -> None:
    """The bot was removed from a group: nothing is shown there any more."""
    if event.new_chat_member.status in _GONE:
        await lost_group(desk.tools, event.chat.id)


async def on_group_message(
    message: Message, desk: Desk, *, person: Person | None = None, manages: bool = False
) -> None:
    """A group's own news, or a command that is meant for us; the rest is theirs."""
    if message.migrate_to_chat_id is not None:
        await chat_moved(desk.tools, message.chat.id, message.migrate_to_chat_id)
    elif message.migrate_from_chat_id is not None:
        await chat_moved(desk.tools, message.migrate_from_chat_id, message.chat.id)
    else:
        await _command(message, desk, person, manages=manages)


# ------------------------------------------------------------------ commands
async def _command(
    message: Message, desk: Desk, person: Person | None, *, manages: bool
) -> None:
    first, *words = (message.text or "").split() or [""]
    name, _, meant = first.lower().removeprefix("/").partition("@")
    if not first.startswith("/") or not (meant or name in COMMANDS):
        return
    username = await bot_name(desk.gateway)
    if meant and meant != username.lower():
        return
    if name not in COMMANDS:
        await _say(message, desk, in_private_view(username))
    elif person is None:
        await _say(message, desk, anonymous_view())
    elif not manages:
        await _tell(desk, person, not_for_you())
    else:
        await _carry_out(message, desk, person, name, words)


async def _carry_out(
    message: Message, desk: Desk, person: Person, name: str, words: list[str]
) -> None:
    place = Place(
        chat_id=message.chat.id,
        topic_id=_topic(message) or NO_TOPIC,
        title=message.chat.title or "",
    )
    try:
        if name == "here":
            group = await show_here(desk.tools, place, by=person.id, words=words)
            view = shown_here_view(group)
        else:
            await show_no_more(desk.tools, place, by=person.id)
            view = no_more_view()
    except Refused as refusal:
        await _tell(desk, person, View(text=told(refusal.reason)))
        return
    await _say(message, desk, view)


def _topic(message: Message) -> int | None:
    return message.message_thread_id if message.is_topic_message else None


async def _say(message: Message, desk: Desk, view: View) -> None:
    """In the group, where everybody reads it."""
    there = View(text=view.text, topic=_topic(message))
    await desk.gateway.reply(message.chat.id, there)


async def _tell(desk: Desk, person: Person, view: View) -> None:
    """In the person's own chat, if there is one."""
    with suppress(Unreachable):
        await desk.gateway.reply(person.id, view)


async def on_command_in_private(_: Message, desk: Desk, person: Person) -> None:
    """/here and /gone belong into a group."""
    await desk.gateway.reply(person.id, in_a_group_view())


COMMANDS: dict[str, Command] = {
    "here": on_command_in_private,
    "gone": on_command_in_private,
}
"""As they are answered in a person's own chat."""


# ------------------------------------------------------------------ buttons
def elsewhere() -> Reply:
    """The answer to a button that belongs into somebody's own chat."""
    text = say("That button works in your own chat with the bot only.")
    return Reply(text=text, alert=True)


async def _approve(desk: Desk, tap: Tap, _: Pressed) -> Reply:
    reply = await approve_here(desk.tools, tap)
    await _redraw_copy(desk, tap, reply)
    return reply


async def _reject(desk: Desk, tap: Tap, _: Pressed) -> Reply:
    reply = await reject_here(desk.tools, tap)
    await _redraw_copy(desk, tap, reply)
    return reply


async def _details(desk: Desk, tap: Tap, _: Pressed) -> Reply:
    prompt = await prompt_of_tapper(desk.tools, tap, looking=True)
    if isinstance(prompt, Reply):
        return prompt
    card = await prompt_card(desk.tools, prompt.id)
    rules = desk.tools.choices.rules.get(prompt.account_id)
    if card is None or rules is None:
        return OUTDATED
    try:
        await desk.gateway.reply(tap.user_id, details_view(card, rules))
    except TelegramFailure:
        text = say(
            "Your own chat with the bot cannot be reached: open it, send /start."
        )
        return Reply(text=text, alert=True)
    return Reply(text=say("Sent to your own chat with the bot."))


async def _redraw_copy(desk: Desk, tap: Tap, reply: Reply) -> None:
    """A second copy of a posting's message is drawn too; the outbox draws the first."""
    if reply.prompt is None or tap.chat_id == tap.user_id:
        return
    for posting in await desk.tools.journal.find(Posting, nonce=tap.nonce):
        card = await posting_card(desk.tools, posting.id)
        if card is not None and posting.message_id != tap.message_id:
            view = posting_view(card)
            await desk.gateway.try_edit(tap.chat_id, tap.message_id, view)


PRESSES: dict[Press, Handler] = {
    Press.GROUP_APPROVE: _approve,
    Press.GROUP_REJECT: _reject,
    Press.GROUP_DETAILS: _details,
}
