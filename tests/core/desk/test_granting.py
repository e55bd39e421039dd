"""Who may let what be approved in their name, and that it ends with one tap."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.desk.granting import Wish, grant, revoke, rules_of
from core.errors import Refused
from core.ids import AccountId, ProviderName, UserId
from core.messages import AuditEntry
from core.ports import Delete
from core.standing import StandingRule
from core.users import Membership, Provider, Role, User
from tests.builders import ACCOUNT, DEMO, a_provider
from tests.core.desk.world import ADA, BOB, MALLORY, World, own_desk, shared_desk
from tests.fakes import NOON

D = Decimal


def a_wish(**over: Any) -> Wish:
    wish = Wish(
        account_id=ACCOUNT,
        provider=DEMO,
        max_risk_percent=D("0.5"),
        per_day=3,
        until=NOON + timedelta(days=3),
    )
    return replace(wish, **over)


async def granted(world: World, user: UserId = ADA, **over: Any) -> StandingRule:
    return await grant(world.tools, world.tap("", user), a_wish(**over))


async def refused(world: World, user: UserId = ADA, **over: Any) -> str:
    wish, tap = a_wish(**over), world.tap("", user)
    with pytest.raises(Refused) as refusal:
        await grant(world.tools, tap, wish)
    assert await world.journal.count(StandingRule) == 0
    return refusal.value.reason


# ---------------------------------------------------------------------- granting


async def test_a_rule_is_kept_as_it_was_wanted_and_audited_with_its_tap():
    world = await own_desk()
    rule = await granted(world)
    assert await world.one(StandingRule) == rule
    assert (rule.user_id, rule.account_id, rule.provider) == (ADA, ACCOUNT, DEMO)
    assert (rule.max_risk_percent, rule.per_day) == (D("0.5"), 3)
    assert (rule.until, rule.granted_update_id) == (NOON + timedelta(days=3), 1)
    entry = await world.one(AuditEntry, action="rule_granted")
    assert (entry.actor, entry.subject) == ("user:1", f"rule:{rule.id}")
    assert '"update":"1"' in entry.detail


async def test_the_same_tap_again_grants_nothing_more():
    world = await own_desk()
    tap = world.tap("", ADA)
    first = await grant(world.tools, tap, a_wish())
    assert await grant(world.tools, tap, a_wish()) == first
    assert await world.journal.count(StandingRule) == 1


async def test_a_new_rule_takes_the_place_of_the_one_before():
    world = await own_desk()
    await world.put(a_provider(id=ProviderName("other")))
    other = await granted(world, provider=ProviderName("other"))
    first = await granted(world)
    second = await granted(world, per_day=5)
    assert await rules_of(world.tools, ADA) == [other, second]
    assert (await world.one(StandingRule, id=first.id)).revoked_at == NOON


async def test_a_rule_that_ended_is_not_among_those_that_hold():
    world = await own_desk()
    await granted(world)
    world.later(days=3)
    assert await rules_of(world.tools, ADA) == []


@pytest.mark.parametrize(
    ("over", "says"),
    [
        ({"max_risk_percent": D("1.01")}, "may risk 1 % at most"),
        ({"max_risk_percent": D(0)}, "may risk 1 % at most"),
        ({"per_day": 21}, "20 a day at most"),
        ({"per_day": 0}, "20 a day at most"),
        ({"until": NOON}, "31 days at most"),
        ({"until": NOON + timedelta(days=31, seconds=1)}, "31 days at most"),
        ({"provider": ProviderName("nobody")}, "no such provider"),
        ({"account_id": AccountId("nowhere")}, "accounts of your own only"),
    ],
    ids=["risk", "no risk", "too many", "none", "past", "long", "provider", "account"],
)
async def test_a_wish_that_goes_too_far_is_refused_with_how_far_it_may(over, says):
    world = await own_desk()
    assert says in await refused(world, **over)


@pytest.mark.parametrize(
    "over",
    [
        {"max_risk_percent": D(1)},
        {"per_day": 20},
        {"until": NOON + timedelta(days=31)},
    ],
    ids=["risk", "a day", "days"],
)
async def test_a_wish_may_go_as_far_as_the_limits(over):
    world = await own_desk()
    assert await granted(world, **over)


async def test_a_desk_has_no_standing_rules():
    world = await shared_desk()
    assert "accounts of your own only" in await refused(world)


@pytest.mark.parametrize("user", [BOB, MALLORY], ids=["another", "stranger"])
async def test_nobody_grants_on_somebody_elses_account(user):
    world = await own_desk()
    await world.person(BOB, Role.OWNER, name="Bob")
    assert "accounts of your own only" in await refused(world, user)


async def test_a_disabled_provider_gets_no_rule():
    world = await own_desk()
    await world.change(await world.one(Provider), enabled=False)
    assert "no such provider" in await refused(world)


async def test_an_account_without_rules_here_gets_none():
    world = await own_desk()
    world.rules.clear()
    assert "may risk 0 % at most" in await refused(world)


async def test_who_has_not_agreed_to_the_present_terms_grants_nothing():
    world = await own_desk()
    await world.change(await world.one(User), consent_version="0")
    assert "agree to the terms" in await refused(world)


async def test_who_is_no_user_any_more_grants_nothing():
    world = await own_desk()
    await world.journal.commit(Delete(await world.one(User)))
    assert "agree to the terms" in await refused(world)


async def test_who_is_removed_meanwhile_grants_nothing():
    world = await own_desk()

    async def remove() -> None:
        await world.journal.commit(Delete(await world.one(Membership)))

    world.journal.before_writing(StandingRule, remove)
    assert "accounts of your own only" in await refused(world)


# ---------------------------------------------------------------------- revoking


async def test_a_rule_is_revoked_with_one_tap():
    world = await own_desk()
    rule = await granted(world)
    assert await revoke(world.tools, world.tap("", ADA), rule.id)
    assert await rules_of(world.tools, ADA) == []
    entry = await world.one(AuditEntry, action="rule_revoked")
    assert (entry.actor, '"update":"2"' in entry.detail) == ("user:1", True)


async def test_revoking_twice_revokes_once():
    world = await own_desk()
    rule = await granted(world)
    await revoke(world.tools, world.tap("", ADA), rule.id)
    assert not await revoke(world.tools, world.tap("", ADA), rule.id)
    assert await world.journal.count(AuditEntry, action="rule_revoked") == 1


async def test_nobody_revokes_somebody_elses_rule():
    world = await own_desk()
    rule = await granted(world)
    for user, which in ((BOB, rule.id), (ADA, "no such rule")):
        tap = world.tap("", user)
        with pytest.raises(Refused, match="no rule of yours"):
            await revoke(world.tools, tap, which)
    assert await rules_of(world.tools, ADA) == [rule]
