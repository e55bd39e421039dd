"""What people choose for themselves, within what the admins allow."""

from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal

import pytest

from core.access import is_paused, is_quiet
from core.desk import preferring
from core.desk.people import read_people
from core.errors import Refused
from core.ids import AccountId, ProviderName, UserId
from core.messages import AuditEntry
from core.users import Membership, Role, Subscription, User
from tests.builders import ACCOUNT, DEMO, a_user
from tests.core.desk.world import ADA, RULES, World, account_of, own_desk, shared_desk
from tests.fakes import NOON

D = Decimal
EVE = UserId(902)
HOUR = timedelta(hours=1)


@pytest.fixture
async def world() -> World:
    return await own_desk()


async def _user(world: World) -> User:
    return await world.one(User, id=ADA)


async def _reached(world: World, instrument: str = "XAUUSD") -> bool:
    people = await read_people(world.tools.journal)
    now = world.clock.now()
    return any(each.user.id == ADA for each in people.reached(DEMO, instrument, now))


# -------------------------------------------------------------------- pause
async def test_who_pauses_gets_no_signals_until_then(world: World):
    assert await _reached(world)
    await preferring.pause(world.tools, ADA, until=NOON + HOUR)
    assert not await _reached(world)
    world.later(hours=1)
    assert await _reached(world)


async def test_who_resumes_gets_them_again(world: World):
    await preferring.pause(world.tools, ADA, until=NOON + HOUR)
    await preferring.resume(world.tools, ADA)
    assert await _reached(world)
    assert not is_paused(await _user(world), NOON)
    done = await world.tools.journal.find(AuditEntry, subject=f"user:{ADA}")
    assert [entry.action for entry in done][-2:] == ["paused", "resumed"]


async def test_nobody_else_can_be_paused(world: World):
    with pytest.raises(Refused, match="Say /start first"):
        await preferring.pause(world.tools, EVE, until=NOON)


# -------------------------------------------------------------------- clock
async def test_a_time_zone_is_one_that_there_is(world: World):
    await preferring.live_in(world.tools, ADA, "Europe/Madrid")
    assert (await _user(world)).time_zone == "Europe/Madrid"


@pytest.mark.parametrize("zone", ["", "Nowhere", "../etc/passwd", "/etc", "a" * 999])
async def test_any_other_is_refused(world: World, zone):
    with pytest.raises(Refused, match="There is no time zone"):
        await preferring.live_in(world.tools, ADA, zone)


@pytest.mark.parametrize(
    ("begins", "ends", "at", "quiet"),
    [
        (60, 120, time(0, 59), False),
        (60, 120, time(1, 0), True),
        (60, 120, time(1, 59), True),
        (60, 120, time(2, 0), False),
        (1320, 420, time(21, 59), False),
        (1320, 420, time(22, 0), True),
        (1320, 420, time(3, 0), True),
        (1320, 420, time(7, 0), False),
        (0, 0, time(12, 0), True),
        (None, None, time(3, 0), False),
    ],
)
def test_quiet_hours_may_go_over_midnight(begins, ends, at, quiet):
    assert is_quiet(a_user(quiet_from=begins, quiet_until=ends), at) is quiet


async def test_quiet_hours_are_kept_and_taken_back(world: World):
    await preferring.be_quiet(world.tools, ADA, 1320, 420)
    user = await _user(world)
    assert (user.quiet_from, user.quiet_until) == (1320, 420)
    await preferring.be_quiet(world.tools, ADA, None, None)
    assert (await _user(world)).quiet_from is None


@pytest.mark.parametrize("hours", [(-1, 5), (5, 1440), (None, 5), (5, None)], ids=str)
async def test_hours_that_are_none_are_refused(world: World, hours):
    with pytest.raises(Refused, match="Write the hours like 22:00-07:00"):
        await preferring.be_quiet(world.tools, ADA, *hours)


# ------------------------------------------------------------ subscriptions
async def test_a_provider_may_be_left_and_taken_again(world: World):
    await preferring.choose(world.tools, ADA, DEMO, enabled=False)
    assert not await _reached(world)
    await preferring.choose(world.tools, ADA, DEMO, enabled=True)
    assert await _reached(world)
    said = await world.tools.journal.find(Subscription, user_id=ADA, provider=DEMO)
    assert len(said) == 1


async def test_one_instrument_may_be_left_or_be_the_only_one(world: World):
    await preferring.choose(world.tools, ADA, DEMO, "XAUUSD", enabled=False)
    assert not await _reached(world)
    assert await _reached(world, "EURUSD")
    await preferring.choose(world.tools, ADA, DEMO, enabled=False)
    await preferring.choose(world.tools, ADA, DEMO, "XAUUSD", enabled=True)
    assert await _reached(world)
    assert not await _reached(world, "EURUSD")


async def test_what_is_said_of_a_provider_takes_back_its_instruments(world: World):
    await preferring.choose(world.tools, ADA, DEMO, "XAUUSD", enabled=False)
    await preferring.choose(world.tools, ADA, DEMO, enabled=True)
    assert await _reached(world)


async def test_a_provider_that_is_gone_cannot_be_chosen(world: World):
    with pytest.raises(Refused, match="There is no provider gone any more"):
        await preferring.choose(world.tools, ADA, ProviderName("gone"), enabled=True)


# --------------------------------------------------------------------- risk
async def _mine(world: World) -> Membership:
    return await world.one(Membership, user_id=ADA)


async def test_the_person_of_an_own_account_may_risk_less(world: World):
    await preferring.risk_less(world.tools, ADA, ACCOUNT, D("0.5"))
    assert (await _mine(world)).risk_percent == D("0.5")
    entry = await world.one(AuditEntry, action="risk_chosen")
    assert entry.detail == '{"value":"0.5"}'
    await preferring.risk_less(world.tools, ADA, ACCOUNT, None)
    assert (await _mine(world)).risk_percent is None


@pytest.mark.parametrize("percent", ["0", "-1", "1.01"])
async def test_but_never_more_than_its_rules_allow(world: World, percent):
    with pytest.raises(Refused, match="you may risk up to 1 % in one trade"):
        await preferring.risk_less(world.tools, ADA, ACCOUNT, D(percent))


async def test_a_desks_risk_is_nobodys_own():
    world = await shared_desk()
    with pytest.raises(Refused, match="is the desk's"):
        await preferring.risk_less(world.tools, ADA, ACCOUNT, D("0.5"))


async def test_who_does_not_decide_sets_nothing(world: World):
    await world.person(EVE, Role.VIEWER)
    with pytest.raises(Refused, match="do not decide"):
        await preferring.risk_less(world.tools, EVE, ACCOUNT, D("0.5"))
    with pytest.raises(Refused, match="do not decide"):
        await preferring.drift_less(world.tools, EVE, ACCOUNT, D("0.1"))
    with pytest.raises(Refused, match="do not decide"):
        await preferring.risk_less(world.tools, ADA, AccountId("gone"), D("0.5"))


async def test_a_stricter_drift_is_ones_own_on_a_desk_too():
    world = await shared_desk()
    account = world.tools.choices.rules[ACCOUNT]
    await preferring.drift_less(world.tools, ADA, ACCOUNT, D("0.1"))
    assert (await _mine(world)).max_drift_r == D("0.1")
    for odd in (D("-0.1"), account.max_drift_r + D("0.01")):
        with pytest.raises(Refused, match="the price may move up to"):
            await preferring.drift_less(world.tools, ADA, ACCOUNT, odd)


async def test_lots_are_for_what_the_person_wants_to_risk(world: World):
    whole = await world.offered()
    await preferring.risk_less(world.tools, ADA, ACCOUNT, RULES.per_trade_percent / 2)
    half = await world.offered(external_id="half")
    assert whole.lots is not None
    assert half.lots is not None
    assert half.lots <= whole.lots / 2 + D("0.01")
    assert half.lots < whole.lots


async def test_an_account_without_its_person_risks_what_its_rules_say(world: World):
    account = await account_of(world)
    assert await preferring.own_risk(world.tools, account) is None
    free = replace(account, person_id=None)
    assert await preferring.own_risk(world.tools, free) is None
    gone = replace(account, person_id=EVE)
    assert await preferring.own_risk(world.tools, gone) is None
