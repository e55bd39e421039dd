from datetime import timedelta

from core.desk.reasons import ask_reason, give_reason, hear_reason
from core.desk.taps import OUTDATED
from core.messages import AuditEntry
from core.prompts import REASON_LIMIT, Approval
from tests.core.desk.world import ADA, BOB, World, own_desk, shared_desk


async def rejected(external_id: str = "gold-1", world: World | None = None) -> World:
    world = world or await own_desk()
    await world.offered(external_id=external_id)
    await world.reject()
    return world


async def ask(world: World):
    return await ask_reason(world.tools, world.tap((await world.prompt()).nonce, ADA))


async def give(world: World, reason: str):
    tap = world.tap((await world.prompt()).nonce, ADA)
    return await give_reason(world.tools, tap, reason)


async def reasons(world: World) -> list[str | None]:
    return [each.reason for each in await world.journal.find(Approval)]


async def test_a_chosen_reason_is_kept_and_audited():
    world = await rejected()
    reply = await give(world, " Too close to the news. ")
    assert reply.text == "Thank you, noted."
    assert await reasons(world) == ["Too close to the news."]
    entry = await world.one(AuditEntry, action="reason_given")
    assert entry.actor == "user:1"


async def test_a_reason_is_shown_on_the_message():
    world = await rejected()
    prompt = await world.prompt()
    drawn = await world.redrawn(prompt)
    await give(world, "News.")
    assert await world.redrawn(prompt) == drawn + 1


async def test_no_reason_is_an_answer_too():
    world = await rejected()
    assert (await give(world, "")).text == "All right, no reason."
    assert (await give(world, "After all.")).text == (
        "The reason is written down already."
    )


async def test_a_long_reason_is_cut():
    world = await rejected()
    await give(world, "x" * 600)
    assert await reasons(world) == ["x" * REASON_LIMIT]


async def test_the_next_plain_message_is_the_reason_that_was_asked_for():
    world = await rejected()
    assert (await ask(world)).text == "Write the reason as a message."
    reply = await hear_reason(world.tools, ADA, "I do not like Mondays.")
    assert reply is not None
    assert await reasons(world) == ["I do not like Mondays."]


async def test_a_plain_message_that_nobody_asked_for_is_none():
    world = await rejected()
    assert await hear_reason(world.tools, ADA, "Hello?") is None
    assert await reasons(world) == [None]


async def test_a_plain_message_long_after_the_question_is_none():
    world = await rejected()
    await ask(world)
    world.clock.advance(timedelta(minutes=10, seconds=1))
    assert await hear_reason(world.tools, ADA, "Where was I?") is None


async def test_a_second_message_is_no_second_reason():
    world = await rejected()
    await ask(world)
    await hear_reason(world.tools, ADA, "First.")
    assert await hear_reason(world.tools, ADA, "Second.") is None


async def test_a_reason_belongs_to_the_rejection_it_was_asked_for():
    world = await rejected()
    await ask(world)
    world.later(seconds=5)
    await rejected("gold-2", world)
    await hear_reason(world.tools, ADA, "The first one.")
    assert await reasons(world) == ["The first one.", None]


async def test_the_latest_question_is_answered_first():
    world = await rejected()
    await ask(world)
    world.later(seconds=5)
    await rejected("gold-2", world)
    await ask(world)
    await hear_reason(world.tools, ADA, "The second one.")
    assert await reasons(world) == [None, "The second one."]


async def test_another_persons_message_is_no_reason():
    world = await rejected()
    await ask(world)
    assert await hear_reason(world.tools, BOB, "Mine?") is None


async def test_a_prompt_that_was_not_rejected_takes_no_reason():
    world = await own_desk()
    await world.offered()
    await world.approve()
    assert (await give(world, "Oh.")).text == "The reason is written down already."
    assert (await ask(world)).text == "The reason is written down already."


async def test_another_persons_rejection_takes_no_reason():
    world = await shared_desk()
    await world.offered()
    await world.reject(ADA)
    tap = world.tap((await world.prompt(ADA)).nonce, BOB)
    assert await give_reason(world.tools, tap, "Ha.") == OUTDATED
    assert await ask_reason(world.tools, tap) == OUTDATED
