"""What people do to one open trade, as the buttons of its card do it."""

from core.desk.handling import Bond, Change, Question, ask, carry_out
from core.desk.taps import Reply
from core.ids import UserId
from core.trades import Trade
from tests.core.desk.world import ADA, World, own_desk, shared_desk

AHEAD = "1955.50"
"""A bid at which the trade is 5.00 in profit."""


async def held() -> World:
    """Ada's own trade: 0.17 lots of gold from 1950.50, stop 1945.00, in profit."""
    world = await own_desk()
    return await _filled(world)


async def held_by_several() -> World:
    """The same on an account for which Ada and Bob decide and Eve looks on."""
    return await _filled(await shared_desk())


async def _filled(world: World) -> World:
    await world.filled()
    world.later(seconds=1)
    world.broker.move("XAUUSD", AHEAD)
    await world.watch()
    return world


async def asked(
    world: World, change: Change, *, by: UserId = ADA, trade_id: str = ""
) -> Question | Reply:
    trade_id = trade_id or (await world.one(Trade)).id
    return await ask(world.tools, world.tap("", by), change, trade_id)


async def question(world: World, change: Change, *, by: UserId = ADA) -> Question:
    found = await asked(world, change, by=by)
    assert isinstance(found, Question), found
    return found


async def refused(world: World, change: Change, *, by: UserId = ADA) -> str:
    """Why somebody is not asked whether to do it."""
    found = await asked(world, change, by=by)
    assert isinstance(found, Reply), found
    return found.text


async def confirm(
    world: World, change: Change, bond: Bond, *, by: UserId = ADA
) -> Reply:
    trade = await world.one(Trade)
    return await carry_out(world.tools, world.tap("", by), change, trade.id, bond)


async def do(world: World, change: Change, *, by: UserId = ADA) -> Reply:
    """Ask and confirm."""
    bond = (await question(world, change, by=by)).bond
    return await confirm(world, change, bond, by=by)


async def done(world: World, change: Change, *, by: UserId = ADA) -> None:
    """The same, executed and looked at."""
    assert not (await do(world, change, by=by)).alert
    await world.work()
    await world.pass_by(1)
