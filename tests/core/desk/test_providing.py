from datetime import timedelta

import pytest

from core.desk.providing import known_provider, may_switch, mute, switch
from core.errors import Refused
from core.ids import UserId
from core.messages import AuditEntry
from core.users import Provider, Role
from tests.builders import DEMO
from tests.core.desk.world import ADA, MALLORY, World, own_desk

ANN = UserId(5)


@pytest.fixture
async def world() -> World:
    return await own_desk()


async def _entries(world: World) -> list[tuple[str, str, str, str]]:
    found = await world.journal.find(AuditEntry)
    return [(each.actor, each.action, each.subject, each.detail) for each in found]


async def test_an_admin_switches_a_provider_off_and_on_and_the_audit_knows(world):
    assert await switch(world.tools, DEMO, enabled=False, by=ANN)
    assert not (await world.one(Provider)).enabled
    assert await switch(world.tools, DEMO, enabled=True, by=ANN)
    assert (await world.one(Provider)).enabled
    assert await _entries(world) == [
        ("user:5", "provider_disabled", "provider:demo", "{}"),
        ("user:5", "provider_enabled", "provider:demo", "{}"),
    ]


async def test_what_is_so_already_is_not_done_again(world):
    assert not await switch(world.tools, DEMO, enabled=True, by=ANN)
    assert not await mute(world.tools, DEMO, until=None, by=ANN)
    assert await _entries(world) == []


async def test_the_command_line_is_named_as_such(world):
    await switch(world.tools, DEMO, enabled=False, by=None)
    assert (await _entries(world))[0][0] == "cli"


async def test_a_provider_is_muted_for_a_while_and_may_be_heard_again(world):
    until = world.clock.now() + timedelta(hours=1)
    assert await mute(world.tools, DEMO, until=until, by=ANN)
    assert (await world.one(Provider)).muted_until == until
    assert await mute(world.tools, DEMO, until=None, by=ANN)
    assert (await world.one(Provider)).muted_until is None
    assert await _entries(world) == [
        (
            "user:5",
            "provider_muted",
            "provider:demo",
            f'{{"until":"{until.isoformat()}"}}',
        ),
        ("user:5", "provider_unmuted", "provider:demo", "{}"),
    ]


async def test_a_mute_that_is_over_need_not_be_taken_back(world):
    until = world.clock.now() + timedelta(hours=1)
    await mute(world.tools, DEMO, until=until, by=ANN)
    world.later(hours=1)
    assert not await mute(world.tools, DEMO, until=None, by=ANN)


async def test_two_who_switch_at_once_do_it_once(world):
    async def other() -> None:
        await switch(world.tools, DEMO, enabled=False, by=ADA)

    world.journal.before_writing(Provider, other)
    assert not await switch(world.tools, DEMO, enabled=False, by=ANN)
    assert [actor for actor, *_ in await _entries(world)] == ["user:1"]


async def test_an_unknown_provider_is_refused_with_the_known_ones(world):
    with pytest.raises(Refused, match=r"^There is no provider dmeo; known: demo.$"):
        await switch(world.tools, "dmeo", enabled=False, by=ANN)
    with pytest.raises(Refused, match="known: demo"):
        await mute(world.tools, "dmeo", until=None, by=ANN)


async def test_where_there_is_none_it_is_said_how_to_add_one():
    with pytest.raises(Refused, match="nor any other: `tapgate provider add NAME`"):
        await known_provider(World().tools, "demo")


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.VIEWER, False),
        (Role.APPROVER, False),
        (Role.ADMIN, True),
        (Role.OWNER, True),
    ],
)
async def test_who_administers_an_account_may_switch(world, role, may):
    await world.person(ANN, role)
    assert await may_switch(world.tools, ANN) is may


async def test_a_stranger_may_not_switch(world):
    assert not await may_switch(world.tools, MALLORY)
