"""A provider may send so many signals a minute, and have so many undecided."""

from dataclasses import replace
from datetime import timedelta

from bot.web.rates import Rates
from core.ids import ProviderName
from core.ports import Save
from core.users import Provider
from tests.bot.web.service import BODY, serving
from tests.builders import DEMO
from tests.fakes import FixedClock

ACME, OTHER = ProviderName("acme"), ProviderName("other")
NOW = timedelta(0)


def _rates(clock, per_minute=60, burst=2):
    rates = Rates(clock)
    return lambda provider: rates.wait(provider, per_minute=per_minute, burst=burst)


def test_a_burst_is_let_in_and_the_next_one_waits():
    wait = _rates(FixedClock())

    assert [wait(ACME) for _ in range(3)] == [NOW, NOW, timedelta(seconds=1)]


def test_whoever_was_refused_takes_no_place():
    clock = FixedClock()
    wait = _rates(clock)
    for _ in range(10):
        wait(ACME)

    clock.advance(timedelta(seconds=1))

    assert wait(ACME) == NOW


def test_one_provider_does_not_take_anothers_place():
    wait = _rates(FixedClock(), burst=1)
    wait(ACME)

    assert wait(OTHER) == NOW
    assert wait(ACME) > NOW


def test_nought_is_no_limit():
    wait = _rates(FixedClock(), per_minute=0)

    assert {wait(ACME) for _ in range(1000)} == {NOW}


def _limited(**limits):
    return lambda context: replace(context, limits=replace(context.limits, **limits))


async def test_more_signals_than_the_rate_are_told_when_to_come_back(tmp_path):
    change = _limited(rate_per_minute=2, rate_burst=1)
    async with serving(tmp_path, change=change) as service:
        first = await service.send(BODY)
        second = await service.send(BODY | {"external_id": "next"})

        assert (first.status, second.status) == (201, 429)
        assert second.headers["Retry-After"] == "30"
        assert (await second.json())["title"] == "Too many signals"
        assert len(await service.stored()) == 1


async def test_a_request_that_is_not_authentic_takes_no_place(tmp_path):
    change = _limited(rate_per_minute=2, rate_burst=1)
    async with serving(tmp_path, change=change) as service:
        forged = await service.send(BODY, X_Signature="0" * 64)

        assert forged.status == 401
        assert (await service.send(BODY)).status == 201


async def test_too_many_undecided_signals_leave_no_room_for_another(tmp_path):
    async with serving(tmp_path, change=_limited(open_signals=1)) as service:
        await service.send(BODY)

        more = await service.send(BODY | {"external_id": "next"})

        assert more.status == 429
        assert "the limit is 1" in (await more.json())["detail"]


async def test_a_repeated_signal_and_a_cancel_need_no_room(tmp_path):
    cancel = {"external_id": "c", "action": "cancel", "target": BODY["external_id"]}
    async with serving(tmp_path, change=_limited(open_signals=1)) as service:
        await service.send(BODY)

        assert (await service.send(BODY)).status == 200
        assert (await service.send(cancel)).status == 201


async def test_a_provider_may_have_limits_of_its_own(tmp_path):
    async with serving(tmp_path, change=_limited(rate_per_minute=600)) as service:
        row = await service.journal.get(Provider, DEMO)
        own = replace(row, rate_per_minute=1, rate_burst=1)
        await service.journal.commit(Save(own))

        assert (await service.send(BODY)).status == 201
        assert (await service.send(BODY | {"external_id": "b"})).status == 429


async def test_nought_of_its_own_frees_a_provider_of_the_common_limit(tmp_path):
    change = _limited(rate_per_minute=1, rate_burst=1, open_signals=1)
    async with serving(tmp_path, change=change) as service:
        row = await service.journal.get(Provider, DEMO)
        own = replace(row, rate_per_minute=0, open_signals=0)
        await service.journal.commit(Save(own))

        for number in range(3):
            answer = await service.send(BODY | {"external_id": f"s{number}"})
            assert answer.status == 201
