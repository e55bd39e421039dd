"""A provider may send so many signals a minute, and have so many undecided."""

from dataclasses import replace
from datetime import timedelta

from bot.web.rates import Rates
from core.ids import ProviderName
from tests.bot.web.service import BODY, serving
from tests.fakes import FixedClock

ACME, OTHER = ProviderName("acme"), ProviderName("other")
NOW = timedelta(0)


def _rates(clock, **over):
    return Rates(clock, **{"per_minute": 60, "burst": 2, **over})


def test_a_burst_is_let_in_and_the_next_one_waits():
    rates = _rates(FixedClock())

    assert [rates.wait(ACME) for _ in range(3)] == [NOW, NOW, timedelta(seconds=1)]


def test_whoever_was_refused_takes_no_place():
    clock = FixedClock()
    rates = _rates(clock)
    for _ in range(10):
        rates.wait(ACME)

    clock.advance(timedelta(seconds=1))

    assert rates.wait(ACME) == NOW


def test_one_provider_does_not_take_anothers_place():
    rates = _rates(FixedClock(), burst=1)
    rates.wait(ACME)

    assert rates.wait(OTHER) == NOW
    assert rates.wait(ACME) > NOW


def test_nought_is_no_limit():
    rates = _rates(FixedClock(), per_minute=0)

    assert {rates.wait(ACME) for _ in range(1000)} == {NOW}


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
