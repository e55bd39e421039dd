"""Details and Full size of a prompt, and the sample of one."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.telegram.callbacks import Press, pack
from bot.telegram.cards import PromptCard
from bot.telegram.views.details import details_view, sample_view, sampled_view
from bot.telegram.views.text import CAPTION_LIMIT, shown_units
from core.market import OrderType
from core.orders import Order
from core.ports import Save
from core.prompts import Prompt
from core.signals import Signal
from core.users import Membership, Role
from tests.bot.telegram import cards
from tests.bot.telegram.cards import the_prompt
from tests.bot.telegram.golden import compare
from tests.bot.telegram.room import DESK, MINE, Room, open_room
from tests.bot.telegram.stage import ADA, BOB, EVE, SAM, keep_picture
from tests.builders import a_membership
from tests.core.desk.world import RULES
from tests.fakes import NOON

OUTDATED = "That button is from before"


def the_signal(**over: Any) -> Signal:
    return cards.the_signal(external_id="breakout-42", **over)


def a_card(prompt: Prompt | None = None, **over: Any) -> PromptCard:
    return cards.a_card(prompt, **{"signal": the_signal()} | over)


def test_details_read_as_they_do():
    said = json.dumps({"confidence": 0.85, "why": "<b>trend</b>", "n": [1, 2]})
    bare = the_signal(
        stop_loss=None,
        take_profit=None,
        chart_path=None,
        order_type=OrderType.LIMIT,
        payload="{}",
    )
    nothing = the_prompt(price=None, lots=None, reward_money=None, headroom=None)
    compare(
        "details",
        {
            "a prompt": details_view(a_card(signal=the_signal(payload=said)), RULES),
            "a bare one": details_view(a_card(signal=bare), RULES),
            "without numbers": details_view(a_card(nothing), RULES),
            "without gain and room": details_view(
                a_card(the_prompt(reward_money=None, headroom=None)), RULES
            ),
            "stop at the entry": details_view(
                a_card(
                    the_prompt(price=None),
                    signal=the_signal(stop_loss=the_signal().price),
                ),
                RULES,
            ),
            "of a viewer": details_view(a_card(the_prompt(viewer=True)), RULES),
            "a sample": sample_view(a_card()),
            "a sample was approved": sampled_view(approved=True),
            "a sample was rejected": sampled_view(approved=False),
        },
    )


def test_a_sample_is_a_caption_whatever_was_said():
    card = a_card(signal=the_signal(payload=json.dumps({"reason": "x" * 1000})))
    assert shown_units(sample_view(card).text) <= CAPTION_LIMIT


def test_a_payload_of_many_values_is_one_message():
    values = {f"name {number}": "v" * 300 for number in range(99)}
    card = a_card(signal=the_signal(payload=json.dumps(values)))
    assert shown_units(details_view(card, RULES).text) <= 4096


@pytest.fixture
async def room(tmp_path):
    async with open_room(tmp_path) as opened:
        keep_picture(tmp_path)
        await opened.world.submit()
        await opened.world.work()
        signal = await opened.world.one(Signal)
        drawn = replace(signal, chart_path="chart.png")
        await opened.world.journal.commit(Save(drawn))
        yield opened


async def test_details_are_a_message_of_their_own(room: Room):
    prompt = await room.prompt(ADA, MINE)
    text, alert = await room.tap_after_help(ADA, pack(Press.DETAILS, prompt.id))
    assert (text, alert) == ("", False)
    said = room.stage.texts(ADA)[-1]
    assert said.startswith("Details · XAUUSD")
    assert "0.17 lots risk" in said


async def test_details_tell_the_drift_that_one_has_chosen(room: Room):
    member = await room.world.one(Membership, user_id=ADA, account_id=MINE)
    await room.world.change(member, max_drift_r=Decimal("0.05"))
    prompt = await room.prompt(ADA, MINE)
    await room.tap_after_help(ADA, pack(Press.DETAILS, prompt.id))
    assert "more than 0.05 R against you" in room.stage.texts(ADA)[-1]


async def test_a_viewers_details_have_no_money(room: Room):
    prompt = await room.prompt(EVE, DESK)
    await room.tap_after_help(EVE, pack(Press.DETAILS, prompt.id))
    assert "lots" not in room.stage.texts(EVE)[-1]


async def test_full_size_is_the_chart_as_a_file(room: Room):
    prompt = await room.prompt(ADA, MINE)
    await room.tap_after_help(ADA, pack(Press.FULL_SIZE, prompt.id))
    file = room.stage.chat(ADA)[-1].now.file
    assert file is not None
    assert (file.kind, file.name) == ("document", "XAUUSD-M15.png")


async def test_a_chart_that_is_gone_is_told(room: Room, tmp_path):
    (tmp_path / "chart.png").unlink()
    prompt = await room.prompt(ADA, MINE)
    tapped = await room.tap_after_help(ADA, pack(Press.FULL_SIZE, prompt.id))
    assert tapped == ("The picture is not kept any more.", True)


@pytest.mark.parametrize("press", [Press.DETAILS, Press.FULL_SIZE])
async def test_anothers_prompt_shows_nothing(room: Room, press):
    prompt = await room.prompt(ADA, MINE)
    text, _ = await room.tap_after_help(BOB, pack(press, prompt.id))
    assert text.startswith(OUTDATED)
    text, _ = await room.tap_after_help(ADA, pack(press, "nothing"))
    assert text.startswith(OUTDATED)


async def test_who_is_no_member_there_any_more_sees_nothing_of_it(room: Room):
    prompt = await room.prompt(BOB, DESK)
    await room.world.put(a_membership(user_id=BOB, account_id=MINE, role=Role.VIEWER))
    member = await room.world.one(Membership, user_id=BOB, account_id=DESK)
    await room.world.change(member, until=NOON)
    text, _ = await room.tap_after_help(BOB, pack(Press.DETAILS, prompt.id))
    assert text.startswith(OUTDATED)


async def test_a_sample_orders_nothing(room: Room):
    before = await room.world.journal.count(Prompt)
    await room.say(ADA, "/start")
    message = room.stage.chat(ADA)[-1]
    (button,) = message.buttons
    await room.tap(ADA, button["callback_data"], on=message.id)
    made = room.stage.chat(ADA)[-1]
    assert room.stage.texts(ADA)[-1].startswith("🧪 SAMPLE")
    assert room.stage.labels(made) == ["Approve", "Reject"]
    for answer in ("yes", "no"):
        said, _ = await room.tap(ADA, pack(Press.SAMPLED, answer), on=made.id)
        assert said == "That was a sample. Nothing was ordered."
    assert await room.world.journal.count(Prompt) == before
    assert await room.world.journal.count(Order) == 0
    assert room.stage.chat(ADA)[-1].buttons == []


async def test_without_an_account_there_is_no_sample(room: Room):
    text, alert = await room.tap_after_help(SAM, pack(Press.SAMPLE))
    assert (text.startswith("You are not a member here"), alert) == (True, True)


async def test_without_a_market_there_is_no_sample(room: Room):
    for broker in room.world.brokers.values():
        broker.down = True
    text, alert = await room.tap_after_help(ADA, pack(Press.SAMPLE))
    assert (text.startswith("No market can be seen now"), alert) == (True, True)
