"""Who was known a moment ago: good enough to store under a condition, never to refuse.

Each test lets the service read people once, changes them, and sends what would be
answered otherwise by those of before.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot import keys, signing
from core.errors import Duplicate
from core.ids import ProviderName
from core.messages import OutboxItem
from core.ports import Delete, Insert, Save, Write
from core.refusals import RefusalCause, RefusedRequests
from core.signals import Signal, SignalStatus
from core.users import Provider, Subscription
from tests.bot.web.service import BODY, SIGNALS, Service, serving
from tests.builders import DEMO, a_provider
from tests.fakes import FixedClock
from tests.memory_journal import MemoryJournal

NEXT = BODY | {"external_id": "next"}
CANCEL = {"external_id": "c", "action": "cancel", "target": BODY["external_id"]}


class Watched(MemoryJournal):
    """Counts reads of people; writes what is ``slipped`` in before the next accept."""

    def __init__(self, clock: FixedClock) -> None:
        super().__init__(clock)
        self.looks = 0
        self.slipped: list[Write] = []

    async def people_version(self) -> int:
        self.looks += 1
        return await super().people_version()

    async def accept(
        self, batch: Sequence[Sequence[Write]]
    ) -> Sequence[Duplicate | None]:
        slipped, self.slipped = self.slipped, []
        if slipped:
            await self.commit(*slipped)
        return await super().accept(batch)


def _limited(**limits: int) -> Any:
    return lambda context: replace(context, limits=replace(context.limits, **limits))


@pytest.fixture
async def known(tmp_path: Path) -> AsyncIterator[Service]:
    """A service that has read people, and stored ``BODY``."""
    async with serving(tmp_path, make_journal=Watched) as service:
        assert (await service.send(BODY)).status == 201
        yield service


def watched(service: Service) -> Watched:
    assert isinstance(service.journal, Watched)
    return service.journal


async def demo(service: Service, **over: object) -> Save:
    row = await service.journal.get(Provider, DEMO)
    assert row is not None
    news: dict[str, Any] = over
    return Save(replace(row, **news))


async def change(service: Service, **over: object) -> None:
    await service.journal.commit(await demo(service, **over))


async def noted(service: Service) -> dict[RefusalCause, int]:
    await service.refusals.write()
    rows = await service.journal.find(RefusedRequests)
    return {row.cause: row.count for row in rows}


# ------------------------------------------------------------------ nothing changed


async def test_a_new_signal_needs_no_read_of_people(known: Service) -> None:
    looks = watched(known).looks
    for number in range(5):
        answer = await known.send(BODY | {"external_id": f"s{number}"})
        assert answer.status == 201
    assert watched(known).looks == looks


async def test_a_dry_run_still_stores_nothing(known: Service) -> None:
    answer = await known.send(NEXT, "?dry_run=1")
    assert (answer.status, await answer.json()) == (200, {"valid": True})
    assert len(await known.stored()) == 1


async def test_many_at_once_are_stored_once_each(known: Service) -> None:
    names = [f"s{number % 10}" for number in range(40)]
    answers = await asyncio.gather(
        *(known.send(BODY | {"external_id": name}) for name in names)
    )
    assert sorted(answer.status for answer in answers) == [200] * 30 + [201] * 10
    assert await known.journal.count(Signal) == 11
    assert await known.journal.count(OutboxItem) == 11


async def test_what_is_refused_is_read_for_and_noted_once(known: Service) -> None:
    looks = watched(known).looks
    assert (await known.send(NEXT, X_Signature="0" * 64)).status == 401
    assert watched(known).looks == looks + 1
    assert await noted(known) == {RefusalCause.FORGED: 1}


# ------------------------------------------------------------- a provider who changed


@pytest.mark.parametrize(
    ("content", "query"),
    [
        pytest.param(NEXT, "", id="new"),
        pytest.param(NEXT, "?dry_run=1", id="dry run"),
        pytest.param(BODY, "", id="repeated"),
        pytest.param(BODY | {"price": "1951"}, "", id="conflict"),
        pytest.param(CANCEL, "", id="cancel"),
        pytest.param(NEXT | {"side": "up"}, "", id="refused"),
    ],
)
async def test_a_provider_disabled_a_moment_ago_is_refused(
    known: Service, content: dict[str, Any], query: str
) -> None:
    await change(known, enabled=False)
    with capture_logs() as lines:
        answer = await known.send(content, query)
    assert answer.status == 401
    (signal,) = await known.stored()
    assert signal.status is SignalStatus.NEW
    assert await noted(known) == {RefusalCause.DISABLED: 1}
    (line,) = [line for line in lines if line["event"] == "signal_refused"]
    assert line["provider"] is None


async def test_a_provider_disabled_while_its_signal_is_stored_is_refused(
    known: Service,
) -> None:
    watched(known).slipped = [await demo(known, enabled=False)]
    assert (await known.send(NEXT)).status == 401
    assert len(await known.stored()) == 1
    assert await noted(known) == {RefusalCause.DISABLED: 1}


async def test_a_provider_added_a_moment_ago_is_taken(known: Service) -> None:
    added = a_provider(id=ProviderName("added"))
    await known.journal.commit(Insert(added))
    assert (await known.send(NEXT, X_Provider="added")).status == 201
    assert await noted(known) == {}


async def test_a_provider_enabled_a_moment_ago_is_taken(known: Service) -> None:
    assert (await known.send(NEXT, X_Provider="off")).status == 401
    off = await known.journal.get(Provider, ProviderName("off"))
    assert off is not None
    await known.journal.commit(Save(replace(off, enabled=True)))
    assert (await known.send(NEXT, X_Provider="off")).status == 201
    assert await noted(known) == {RefusalCause.DISABLED: 1}


async def test_a_signature_by_a_key_of_before_is_refused(known: Service) -> None:
    private, public = keys.new_key_pair()
    await change(known, secret_sealed=None, public_key=public)
    assert (await known.send(NEXT)).status == 401
    body = json.dumps(NEXT).encode()
    signed = signing.sign_with_key(private, "msg_1", known.timestamp, body)
    headers = {"X-Provider": "demo", "Content-Type": "application/json", **signed}
    answer = await known.client.post(SIGNALS, data=body, headers=headers)
    assert answer.status == 201


async def test_what_a_provider_may_send_is_what_it_may_now(known: Service) -> None:
    await change(known, instruments=("EURUSD",))
    assert (await known.send(NEXT)).status == 422
    euro = NEXT | {"instrument": "EURUSD", "price": 2, "stop_loss": 1, "take_profit": 3}
    assert (await known.send(euro)).status == 201
    await change(known, instruments=("XAUUSD",))
    assert (await known.send(BODY | {"external_id": "gold"})).status == 201


# ------------------------------------------------------------------ whom it reaches


async def test_whoever_left_a_moment_ago_is_not_counted(known: Service) -> None:
    (choice,) = await known.journal.find(Subscription)
    await known.journal.commit(Delete(choice))
    answer = await known.send(NEXT)
    assert (answer.status, (await answer.json())["recipients"]) == (201, 0)
    addressed = BODY | {"external_id": "to one", "user": 1}
    assert (await known.send(addressed)).status == 422
    await known.journal.commit(Insert(choice))
    again = addressed | {"external_id": "to one again"}
    assert (await known.send(again)).status == 201


# ------------------------------------------------------------------ places


async def test_a_second_look_takes_no_second_place(tmp_path: Path) -> None:
    limited = _limited(rate_per_minute=60, rate_burst=3)
    async with serving(tmp_path, make_journal=Watched, change=limited) as service:
        assert (await service.send(BODY)).status == 201
        watched(service).slipped = [await demo(service, instruments=("XAUUSD",))]
        assert (await service.send(NEXT)).status == 201
        assert watched(service).slipped == []
        wrong = BODY | {"external_id": "wrong", "side": "up"}
        await change(service, instruments=())
        assert (await service.send(wrong)).status == 422
        last = await service.send(BODY | {"external_id": "last"})
        assert (last.status, last.headers["Retry-After"]) == (429, "1")


async def test_a_limit_lifted_a_moment_ago_refuses_nobody(tmp_path: Path) -> None:
    limited = _limited(rate_per_minute=1, rate_burst=1, open_signals=1)
    async with serving(tmp_path, change=limited) as service:
        assert (await service.send(BODY)).status == 201
        assert (await service.send(NEXT)).status == 429
        await change(service, rate_per_minute=0)
        quota = await service.send(BODY | {"external_id": "too many"})
        assert (quota.status, "undecided" in await quota.text()) == (429, True)
        await change(service, rate_per_minute=0, open_signals=0)
        free = await service.send(BODY | {"external_id": "let in"})
        assert free.status == 201
