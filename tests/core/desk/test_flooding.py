"""A flood of one provider waits, whatever the others send."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from core.accounts import AccountKind
from core.desk import intake
from core.desk.commanding import panic
from core.desk.expiring import expire
from core.desk.flooding import held_prompts, held_signals, place_of, stays_out
from core.desk.people import read_people
from core.desk.prompting import propose
from core.desk.providing import mute
from core.desk.releasing import AT_A_TIME, Released, release
from core.ids import PromptId, ProviderName, UserId
from core.messages import (
    AuditEntry,
    NoticeKind,
    OutboxItem,
    Priority,
    Topic,
)
from core.prompts import Prompt, PromptState
from core.signals import Action, Signal, SignalStatus
from core.users import Provider, Role
from tests.builders import ACCOUNT, DEMO, a_prompt, a_provider, a_signal
from tests.core.desk.world import (
    ADA,
    BOB,
    DESK,
    EVE,
    GOLD_SIGNAL,
    INTAKE,
    World,
    own_desk,
    shared_desk,
)
from tests.fakes import NOON

OTHER = ProviderName("other")
ANN, OWEN = UserId(5), UserId(4)
HOUR = timedelta(hours=1)


async def limited(most: int = 5) -> World:
    """Ada's own account, where a provider is asked about so often a minute."""
    world = await own_desk(prompts_per_minute=most)
    await world.put(a_provider(id=OTHER))
    return world


async def sends(
    world: World, count: int, *, by: ProviderName = DEMO, stem: str = "s"
) -> list[Signal]:
    """So many signals at once, and what became of them."""
    provider = await world.one(Provider, id=by)
    people = await read_people(world.journal)
    for number in range(count):
        draft = replace(GOLD_SIGNAL, external_id=f"{stem}-{number}")
        await intake.submit(world.tools, INTAKE, people, provider, draft)
    await world.work()
    return await world.journal.find(Signal, provider=by, action=Action.OPEN)


async def prompts(world: World, signals: Sequence[Signal]) -> list[Prompt]:
    """The prompts of these, in their order."""
    return [await world.one(Prompt, signal_id=each.id) for each in signals]


async def waiting(world: World) -> list[tuple[str, Priority]]:
    """Prompts on their way: which provider's, and how urgent."""
    found = []
    for item in await world.journal.claim(
        [Topic.PROMPT], limit=1000, hold=timedelta(seconds=1)
    ):
        prompt = await world.one(Prompt, id=item.subject)
        signal = await world.one(Signal, id=prompt.signal_id)
        found.append((signal.provider, item.priority))
    return found


async def notices(world: World, kind: NoticeKind) -> list[OutboxItem]:
    return await world.journal.find(OutboxItem, notice=kind, order_by="due_at")


# ------------------------------------------------------------------ the limit


async def test_beyond_the_limit_prompts_are_made_and_held():
    world = await limited(5)
    made = await prompts(world, await sends(world, 7))
    assert [each.held for each in made] == [False] * 5 + [True] * 2
    assert {each.state for each in made} == {PromptState.QUEUED}
    assert await waiting(world) == [
        *[(DEMO, Priority.PROMPT)] * 3,
        *[(DEMO, Priority.BUSY)] * 2,
    ]


async def test_a_held_signal_is_still_undecided_and_was_not_drawn():
    world = await limited(1)
    first, second = await sends(world, 2)
    assert (first.chart_path is None, second.chart_path is None) == (False, True)
    assert (first.status, second.status) == (SignalStatus.NEW, SignalStatus.NEW)


async def test_without_a_limit_nothing_is_held():
    world = await limited(0)
    made = await prompts(world, await sends(world, 40))
    assert not any(each.held for each in made)
    assert [rank for _, rank in await waiting(world)] == [
        *[Priority.PROMPT] * 3,
        *[Priority.BUSY] * 37,
    ]


async def test_the_next_minute_begins_anew():
    world = await limited(2)
    await sends(world, 3)
    world.later(seconds=59.9)
    await sends(world, 1, stem="late")
    world.later(seconds=0.1)
    made = await prompts(world, await sends(world, 3, stem="next"))
    held = [False, False, True, True, False, False, True]
    assert [each.held for each in made] == held


async def test_a_flood_holds_up_nobody_else():
    world = await limited(30)
    await sends(world, 200)
    (other,) = await sends(world, 1, by=OTHER)
    assert not (await world.one(Prompt, signal_id=other.id)).held
    order = [name for name, _ in await waiting(world)]
    assert order.index(OTHER) == 3
    assert len(order) == 31


async def test_what_a_provider_takes_back_does_not_count():
    world = await limited(1)
    await world.put(a_signal(action=Action.CANCEL))
    (opened,) = await sends(world, 1)
    assert not (await world.one(Prompt, signal_id=opened.id)).held


async def test_the_place_of_a_signal_is_the_same_whenever_it_is_asked():
    world = await limited(2)
    signals = await sends(world, 4)
    world.later(minutes=3)
    places = [await place_of(world.tools, each) for each in signals]
    assert [each.held for each in places] == [False, False, True, True]


# ------------------------------------------------------------------ who is told


async def test_a_person_is_told_once_when_the_minute_is_over():
    world = await limited(2)
    world.later(seconds=20)
    await sends(world, 5)
    (item,) = await notices(world, NoticeKind.PROMPTS_HELD)
    assert (item.user_id, item.subject) == (ADA, DEMO)
    assert item.due_at == NOON + timedelta(minutes=1)
    assert await held_signals(world.tools, ADA, DEMO) == 3
    world.later(minutes=1)
    await sends(world, 3, stem="next")
    assert len(await notices(world, NoticeKind.PROMPTS_HELD)) == 2


async def test_of_two_that_are_proposed_at_once_one_tells():
    world = await limited(1)
    for name in "abc":
        await world.submit(external_id=name)
    _, second, third = await world.journal.find(Signal)

    async def meanwhile() -> None:
        await propose(world.tools, third.id)

    world.journal.before_writing(Prompt, meanwhile)
    await propose(world.tools, second.id)
    assert len(await notices(world, NoticeKind.PROMPTS_HELD)) == 1
    assert await held_signals(world.tools, ADA, DEMO) == 2


async def test_admins_of_the_account_and_owners_are_told_once_an_hour():
    world = await shared_desk(prompts_per_minute=1)
    await world.person(ANN, Role.ADMIN, name="Ann")
    await world.open_account(id="elsewhere", kind=AccountKind.DESK)
    await world.person(OWEN, Role.OWNER, account="elsewhere", name="Owen")
    await sends(world, 3)
    world.later(minutes=59)
    await sends(world, 3, stem="later")
    told = await notices(world, NoticeKind.PROVIDER_FLOODS)
    assert [(each.user_id, each.due_at) for each in told] == [(OWEN, NOON), (ANN, NOON)]
    world.later(minutes=1)
    await sends(world, 2, stem="next hour")
    assert len(await notices(world, NoticeKind.PROVIDER_FLOODS)) == 4


async def test_a_person_with_two_accounts_is_told_once_and_viewers_too():
    world = await shared_desk(prompts_per_minute=1)
    await world.open_account(id=DESK, kind=AccountKind.DESK)
    await world.member(ADA, Role.APPROVER, account=DESK)
    await sends(world, 2)
    told = await notices(world, NoticeKind.PROMPTS_HELD)
    assert [each.user_id for each in told] == [ADA, BOB, EVE]
    assert await held_signals(world.tools, ADA, DEMO) == 1
    assert len(await held_prompts(world.tools, ADA)) == 2


async def test_what_a_rule_refused_anyway_is_not_announced():
    world = await limited(1)
    await panic(world.tools, ACCOUNT, by=ADA)
    _, second = await prompts(world, await sends(world, 2))
    assert (second.state, second.held) == (PromptState.REFUSED, True)
    assert await notices(world, NoticeKind.PROMPTS_HELD) == []


# ------------------------------------------------------------------ asking for it


async def test_who_asks_gets_what_is_held_with_its_chart_a_few_at_a_time():
    world = await limited(1)
    await sends(world, AT_A_TIME + 3)
    await waiting(world)
    assert await release(world.tools, ADA) == Released(coming=AT_A_TIME, left=2)
    assert await waiting(world) == [(DEMO, Priority.BUSY)] * AT_A_TIME
    drawn = [each for each in await world.journal.find(Signal) if each.chart_path]
    assert len(drawn) == AT_A_TIME + 1
    assert await release(world.tools, ADA) == Released(coming=2, left=0)
    assert await release(world.tools, ADA) == Released(coming=0, left=0)


async def test_what_is_released_can_be_decided():
    world = await limited(1)
    await sends(world, 2)
    await release(world.tools, ADA)
    await world.approve()
    assert (await world.prompt()).state is PromptState.APPROVED


async def test_what_is_over_or_not_ones_own_is_not_released():
    world = await limited(1)
    await sends(world, 2)
    assert await release(world.tools, BOB) == Released(coming=0, left=0)
    world.later(minutes=15)
    assert await release(world.tools, ADA) == Released(coming=0, left=0)
    await expire(world.tools)
    assert await release(world.tools, ADA) == Released(coming=0, left=0)


async def test_what_ends_while_it_is_drawn_does_not_come():
    world = await limited(1)
    _, second = await sends(world, 2)

    async def decided() -> None:
        prompt = await world.one(Prompt, signal_id=second.id)
        await world.change(prompt, state=PromptState.SUPERSEDED)

    world.journal.before_writing(Signal, decided)
    assert await release(world.tools, ADA) == Released(coming=0, left=0)


async def test_a_chart_that_somebody_drew_meanwhile_stays():
    world = await limited(1)
    _, second = await sends(world, 2)

    async def drawn() -> None:
        await world.change(second, chart_path="theirs.png")

    world.journal.before_writing(Signal, drawn)
    assert (await release(world.tools, ADA)).coming == 1
    assert (await world.one(Signal, id=second.id)).chart_path == "theirs.png"


async def test_without_candles_it_comes_without_a_chart():
    world = await limited(1)
    _, second = await sends(world, 2)
    world.broker.down = True
    assert (await release(world.tools, ADA)).coming == 1
    assert (await world.one(Signal, id=second.id)).chart_path is None


# ------------------------------------------------------------------ muted


async def test_nobody_is_asked_about_a_muted_provider_and_the_audit_says_why():
    world = await limited()
    await mute(world.tools, DEMO, until=NOON + HOUR, by=ANN)
    (signal,) = await sends(world, 1)
    assert await world.journal.count(Prompt) == 0
    assert (signal.proposed_at, signal.status) == (NOON, SignalStatus.EXPIRED)
    entry = (await world.journal.find(AuditEntry, order_by="-id", limit=1))[0]
    assert (entry.action, entry.subject) == ("signal_muted", f"signal:{signal.id}")
    (other,) = await sends(world, 1, by=OTHER)
    assert await world.journal.count(Prompt, signal_id=other.id) == 1


async def test_when_the_mute_is_over_people_are_asked_again():
    world = await limited()
    await mute(world.tools, DEMO, until=NOON + HOUR, by=ANN)
    world.later(hours=1)
    await sends(world, 1)
    assert await world.journal.count(Prompt) == 1


async def test_what_was_not_delivered_when_the_mute_came_is_held():
    world = await limited()
    (prompt,) = await prompts(world, await sends(world, 1))
    assert not await stays_out(world.tools, prompt.id)
    await mute(world.tools, DEMO, until=NOON + timedelta(minutes=5), by=ANN)
    assert await stays_out(world.tools, prompt.id)
    assert (await world.prompt()).held
    assert await release(world.tools, ADA) == Released(coming=0, left=0)
    world.later(minutes=5)
    assert await stays_out(world.tools, prompt.id)
    assert await release(world.tools, ADA) == Released(coming=1, left=0)
    assert not await stays_out(world.tools, prompt.id)


async def test_what_ended_before_it_was_delivered_stays_out_too():
    world = await limited()
    (prompt,) = await prompts(world, await sends(world, 1))
    await world.change(prompt, state=PromptState.EXPIRED)
    await mute(world.tools, DEMO, until=NOON + HOUR, by=ANN)
    assert await stays_out(world.tools, prompt.id)
    assert not (await world.prompt()).held


@pytest.mark.parametrize("held", [True, False])
async def test_an_approval_is_shown_whatever_became_of_its_provider(held):
    world = await limited()
    await world.put(a_signal(id="SIGNAL"))
    prompt = a_prompt(state=PromptState.APPROVED, held=held)
    await world.put(prompt)
    await mute(world.tools, DEMO, until=NOON + HOUR, by=ANN)
    assert not await stays_out(world.tools, prompt.id)


async def test_a_prompt_that_is_not_there_is_not_kept_out():
    world = await limited()
    assert not await stays_out(world.tools, PromptId("gone"))
