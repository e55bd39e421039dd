"""/rules, as a person meets it: a few questions, one Confirm, one tap to revoke."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.telegram.callbacks import LIMIT, Press, pack
from bot.telegram.cards import prompt_card
from bot.telegram.rule_cards import MOST_PAIRS, Pair, RulesCard, rules_card
from bot.telegram.views.prompts import prompt_view
from bot.telegram.views.rules import (
    NEW,
    Chosen,
    end_of_friday,
    pair_question,
    rule_question,
    rules_view,
    step_question,
)
from core.broker import TradeMode
from core.ids import AccountId, ProviderName, UserId
from core.messages import OutboxItem, Topic
from core.orders import Cause, Order
from core.prompts import PromptState
from core.standing import StandingRule
from core.users import Provider, User
from tests.bot.telegram.golden import compare
from tests.bot.telegram.room import MINE, Room, open_room
from tests.bot.telegram.stage import ADA, BOB, SAM
from tests.builders import a_provider, a_standing_rule, an_account
from tests.core.desk.world import own_desk
from tests.fakes import NOON

D = Decimal
ASKED = int(NOON.timestamp())


@pytest.fixture
async def room(tmp_path):
    async with open_room(tmp_path) as opened:
        yield opened


def a_pair(**over: Any) -> Pair:
    pair = Pair(account=an_account(), provider=ProviderName("demo"), most_percent=D(1))
    return replace(pair, **over)


def a_rules_card(*rules: tuple[StandingRule, int], pairs: int = 1) -> RulesCard:
    return RulesCard(rules=rules, pairs=(a_pair(),) * pairs, now=NOON)


RULE = a_standing_rule(id="0" * 22 + "RULE")
WHOLE = Chosen(
    pair=a_pair(), percent=D("0.5"), per_day=3, until=NOON + timedelta(days=3)
)


# ------------------------------------------------------------------ views


def test_the_questions_read_as_they_should():
    live = an_account(id=AccountId("live1"), mode=TradeMode.LIVE)
    some = replace(WHOLE, per_day=None, until=None)
    views = {
        "no account of one's own": rules_view(
            replace(a_rules_card(pairs=0), owns=False)
        ),
        "no provider": rules_view(a_rules_card(pairs=0)),
        "no rules yet": rules_view(a_rules_card()),
        "rules": rules_view(
            a_rules_card((RULE, 2), (replace(RULE, id="0" * 22 + "RUL2", per_day=1), 0))
        ),
        "rules, no provider left": rules_view(a_rules_card((RULE, 0), pairs=0)),
        "which": pair_question([a_pair(), a_pair(account=live)]),
        "how much": step_question(Chosen(pair=a_pair()), NOON),
        "how much, of little": step_question(
            Chosen(pair=a_pair(most_percent=D("0.03"))), NOON
        ),
        "how many": step_question(some, NOON),
        "until when": step_question(replace(some, per_day=3), NOON),
        "confirm": rule_question(WHOLE, ASKED, NOON),
        "confirm, real money": rule_question(
            replace(WHOLE, pair=a_pair(account=live)), ASKED, NOON
        ),
    }
    compare("rules", views)


def test_a_button_holds_the_longest_rule_whatever_the_names():
    pair = a_pair(
        account=an_account(id=AccountId("a" * 60)), provider=ProviderName("p" * 60)
    )
    far = datetime(2999, 12, 31, tzinfo=UTC)
    longest = replace(WHOLE, pair=pair, percent=D("12.34"), per_day=10, until=far)
    view = rule_question(longest, ASKED, NOON)
    data = [button.data for row in view.rows for button in row]
    assert max(len(each.encode()) for each in data) <= LIMIT


def test_different_pairs_have_different_keys():
    names = [("a", "b"), ("ab", ""), ("", "ab"), ("b", "a"), ("a\nb", "c")]
    keys = {
        a_pair(account=an_account(id=one), provider=ProviderName(other)).key
        for one, other in names
    }
    assert len(keys) == len(names)


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ("11-23 12:30", "11-27"),
        ("11-27 23:58", "11-27"),
        ("11-27 23:59", "12-04"),
        ("11-28 00:00", "12-04"),
        ("11-29 12:30", "12-04"),
    ],
    ids=["monday", "friday", "friday's end", "saturday", "sunday"],
)
def test_until_friday_is_the_end_of_the_coming_one(now, ends):
    there = datetime.fromisoformat(f"2026-{now}+00:00")
    friday = datetime.fromisoformat(f"2026-{ends} 23:59+00:00")
    assert end_of_friday(there) == friday


async def test_no_more_pairs_are_offered_than_fit():
    world = await own_desk()
    await world.put(*(a_provider(id=ProviderName(f"p{n}")) for n in range(50)))
    assert len((await rules_card(world.tools, UserId(ADA))).pairs) == MOST_PAIRS


async def test_an_account_that_is_not_served_here_offers_nothing():
    world = await own_desk()
    await world.put(a_standing_rule())
    world.rules.clear()
    card = await rules_card(world.tools, UserId(ADA))
    assert (card.pairs, card.rules, card.owns) == ((), (), False)


# ------------------------------------------------------------------ granting


async def _go(room: Room, label: str) -> str:
    """Tap the button of that label under the last message."""
    message = room.stage.chat(ADA)[-1]
    (data,) = [
        each["callback_data"] for each in message.buttons if each["text"] == label
    ]
    text, _ = await room.tap(ADA, data, on=message.id)
    return text


def _shown(room: Room) -> str:
    return room.stage.texts(ADA)[-1]


async def _chosen(room: Room) -> None:
    """Everything but the Confirm."""
    await room.say(ADA, "/rules")
    for label in ("New rule", "demo on mine", "0.5 %", "3 a day", "Until Friday"):
        await _go(room, label)


async def test_a_rule_is_granted_by_a_few_taps_and_a_confirm(room: Room):
    await _chosen(room)
    assert _shown(room).startswith(
        "Signals of demo will be ordered on mine (DEMO (PAPER)) without asking you: up "
        "to 0.5 % risk each, 3 a day, until 27 Nov 23:59 UTC."
    )
    assert await room.world.journal.count(StandingRule) == 0
    assert await _go(room, "Confirm") == "Granted. Every order by it says so."
    rule = await room.world.one(StandingRule)
    assert (rule.user_id, rule.account_id, rule.provider) == (ADA, MINE, "demo")
    assert (rule.max_risk_percent, rule.per_day) == (D("0.5"), 3)
    assert rule.until == datetime(2026, 11, 27, 23, 59, tzinfo=UTC)
    assert "Used today: 0." in _shown(room)


async def test_back_leads_to_the_choice_of_providers_and_to_the_list(room: Room):
    await room.say(ADA, "/rules")
    await _go(room, "New rule")
    await _go(room, "demo on mine")
    await _go(room, "Back")
    assert _shown(room).startswith("Whose signals may be ordered")
    await _go(room, "Back")
    assert _shown(room).startswith("Standing rules")


async def test_a_confirm_after_a_minute_is_asked_again(room: Room):
    await _chosen(room)
    room.world.later(seconds=61)
    assert "asked too long ago" in await _go(room, "Confirm")
    assert await room.world.journal.count(StandingRule) == 0
    await _go(room, "Confirm")
    assert await room.world.journal.count(StandingRule) == 1


async def test_a_provider_that_went_meanwhile_gets_no_rule(room: Room):
    await _chosen(room)
    await room.world.change(await room.world.one(Provider), enabled=False)
    assert "not possible any more" in await _go(room, "Confirm")
    assert "No provider sends signals now" in _shown(room)
    assert await room.world.journal.count(StandingRule) == 0


async def test_a_refusal_says_what_to_do(room: Room):
    await _chosen(room)
    await room.world.change(await room.world.one(User, id=ADA), consent_version="0")
    assert "agree to the terms" in await _go(room, "Confirm")
    assert await room.world.journal.count(StandingRule) == 0


async def _key(room: Room) -> str:
    return (await rules_card(room.tools, UserId(ADA))).pairs[0].key


@pytest.mark.parametrize(
    "choices",
    ["", ",0.5", ",0.5,3", ",9,3,{until}", ",0.5,99,{until}", ",0.5,3,1", ",x"],
    ids=["nothing", "no count", "no end", "risk", "count", "past", "nonsense"],
)
async def test_a_crafted_confirm_grants_nothing(room: Room, choices):
    wish = await _key(room) + choices.format(until=ASKED + 60)
    await room.tap_after_help(ADA, pack(Press.RULE_NOW, f"{wish}@{ASKED}"))
    assert await room.world.journal.count(StandingRule) == 0


async def test_new_is_no_way_to_a_rule_without_an_account_of_ones_own(room: Room):
    answer = await room.tap_after_help(BOB, pack(Press.RULES, NEW))
    assert answer == ("These are your rules.", False)
    assert room.stage.texts(BOB)[-1].startswith("Standing rules are for accounts")


# ------------------------------------------------------------------ at work


async def _ordered(room: Room) -> None:
    await _chosen(room)
    await _go(room, "Confirm")
    await room.world.offered()


async def test_what_a_rule_orders_says_so_with_a_button_to_revoke(room: Room):
    await _ordered(room)
    order = await room.world.one(Order, account_id=MINE)
    assert order.cause is Cause.STANDING
    card = await prompt_card(room.tools, order.prompt_id)
    view = prompt_view(card)
    assert "✅ Approved by your standing rule for demo, 1 of 3 today" in view.text
    assert "Revoke rule" in [button.text for row in view.rows for button in row]


async def test_one_tap_under_what_it_ordered_revokes_it(room: Room):
    await _ordered(room)
    message = room.stage.chat(ADA)[-1].id
    prompt = await room.prompt(ADA, MINE)
    await room.world.change(prompt, chat_id=ADA, message_id=message)
    rule = await room.world.one(StandingRule)
    before = await room.world.redrawn(prompt)
    answer = await room.tap(ADA, pack(Press.REVOKE, rule.id), on=message)
    assert answer == ("Revoked: such signals ask you again.", False)
    assert await room.world.redrawn(prompt) == before + 1
    card = await prompt_card(room.tools, prompt.id)
    labels = [b.text for row in prompt_view(card).rows for b in row]
    assert "Revoke rule" not in labels
    await room.world.offered(external_id="gold-2")
    assert (await room.prompt(ADA, MINE)).state is PromptState.QUEUED


async def test_a_rule_is_revoked_from_the_list_too(room: Room):
    await _chosen(room)
    await _go(room, "Confirm")
    assert await _go(room, "Revoke demo on mine") == (
        "Revoked: such signals ask you again."
    )
    assert "You have none." in _shown(room)


async def test_what_is_revoked_already_is_said_to_be(room: Room):
    await _chosen(room)
    await _go(room, "Confirm")
    rule = await room.world.one(StandingRule)
    await room.tap(ADA, pack(Press.REVOKE, rule.id))
    answer = await room.tap(ADA, pack(Press.REVOKE, rule.id))
    assert answer == ("It was revoked already.", False)


async def test_a_stranger_has_no_rules(room: Room):
    answer = await room.say(SAM, "/rules")
    assert "invite" in answer


async def test_nothing_of_an_unfinished_rule_is_kept(room: Room):
    await _chosen(room)
    assert await room.world.journal.count(StandingRule) == 0
    assert await room.world.journal.count(OutboxItem, topic=Topic.PROMPT) == 0
