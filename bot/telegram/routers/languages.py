"""/language: in which language somebody reads."""

from aiogram.types import Message

from bot.telegram.callbacks import Press, Pressed
from bot.telegram.desk import Desk
from bot.telegram.introducing import show_menu
from bot.telegram.languages.catalogue import known
from bot.telegram.reading import reading
from bot.telegram.routers.asking import Command, Handler
from bot.telegram.views.languages import language_chosen, language_view
from core.desk.joining import Person
from core.desk.languages import choose_language
from core.desk.taps import Reply, Tap


async def on_language(_: Message, desk: Desk, person: Person) -> None:
    """/language: asks which."""
    await desk.gateway.reply(person.id, language_view())


async def _choose(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
    """All that waits for this person, and their menu, is drawn in it."""
    await choose_language(desk.tools, tap.user_id, known(pressed.argument))
    with await reading(desk.tools, tap.user_id):
        view, reply = language_view(), Reply(text=language_chosen())
    await desk.gateway.try_edit(tap.chat_id, tap.message_id, view)
    await show_menu(desk.tools, desk.gateway, tap.user_id, own=True)
    return reply


COMMANDS: dict[str, Command] = {"language": on_language}
PRESSES: dict[Press, Handler] = {Press.LANGUAGE: _choose}
