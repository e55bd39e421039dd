"""Hundreds of bad requests over real connections: each refused as documented.

One service per process takes them all, one after another: none is stored, none is
quoted back or logged, and after each the service still takes a good signal. Then each
group comes all at once, and the next signal is accepted as if nothing had happened.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from core.messages import OutboxItem
from tests.bot.web.hostile.around import PLACES, QUERIES, READERS, SIZES, TYPES
from tests.bot.web.hostile.documents import DOCUMENTS
from tests.bot.web.hostile.framing import FRAMING
from tests.bot.web.hostile.heads import HEADS
from tests.bot.web.hostile.rows import CANARY, GOOD, Row, post
from tests.bot.web.hostile.signatures import SIGNATURES
from tests.bot.web.hostile.values import VALUES
from tests.bot.web.service import Service, serving

GROUPS = {
    "framing": FRAMING,
    "heads": HEADS,
    "documents": DOCUMENTS,
    "values": VALUES,
    "signatures": SIGNATURES,
    "types": TYPES,
    "sizes": SIZES,
    "queries": QUERIES,
    "readers": READERS,
    "places": PLACES,
}
ROWS = [
    pytest.param(row, id=f"{group}: {row.name}")
    for group, rows in GROUPS.items()
    for row in rows
]

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Answer(NamedTuple):
    start: bytes
    head: bytes
    body: bytes
    rest: bytes
    """What came behind it until the end of the connection."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def target(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    async with serving(tmp_path_factory.mktemp("hostile")) as service:
        yield service


async def send(service: Service, request: bytes, *, cut: bool = False) -> Answer:
    """The one answer; where it is the last, all that comes is waited for."""
    async with service.dial() as (reader, writer), asyncio.timeout(5):
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        start, _, lines = head.partition(b"\r\n")
        length = next(
            int(line.partition(b":")[2])
            for line in lines.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        )
        body = await reader.readexactly(length)
        rest = await reader.read() if cut else b""
        return Answer(start, lines, body, rest)


async def rows_of(service: Service) -> tuple[int, int]:
    """Signals, and work to do."""
    return len(await service.stored()), await service.journal.count(OutboxItem)


def check(row: Row, answer: Answer) -> None:
    problem = json.loads(answer.body)
    assert answer.start.split(b" ")[1] == str(row.status).encode(), problem
    assert answer.start.startswith((b"HTTP/1.1 ", b"HTTP/1.0 "))
    assert b"content-type: application/problem+json" in answer.head.lower()
    kind = f"urn:tapgate:problem:{row.kind}" if row.kind else "about:blank"
    assert (problem["type"], problem["status"]) == (kind, row.status), problem
    assert problem["title"]
    assert problem["detail"]
    errors = problem.get("errors", [])
    assert sorted({error["field"] for error in errors}) == sorted(row.fields), problem
    assert problem.keys() <= {
        "type",
        "title",
        "status",
        "detail",
        "instance",
        "errors",
    }
    assert CANARY not in answer.head + answer.body
    assert answer.rest == b""


@pytest.mark.parametrize("row", ROWS)
async def test_a_bad_request_is_refused_as_documented(
    target: Service, row: Row, caplog: pytest.LogCaptureFixture
) -> None:
    before = await rows_of(target)
    with capture_logs() as logs:
        answer = await send(target, row.request, cut=row.cut)
    check(row, answer)
    assert CANARY.decode() not in repr(logs) + caplog.text
    tried = await send(target, post(GOOD, query="?dry_run=1"))
    assert json.loads(tried.body) == {"valid": True}
    assert await rows_of(target) == before


@pytest.mark.parametrize("rows", GROUPS.values(), ids=GROUPS)
async def test_all_of_a_kind_at_once_leave_the_service_as_it_was(
    tmp_path: Path, rows: Sequence[Row]
) -> None:
    async with serving(tmp_path) as service:
        sent = (send(service, row.request, cut=row.cut) for row in rows)
        for row, answer in zip(rows, await asyncio.gather(*sent), strict=True):
            check(row, answer)
        assert await rows_of(service) == (0, 0)
        good = await send(service, post(GOOD))
        assert good.start == b"HTTP/1.1 201 Created"
        assert await rows_of(service) == (1, 1)


async def test_the_table_is_long_and_says_nothing_twice() -> None:
    rows = [row for rows in GROUPS.values() for row in rows]
    assert len({row.request for row in rows}) == len(rows) >= 400
