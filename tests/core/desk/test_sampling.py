"""A sample of a prompt: nothing of it is stored."""

import pytest

from core.desk.sampling import sample
from core.errors import Refused
from core.ids import AccountId, UserId
from core.orders import Order
from core.prompts import Prompt
from core.signals import Signal
from core.users import Role
from tests.builders import ACCOUNT, an_account
from tests.core.desk.world import ADA, World, own_desk, shared_desk

EVE, SAM = UserId(902), UserId(903)


@pytest.fixture
async def world() -> World:
    return await own_desk(instruments=("NOTHERE", "XAUUSD"))


async def test_a_sample_has_a_chart_and_the_numbers_of_now(world: World):
    made = await sample(world.tools, ADA)
    assert (made.signal.instrument, made.signal.provider) == ("XAUUSD", "sample")
    assert made.signal.chart_path is not None
    assert made.prompt.lots is not None
    stop, target = made.signal.stop_loss, made.signal.take_profit
    assert stop is not None
    assert target is not None
    assert target - made.signal.price == 2 * (made.signal.price - stop)


async def test_nothing_of_it_is_stored(world: World):
    await sample(world.tools, ADA)
    for kind in (Signal, Prompt, Order):
        assert await world.tools.journal.count(kind) == 0


async def test_a_viewers_sample_has_neither_lots_nor_money(world: World):
    await world.person(EVE, Role.VIEWER)
    made = await sample(world.tools, EVE)
    assert (made.prompt.viewer, made.prompt.lots) == (True, None)


async def test_it_is_about_an_account_on_which_one_decides(world: World):
    await world.open_account(id=AccountId("watched"), person_id=None)
    await world.member(ADA, Role.VIEWER, account=AccountId("watched"))
    assert (await sample(world.tools, ADA)).account.id == ACCOUNT


async def test_who_is_no_member_has_none(world: World):
    with pytest.raises(Refused, match="Join an account first"):
        await sample(world.tools, SAM)


async def test_an_admin_of_anothers_account_has_none_there(world: World):
    await world.person(EVE, Role.ADMIN)
    with pytest.raises(Refused, match="Join an account first"):
        await sample(world.tools, EVE)


async def test_an_account_that_is_not_served_here_gives_none():
    world = await shared_desk(instruments=("XAUUSD",))
    await world.put(an_account(id=AccountId("elsewhere"), person_id=ADA))
    await world.member(ADA, Role.APPROVER, account=AccountId("elsewhere"))
    assert (await sample(world.tools, ADA)).account.id == ACCOUNT


async def test_without_a_market_it_says_so(world: World):
    world.broker.down = True
    with pytest.raises(Refused, match="No market can be seen now"):
        await sample(world.tools, ADA)
