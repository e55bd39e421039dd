"""Whatever somebody sends or taps, no word of the answer was left unsaid."""

import re

import pytest

from bot.telegram.callbacks import Press, pack
from bot.telegram.languages.catalogue import LANGUAGES
from tests.bot.telegram.languages import english_in, strangely, without
from tests.bot.telegram.room import Room
from tests.bot.telegram.stage import ADA, ANN, BOB, EVE, NAMES, OWEN, SAM
from tests.bot.telegram.test_matrix import COMMANDS, _argument, _table
from tests.bot.telegram.test_matrix import room as room_of_the_matrix

room = room_of_the_matrix

GIVEN = re.findall(
    r"\S+",
    """
    Zoe desk mine demo gold sample paper XAUUSD EURUSD LIMIT UTC USD Nov Dec PARK
    Europe/Madrid CET
    """,
)
GIVEN += [*NAMES.values(), *LANGUAGES.values()]
GIVEN += ["Trading is risky", "Closed tomorrow", "hi"]
"""Names, what is named so, and what people of the tests wrote."""
IN_OWN_WORDS = ("/audit", "/Audit")
"""The audit stands in its own words, in every language."""


def _unsaid(shown: str) -> list[str]:
    return english_in(without(shown, GIVEN))


@pytest.mark.parametrize("user", [SAM, EVE, ADA, BOB, OWEN], ids=NAMES.get)
async def test_every_command_is_answered_in_the_readers_language(room: Room, user):
    unsaid = {}
    with strangely():
        for command in _table(COMMANDS):
            before = len(room.stage.chat(user))
            await room.say(user, command)
            for message in room.stage.chat(user)[before:]:
                words = [message.now.rich.text, *room.stage.labels(message)]
                unsaid[command] = _unsaid("\n".join(words))
    left = {each: words for each, words in unsaid.items() if words}
    assert [each for each in left if not each.startswith(IN_OWN_WORDS)] == [], left


@pytest.mark.parametrize("press", [each for each in Press if each is not Press.ZONES])
async def test_every_button_is_answered_in_the_readers_language(room: Room, press):
    unsaid, data = {}, pack(press, await _argument(room, press))
    for user in (SAM, EVE, BOB, ANN, OWEN):
        with strangely():
            answer, _ = await room.tap_after_help(user, data)
            message = room.stage.chat(user)[-1]
            shown = [answer, message.now.rich.text, *room.stage.labels(message)]
        unsaid[NAMES[user]] = _unsaid("\n".join(shown))
    assert {each: words for each, words in unsaid.items() if words} == {}
