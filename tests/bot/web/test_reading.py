"""A provider reads its own signals back, and nobody else's."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.orders import OrderState
from core.ports import Insert, R, Save
from core.prompts import PromptState
from core.signals import Signal
from tests.bot.web.service import BODY, SIGNALS, Service, serving
from tests.builders import a_prompt, a_signal, an_order
from tests.fakes import NOON
from tests.memory_journal import MemoryJournal


async def filled(service: Service, count: int) -> list[str]:
    """Signals a second apart, the last one NOON; their ids, newest first."""
    ids = []
    for age in range(count):
        at = NOON - timedelta(seconds=age)
        signal = a_signal(external_id=f"e{age}", created_at=at)
        await service.journal.commit(Insert(signal))
        ids.append(signal.id)
    return ids


async def listed(service: Service, query: str = "") -> dict:
    answer = await service.read(SIGNALS + query)
    assert answer.status == 200
    return await answer.json()


def ids_of(page: dict) -> list[str]:
    return [item["id"] for item in page["items"]]


async def test_one_signal_is_its_receipt(service: Service) -> None:
    receipt = await (await service.send(BODY)).json()
    answer = await service.read(f"{SIGNALS}/{receipt['id']}")
    assert (answer.status, await answer.json()) == (200, receipt)
    assert answer.headers["Cache-Control"] == "private, no-cache"


async def test_an_unchanged_signal_is_not_sent_again(service: Service) -> None:
    receipt = await (await service.send(BODY)).json()
    path = f"{SIGNALS}/{receipt['id']}"
    tag = (await service.read(path)).headers["ETag"]

    same = await service.read(path, If_None_Match=tag)
    weak = await service.read(path, If_None_Match=f'"x", W/{tag}')
    other = await service.read(path, If_None_Match='"x"')

    assert [same.status, weak.status, other.status] == [304, 304, 200]
    assert (same.headers["ETag"], await same.read()) == (tag, b"")


async def test_a_changed_signal_has_another_tag(service: Service) -> None:
    receipt = await (await service.send(BODY)).json()
    path = f"{SIGNALS}/{receipt['id']}"
    tag = (await service.read(path)).headers["ETag"]
    prompt = a_prompt(signal_id=receipt["id"], state=PromptState.SENT)
    await service.journal.commit(Insert(prompt))

    answer = await service.read(path, If_None_Match=tag)

    assert answer.status == 200
    assert answer.headers["ETag"] != tag


async def test_a_signal_that_is_anothers_has_no_tag(service: Service) -> None:
    receipt = await (await service.send(BODY)).json()
    path = f"{SIGNALS}/{receipt['id']}"
    others = await service.read(path, "other", If_None_Match="*")
    assert others.status == 404
    assert "ETag" not in others.headers


async def test_a_receipt_counts_what_became_of_the_signal(service: Service) -> None:
    receipt = await (await service.send(BODY)).json()
    signal = await service.journal.get(Signal, receipt["id"])
    prompts = [
        a_prompt(
            signal_id=signal.id,
            attempt=number,
            state=state,
            message_id=None if state is PromptState.QUEUED else number,
        )
        for number, state in enumerate(PromptState, 1)
    ]
    orders = [
        an_order(signal_id=signal.id, attempt=number, state=state)
        for number, state in enumerate(OrderState, 1)
    ]
    rows = [Insert(row) for row in (*prompts, *orders)]
    await service.journal.commit(Save(replace(signal, proposed_at=NOON)), *rows)
    expected = {
        "recipients": 1,
        "prompts_sent": len(PromptState) - 1,
        "approved": 1,
        "rejected": 1,
        "expired": 1,
        "orders_filled": 2,
    }

    one = await (await service.read(f"{SIGNALS}/{signal.id}")).json()
    again = await (await service.send(BODY)).json()

    assert one["counts"] == again["counts"] == expected
    assert (await listed(service))["items"][0]["counts"] == expected


async def test_the_signal_of_another_is_as_absent_as_none(service: Service) -> None:
    receipt = await (await service.send(BODY)).json()
    path = f"{SIGNALS}/{receipt['id']}"
    others = await service.read(path, token="other")  # noqa: S106 - of a fake
    mine = await service.read(f"{SIGNALS}/{'0' * 26}")
    assert others.status == mine.status == 404
    first, second = await others.json(), await mine.json()
    assert first["detail"] == second["detail"]


class Picky(MemoryJournal):
    """Breaks on what a database would break on."""

    async def get(self, kind: type[R], identity: str | int) -> R | None:
        str(identity).encode()
        if "\x00" in str(identity) or len(str(identity)) > 40:
            message = f"no such text: {identity!r}"
            raise RuntimeError(message)
        return await super().get(kind, identity)


@pytest.mark.parametrize("identity", ["%00", "%ED%A0%80", "a%2Fb", "x" * 41, "é"])
async def test_what_can_be_no_id_is_not_found(tmp_path: Path, identity: str) -> None:
    async with serving(tmp_path, make_journal=Picky) as service:
        answer = await service.read(f"{SIGNALS}/{identity}")
        assert answer.status == 404


async def test_a_list_is_newest_first_with_its_bounds(service: Service) -> None:
    ids = await filled(service, 3)
    page = await listed(service)
    assert ids_of(page) == ids
    del page["items"]
    assert page == {
        "total": 3,
        "page": 1,
        "page_size": 50,
        "as_of": "2026-11-24T12:00:00Z",
    }


async def test_a_list_shows_only_ones_own(service: Service) -> None:
    await filled(service, 2)
    answer = await service.read(SIGNALS, token="other")  # noqa: S106 - of a fake
    page = await answer.json()
    assert (page["items"], page["total"]) == ([], 0)


async def test_pages_cover_everything_once(service: Service) -> None:
    ids = await filled(service, 5)
    pages = [await listed(service, f"?page={n}&page_size=2") for n in (1, 2, 3, 4)]
    assert [ids_of(page) for page in pages] == [ids[:2], ids[2:4], ids[4:], []]
    assert {page["total"] for page in pages} == {5}


async def test_a_page_does_not_shift_when_new_signals_come(service: Service) -> None:
    ids = await filled(service, 4)
    first = await listed(service, "?page_size=2")
    service.clock.advance(timedelta(microseconds=1))
    await service.send(BODY)
    query = f"?page_size=2&page=2&as_of={first['as_of']}"
    second = await listed(service, query)
    assert ids_of(second) == ids[2:]
    assert (second["total"], second["as_of"]) == (4, first["as_of"])
    assert (await listed(service))["total"] == 5


async def test_as_of_keeps_its_microseconds(service: Service) -> None:
    service.clock.advance(timedelta(microseconds=5))
    page = await listed(service)
    assert page["as_of"] == "2026-11-24T12:00:00.000005Z"
    again = await listed(service, f"?as_of={page['as_of']}")
    assert again["as_of"] == page["as_of"]


async def test_as_of_in_the_future_is_now(service: Service) -> None:
    page = await listed(service, "?as_of=2999-01-01T00:00:00Z")
    assert page["as_of"] == "2026-11-24T12:00:00Z"


async def test_as_of_may_have_any_zone(service: Service) -> None:
    page = await listed(service, "?as_of=2026-11-24T12:00:00%2B02:00")
    assert page["as_of"] == "2026-11-24T10:00:00Z"


async def test_filters_narrow_the_list(service: Service) -> None:
    gold = a_signal(external_id="a", cancelled_at=NOON)
    euro = a_signal(external_id="b", instrument="EURUSD")
    await service.journal.commit(Insert(gold), Insert(euro))
    for query, found in (
        ("status=cancelled", gold),
        ("instrument=EURUSD", euro),
        ("external_id=b", euro),
        ("status=new&instrument=EURUSD&external_id=b", euro),
    ):
        page = await listed(service, f"?{query}")
        assert (ids_of(page), page["total"]) == ([found.id], 1)
    assert (await listed(service, "?status=new&external_id=a"))["total"] == 0


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        (
            "status=open",
            "status",
            "must be new, approved, executed, closed, cancelled,",
        ),
        ("instrument=", "instrument", "must be 1 to 100 printable characters, was ''"),
        ("external_id=%00", "external_id", "must be 1 to 100 printable characters"),
        ("page=0", "page", "must be a whole number, 1 to 10000, was 0"),
        ("page=x", "page", "must be a whole number, 1 to 10000, was x"),
        ("page=", "page", "must be a whole number, 1 to 10000, was "),
        ("page_size=101", "page_size", "must be a whole number, 1 to 100, was 101"),
        ("page_size=-1", "page_size", "must be a whole number, 1 to 100, was -1"),
        ("as_of=yesterday", "as_of", "must be like 2026-11-24T12:00:00Z, was 'yest"),
        ("as_of=2026-11-24T12:00:00", "as_of", "must be like 2026-11-24T12:00:00Z"),
        ("as_of=0001-01-01T00:00:00%2B14:00", "as_of", "must be like 2026-11-24T12"),
        ("page=1&page=2", "page", "is there twice"),
        ("pagesize=5", "pagesize", "is not known; did you mean page_size?"),
        ("page=201", "page", "reaches at most 10,000 signals back; go on with as_of"),
    ],
)
async def test_a_wrong_query_is_told_by_field(
    service: Service, query: str, field: str, message: str
) -> None:
    answer = await service.read(f"{SIGNALS}?{query}")
    assert answer.status == 422
    (error,) = (await answer.json())["errors"]
    assert error["field"] == field
    assert error["message"].startswith(message)


async def test_all_of_a_wrong_query_is_told_at_once(service: Service) -> None:
    answer = await service.read(f"{SIGNALS}?status=x&page=0&sort=up")
    fields = {error["field"] for error in (await answer.json())["errors"]}
    assert fields == {"status", "page", "sort"}


async def test_bytes_that_are_no_text_break_no_query(service: Service) -> None:
    headers = f"Host: x\r\nAuthorization: Bearer {'r' * 5}\r\n\r\n"
    request = f"GET {SIGNALS}?%ed%a0%80=%ff HTTP/1.1\r\n{headers}"
    assert b" 401 " in await service.raw(request.encode())
    answer = await service.read(f"{SIGNALS}?%ED%A0%80=%FF")
    assert answer.status == 422
