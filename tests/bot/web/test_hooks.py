"""Alerts from TradingView, as it sends them: a token in the address, and no header."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.web import Proxies, hooks
from core.ports import Save
from core.refusals import RefusalCause, RefusedRequests
from core.signals import Action, SignalStatus, Source
from core.users import Provider
from tests.bot.web.service import BODY, HOOK, Service, serving
from tests.builders import DEMO
from tests.fakes import FixedClock
from tests.memory_journal import MemoryJournal

ALERT = {
    "ticker": "OANDA:XAUUSD",
    "interval": "15",
    "action": "buy",
    "market_position": "long",
    "prev_market_position": "flat",
    "close": 1950.5,
    "stop_loss": "1945",
    "take_profit": "1965",
    "timenow": "2026-11-24T12:00:00Z",
}
EXIT = ALERT | {
    "action": "sell",
    "market_position": "flat",
    "prev_market_position": "long",
}


async def test_an_alert_is_a_signal_on_which_a_person_decides(service: Service):
    answer = await service.alert(ALERT)
    assert answer.status == 201, await answer.text()
    (signal,) = await service.stored()
    assert (signal.source, signal.action) == (Source.TRADINGVIEW, Action.OPEN)
    assert (signal.instrument, signal.side, signal.timeframe) == (
        "XAUUSD",
        "buy",
        "M15",
    )
    assert (await answer.json())["external_id"] == signal.external_id


async def test_the_apis_own_body_is_taken_too(service: Service):
    assert (await service.alert(BODY)).status == 201
    (signal,) = await service.stored()
    assert (signal.external_id, signal.source) == ("breakout-42", Source.TRADINGVIEW)


async def test_an_alert_may_be_text(service: Service):
    body = b"ticker=XAUUSD\nside=buy\nprice=1950.5\nstop_loss=1945"
    assert (await service.alert(body)).status == 201


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/json; charset=utf-8", "TEXT/PLAIN"]
)
async def test_the_type_says_nothing_that_is_needed(service: Service, kind: str):
    assert (await service.alert(ALERT, Content_Type=kind)).status == 201


async def test_the_same_alert_again_is_the_same_signal(service: Service):
    first = await (await service.alert(ALERT)).json()
    again = await service.alert(ALERT)
    assert (again.status, await again.json()) == (200, first)
    service.clock.advance(timedelta(minutes=15))
    assert (await service.alert(ALERT)).status == 201


async def test_the_same_alert_twice_at_once_is_one_signal(service: Service):
    answers = await asyncio.gather(*(service.alert(ALERT) for _ in range(10)))
    assert sorted(each.status for each in answers) == [200] * 9 + [201]
    assert len(await service.stored()) == 1


async def test_an_exit_closes_and_opens_nothing(service: Service):
    await service.alert(ALERT)
    answer = await service.alert(EXIT)
    receipt = await answer.json()
    assert (answer.status, receipt["action"], receipt["side"]) == (201, "close", "buy")
    opened, close = await service.stored()
    assert close.target == opened.external_id
    assert opened.status is SignalStatus.CANCELLED


async def test_a_strategy_that_turns_round_leaves_before_it_enters(service: Service):
    await service.alert(ALERT)
    turned = ALERT | {
        "action": "sell",
        "market_position": "short",
        "prev_market_position": "long",
        "stop_loss": "1960",
        "take_profit": "1940",
    }
    answers = [await service.alert(turned) for _ in range(2)]
    assert [each.status for each in answers] == [201, 200]
    signals = await service.stored()
    assert [(each.action, each.side, each.status) for each in signals] == [
        (Action.OPEN, "buy", SignalStatus.CANCELLED),
        (Action.CLOSE, "buy", SignalStatus.CANCELLED),
        (Action.OPEN, "sell", SignalStatus.NEW),
    ]


async def test_a_turn_with_a_name_has_an_exit_with_a_name(service: Service):
    await service.alert(ALERT | {"external_id": "a"})
    turned = ALERT | {
        "external_id": "b",
        "action": "sell",
        "market_position": "short",
        "prev_market_position": "long",
        "stop_loss": "1960",
        "take_profit": "1940",
    }
    assert (await service.alert(turned)).status == 201
    names = [each.external_id for each in await service.stored()]
    assert names == ["a", "b-exit", "b"]


async def test_a_part_that_is_sold_withdraws_nothing(service: Service):
    await service.alert(ALERT)
    part = ALERT | {"action": "sell", "prev_market_position": "long"}
    answer = await service.alert(part)
    assert (await answer.json())["action"] == "close"
    opened, _ = await service.stored()
    assert opened.status is SignalStatus.NEW


async def test_an_exit_is_not_the_one_before_the_last_entry(service: Service):
    await service.alert(ALERT)
    service.clock.advance(timedelta(seconds=1))
    assert (await service.alert(EXIT)).status == 201
    service.clock.advance(timedelta(seconds=1))
    await service.alert(ALERT | {"timenow": "later"})
    service.clock.advance(timedelta(seconds=1))
    assert (await service.alert(EXIT)).status == 201
    assert (await service.alert(EXIT)).status == 200
    opened = [each for each in await service.stored() if each.action is Action.OPEN]
    assert {each.status for each in opened} == {SignalStatus.CANCELLED}


async def test_an_exit_of_nothing_says_so(service: Service):
    answer = await service.alert(EXIT)
    assert answer.status == 422
    (problem,) = (await answer.json())["errors"]
    assert "you have sent no open signal in XAUUSD" in problem["message"]
    assert await service.stored() == []


async def test_everything_wrong_with_an_alert_is_told_at_once(service: Service):
    answer = await service.alert(ALERT | {"close": "{{close}}", "stop_loss": "9999"})
    problems = {
        each["field"]: each["message"] for each in (await answer.json())["errors"]
    }
    assert answer.status == 422
    assert "still holds {{close}}" in problems["close"]


@pytest.mark.parametrize(
    "token",
    ["x", "w" * 40, "hook-token-of-the-disabled-one", "%00", "é" * 20, "w" * 500],
)
async def test_every_wrong_address_has_the_same_answer(service: Service, token: str):
    answer = await service.alert(ALERT, token)
    text = await answer.text()
    known = await service.alert(ALERT, "v" * 40)
    assert answer.status == 401
    assert text.replace(answer.headers["X-Request-Id"], "") == (
        await known.text()
    ).replace(known.headers["X-Request-Id"], "")
    assert await service.stored() == []


async def test_a_revoked_address_is_dead(service: Service):
    row = await service.journal.get(Provider, DEMO)
    await service.journal.commit(Save(replace(row, hook_token_hash=None)))
    assert (await service.alert(ALERT)).status == 401


async def test_the_token_is_in_no_log(service: Service):
    with capture_logs() as lines:
        await service.alert(ALERT)
        await service.alert(ALERT, HOOK + "x")
        await service.client.get(f"/hooks/tradingview/{HOOK}")
    assert lines
    assert HOOK not in repr(lines)


async def test_a_broken_body_is_refused_with_what_was_expected(service: Service):
    answer = await service.alert(b"order buy @ 1 filled on XAUUSD")
    assert answer.status == 400
    assert "name=value" in (await answer.json())["detail"]
    assert (await service.alert(b"x" * 5000)).status == 413
    packed = await service.alert(ALERT, Content_Encoding="gzip")
    assert packed.status == 415


async def test_a_certificate_is_demanded_where_the_operator_says_so(tmp_path):
    def change(context):
        return replace(context, proxies=Proxies(demand_certificate=True))

    async with serving(tmp_path, change=change) as service:
        assert (await service.alert(ALERT)).status == 401
        assert await service.stored() == []


async def test_an_answer_that_would_be_late_is_a_503(tmp_path, monkeypatch):
    class Slow(MemoryJournal):
        async def accept(self, batch):
            await asyncio.Event().wait()

    monkeypatch.setattr(hooks, "DEADLINE", timedelta(seconds=0.05))
    async with serving(tmp_path, make_journal=Slow) as service:
        answer = await service.alert(ALERT)
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "5"


async def test_rate_and_quota_hold_for_alerts_too(tmp_path):
    def change(context):
        limits = replace(context.limits, rate_per_minute=1, rate_burst=1)
        return replace(context, limits=limits)

    async with serving(tmp_path, change=change) as service:
        assert (await service.alert(ALERT)).status == 201
        assert (await service.send(BODY)).status == 429
        assert (await service.alert(ALERT)).status == 429
        assert (await service.alert(EXIT)).status == 201  # never held back


async def test_a_repeated_alert_takes_no_room(tmp_path):
    def change(context):
        return replace(context, limits=replace(context.limits, open_signals=1))

    async with serving(tmp_path, change=change) as service:
        assert (await service.alert(ALERT)).status == 201
        assert (await service.alert(ALERT)).status == 200
        assert (await service.alert(ALERT | {"timenow": "later"})).status == 429


async def test_a_service_that_is_ending_takes_no_alert(service: Service):
    service.draining[0] = True
    assert (await service.alert(ALERT)).status == 503
    assert isinstance(service.clock, FixedClock)


async def test_what_tradingview_will_not_send_again_is_counted(service: Service):
    await service.alert(ALERT)
    await service.alert(ALERT | {"stop_loss": "9999"})
    await service.alert(b"nonsense")
    await service.refusals.write()
    (row,) = await service.journal.find(RefusedRequests)
    assert (row.provider, row.cause, row.count) == ("demo", RefusalCause.ALERT, 2)
