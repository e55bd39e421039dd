"""/settings, /risk, /subscriptions, /pause, /resume and /connect."""

from datetime import timedelta
from decimal import Decimal

import pytest

from bot.telegram.callbacks import Press, pack
from bot.telegram.preference_cards import OwnLimits, SettingsCard, SubscriptionsCard
from bot.telegram.routers.settings import FOR_GOOD
from bot.telegram.views import settings as views
from core.accounts import AccountKind
from core.ids import ProviderName, UserId
from core.users import Membership, Subscription, User
from tests.bot.telegram.golden import compare
from tests.bot.telegram.room import DESK, MINE, Room, open_room
from tests.bot.telegram.stage import ADA, ANN, BOB, EVE
from tests.builders import (
    a_membership,
    a_provider,
    a_subscription,
    a_user,
    an_account,
)
from tests.core.desk.world import RULES
from tests.fakes import NOON

D = Decimal


def _limits(
    name: str, kind: AccountKind = AccountKind.OWN, **over: object
) -> OwnLimits:
    return OwnLimits(
        account=an_account(id=name, kind=kind),
        membership=a_membership(**over),
        rules=RULES,
    )


def _settings(*limits: OwnLimits, **over: object) -> SettingsCard:
    user = a_user(**over)
    paused = user.paused_until is not None
    return SettingsCard(user=user, limits=limits, paused=paused, now=NOON)


def _subscriptions(*said: Subscription) -> SubscriptionsCard:
    providers = [a_provider(id=ProviderName(each)) for each in ("demo", "gold <1>")]
    return SubscriptionsCard(providers=providers, said=said)


def test_the_screens_of_settings_read_as_they_do():
    mine, desk = (
        _limits("mine", risk_percent=D("0.5")),
        _limits("desk", AccountKind.DESK, max_drift_r=D("0.1")),
    )
    everything = a_subscription(provider=ProviderName("*"))
    no_gold = a_subscription(
        provider=ProviderName("demo"), instrument="XAUUSD", enabled=False
    )
    none = a_subscription(provider=ProviderName("gold <1>"), enabled=False)
    only = a_subscription(provider=ProviderName("gold <1>"), instrument="XAUUSD")
    card = _subscriptions(everything, no_gold, none, only)
    compare(
        "settings",
        {
            "settings": views.settings_view(_settings(mine, desk)),
            "settings of one who pauses": views.settings_view(
                _settings(
                    mine,
                    paused_until=NOON + timedelta(hours=1),
                    time_zone="Europe/Madrid",
                    quiet_from=1320,
                    quiet_until=420,
                )
            ),
            "paused for good": views.settings_view(_settings(paused_until=FOR_GOOD)),
            "zones": views.zones_view(),
            "risk": views.risk_view([mine, desk]),
            "risk of one": views.risk_view([mine]),
            "risk of a desk": views.risk_view([desk]),
            "risk of nobody": views.risk_view([]),
            "subscriptions": views.subscriptions_view(card),
            "no provider": views.subscriptions_view(
                SubscriptionsCard(providers=(), said=())
            ),
            "instruments": views.instruments_view(
                card, card.providers[0], ("EURUSD", "XAUUSD", "GBPUSD")
            ),
            "connect": views.connect_view(),
        },
    )


@pytest.fixture
async def room(tmp_path):
    async with open_room(tmp_path) as opened:
        yield opened


async def _user(room: Room, user: int = ADA) -> User:
    return await room.world.one(User, id=UserId(user))


# ------------------------------------------------------------------ /settings
async def test_settings_are_one_screen_with_ones_own_limits(room: Room):
    said = await room.say(ADA, "/settings")
    assert "mine: risk 1 % of 1 %" in said
    assert "desk" not in said


async def test_quiet_hours_are_written_or_tapped(room: Room):
    said = await room.say(ADA, "/settings quiet 21:30-06:15")
    assert "Quiet hours: 21:30 to 06:15" in said
    message = room.stage.chat(ADA)[-1]
    assert await room.tap(ADA, pack(Press.QUIET), on=message.id) == ("Noted.", False)
    assert (await _user(room)).quiet_from is None
    await room.tap(ADA, pack(Press.QUIET, "1320-420"), on=message.id)
    assert (await _user(room)).quiet_until == 420
    await room.say(ADA, "/settings quiet off")
    assert (await _user(room)).quiet_from is None
    refused = await room.say(ADA, "/settings quiet late")
    assert refused == "Write the hours like 22:00-07:00."


async def test_times_are_shown_on_the_clock_that_was_chosen(room: Room):
    said = await room.say(ADA, "/settings zone Europe/Madrid")
    assert "Time zone: Europe/Madrid, 13:00 CET now" in said
    refused = await room.say(ADA, "/settings zone Nowhere")
    assert refused.startswith("There is no time zone Nowhere. Write it like")


async def test_a_zone_is_chosen_from_a_list(room: Room):
    await room.say(ADA, "/settings")
    message = room.stage.chat(ADA)[-1]
    await room.tap(ADA, pack(Press.ZONES), on=message.id)
    assert room.stage.texts(ADA)[-1].startswith("Where do you live?")
    await room.tap(ADA, pack(Press.ZONE, "Asia/Tokyo"), on=message.id)
    assert "Time zone: Asia/Tokyo, 21:00 JST now" in room.stage.texts(ADA)[-1]
    text, alert = await room.tap(ADA, pack(Press.ZONE, "Nowhere"), on=message.id)
    assert (text.startswith("There is no time zone"), alert) == (True, True)


async def test_a_stricter_drift_is_written(room: Room):
    assert "price may move 0.1 R" in await room.say(ADA, "/settings drift 0.1")
    assert "price may move 0.2 R" in await room.say(ADA, "/settings drift Mine 0.2")
    how = "Say which account and how many R: /settings drift ACCOUNT 0.1."
    for words in ("", "much", "other 0.1"):
        assert await room.say(ADA, f"/settings drift {words}") == how


# --------------------------------------------------------------------- /pause
async def test_pause_and_resume(room: Room):
    assert "until 13:00 UTC" in await room.say(ADA, "/pause 1h")
    assert (await _user(room)).paused_until == NOON + timedelta(hours=1)
    assert "until /resume" in await room.say(ADA, "/pause")
    assert "Signals come again" in await room.say(ADA, "/resume")
    assert (await _user(room)).paused_until is None
    assert "Say for how long" in await room.say(ADA, "/pause a bit")


async def test_pause_from_the_settings(room: Room):
    await room.say(ADA, "/settings")
    message = room.stage.chat(ADA)[-1]
    text, _ = await room.tap(ADA, pack(Press.PAUSE, "1d"), on=message.id)
    assert "No signals until" in text
    assert "Signals: paused until" in room.stage.texts(ADA)[-1]
    await room.tap(ADA, pack(Press.RESUME), on=message.id)
    assert "Signals: on" in room.stage.texts(ADA)[-1]


# ---------------------------------------------------------------------- /risk
async def _mine(room: Room) -> Membership:
    return await room.world.one(Membership, user_id=UserId(ADA), account_id=MINE)


@pytest.mark.parametrize("words", ["0.5", "mine 0.5", "Mine 0,5 %", "0.5%"], ids=str)
async def test_risk_is_said_in_many_ways(room: Room, words):
    assert "mine: 0.5 %, at most 1 %" in await room.say(ADA, f"/risk {words}")
    assert (await _mine(room)).risk_percent == D("0.5")


@pytest.mark.parametrize("words", ["much", "other 0.5", "mine", "-1", "1e3"], ids=str)
async def test_what_is_no_risk_is_told_how(room: Room, words):
    said = await room.say(ADA, f"/risk {words}")
    assert said == "Say which account and how much: /risk ACCOUNT PERCENT."


async def test_more_than_allowed_is_refused(room: Room):
    said = await room.say(ADA, "/risk 50")
    assert said.startswith("On mine you may risk up to 1 % in one trade.")


async def test_risk_is_one_tap(room: Room):
    await room.say(ADA, "/risk")
    message = room.stage.chat(ADA)[-1]
    data = pack(Press.RISKING, "0.25@mine")
    assert await room.tap(ADA, data, on=message.id) == ("Noted.", False)
    assert "mine: 0.25 %" in room.stage.texts(ADA)[-1]
    assert (await room.tap(ADA, pack(Press.RISKING, "x@mine"), on=message.id))[0]
    assert (await _mine(room)).risk_percent == D("0.25")


@pytest.mark.parametrize("user", [EVE, BOB, ANN], ids=str)
async def test_nobody_sets_anothers_risk(room: Room, user):
    text, alert = await room.tap_after_help(user, pack(Press.RISKING, "0.5@mine"))
    assert (text, alert) == ("You do not decide on that account.", True)


async def test_a_desks_risk_is_told_but_not_set(room: Room):
    assert "set by the desk's admins" in await room.say(BOB, "/risk")
    text, alert = await room.tap_after_help(BOB, pack(Press.RISKING, f"0.5@{DESK}"))
    assert text.startswith("The risk on desk is the desk's")
    assert alert


# ------------------------------------------------------------- /subscriptions
async def test_a_provider_is_left_and_taken_again(room: Room):
    assert "🔔 demo" in await room.say(ADA, "/subscriptions")
    message = room.stage.chat(ADA)[-1]
    await room.tap(ADA, pack(Press.SUBSCRIBE, "0@demo"), on=message.id)
    assert "🔕 demo" in room.stage.texts(ADA)[-1]
    await room.tap(ADA, pack(Press.SUBSCRIBE, "1@demo"), on=message.id)
    assert "🔔 demo" in room.stage.texts(ADA)[-1]
    text, alert = await room.tap(ADA, pack(Press.SUBSCRIBE, "1@gone"), on=message.id)
    assert (text.startswith("There is no provider gone"), alert) == (True, True)


async def test_one_instrument_is_left(room: Room):
    await room.say(ADA, "/subscriptions")
    message = room.stage.chat(ADA)[-1]
    await room.tap(ADA, pack(Press.CHOOSE, "demo"), on=message.id)
    assert room.stage.texts(ADA)[-1] == "Which instruments of demo?"
    await room.tap(ADA, pack(Press.INSTRUMENT, "0@XAUUSD@demo"), on=message.id)
    await room.tap(ADA, pack(Press.SUBSCRIPTIONS), on=message.id)
    assert "🔔 demo, without XAUUSD" in room.stage.texts(ADA)[-1]


@pytest.mark.parametrize(
    ("press", "argument"),
    [
        (Press.CHOOSE, "gone"),
        (Press.INSTRUMENT, "0@XAUUSD@gone"),
        (Press.INSTRUMENT, "0@demo"),
        (Press.INSTRUMENT, "0@1@2@demo"),
    ],
)
async def test_a_button_that_leads_nowhere_is_outdated(room: Room, press, argument):
    text, _ = await room.tap_after_help(ADA, pack(press, argument))
    assert text.startswith("That button is from before")


async def test_connect_says_how_an_account_comes(room: Room):
    assert "Ask an admin" in await room.say(ADA, "/connect")
