"""The rows behind a message are read together, or there is no message."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.telegram.cards import account_card, prompt_card
from core.accounts import Account
from core.ids import PromptId, SignalId
from core.orders import OrderKind, OrderState
from core.ports import Delete
from core.prompts import Decision, PromptState
from core.standing import StandingRule
from core.users import User
from tests.builders import (
    ACCOUNT,
    a_signal,
    a_standing_rule,
    a_trade,
    an_approval,
    an_order,
)
from tests.core.desk.world import (
    ADA,
    BOB,
    EVE,
    RULES,
    World,
    own_desk,
    shared_desk,
)


@pytest.fixture
async def world() -> World:
    return await own_desk()


async def test_a_waiting_prompt_has_nothing_but_its_signal_and_account(world):
    prompt = await world.offered()
    card = await prompt_card(world.tools, prompt.id)
    assert (card.prompt, card.account.id, card.decider) == (prompt, ACCOUNT, "")
    assert (card.order, card.trade, card.approval) == (None, None, None)
    assert card.now == world.clock.now()


async def test_a_decided_prompt_has_all_that_became_of_it(world):
    await world.filled()
    card = await prompt_card(world.tools, (await world.prompt()).id)
    assert card.decider == "Ada"
    assert card.approval.decision is Decision.APPROVE
    assert card.order.state is OrderState.FILLED
    assert card.trade.order_id == card.order.id


async def test_the_newest_opening_order_counts_not_a_close(world):
    await world.filled()
    prompt = await world.prompt()
    keys = {"signal_id": prompt.signal_id, "account_id": ACCOUNT}
    second = an_order(**keys, attempt=2, state=OrderState.REJECTED)
    close = an_order(**keys, attempt=9, kind=OrderKind.CLOSE)
    await world.put(second, close)
    assert (await prompt_card(world.tools, prompt.id)).order.id == second.id


async def test_a_prompt_that_is_not_there_has_no_card(world):
    assert await prompt_card(world.tools, PromptId("nobody knows")) is None


async def test_a_prompt_of_a_lost_signal_has_no_card(world):
    prompt = await world.offered()
    orphan = replace(prompt, id=PromptId("orphan"), signal_id=SignalId("gone"))
    world.journal._books.kinds[type(prompt)]["orphan"] = orphan
    assert await prompt_card(world.tools, PromptId("orphan")) is None


async def test_another_persons_decision_is_not_the_readers(world):
    prompt = await world.offered()
    signal = a_signal()
    await world.put(signal)
    await world.put(an_approval(signal_id=signal.id, prompt_id=prompt.id, user_id=ADA))
    gone = replace(prompt, state=PromptState.SUPERSEDED)
    world.journal._books.put(gone)
    assert (await prompt_card(world.tools, prompt.id)).decider == ""


async def test_an_account_shows_what_is_open_waiting_and_unknown(world):
    account = await world.one(Account, id=ACCOUNT)
    rows = [
        an_order(state=OrderState.PLACED, risk_money=Decimal(50)),
        an_order(state=OrderState.PARKED, risk_money=Decimal(25)),
        an_order(state=OrderState.FILLED),
        an_order(state=OrderState.PLACED, kind=OrderKind.CLOSE),
        a_trade(floating=Decimal(0), risk_money=Decimal(100)),
    ]
    await world.put(*rows)
    card = await account_card(world.tools, account)
    assert [order.id for order in card.placed] == [rows[0].id]
    assert [order.id for order in card.parked] == [rows[1].id]
    assert [trade.id for trade in card.trades] == [rows[4].id]
    assert card.headroom == Decimal(1825)


async def test_an_account_without_a_guard_or_rules_has_no_card(world):
    account = await world.one(Account, id=ACCOUNT)
    assert await account_card(world.tools, replace(account, id="new")) is None
    world.rules.clear()
    assert await account_card(world.tools, account) is None


async def test_who_approved_first_is_shown_while_a_second_is_wanted_and_after():
    world = await shared_desk(replace(RULES, second_above_risk_percent=Decimal("0.5")))
    await world.offered()
    bobs = await world.prompt(BOB)
    assert (await prompt_card(world.tools, bobs.id)).first == ""
    await world.approve(ADA)
    assert (await prompt_card(world.tools, bobs.id)).first == "Ada"
    adas = await world.prompt(ADA)
    assert (await prompt_card(world.tools, adas.id)).first == ""
    eves = await world.prompt(EVE)
    assert (await prompt_card(world.tools, eves.id)).first == ""
    await world.approve(BOB)
    for prompt in (adas, bobs):
        card = await prompt_card(world.tools, prompt.id)
        assert (card.first, card.decider) == ("Ada", "Bob")


async def test_an_approval_by_one_person_has_no_first():
    world = await shared_desk()
    await world.offered()
    await world.approve(ADA)
    assert (await prompt_card(world.tools, (await world.prompt(BOB)).id)).first == ""


async def test_a_first_whose_name_is_gone_is_nobody():
    world = await shared_desk(replace(RULES, second_above_risk_percent=Decimal("0.5")))
    await world.offered()
    await world.approve(ADA)
    await world.journal.commit(Delete(await world.one(User, id=ADA)))
    assert (await prompt_card(world.tools, (await world.prompt(BOB)).id)).first == ""


async def test_what_a_standing_rule_approved_shows_the_rule(world):
    await world.put(a_standing_rule())
    await world.offered()
    card = await prompt_card(world.tools, (await world.prompt()).id)
    assert card.rule == await world.one(StandingRule)
    assert card.approval.rule_number == 1
