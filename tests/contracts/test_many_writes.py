"""Many rows in one commit are written as one by one, and refused as one by one.

The same on memory, SQLite and PostgreSQL, on the stage of the journal's suite.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.errors import Conflict
from core.ids import UserId
from core.messages import MESSAGES, OutboxItem, Priority, Topic
from core.ports import Insert, Journal, Save
from core.prompts import Prompt, PromptState
from core.signals import Signal, SignalStatus
from storage import saving
from tests import builders as b
from tests.contracts.test_journal import (  # noqa: F401 - its stage
    journal,
    server,
    stage,
    template,
    unopened,
)
from tests.fakes import NOON

MANY = 25
HOLD = timedelta(seconds=30)


@pytest.fixture
async def prompts(journal: Journal, monkeypatch) -> list[Prompt]:  # noqa: F811
    """Of one signal, and more than fit into one statement."""
    monkeypatch.setattr(saving, "AT_A_TIME", 10)
    account, signal = b.an_account(), b.a_signal(proposed_at=NOON)
    people = [b.a_user(id=UserId(number)) for number in range(1, MANY + 1)]
    made = [
        b.a_prompt(signal_id=signal.id, account_id=account.id, user_id=person.id)
        for person in people
    ]
    await journal.commit(
        *map(Insert, [b.a_provider(), *people, account, signal, *made])
    )
    return made


def _over(prompt: Prompt) -> Prompt:
    return replace(prompt, state=PromptState.SUPERSEDED)


def _item(prompt: Prompt, **over) -> OutboxItem:
    return b.an_outbox_item(topic=Topic.PROMPT, subject=prompt.id, **over)


async def test_all_of_many_are_written(journal, prompts):  # noqa: F811
    await journal.commit(
        *(Save(_over(each)) for each in prompts),
        *(Insert(_item(each)) for each in prompts),
    )
    stored = await journal.find(Prompt)
    assert {(each.state, each.version) for each in stored} == {
        (PromptState.SUPERSEDED, 2)
    }
    assert {each.user_id for each in stored} == {each.user_id for each in prompts}
    assert await journal.count(OutboxItem) == MANY
    (signal,) = await journal.find(Signal)
    assert signal.status is SignalStatus.EXPIRED


@pytest.mark.parametrize("which", [0, 12, MANY - 1])
async def test_one_that_has_changed_keeps_all_from_being_written(
    journal,  # noqa: F811
    prompts,
    which,
):
    await journal.commit(Save(prompts[which]))
    writes = [Save(_over(each)) for each in prompts]
    with pytest.raises(Conflict):
        await journal.commit(*writes)
    assert await journal.count(Prompt, state=PromptState.SUPERSEDED) == 0


async def test_one_that_is_gone_keeps_all_from_being_written(journal, prompts):  # noqa: F811
    unknown = b.a_prompt(
        signal_id=prompts[0].signal_id, account_id=prompts[0].account_id
    )
    writes = [Save(_over(each)) for each in [*prompts, unknown]]
    with pytest.raises(Conflict):
        await journal.commit(*writes)
    assert await journal.count(Prompt, state=PromptState.SUPERSEDED) == 0


async def test_a_move_that_does_not_exist_keeps_all_from_being_written(
    journal,  # noqa: F811
    prompts,
):
    await journal.commit(Save(_over(prompts[3])))
    back = replace(prompts[3], version=2)
    writes = [Save(_over(prompts[2])), Save(back)]
    with pytest.raises(ValueError, match="no move"):
        await journal.commit(*writes)
    assert await journal.count(Prompt, state=PromptState.SUPERSEDED) == 1


async def test_one_row_may_be_written_twice(journal, prompts):  # noqa: F811
    first = replace(prompts[0], reason="first")
    second = replace(prompts[0], reason="second", version=2)
    await journal.commit(Save(first), Save(second))
    stored = await journal.get(Prompt, prompts[0].id)
    assert (stored.reason, stored.version) == ("second", 3)


async def test_the_viewers_prompts_say_nothing_of_their_signal(journal, prompts):  # noqa: F811
    ended = [replace(each, viewer=True) for each in prompts[1:]]
    await journal.commit(*map(Save, ended), Save(_over(prompts[0])))
    (signal,) = await journal.find(Signal)
    assert signal.status is SignalStatus.EXPIRED


# ------------------------------------------------------------------ claiming


async def test_what_is_due_for_the_same_prompt_comes_with_it(journal, prompts):  # noqa: F811
    first, other = prompts[:2]
    later = NOON + timedelta(hours=1)
    items = [
        _item(first, priority=Priority.TAP),
        _item(first, priority=Priority.EDIT),
        _item(first, priority=Priority.BUSY, done_at=NOON),
        _item(first, priority=Priority.BUSY, due_at=later),
        _item(other, priority=Priority.PROMPT),
    ]
    await journal.commit(*map(Insert, items))
    claimed = await journal.claim(MESSAGES, limit=1, hold=HOLD)
    assert [each.id for each in claimed] == [items[0].id, items[1].id]
    claimed = await journal.claim(MESSAGES, limit=9, hold=HOLD)
    assert [each.id for each in claimed] == [items[4].id]


async def test_notices_and_work_of_the_same_subject_come_one_by_one(journal):  # noqa: F811
    notices = [b.an_outbox_item(topic=Topic.NOTICE) for _ in range(2)]
    await journal.commit(*map(Insert, notices))
    assert len(await journal.claim(MESSAGES, limit=1, hold=HOLD)) == 1
