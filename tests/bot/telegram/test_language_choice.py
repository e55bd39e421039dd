"""/language: what a person reads from then on, in every way that words reach them."""

from dataclasses import replace

import pytest

from bot.tasks import Bell, Nursery
from bot.telegram import dispatching
from bot.telegram.callbacks import Press, pack
from bot.telegram.languages.bidi import unmarked
from bot.telegram.languages.catalogue import LANGUAGES, catalogue
from bot.telegram.views.speech import say, speaking
from bot.telegram.wire.sender import Sender
from core.ids import UserId
from core.messages import NoticeKind, Topic
from core.users import User
from tests.bot.telegram.room import Room, open_room
from tests.bot.telegram.stage import ADA, ANN, BOB, SAM, Hurry, Stage, a_gateway
from tests.bot.waiting import until
from tests.builders import an_outbox_item
from tests.core.desk.world import World, own_desk

SPANISH = pack(Press.LANGUAGE, "es")


@pytest.fixture
async def room(tmp_path):
    async with open_room(tmp_path) as opened:
        yield opened


def _said(language: str, message: str) -> str:
    with speaking(language):
        return unmarked(say(message))


async def _stored(room: Room, user: int) -> str:
    return (await room.world.one(User, id=UserId(user))).language


def _menu(stage: Stage, user: int) -> dict[str, str]:
    listed = stage.world.profile.commands[f"chat {user}", ""]
    return {each["command"]: each["description"] for each in listed}


# ------------------------------------------------------------------ the choice
async def test_every_language_stands_on_a_button_by_its_own_name(room):
    await room.say(ADA, "/language")
    labels = room.stage.labels(room.stage.chat(ADA)[-1])
    assert labels == ["✓ English", *list(LANGUAGES.values())[1:]]


async def test_the_choice_is_kept_and_answered_in_its_language(room):
    await room.say(ADA, "/language")
    question = room.stage.chat(ADA)[-1]
    answer = await room.tap(ADA, SPANISH, on=question.id)
    assert answer == (_said("es", "From now on you read English here."), False)
    assert await _stored(room, ADA) == "es"
    shown = room.stage.chat(ADA)[-1]
    assert shown.now.rich.text == _said("es", "Which language do you read?")
    assert "✓ Español" in room.stage.labels(shown)


async def test_all_that_follows_is_in_it(room):
    await room.tap_after_help(ADA, SPANISH)
    assert await room.say(ADA, "/pending") == _said("es", "Nothing waits for you.")
    back = pack(Press.NEVER_MIND)
    assert (await room.tap(ADA, back))[0] == _said("es", "Nothing was done.")


async def test_the_others_read_what_they_read_before(room):
    await room.tap_after_help(ADA, SPANISH)
    assert await room.say(BOB, "/pending") == "Nothing waits for you."


async def test_the_menu_of_the_chat_is_in_it(room):
    await room.tap_after_help(ADA, SPANISH)
    assert _menu(room.stage, ADA)["help"] == _said("es", "this list")
    await room.tap_after_help(ANN, SPANISH)
    assert _menu(room.stage, ANN)["guard"] == _said(
        "es", "drawdown, limit and headroom"
    )
    assert "guard" not in _menu(room.stage, ADA)


async def test_a_start_keeps_the_language_and_its_menu(room):
    await room.tap_after_help(ADA, SPANISH)
    assert (await room.say(ADA, "/start")).startswith(
        _said("es", "Welcome, {name}.").format(name="Ada")
    )
    assert _menu(room.stage, ADA)["help"] == _said("es", "this list")


async def test_a_language_that_nobody_speaks_is_english(room):
    answer = await room.tap_after_help(ADA, pack(Press.LANGUAGE, "tlh"))
    assert answer == ("From now on you read English here.", False)
    assert await _stored(room, ADA) == "en"


async def test_what_core_says_is_said_in_it_too(room):
    await room.tap_after_help(ADA, SPANISH)
    answer = await room.tap(ADA, pack(Press.APPROVE, "of another day"))
    assert answer[0] == _said_by_core(
        "es", "That button is from before; the message shows where it stands now."
    )


def _said_by_core(language: str, sentence: str) -> str:
    said = unmarked(catalogue(language).retold(sentence))
    assert said != sentence
    return said


# ------------------------------------------------------------------ before a choice
def _speaks(room: Room, user: int, code: str) -> None:
    people = room.stage.world.people
    people[user] = replace(people[user], language_code=code)


@pytest.mark.parametrize(("code", "language"), [("ru", "ru"), ("pt-BR", "pt")])
async def test_a_stranger_reads_the_language_of_their_telegram(room, code, language):
    _speaks(room, SAM, code)
    unmember = "You are not a member here. Ask an admin for an invite, or send /start."
    assert (await room.tap_after_help(SAM, pack(Press.SKIP, "x")))[0] == _said(
        language, unmember
    )


async def test_the_first_greeting_keeps_the_language_of_their_telegram(room):
    _speaks(room, SAM, "ar-EG")
    await room.say(SAM, "/start")
    assert await _stored(room, SAM) == "ar-EG"
    assert unmarked(await room.say(SAM, "/help")) != await room.say(ADA, "/help")


async def test_an_apology_is_in_the_language_of_their_telegram(room, monkeypatch):
    _speaks(room, ADA, "ru")

    async def fails(*_, **__):
        message = "the journal is gone"
        raise RuntimeError(message)

    monkeypatch.setattr(room.dispatching._dispatcher, "feed_update", fails)
    room.stage.say(ADA, "/help")
    with pytest.raises(RuntimeError):
        await room.deliver()
    assert room.stage.texts(ADA) == [_said("ru", dispatching.SORRY_TEXT)]


# ------------------------------------------------------------------ the outbox
@pytest.fixture
async def world() -> World:
    return await own_desk()


@pytest.fixture
async def sender(world, stage: Stage, tmp_path):
    nursery, pace = Nursery(), Hurry(world.clock).pace
    gateway = a_gateway(stage.bot, tmp_path, pace=pace)
    yield Sender(world.tools, gateway, nursery, bell=Bell(), pace=pace)
    await nursery.close()


async def _drain(sender: Sender) -> None:
    while await sender.take() or sender._next:
        await until(lambda: not sender._next)


async def _reads(world: World, language: str) -> None:
    user = await world.one(User, id=UserId(ADA))
    await world.change(user, language=language)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_prompt_is_drawn_for_its_reader(world, sender, stage, language):
    await _reads(world, language)
    await world.offered()
    await _drain(sender)
    (message,) = stage.chat(ADA)
    approve, reject = map(unmarked, stage.labels(message)[:2])
    assert approve == _said(language, "Approve {lots} lots").format(lots="0.17")
    assert reject == _said(language, "Reject")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_notice_is_drawn_for_its_reader(world, sender, stage, language):
    await _reads(world, language)
    notice = an_outbox_item(
        topic=Topic.NOTICE,
        notice=NoticeKind.GUARD_SEES,
        subject="demo",
        user_id=UserId(ADA),
    )
    await world.put(replace(notice, due_at=world.clock.now()))
    await _drain(sender)
    (text,) = stage.texts(ADA)
    seen = _said(language, "🟢 <b>{name} is seen again.</b>").format(name="demo")
    assert unmarked(text).splitlines()[0] == seen.replace("<b>", "").replace("</b>", "")
