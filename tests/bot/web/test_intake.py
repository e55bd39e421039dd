"""POST /api/v1/signals, from a signed request to a durable signal."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot import signing
from bot.web import WebContext, intake
from core.errors import Conflict, Duplicate, JournalUnavailable
from core.ids import UserId
from core.messages import OutboxItem
from core.ports import Save, Write
from core.signals import Signal, SignalStatus
from tests.bot.web.service import BODY, SECRET, SIGNALS, Service, serving
from tests.fakes import FixedClock
from tests.memory_journal import MemoryJournal


async def test_a_signed_signal_is_stored_and_answered_with_its_receipt(
    service: Service,
) -> None:
    answer = await service.send(BODY)
    assert answer.status == 201
    receipt = await answer.json()
    (signal,) = await service.stored()
    assert receipt == {
        "id": signal.id,
        "external_id": "breakout-42",
        "action": "open",
        "target": None,
        "status": "new",
        "instrument": "XAUUSD",
        "side": "buy",
        "price": "1950.5",
        "created_at": "2026-11-24T12:00:00Z",
        "expires_at": "2026-11-24T12:10:00Z",
        "recipients": 1,
        "counts": {
            "recipients": 1,
            "prompts_sent": 0,
            "approved": 0,
            "rejected": 0,
            "expired": 0,
            "orders_filled": 0,
        },
        "links": {
            "self": f"https://tapgate.example/api/v1/signals/{signal.id}",
            "chart": None,
        },
    }
    assert answer.headers["Location"] == receipt["links"]["self"]


async def test_every_field_reaches_the_journal_exactly(service: Service) -> None:
    body = b"""{"external_id": "x", "instrument": "EURUSD", "side": "sell",
        "price": 1.10000000, "stop_loss": 1.2e0, "take_profit": "1.05",
        "order_type": "limit", "timeframe": "H4", "expires_in": 604800, "user": 1,
        "payload": {"b": [1.50, null, true, "\xc3\xa9"], "a": {}}}"""
    assert (await service.send(body)).status == 201
    (signal,) = await service.stored()
    assert (signal.price, signal.stop_loss, signal.take_profit) == (
        Decimal("1.1"),
        Decimal("1.2"),
        Decimal("1.05"),
    )
    assert (signal.side, signal.order_type, signal.timeframe) == ("sell", "limit", "H4")
    assert signal.user_id == 1
    assert signal.payload == '{"b":[1.50,null,true,"é"],"a":{}}'
    assert signal.expires_at - signal.created_at == timedelta(days=7)


async def test_the_standard_form_is_taken_with_several_signatures(
    service: Service,
) -> None:
    body = json.dumps(BODY).encode()
    headers = signing.sign_standard(SECRET, "msg_1", service.timestamp, body)
    headers["webhook-signature"] = f"v1,AAAA v1a,x {headers['webhook-signature']} bad"
    headers |= {"X-Provider": "demo", "Content-Type": "application/cloudevents+json"}
    answer = await service.client.post(SIGNALS, data=body, headers=headers)
    assert answer.status == 201


async def test_the_same_signal_again_is_answered_with_the_first_receipt(
    service: Service,
) -> None:
    first = await (await service.send(BODY)).json()
    answer = await service.send({**BODY, "price": 1950.5, "timeframe": None})
    assert answer.status == 200
    assert answer.headers["Idempotency-Replayed"] == "true"
    assert await answer.json() == first
    assert len(await service.stored()) == 1


async def test_a_repeated_receipt_shows_the_present_status(service: Service) -> None:
    await service.send(BODY)
    (signal,) = await service.stored()
    at = service.clock.now()
    withdrawn = replace(signal, cancelled_at=at, chart_path="2026/a.png")
    await service.journal.commit(Save(withdrawn))
    receipt = await (await service.send(BODY)).json()
    assert receipt["status"] == "cancelled"
    midnight = at.replace(hour=0, minute=0)
    expires = int((midnight + timedelta(days=2)).timestamp())
    assert receipt["links"]["chart"] == (
        f"https://cdn.example/media/2026/a.png?expires={expires}&signature=gnp.a/6202"
    )


async def test_the_same_external_id_with_other_content_is_a_conflict(
    service: Service,
) -> None:
    await service.send(BODY)
    answer = await service.send({**BODY, "price": "1950.51"})
    assert answer.status == 409
    (signal,) = await service.stored()
    problem = await answer.json()
    assert problem["type"] == "urn:tapgate:problem:conflict"
    assert signal.id in problem["detail"]


async def test_fifty_at_once_are_one_row_and_one_receipt(service: Service) -> None:
    answers = await asyncio.gather(*(service.send(BODY) for _ in range(50)))
    receipts = {await answer.text() for answer in answers}
    statuses = sorted(answer.status for answer in answers)
    assert statuses == [200] * 49 + [201]
    assert len(receipts) == 1
    assert len(await service.stored()) == 1
    assert await service.journal.count(OutboxItem) == 1


async def test_a_cancel_withdraws_an_undecided_signal(service: Service) -> None:
    await service.send(BODY)
    cancel = {"action": "cancel", "external_id": "c-1", "target": "breakout-42"}
    answer = await service.send(cancel)
    assert answer.status == 201
    receipt = await answer.json()
    assert (receipt["action"], receipt["instrument"]) == ("cancel", "XAUUSD")
    opened = await service.journal.find(Signal, external_id="breakout-42")
    assert opened[0].cancelled_at is not None


async def test_a_cancel_of_nothing_is_refused_by_the_desk(service: Service) -> None:
    answer = await service.send(
        {"action": "cancel", "external_id": "c-1", "target": "never"}
    )
    assert answer.status == 422
    assert (await answer.json())["errors"] == [
        {"field": "target", "message": "names no open signal of yours"}
    ]


async def test_a_signal_for_nobody_of_ours_is_refused(service: Service) -> None:
    answer = await service.send({**BODY, "user": 2})
    assert answer.status == 422
    assert (await answer.json())["errors"][0]["field"] == "user"
    assert await service.stored() == []


async def test_everything_wrong_is_told_at_once(service: Service) -> None:
    answer = await service.send(
        {
            "action": "open",
            "instrument": "xauusd",
            "side": "up",
            "price": -1,
            "stop_loss": "x",
            "take_profit": True,
            "order_type": 3,
            "timeframe": "M7",
            "expires_in": 0,
            "user": "1",
            "payload": [],
            "stoploss": 1,
            "target": "z",
        }
    )
    assert answer.status == 422
    problem = await answer.json()
    errors = {error["field"]: error["message"] for error in problem["errors"]}
    assert len(errors) == len(problem["errors"]) == 13
    assert errors == {
        "external_id": "is required",
        "target": "belongs to a cancel, update or close; an open signal has none",
        "instrument": "must be in capitals: did you mean XAUUSD?",
        "side": "must be buy or sell, was 'up'",
        "price": "must be above 0 and below 1,000,000, was -1",
        "stop_loss": "must be a number, was 'x'",
        "take_profit": "must be a number, was true",
        "order_type": "must be market, limit or stop, was 3",
        "timeframe": "must be M1, M5, M15, M30, H1, H4, D1 or W1, was 'M7'",
        "expires_in": "must be a whole number of seconds, 1 to 604800, was 0",
        "user": "must be a numeric Telegram id, 1 to 4503599627370496, was '1'",
        "payload": "must be an object, was a list",
        "stoploss": "is not known; did you mean stop_loss?",
    }
    assert await service.stored() == []


async def test_a_wrong_action_hides_no_other_problem(service: Service) -> None:
    answer = await service.send({"action": "buy", "price": "x"})
    fields = [error["field"] for error in (await answer.json())["errors"]]
    assert fields == ["action", "price", "external_id"]


async def test_a_payload_is_measured_as_compact_json_in_utf8(service: Service) -> None:
    fits = {**BODY, "payload": {"a": "é" * 508}}
    assert (await service.send(fits)).status == 201
    too_much = {**BODY, "external_id": "2", "payload": {"a": "é" * 508 + "x"}}
    answer = await service.send(too_much)
    assert (await answer.json())["errors"] == [
        {
            "field": "payload",
            "message": "must be at most 1024 bytes as compact JSON, was 1025",
        }
    ]


@pytest.mark.parametrize("flag", ["1", "true"])
async def test_a_dry_run_validates_and_stores_nothing(
    service: Service, flag: str
) -> None:
    answer = await service.send(BODY, f"?dry_run={flag}")
    assert (answer.status, await answer.json()) == (200, {"valid": True})
    refused = await service.send({**BODY, "side": "up"}, f"?dry_run={flag}")
    assert refused.status == 422
    assert await service.stored() == []


async def test_a_dry_run_is_refused_as_the_thing_itself_would_be(
    service: Service,
) -> None:
    cancel = {"external_id": "c", "action": "cancel", "target": "none"}
    aimless = await service.send(cancel, "?dry_run=1")
    assert aimless.status == 422
    assert (await aimless.json())["errors"][0]["field"] == "target"
    await service.send(BODY)
    other = await service.send({**BODY, "timeframe": "H4"}, "?dry_run=1")
    assert other.status == 409
    assert len(await service.stored()) == 1


@pytest.mark.parametrize("flag", ["0", "false"])
async def test_no_dry_run_stores(service: Service, flag: str) -> None:
    assert (await service.send(BODY, f"?dry_run={flag}")).status == 201


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        ("?dry_run=yes", "dry_run", "must be 1 or 0, was 'yes'"),
        ("?dryrun=1", "dryrun", "is not known; did you mean dry_run?"),
        ("?dry_run=1&dry_run=0", "dry_run", "is there twice"),
        ("?x=1", "x", "is not known; known are dry_run"),
    ],
)
async def test_a_doubtful_query_never_stores(
    service: Service, query: str, field: str, message: str
) -> None:
    answer = await service.send(BODY, query)
    assert answer.status == 422
    assert (await answer.json())["errors"] == [{"field": field, "message": message}]
    assert await service.stored() == []


async def test_unknown_keys_are_told_but_not_mirrored_without_end(
    service: Service,
) -> None:
    answer = await service.send({f"k{number}": 1 for number in range(300)})
    assert answer.status == 422
    assert len((await answer.json())["errors"]) < 60


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "Expecting value at character 1"),
        (b"[]", "it must be an object"),
        (b'{"a":1,"a":2}', "the key 'a' is there twice"),
        (b'{"price":NaN}', "NaN is no number"),
        (b"\xff\xfe{}", "it is not UTF-8"),
    ],
)
async def test_what_is_not_json_is_a_400(
    service: Service, body: bytes, detail: str
) -> None:
    answer = await service.send(body)
    assert answer.status == 400
    problem = await answer.json()
    assert problem["type"] == "urn:tapgate:problem:not-json"
    assert detail in problem["detail"]


class Slow(MemoryJournal):
    """Commits only when it is let."""

    def __init__(self, clock: FixedClock) -> None:
        super().__init__(clock)
        self.asked = asyncio.Event()
        self.let = asyncio.Event()

    async def accept(
        self, batch: Sequence[Sequence[Write]]
    ) -> Sequence[Duplicate | None]:
        self.asked.set()
        await self.let.wait()
        return await super().accept(batch)


async def test_201_comes_only_after_the_commit(tmp_path: Path) -> None:
    async with serving(tmp_path, make_journal=Slow) as service:
        assert isinstance(service.journal, Slow)
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(service.send(BODY))
            await service.journal.asked.wait()
            done, _ = await asyncio.wait([sending], timeout=0.1)
            assert done == set()
            service.journal.let.set()
        assert sending.result().status == 201
        assert len(await service.stored()) == 1


class Failing(MemoryJournal):
    """Takes no signal, for the reason given."""

    error: Exception = JournalUnavailable("disk full at /var/lib/tapgate")

    async def accept(
        self, batch: Sequence[Sequence[Write]]
    ) -> Sequence[Duplicate | None]:
        raise self.error


@pytest.mark.parametrize(
    "error",
    [
        JournalUnavailable("disk full at /var/lib"),
        Conflict("signal 1 has changed"),
    ],
)
async def test_without_a_journal_the_answer_is_503_and_when_to_come_back(
    tmp_path: Path, error: Exception
) -> None:
    async with serving(tmp_path, make_journal=Failing) as service:
        assert isinstance(service.journal, Failing)
        service.journal.error = error
        answer = await service.send(BODY)
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "5"
        assert str(error) not in await answer.text()


async def test_an_error_of_ours_is_a_500_that_tells_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path, make_journal=Failing) as service:
        assert isinstance(service.journal, Failing)
        service.journal.error = RuntimeError("password=hunter2")
        answer = await service.send(BODY)
        problem = await answer.json()
        assert answer.status == problem["status"] == 500
        assert answer.content_type == "application/problem+json"
        assert "hunter2" not in await answer.text()
        assert problem["instance"] == (
            f"urn:tapgate:request:{answer.headers['X-Request-Id']}"
        )


async def test_a_service_that_is_ending_takes_no_more(service: Service) -> None:
    service.draining[0] = True
    answer = await service.send(BODY)
    assert answer.status == 503
    assert answer.headers["Retry-After"] == "5"
    assert await service.stored() == []


async def test_a_signal_may_be_meant_for_one_subscriber(service: Service) -> None:
    assert (await service.send({**BODY, "user": 1})).status == 201
    (signal,) = await service.stored()
    assert (signal.user_id, signal.recipients) == (UserId(1), 1)
    assert signal.status is SignalStatus.NEW


# ------------------------------------------------------------------ the log


async def _logged(service: Service, *bodies: object, **over: str) -> list[Any]:
    """What is logged of signals while these are sent."""
    with capture_logs() as lines:
        for body in bodies:
            await service.send(body, **over)
    return [line for line in lines if line["event"].startswith("signal_")]


async def test_an_accepted_signal_is_logged_with_its_ids(service: Service) -> None:
    (line,) = await _logged(service, BODY)
    (signal,) = await service.stored()
    assert line.pop("ms") >= 0
    assert len(line.pop("request_id")) == 26
    assert line == {
        "event": "signal_accepted",
        "log_level": "info",
        "signal": signal.id,
        "provider": "demo",
        "external_id": "breakout-42",
        "action": "open",
        "method": "POST",
        "route": "/api/v1/signals",
        "status": 201,
    }


async def test_an_accepted_signal_has_one_line_in_all(service: Service) -> None:
    with capture_logs() as lines:
        await service.send(BODY)
    assert [line["event"] for line in lines] == ["signal_accepted"]


async def test_a_repeated_signal_is_logged_as_such(service: Service) -> None:
    first, again = await _logged(service, BODY, BODY)
    assert (first["event"], again["event"]) == ("signal_accepted", "signal_repeated")
    assert first["signal"] == again["signal"]


@pytest.mark.parametrize(
    ("change", "problem", "fields"),
    [
        ({"side": "up", "price": -1}, "invalid-fields", ["side", "price"]),
        ({"price": "1951"}, "conflict", []),
    ],
)
async def test_a_refused_signal_is_logged_with_its_problem(
    service: Service, change, problem, fields
) -> None:
    *_, line = await _logged(service, BODY, BODY | change)
    assert (line["event"], line["problem"]) == ("signal_refused", problem)
    assert (line["provider"], sorted(line["fields"])) == ("demo", sorted(fields))


async def test_a_stranger_s_name_is_not_logged(service: Service) -> None:
    (line,) = await _logged(service, BODY, X_Provider="whoever-it-was")
    assert (line["problem"], line["provider"]) == ("not-authentic", None)
    assert "whoever-it-was" not in str(line)


async def test_the_next_stranger_is_not_taken_for_the_one_before(
    service: Service,
) -> None:
    await service.send(BODY)
    (line,) = await _logged(service, BODY, X_Signature="0" * 64)
    assert line["provider"] is None


async def test_a_dry_run_is_no_accepted_signal(service: Service) -> None:
    with capture_logs() as lines:
        await service.send(BODY, "?dry_run=1")
    assert [line for line in lines if line["event"].startswith("signal_")] == []


# ------------------------------------------------------------------ again and again


class Counting(MemoryJournal):
    """Counts what it was asked to accept."""

    accepts = 0

    async def accept(self, batch):
        self.accepts += 1
        return await super().accept(batch)


async def test_what_was_sent_lately_is_looked_up_and_not_tried(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path, make_journal=Counting) as service:
        answers = [(await service.send(BODY)).status for _ in range(5)]
        assert answers == [201, 200, 200, 200, 200]
        assert service.journal.accepts == 1
        other = await service.send(BODY | {"price": "1950.51"})
        assert other.status == 409


async def test_what_is_not_remembered_is_still_the_same_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_REMEMBERED", 1)
    async with serving(tmp_path, make_journal=Counting) as service:
        first = await (await service.send(BODY)).json()
        await service.send(BODY | {"external_id": "another"})
        again = await service.send(BODY)
        assert (again.status, await again.json()) == (200, first)
        assert service.journal.accepts == 3


async def test_what_was_remembered_and_not_stored_can_still_be(
    tmp_path: Path,
) -> None:
    def change(context: WebContext) -> WebContext:
        return replace(context, limits=replace(context.limits, open_signals=1))

    async with serving(tmp_path, change=change) as service:
        first = BODY | {"external_id": "first"}
        await service.send(first)
        assert (await service.send(BODY)).status == 429
        assert (await service.send(BODY, "?dry_run=1")).status == 429
        assert (await service.send(first, "?dry_run=1")).status == 200
        (signal,) = await service.stored()
        withdrawn = replace(signal, cancelled_at=service.clock.now())
        await service.journal.commit(Save(withdrawn))
        assert (await service.send(BODY)).status == 201
