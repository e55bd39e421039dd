"""Updates are durable before they are acknowledged, and handled in order."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from aiogram.types import InaccessibleMessage, Update
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.tasks import Nursery
from bot.telegram.office import make_bot
from bot.telegram.wire import receiver as module
from bot.telegram.wire.receiver import (
    DISPUTED,
    NO_ANSWER,
    OTHER_INSTANCE,
    SILENT,
    Receiver,
    sender_of,
)
from core.desk.tools import Tools
from core.errors import Conflict, JournalUnavailable
from core.messages import InboxUpdate, NoticeKind, OutboxItem
from core.ports import Insert
from tests.bot.sandbox.helpers import TOKEN
from tests.bot.telegram.stage import ADA, BOB, Stage
from tests.bot.waiting import turns, until
from tests.builders import a_user, an_inbox_update
from tests.core.desk.world import RacingJournal, World
from tests.fakes import NOON


@dataclass
class Handler:
    """Notes what it is given; a test may let it wait or fail."""

    seen: list[InboxUpdate] = field(default_factory=list)
    done: list[int] = field(default_factory=list)
    gates: dict[int, asyncio.Event] = field(default_factory=dict)
    fails: set[int] = field(default_factory=set)
    """Users at whose updates it breaks down."""

    async def __call__(self, update: InboxUpdate) -> None:
        self.seen.append(update)
        gate = self.gates.get(update.user_id)
        if gate is not None:
            await gate.wait()
        if update.user_id in self.fails:
            message = "the handler broke down"
            raise RuntimeError(message)
        self.done.append(update.id)

    def texts(self) -> list[str]:
        return [json.loads(each.body)["message"]["text"] for each in self.seen]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def journal(world: World) -> RacingJournal:
    return world.journal


@pytest.fixture
def tools(world: World) -> Tools:
    return world.tools


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
async def nursery():
    made = Nursery()
    yield made
    await made.close()


@pytest.fixture
def receiver(tools, stage: Stage, nursery, handler) -> Receiver:
    return Receiver(tools, stage.bot, nursery, handler)


async def undone(journal: RacingJournal) -> int:
    return await journal.count(InboxUpdate, done_at=None)


# ------------------------------------------------------------------ coming in


async def test_an_update_is_kept_as_it_came_and_handled(
    receiver, stage, handler, journal
):
    stage.say(ADA, "/pending")
    assert await receiver.poll() == 1
    await until(lambda: bool(handler.done))
    (row,) = await journal.find(InboxUpdate)
    assert (row.user_id, row.received_at) == (ADA, NOON)
    assert json.loads(row.body)["message"]["text"] == "/pending"
    assert handler.texts() == ["/pending"]


async def test_an_update_is_acknowledged_only_after_the_commit(
    receiver, stage, journal, handler
):
    stage.say(ADA, "/pending")

    async def broken() -> None:
        message = "disk full"
        raise JournalUnavailable(message)

    journal.before_writing(InboxUpdate, broken)
    with pytest.raises(JournalUnavailable):
        await receiver.poll()
    assert handler.seen == []
    assert await receiver.poll() == 1
    await until(lambda: len(handler.done) == 1)
    offsets = [each.params.get("offset") for each in stage.calls("getUpdates")]
    assert offsets == [None, None]


async def test_the_next_poll_confirms_what_was_committed(receiver, stage, handler):
    for text in ("one", "two"):
        stage.say(ADA, text)
    await receiver.poll()
    newest = stage.world.updates.waiting()[-1].id
    stage.say(ADA, "three")
    await receiver.poll()
    assert stage.calls("getUpdates")[1].params["offset"] == str(newest + 1)
    await until(lambda: len(handler.done) == 3)
    assert handler.texts() == ["one", "two", "three"]


async def test_a_repeated_update_is_handled_once(receiver, stage, handler):
    stage.say(ADA, "one")
    await receiver.poll()
    (update,) = stage.world.updates.waiting()
    stage.world.updates.repeat(update.id)
    stage.say(ADA, "two")
    await receiver.poll()
    await until(lambda: len(handler.done) == 2)
    assert handler.texts() == ["one", "two"]


async def test_an_empty_poll_changes_nothing(receiver, stage, monkeypatch):
    monkeypatch.setattr(module, "POLL", timedelta(0))
    assert await receiver.poll() == 0
    assert receiver.last_answer == timedelta(0)
    assert receiver._offset is None


async def test_only_what_we_handle_is_asked_for(receiver, stage):
    stage.say(ADA, "x")
    await receiver.poll()
    assert stage.world.updates.allowed == set(module.WANTED)


# ------------------------------------------------------------------ order


async def test_one_persons_updates_never_overtake_each_other(receiver, stage, handler):
    handler.gates[ADA] = asyncio.Event()
    for text in ("one", "two", "three"):
        stage.say(ADA, text)
    await receiver.poll()
    await until(lambda: bool(handler.seen))
    assert handler.texts() == ["one"]
    handler.gates[ADA].set()
    await until(lambda: len(handler.done) == 3)
    assert handler.texts() == ["one", "two", "three"]
    assert handler.done == sorted(handler.done)


async def test_people_do_not_wait_for_each_other(receiver, stage, handler):
    handler.gates[ADA] = asyncio.Event()
    stage.say(ADA, "slow")
    stage.say(BOB, "quick")
    await receiver.poll()
    await until(lambda: bool(handler.done))
    assert [each.user_id for each in handler.seen] == [ADA, BOB]
    assert len(handler.done) == 1
    handler.gates[ADA].set()
    await until(lambda: len(handler.done) == 2)


async def test_a_queue_that_ran_empty_starts_again(receiver, stage, handler):
    for text in ("one", "two"):
        stage.say(ADA, text)
        await receiver.poll()
        await until(lambda: not receiver._waiting)
    assert handler.texts() == ["one", "two"]


# ------------------------------------------------------------------ trouble


async def test_a_handler_that_breaks_down_does_not_stop_the_next(
    receiver, stage, handler, journal
):
    handler.fails = {ADA}
    for text in ("one", "two"):
        stage.say(ADA, text)
    await receiver.poll()
    await until(lambda: len(handler.seen) == 2)
    await until(lambda: not receiver._waiting)
    assert await undone(journal) == 0


async def test_an_update_that_cannot_be_marked_does_not_stop_the_next(
    receiver, stage, handler, journal
):
    for text in ("one", "two"):
        stage.say(ADA, text)

    async def lost_race() -> None:
        message = "somebody wrote"
        raise Conflict(message)

    await receiver.poll()
    journal.before_writing(InboxUpdate, lost_race)
    await until(lambda: len(handler.done) == 2)
    await until(lambda: not receiver._waiting)
    assert await undone(journal) == 1


async def test_what_an_earlier_process_left_is_handled_at_the_start(
    receiver, handler, journal
):
    late = an_inbox_update(id=7, user_id=ADA, received_at=NOON + timedelta(seconds=2))
    early = an_inbox_update(id=9, user_id=ADA, received_at=NOON)
    done = an_inbox_update(id=8, done_at=NOON)
    await journal.commit(*(Insert(row) for row in (late, early, done)))
    assert await receiver.resume() == 2
    await until(lambda: len(handler.done) == 2)
    assert handler.done == [9, 7]
    assert await undone(journal) == 0


def _a_message(update_id: int, text: str, *, age: float, user=ADA) -> InboxUpdate:
    body = {"message": {"from": {"id": user}, "text": text}}
    return an_inbox_update(
        id=update_id,
        user_id=user,
        body=json.dumps(body),
        received_at=NOON - timedelta(seconds=age),
    )


@pytest.mark.parametrize("text", ["/rearm demo calm again", "/rearm@tapgate_bot x"])
async def test_an_old_command_of_an_earlier_process_is_not_carried_out(
    receiver, handler, journal, text
):
    await journal.commit(Insert(a_user(id=ADA)), Insert(_a_message(7, text, age=61)))
    await receiver.resume()
    assert await undone(journal) == 0
    assert not receiver._waiting
    (told,) = await journal.find(OutboxItem)
    assert told.notice is NoticeKind.COMMAND_LATE
    assert text.startswith(told.detail)


async def test_a_command_that_waited_at_telegram_for_long_is_not_carried_out(
    receiver, handler, journal, stage, world
):
    await journal.commit(Insert(a_user(id=ADA)))
    stage.say(ADA, "/rearm demo calm again")
    world.clock.advance(timedelta(hours=8))
    await receiver.poll()
    await until(lambda: not receiver._waiting)
    assert handler.done == []
    (told,) = await journal.find(OutboxItem)
    assert (told.notice, told.detail) == (NoticeKind.COMMAND_LATE, "/rearm")


async def test_a_clock_that_differs_a_little_from_telegrams_bars_no_command(
    receiver, handler, stage, world
):
    stage.say(ADA, "/panic demo")
    world.clock.advance(timedelta(minutes=9))
    await receiver.poll()
    await until(lambda: len(handler.done) == 1)


async def test_a_strangers_old_command_ends_in_silence(receiver, journal):
    await journal.commit(Insert(_a_message(7, "/rearm demo x", age=61)))
    await receiver.resume()
    assert await undone(journal) == 0
    assert await journal.count(OutboxItem) == 0


@pytest.mark.parametrize(
    "left",
    [
        _a_message(7, "/rearm demo calm again", age=59),
        _a_message(7, "/start invite", age=3600),
        _a_message(7, "/panic demo", age=3600),
        _a_message(7, "/closeall", age=3600),
        _a_message(7, "/positions", age=3600),
        _a_message(7, "too close to the news", age=3600),
        _a_message(7, "", age=3600),
        an_inbox_update(id=7, user_id=ADA, received_at=NOON - timedelta(hours=1)),
    ],
)
async def test_anything_else_is_handled_however_old(receiver, handler, journal, left):
    await journal.commit(Insert(left))
    await receiver.resume()
    await until(lambda: handler.done == [7])


async def test_an_update_whose_commit_got_no_answer_is_handled_when_it_comes_again(
    receiver, handler, journal
):
    row = _a_message(7, "/pending", age=0)
    await journal.commit(Insert(row))
    await receiver.accept([row])
    await until(lambda: handler.done == [7])
    await until(lambda: not receiver._waiting)
    await receiver.accept([row])
    assert handler.done == [7]


async def test_an_update_that_comes_again_while_it_is_handled_is_handled_once(
    receiver, handler
):
    handler.gates[ADA] = asyncio.Event()
    row = _a_message(7, "/pending", age=0)
    await receiver.accept([row])
    await until(lambda: bool(handler.seen))
    await receiver.accept([row])
    handler.gates[ADA].set()
    await until(lambda: not receiver._waiting)
    assert handler.done == [7]


async def test_an_update_cut_off_by_the_end_is_there_at_the_next_start(
    tools, stage, handler, journal
):
    nursery = Nursery()
    handler.gates[ADA] = asyncio.Event()
    receiver = Receiver(tools, stage.bot, nursery, handler)
    stage.say(ADA, "one")
    stage.say(ADA, "two")
    await receiver.poll()
    await until(lambda: bool(handler.seen))
    await nursery.close()
    assert await undone(journal) == 2
    assert receiver._waiting == {}


# ------------------------------------------------------------------ by webhook

POSTED = {"update_id": 7, "message": {"from": {"id": ADA}, "text": "/pending"}}
RAW = ' {"update_id":7,"message":{"from":{"id":1},"text":"/pending"}}'


async def test_what_is_posted_is_kept_as_it_came_and_handled(
    receiver, handler, journal
):
    await receiver.receive(POSTED, RAW)
    (row,) = await journal.find(InboxUpdate)
    assert (row.id, row.user_id, row.body) == (7, ADA, RAW)
    assert (row.received_at, row.done_at) == (NOON, None)
    await until(lambda: handler.done == [7])


async def test_what_is_posted_is_durable_before_it_is_handled(
    receiver, handler, journal
):
    async def broken() -> None:
        message = "disk full"
        raise JournalUnavailable(message)

    journal.before_writing(InboxUpdate, broken)
    with pytest.raises(JournalUnavailable):
        await receiver.receive(POSTED, RAW)
    assert (handler.seen, await journal.count(InboxUpdate)) == ([], 0)
    await receiver.receive(POSTED, RAW)
    await until(lambda: handler.done == [7])


async def test_a_slow_handler_holds_up_no_post(receiver, handler):
    handler.gates[ADA] = asyncio.Event()
    await receiver.receive(POSTED, RAW)
    other = {"update_id": 8, "message": {"from": {"id": BOB}, "text": "x"}}
    await receiver.receive(other, json.dumps(other))
    await until(lambda: handler.done == [8])
    handler.gates[ADA].set()
    await until(lambda: handler.done == [8, 7])


async def test_what_was_polled_for_and_is_posted_too_acts_once(
    receiver, stage, handler
):
    stage.say(ADA, "one")
    (waiting,) = stage.world.updates.waiting()
    await receiver.poll()
    await receiver.receive(waiting.body, json.dumps(waiting.body))
    await until(lambda: not receiver._waiting)
    await receiver.receive(waiting.body, json.dumps(waiting.body))
    assert handler.done == [waiting.id]


async def test_what_was_posted_and_is_polled_for_too_acts_once(
    receiver, stage, handler
):
    stage.say(ADA, "one")
    (waiting,) = stage.world.updates.waiting()
    await receiver.receive(waiting.body, json.dumps(waiting.body))
    await until(lambda: handler.done == [waiting.id])
    assert await receiver.poll() == 1
    await until(lambda: not receiver._waiting)
    assert handler.done == [waiting.id]


async def test_the_same_post_many_times_at_once_acts_once(receiver, handler):
    await asyncio.gather(*(receiver.receive(POSTED, RAW) for _ in range(20)))
    await until(lambda: not receiver._waiting)
    assert handler.done == [7]


async def test_a_repeat_that_looks_first_leaves_nothing_to_the_first(
    tools, stage, nursery, handler, journal, monkeypatch
):
    receiver = Receiver(tools, stage.bot, nursery, handler)
    row = _a_message(7, "/pending", age=0)
    first_is_stored, looked = asyncio.Event(), asyncio.Event()
    accept, get = journal.accept, journal.get

    async def slow_answer(batch: object) -> object:
        verdicts = await accept(batch)
        if verdicts == [None]:
            first_is_stored.set()
            await looked.wait()
        return verdicts

    async def slow_look(kind: object, identity: object) -> object:
        kept = await get(kind, identity)
        looked.set()
        await asyncio.sleep(0.05)  # noqa: TID251 - the first one goes on meanwhile
        return kept

    monkeypatch.setattr(journal, "accept", slow_answer)
    monkeypatch.setattr(journal, "get", slow_look)
    first = asyncio.get_running_loop().create_task(receiver.accept([row]))
    await first_is_stored.wait()
    await receiver.accept([row])
    await first
    await until(lambda: not receiver._waiting)
    assert handler.done == [7]


async def test_a_look_that_fails_leaves_the_update_to_the_next(
    receiver, handler, journal, monkeypatch
):
    row = _a_message(7, "/pending", age=0)
    await journal.commit(Insert(row))

    async def broken(*_: object) -> None:
        message = "gone"
        raise JournalUnavailable(message)

    monkeypatch.setattr(journal, "get", broken)
    with pytest.raises(JournalUnavailable):
        await receiver.accept([row])
    monkeypatch.undo()
    await receiver.accept([row])
    await until(lambda: handler.done == [7])


async def test_posts_are_taken_once_what_was_left_is_handed_on(receiver):
    assert not receiver.open
    await receiver.resume()
    assert receiver.open
    receiver.close()
    assert not receiver.open


async def test_what_comes_at_the_end_is_kept_for_the_next_start(
    receiver, handler, journal, nursery
):
    await receiver.resume()
    receiver.close()
    await receiver.receive(POSTED, RAW)
    await nursery.close(grace=timedelta(seconds=1))
    assert (handler.seen, await undone(journal)) == ([], 1)


async def test_what_is_under_way_at_the_end_is_finished(
    receiver, handler, journal, nursery
):
    handler.gates[ADA] = asyncio.Event()
    await receiver.resume()
    await receiver.receive(POSTED, RAW)
    await until(lambda: bool(handler.seen))
    receiver.close()
    closing = asyncio.get_running_loop().create_task(
        nursery.close(grace=timedelta(seconds=9))
    )
    await turns()
    handler.gates[ADA].set()
    await closing
    assert (handler.done, await undone(journal)) == ([7], 0)


# ------------------------------------------------------------------ somebody else

POLLED_ELSEWHERE = "Conflict: terminated by other getUpdates request; make sure that x"
HOOKED = "Conflict: can't use getUpdates method while webhook is active; use y"


async def test_another_instance_that_polls_is_told(receiver, stage, world, monkeypatch):
    waits = _noted_waits(monkeypatch)
    stage.fail("getUpdates", status=409, description=POLLED_ELSEWHERE)
    await _run(receiver, lambda: bool(waits))
    assert receiver.trouble() == OTHER_INSTANCE
    world.clock.advance(DISPUTED + timedelta(seconds=1))
    receiver.last_answer = world.clock.monotonic()
    assert receiver.trouble() == ""


async def test_a_webhook_that_could_not_be_taken_away_is_no_other_instance(
    receiver, stage, handler, monkeypatch
):
    _noted_waits(monkeypatch)
    stage.fail("deleteWebhook", status=500, description="x")
    stage.fail("getUpdates", status=409, description=HOOKED)
    stage.say(ADA, "one")
    await _run(receiver, lambda: bool(handler.done))
    assert receiver.trouble() == ""
    assert [method for method, _ in stage.called()][:4] == [
        "deleteWebhook",
        "getUpdates",
        "deleteWebhook",
        "getUpdates",
    ]


async def test_a_webhook_that_somebody_sets_is_taken_away_and_told(
    receiver, stage, handler, monkeypatch
):
    _noted_waits(monkeypatch)
    stage.say(ADA, "one")
    stage.fail("getUpdates", status=409, description=HOOKED)
    await _run(receiver, lambda: bool(handler.done))
    assert receiver.trouble() == OTHER_INSTANCE
    assert len(stage.calls("deleteWebhook")) == 2


async def test_a_poll_that_fails_otherwise_is_nobody_elses_doing(
    receiver, stage, handler, monkeypatch
):
    _noted_waits(monkeypatch)
    stage.fail("getUpdates", status=500, description=HOOKED)
    stage.say(ADA, "one")
    await _run(receiver, lambda: bool(handler.done))
    assert receiver.trouble() == ""


async def test_a_telegram_that_fell_silent_is_told(receiver, world, stage):
    assert receiver.trouble() == NO_ANSWER
    stage.say(ADA, "one")
    await receiver.poll()
    world.clock.advance(SILENT)
    assert receiver.trouble() == ""
    world.clock.advance(timedelta(seconds=1))
    assert receiver.trouble() == NO_ANSWER


# ------------------------------------------------------------------ the loop


async def _run(receiver: Receiver, true: Callable[[], bool]) -> None:
    """Let the loop run until something is true."""
    running = asyncio.get_running_loop().create_task(receiver.run())
    try:
        await until(true)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_the_loop_takes_an_old_webhook_away_and_polls(receiver, stage, handler):
    stage.say(ADA, "one")
    await _run(receiver, lambda: bool(handler.done))
    assert [method for method, _ in stage.called()][:2] == [
        "deleteWebhook",
        "getUpdates",
    ]


async def test_telegram_has_answered_before_the_first_poll_ends(receiver, stage):
    await _run(receiver, lambda: receiver.last_answer is not None)
    assert "deleteWebhook" in [method for method, _ in stage.called()]


@pytest.mark.parametrize(
    "how",
    [
        {"status": 500, "description": "Internal Server Error"},
        {"status": 401, "description": "Unauthorized"},
        {"status": 409, "description": "Conflict: terminated by other getUpdates"},
        {"non_json": True},
    ],
)
async def test_a_failed_poll_is_tried_again(receiver, stage, handler, how, monkeypatch):
    waits = _noted_waits(monkeypatch)
    stage.fail("getUpdates", **how)
    stage.fail("deleteWebhook", **how)
    stage.say(ADA, "one")
    await _run(receiver, lambda: bool(handler.done))
    assert waits == [module.RETRY]


async def test_a_poll_waits_as_long_as_telegram_says(
    receiver, stage, handler, monkeypatch
):
    waits = _noted_waits(monkeypatch)
    stage.fail("getUpdates", status=429, description="x", retry_after=9)
    stage.say(ADA, "one")
    await _run(receiver, lambda: bool(handler.done))
    assert waits == [timedelta(seconds=9)]


async def test_a_server_that_answers_empty_polls_at_once_is_not_hammered(
    receiver, stage, monkeypatch
):
    monkeypatch.setattr(module, "POLL", timedelta(0))
    waits = _noted_waits(monkeypatch)
    await _run(receiver, lambda: len(waits) == 3)
    assert waits == [module.RETRY] * 3


def _noted_waits(monkeypatch) -> list[timedelta]:
    waits: list[timedelta] = []

    async def noted(span: timedelta) -> None:
        waits.append(span)
        await asyncio.sleep(0)  # noqa: TID251 - as a wait does

    monkeypatch.setattr(module, "pause", noted)
    return waits


# ------------------------------------------------------------------ what is kept

PERSON = {"id": ADA, "is_bot": False, "first_name": "Ada"}
CHAT = {"id": ADA, "type": "private"}
QUERY = {"id": "5", "from": PERSON, "chat_instance": "x", "data": "1:ap:n"}
OLD = {"chat": CHAT, "message_id": 3, "date": 0}


async def _poll_of(tools, nursery, handler, update: dict) -> None:
    """One poll of a server that has this update."""

    async def updates(_: web.Request) -> web.Response:
        return web.json_response({"ok": True, "result": [update]})

    app = web.Application()
    app.router.add_post(r"/bot{token}/getUpdates", updates)
    server = TestServer(app)
    await server.start_server()
    bot = make_bot(TOKEN, str(server.make_url("/")))
    await Receiver(tools, bot, nursery, handler).poll()
    await until(lambda: bool(handler.done))
    await bot.session.close()
    await server.close()


async def test_a_tap_on_a_message_that_telegram_no_longer_shows_is_kept_whole(
    tools, nursery, handler
):
    update = {"update_id": 9, "callback_query": QUERY | {"message": OLD}}
    await _poll_of(tools, nursery, handler, update)
    (kept,) = handler.seen
    query = Update.model_validate_json(kept.body).callback_query
    assert isinstance(query.message, InaccessibleMessage)
    assert (query.message.message_id, query.from_user.id) == (3, ADA)


async def test_a_tap_without_its_message_is_kept_too(tools, nursery, handler):
    await _poll_of(tools, nursery, handler, {"update_id": 9, "callback_query": QUERY})
    (kept,) = handler.seen
    assert Update.model_validate_json(kept.body).callback_query.message is None
    assert kept.user_id == ADA


async def test_an_update_of_nobody_in_particular_is_kept_under_zero(
    tools, nursery, handler
):
    post = {"message_id": 4, "date": 1, "chat": {"id": -5, "type": "channel"}}
    await _poll_of(tools, nursery, handler, {"update_id": 9, "channel_post": post})
    assert handler.seen[0].user_id == 0


def test_the_sender_of_an_update_is_the_person_behind_it():
    for kind in module.WANTED:
        assert sender_of({"update_id": 1, kind: {"from": PERSON}}) == ADA
    assert sender_of({"update_id": 1, "message": {"chat": CHAT}}) == 0


@pytest.mark.parametrize(
    "part",
    ["x", 1, [], {}, {"from": 5}, {"from": {}}, {"from": {"id": "1"}}]
    + [{"from": {"id": number}} for number in (True, 1.0, 2**63, -(2**63))],
    ids=repr,
)
async def test_an_update_whose_sender_cannot_be_read_is_kept_under_zero(
    receiver, handler, part
):
    update = {"update_id": 7, "message": part}
    await receiver.receive(update, json.dumps(update))
    await until(lambda: handler.done == [7])
    assert handler.seen[0].user_id == 0


@pytest.mark.parametrize("text", [None, 5, ["/rearm"], "/rearm demo x"], ids=repr)
@pytest.mark.parametrize("date", [None, "x", 1.5, True, -1, 2**33, 10**30], ids=repr)
async def test_a_text_or_a_time_that_is_none_does_no_harm(
    receiver, handler, text, date
):
    update = {"update_id": 7, "message": {"text": text, "date": date}}
    await receiver.receive(update, json.dumps(update))
    await until(lambda: handler.done == [7])


async def test_an_update_that_nobody_can_read_does_not_hide_the_next(
    tools, nursery, handler, journal
):
    strange = {"update_id": 9, "message": {"from": PERSON, "nothing": "else"}}
    await _poll_of(tools, nursery, handler, strange)
    assert await undone(journal) == 0
