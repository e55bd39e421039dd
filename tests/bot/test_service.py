"""The running service: started and ended in order, honest about its parts."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import text
from structlog.testing import capture_logs

from bot.app import House, open_house
from bot.service import Service
from bot.telegram.wire import receiver
from charts.pool import RenderPool
from core.accounts import Account, GuardPhase, GuardState
from core.errors import ChartFailed, JournalUnavailable, Refused
from core.ids import AccountId
from core.messages import InboxUpdate, Lease, OutboxItem, Topic
from core.ports import Insert
from core.prompts import Prompt, PromptState
from tests.bot.offices import PAPER, office_in, settings_of
from tests.bot.sandbox.helpers import TOKEN
from tests.bot.telegram.stage import OWEN, Stage, telegram
from tests.bot.waiting import turns, until, until_found
from tests.builders import (
    a_lease,
    a_prompt,
    a_provider,
    a_signal,
    a_trade,
    a_user,
    an_account,
    an_inbox_update,
    an_outbox_item,
)
from tests.fakes import NOON, FixedClock

DEMO = AccountId("demo")
QUICK = {"guard_seconds": "0.1", "reconcile_seconds": "0.2", "expire_seconds": "0.1"}


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch) -> None:
    """Charts have tests of their own; here no process is started for them."""

    async def start(_: RenderPool) -> None:
        return

    monkeypatch.setattr(RenderPool, "start", start)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with telegram(FixedClock()) as opened:
        yield opened


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _sections(**more: Any) -> dict[str, Any]:
    return {
        "service": {"port": _free_port()},
        "jobs": QUICK,
        "telegram": {"owners": [OWEN]},
        "accounts": {"demo": PAPER | {"speed": 20}},
    } | more


class Running:
    """A service that was made, and its way to the web."""

    def __init__(self, house: House, service: Service) -> None:
        self.house = house
        self.service = service
        self.tools = service.tools
        port = house.office.settings.service.port
        self._base = f"http://127.0.0.1:{port}"

    async def get(self, path: str) -> tuple[int, Any]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(self._base + path) as answer,
        ):
            return answer.status, await answer.json()


@asynccontextmanager
async def _made(folder: Path, stage: Stage, **sections: Any) -> AsyncIterator[Running]:
    settings = settings_of(**_sections(**sections))
    async with open_house(settings, folder, command="a test") as house:
        yield Running(house, Service(house, token=TOKEN, api_base=stage.url))


@asynccontextmanager
async def _running(
    folder: Path, stage: Stage, **sections: Any
) -> AsyncIterator[Running]:
    async with _made(folder, stage, **sections) as made:
        try:
            await made.service.start()
            yield made
        finally:
            await made.service.stop()


async def _ready(running: Running) -> None:
    """Every part has done its first round."""

    async def all_ok() -> bool:
        return all(part.ok for part in (await running.service.parts()).values())

    await until_found(all_ok)


# ------------------------------------------------------------------ start


async def test_it_is_ready_once_every_part_has_done_its_round(tmp_path, stage):
    async with _running(tmp_path, stage) as running:
        assert await running.get("/healthz") == (200, {"status": "ok"})
        await _ready(running)
        status, answer = await running.get("/readyz")
    assert (status, answer["status"]) == (200, "ready")
    assert set(answer["parts"]) == {"database", "schema", "guard", "telegram"}


async def test_its_port_is_one_that_strangers_may_reach(tmp_path, stage):
    async with _running(tmp_path, stage) as running, asyncio.timeout(5):
        port = running.house.office.settings.service.port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"BREW /secret HTTP/1.1\r\n\r\n")
        answer = await reader.read()
        writer.close()
    assert b"application/problem+json" in answer
    assert b"secret" not in answer


async def test_accounts_are_made_as_configured_and_watched(tmp_path, stage):
    async with _running(tmp_path, stage) as running:
        await _ready(running)
        (account,) = await running.tools.journal.find(Account)
        guard = await running.tools.journal.get(GuardState, DEMO)
    assert (account.id, account.currency) == (DEMO, "USD")
    assert (guard.phase, guard.equity) == (GuardPhase.ARMED, 10_000)


async def test_an_account_that_still_holds_something_must_not_be_forgotten(
    tmp_path, stage
):
    async with _made(tmp_path, stage) as made:
        await made.tools.journal.commit(
            Insert(an_account(id=AccountId("gone"))),
            Insert(a_trade(account_id=AccountId("gone"))),
        )
        with pytest.raises(Refused, match=r"\[accounts.gone\] is missing"):
            await made.service.start()
        await made.service.stop()


async def test_a_person_is_answered(tmp_path, stage):
    async with _running(tmp_path, stage):
        stage.say(OWEN, "/start")
        await until(lambda: len(stage.chat(OWEN)) == 2)
    assert stage.texts(OWEN)[0].startswith("Welcome, Owen.\n· demo: you are an owner")


async def test_telegram_learns_our_commands(tmp_path, stage):
    async with _running(tmp_path, stage) as running:
        await until(lambda: bool(running.service.username))
        assert running.service.username == "tapgate_sandbox_bot"
    assert stage.world.profile.commands


async def test_more_routes_may_stand_on_the_same_port(tmp_path, stage):
    async def extra(_: web.Request) -> web.Response:
        return web.json_response("here")

    def add(app: web.Application) -> None:
        app.router.add_get("/extra", extra)

    async with _made(tmp_path, stage) as made:
        await made.service.start(extra=add)
        assert await made.get("/extra") == (200, "here")
        await made.service.stop()


async def test_what_a_former_process_held_is_free_again(tmp_path, stage):
    far = NOON.replace(year=2099)
    held = an_outbox_item(topic=Topic.NOTICE, claimed_until=far)
    lease = a_lease(id="account:demo", holder="another", expires_at=far)
    async with office_in(tmp_path) as office:
        await office.journal.commit(Insert(held), Insert(lease))
    async with _running(tmp_path, stage) as running:
        await _ready(running)
        item = await running.tools.journal.get(OutboxItem, held.id)
        mine = await running.tools.journal.get(Lease, lease.id)
    assert item.claimed_until != far  # free, or claimed by this process since
    assert (mine.holder != "another", mine.epoch) == (True, 2)


async def test_an_update_that_a_former_process_left_is_handled(tmp_path, stage):
    person = {"id": OWEN, "is_bot": False, "first_name": "Owen"}
    chat = {"id": OWEN, "type": "private"}
    message = {"message_id": 1, "date": 1, "chat": chat, "from": person}
    body = json.dumps({"update_id": 5, "message": message | {"text": "/start"}})
    row = an_inbox_update(id=5, user_id=OWEN, body=body)
    async with office_in(tmp_path) as office:
        await office.journal.commit(Insert(row))
    async with _running(tmp_path, stage) as running:
        await until(lambda: bool(stage.chat(OWEN)))

        async def done() -> bool:
            kept = await running.tools.journal.get(InboxUpdate, 5)
            return kept.done_at is not None

        await until_found(done)


async def test_what_nobody_decided_is_swept(tmp_path, stage):
    past = NOON.replace(year=2000)
    signal = a_signal(expires_at=past)
    prompt = a_prompt(signal_id=signal.id, state=PromptState.QUEUED, expires_at=past)
    async with _running(tmp_path, stage) as running:
        rows = (a_provider(), a_user(), signal, prompt)
        await running.tools.journal.commit(*(Insert(row) for row in rows))

        async def expired() -> bool:
            kept = await running.tools.journal.get(Prompt, prompt.id)
            return kept.state is PromptState.EXPIRED

        await until_found(expired)


async def test_charts_that_are_not_ready_are_no_reason_to_stop(
    tmp_path, stage, monkeypatch
):
    async def fail(_: RenderPool) -> None:
        message = "no process to be had"
        raise ChartFailed(message)

    monkeypatch.setattr(RenderPool, "start", fail)
    with capture_logs() as lines:
        async with _running(tmp_path, stage) as running:
            await _ready(running)
    assert "charts_not_ready" in [line["event"] for line in lines]


async def test_a_taken_port_is_refused_and_everything_is_let_go(tmp_path, stage):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Refused, match=f"Port {port} of 127.0.0.1 cannot be had"):
            async with _running(tmp_path, stage, service={"port": port}):
                pass
    async with _running(tmp_path, stage):
        pass


# ------------------------------------------------------------------ end


async def test_at_the_end_no_signal_is_taken_any_more(tmp_path, stage):
    async with _running(tmp_path, stage) as running:
        running.service._draining = True
        status, answer = await running.get("/readyz")
    assert (status, answer["status"]) == (503, "unready")


async def test_at_the_end_its_accounts_are_let_go(tmp_path, stage):
    other = a_lease(id="account:other", expires_at=NOON.replace(year=2099))
    async with _made(tmp_path, stage) as made:
        await made.service.start()
        await made.tools.journal.commit(Insert(other))
        await made.service.stop()
        now = made.tools.clock.now()
        leases = await made.tools.journal.find(Lease)
    held = {lease.id for lease in leases if lease.expires_at > now}
    assert ({lease.id for lease in leases}, held) == (
        {"account:demo", "account:other"},
        {"account:other"},
    )


class _Away:
    """A journal whose database went away."""

    async def find(self, *_: object, **__: object) -> NoReturn:
        message = "the database does not answer"
        raise JournalUnavailable(message)


async def test_without_a_database_it_ends_all_the_same(tmp_path, stage):
    async with _made(tmp_path, stage) as made:
        await made.service.start()
        made.service.fleet._tools = replace(made.tools, journal=_Away())
        with capture_logs() as lines:
            await made.service.stop()
    assert [line["event"] for line in lines][-2:] == [
        "leases_run_out_by_themselves",
        "stopped",
    ]


async def test_work_under_way_ends_by_itself(tmp_path, stage):
    done: list[int] = []
    gate = asyncio.Event()

    async def work() -> None:
        await gate.wait()
        done.append(1)

    async with _running(tmp_path, stage) as running:
        running.service._nursery.start("work", work())
        stopping = asyncio.get_running_loop().create_task(running.service.stop())
        await turns()
        gate.set()
        await stopping
    assert done == [1]


# ------------------------------------------------------------------ health


async def test_a_part_in_trouble_is_named(tmp_path, stage, monkeypatch):
    async with _made(tmp_path, stage) as made:
        parts = await made.service.parts()
    assert (parts["database"].ok, parts["schema"].ok) == (True, True)
    assert parts["guard"].detail == "1 accounts were not looked at in time."
    assert parts["telegram"].detail == "Telegram has not answered for a while."


async def test_a_telegram_that_fell_silent_is_trouble(tmp_path, stage, monkeypatch):
    async with _running(tmp_path, stage) as running:
        await _ready(running)
        monkeypatch.setattr(receiver, "SILENT", timedelta(seconds=-1))
        parts = await running.service.parts()
    assert not parts["telegram"].ok


async def test_another_instance_of_the_bot_is_trouble(tmp_path, stage):
    async with _running(tmp_path, stage) as running:
        await _ready(running)
        stage.fail("getUpdates", status=409, description="Conflict: terminated by")
        stage.say(OWEN, "/help")  # ends the poll under way

        async def told() -> bool:
            return not (await running.service.parts())["telegram"].ok

        await until_found(told)
        status, answer = await running.get("/readyz")
    assert (status, answer["status"]) == (200, "degraded")
    assert "409 Conflict" in answer["parts"]["telegram"]["detail"]


async def test_an_old_schema_is_trouble(tmp_path, stage):
    async with _made(tmp_path, stage) as made:
        engine = made.house.office.journal.engines.write
        async with engine.begin() as database:
            await database.execute(text("UPDATE alembic_version SET version_num='0'"))
        parts = await made.service.parts()
    assert parts["schema"].detail == "The schema is old: run `tapgate migrate`."


# ------------------------------------------------------------------ by webhook

SECRET = "hook-Secret_1"  # noqa: S105 - of a fake
HOOKED = {"owners": [OWEN], "mode": "webhook", "webhook_secret": SECRET}


async def _post(running: Running, update_id: int) -> int:
    """Post an update as Telegram does; the status of the answer."""
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    port = running.house.office.settings.service.port
    url = f"http://127.0.0.1:{port}/telegram/webhook"
    update = {"update_id": update_id}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(url, json=update) as answer,
    ):
        return answer.status


async def test_by_webhook_a_person_is_answered_and_nobody_polls(tmp_path, stage):
    async with _running(tmp_path, stage, telegram=HOOKED) as running:
        stage.say(OWEN, "/start")
        await until(lambda: len(stage.chat(OWEN)) == 2)
        await _ready(running)
    assert stage.calls("getUpdates", "deleteWebhook") == []
    assert stage.world.updates.webhook is not None  # stays: Telegram keeps what comes


async def test_a_webhook_that_cannot_be_set_is_told_and_stops_nothing(tmp_path, stage):
    description = "Bad Request: bad webhook: HTTPS url must be provided for webhook"
    stage.fail("setWebhook", status=400, description=description, times=99)
    async with _running(tmp_path, stage, telegram=HOOKED) as running:

        async def told() -> bool:
            part = (await running.service.parts())["telegram"]
            return part.detail == f"Telegram does not take the webhook: {description}."

        await until_found(told)
        status, answer = await running.get("/readyz")
    assert (status, answer["status"]) == (200, "degraded")


async def test_while_it_starts_telegram_keeps_what_it_posts(
    tmp_path, stage, monkeypatch
):
    async with _made(tmp_path, stage, telegram=HOOKED) as made:
        answered: list[int] = []
        look = made.service.fleet.first_look

        async def first_look() -> None:
            answered.append(await _post(made, 7))
            await look()

        monkeypatch.setattr(made.service.fleet, "first_look", first_look)
        await made.service.start()
        answered.append(await _post(made, 7))
        await made.service.stop()
    assert answered == [503, 200]


async def test_while_it_ends_telegram_keeps_what_it_posts(tmp_path, stage):
    gate = asyncio.Event()

    async def work() -> None:
        await gate.wait()

    async with _made(tmp_path, stage, telegram=HOOKED) as made:
        await made.service.start()
        assert await _post(made, 7) == 200
        made.service._nursery.start("work", work())
        stopping = asyncio.get_running_loop().create_task(made.service.stop())
        await turns()
        assert await _post(made, 8) == 503
        gate.set()
        await stopping
        rows = await made.tools.journal.find(InboxUpdate)
    assert [row.id for row in rows] == [7]
