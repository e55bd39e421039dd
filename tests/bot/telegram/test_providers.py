"""/providers: what an admin sees of those who send signals, and does about it."""

from datetime import timedelta

import pytest

from bot.telegram.callbacks import Press, pack
from bot.telegram.provider_cards import MOST_PROVIDERS
from core.desk.providing import mute, switch
from core.ids import ProviderName, UserId
from core.messages import AuditEntry
from core.refusals import RefusalCause
from core.users import Provider
from tests.bot.telegram.room import Room, open_room
from tests.bot.telegram.stage import ADA, ANN, BOB, OWEN
from tests.builders import DEMO, a_provider, a_refusal, a_signal
from tests.fakes import NOON

ASKED = int(NOON.timestamp())


@pytest.fixture
async def room(tmp_path):
    async with open_room(tmp_path) as opened:
        yield opened


async def _provider(room: Room) -> Provider:
    return await room.world.one(Provider, id=DEMO)


async def _listed(room: Room, user: int = ANN) -> int:
    """The list stands in the chat; its message."""
    await room.say(user, "/providers")
    return room.stage.chat(user)[-1].id


def _shown(room: Room, user: int = ANN) -> str:
    return room.stage.texts(user)[-1]


def _buttons(room: Room, user: int = ANN) -> list[str]:
    return room.stage.labels(room.stage.chat(user)[-1])


async def _many(room: Room, count: int) -> None:
    """Providers whose names come after demo's."""
    for number in range(count):
        await room.world.put(a_provider(id=ProviderName(f"source-{number:02}")))


async def test_signals_of_the_last_day_are_counted(room: Room):
    for age in (timedelta(hours=25), timedelta(hours=23), timedelta(hours=1)):
        await room.world.put(a_signal(created_at=NOON - age, expires_at=NOON))
    await room.world.put(a_signal(created_at=NOON - timedelta(minutes=5)))
    said = await room.say(ANN, "/providers")
    assert "demo · 🟢 enabled\nAll instruments\nSigns with a secret\n" in said
    assert "24 h: 3 accepted · 1 undecided\nLast signal 11:55 UTC" in said
    assert _buttons(room) == ["Disable", "Mute 1 h"]


async def test_the_true_causes_of_a_week_are_told_the_providers_own_first(room: Room):
    await room.world.put(
        a_refusal(count=14, address="203.0.113.7", last_at=NOON - timedelta(hours=1)),
        a_refusal(
            provider="brekout", cause=RefusalCause.UNKNOWN, count=3, last_at=NOON
        ),
        a_refusal(cause=RefusalCause.STALE, last_at=NOON - timedelta(days=7)),
    )
    said = await room.say(OWEN, "/providers")
    unknown = said.index("unknown name “brekout” 3 \N{MULTIPLICATION SIGN}")
    wrong = said.index("demo: wrong signature 14 \N{MULTIPLICATION SIGN}")
    assert wrong < unknown  # strangers must not push away what is ours
    assert "last 11:00 UTC from 203.0.113.7" in said
    assert "clock off" not in said


async def test_disabling_asks_first_and_then_shows_the_new_state(room: Room):
    message = await _listed(room)
    answer = await room.tap(ANN, pack(Press.DISABLE, DEMO), on=message)
    assert answer == ("Confirm it, or go back.", False)
    assert _shown(room).startswith("🔴 Disable demo: from now on")
    assert _buttons(room) == ["Confirm", "Back"]
    assert (await _provider(room)).enabled
    confirm = room.stage.chat(ANN)[-1].buttons[0]["callback_data"]
    assert await room.tap(ANN, confirm, on=message) == ("demo is disabled.", False)
    assert not (await _provider(room)).enabled
    assert "demo · 🔴 disabled" in _shown(room)
    assert _buttons(room) == ["Enable"]
    assert len(room.stage.chat(ANN)) == 1
    entry = await room.world.one(AuditEntry, action="provider_disabled")
    assert (entry.actor, entry.subject) == ("user:5", "provider:demo")


async def test_disabling_may_be_taken_back(room: Room):
    message = await _listed(room)
    await room.tap(ANN, pack(Press.DISABLE, DEMO), on=message)
    back = room.stage.chat(ANN)[-1].buttons[1]["callback_data"]
    assert await room.tap(ANN, back, on=message) == ("Nothing was done.", False)
    assert "demo · 🟢 enabled" in _shown(room)


@pytest.mark.parametrize("argument", [f"demo@{ASKED - 61}", "demo", "demo@soon", ""])
async def test_a_confirm_of_long_ago_disables_nothing(room: Room, argument):
    message = await _listed(room)
    text, alert = await room.tap(ANN, pack(Press.DISABLE_NOW, argument), on=message)
    assert (text.startswith("That was asked too long ago"), alert) == (True, True)
    assert (await _provider(room)).enabled
    assert "demo · 🟢 enabled" in _shown(room)


async def test_an_old_button_says_how_it_is_and_shows_it(room: Room):
    message = await _listed(room)
    await switch(room.tools, DEMO, enabled=False, by=UserId(OWEN))
    answer = await room.tap(ANN, pack(Press.DISABLE, DEMO), on=message)
    assert answer == ("demo is disabled already.", False)
    assert "🔴 disabled" in _shown(room)
    answer = await room.tap(ANN, pack(Press.DISABLE_NOW, f"demo@{ASKED}"), on=message)
    assert answer == ("demo is disabled already.", False)
    assert await room.tap(ANN, pack(Press.ENABLE, DEMO), on=message) == (
        "demo is enabled.",
        False,
    )
    assert "🟢 enabled" in _shown(room)


async def test_a_provider_is_muted_for_an_hour_and_heard_again(room: Room):
    message = await _listed(room)
    answer = await room.tap(ANN, pack(Press.MUTE, DEMO), on=message)
    assert answer == ("demo is muted for an hour.", False)
    assert (await _provider(room)).muted_until == NOON + timedelta(hours=1)
    assert "demo · 🔇 muted until 13:00 UTC" in _shown(room)
    assert _buttons(room) == ["Disable", "Unmute"]
    answer = await room.tap(ANN, pack(Press.UNMUTE, DEMO), on=message)
    assert answer == ("demo is heard again.", False)
    assert _buttons(room) == ["Disable", "Mute 1 h"]
    actions = [each.action for each in await room.world.journal.find(AuditEntry)]
    assert actions == ["provider_muted", "provider_unmuted"]


async def test_the_notice_of_a_flood_shows_that_it_is_muted(room: Room):
    await room.say(ANN, "/help")
    message = room.stage.chat(ANN)[-1].id
    await room.tap(ANN, pack(Press.HUSH, DEMO), on=message)
    assert _shown(room).startswith("🔇 demo is muted until 13:00 UTC.")
    assert _buttons(room) == ["Unmute"]
    await room.tap(ANN, pack(Press.UNMUTE, DEMO), on=message)
    assert _shown(room).startswith("Providers\n")


@pytest.mark.parametrize(
    "press", [Press.DISABLE, Press.ENABLE, Press.MUTE, Press.UNMUTE, Press.HUSH]
)
async def test_a_provider_that_is_not_there_is_said_not_to_be(room: Room, press):
    message = await _listed(room)
    text, alert = await room.tap(ANN, pack(press, "gone"), on=message)
    assert (text, alert) == ("There is no provider gone; known: demo.", True)
    assert _shown(room).startswith("Providers\n\ndemo")


@pytest.mark.parametrize("user", [ADA, BOB])
async def test_whoever_may_not_changes_nothing_and_is_written_down(room: Room, user):
    await room.say(user, "/help")
    for press, argument in (
        (Press.DISABLE_NOW, f"demo@{ASKED}"),
        (Press.MUTE, DEMO),
        (Press.PROVIDERS, DEMO),
    ):
        text, alert = await room.tap(user, pack(press, argument))
        assert (text, alert) == ("Only admins can do that. Ask one of them.", True)
    row = await _provider(room)
    assert (row.enabled, row.muted_until) == (True, None)
    assert _shown(room, user).startswith("/pending")
    refused = await room.world.journal.find(AuditEntry, action="tap_refused")
    assert {each.actor for each in refused} == {f"user:{user}"}
    assert len(refused) == 3


async def test_a_long_list_is_cut_and_the_rest_is_named(room: Room):
    await _many(room, MOST_PROVIDERS + 1)
    said = await room.say(ANN, "/providers")
    assert "… and 2 more: /providers NAME shows one." in said
    assert len(_buttons(room)) == MOST_PROVIDERS * 2
    assert _buttons(room)[:2] == ["Disable · demo", "Mute 1 h · demo"]
    said = await room.say(ANN, "/providers Source-08")
    assert "source-08 · 🟢 enabled" in said
    assert "demo" not in said.replace("demo ", "")
    assert _buttons(room) == ["Disable", "Mute 1 h"]


async def test_one_that_is_not_on_the_first_page_is_shown_alone(room: Room):
    await _many(room, MOST_PROVIDERS + 1)
    await room.say(ANN, "/providers source-08")
    message = room.stage.chat(ANN)[-1].id
    await room.tap(ANN, pack(Press.MUTE, "source-08"), on=message)
    assert "source-08 · 🔇 muted" in _shown(room)
    assert _buttons(room) == ["Disable", "Unmute"]


async def test_a_name_that_none_has_shows_all(room: Room):
    assert "demo · 🟢" in await room.say(ANN, "/providers nobody")


async def test_a_provider_that_an_admin_muted_asks_nobody(room: Room):
    await mute(room.tools, DEMO, until=NOON + timedelta(hours=1), by=UserId(ANN))
    await room.world.submit()
    await room.world.work()
    assert await room.say(BOB, "/pending") == "Nothing waits for you."
