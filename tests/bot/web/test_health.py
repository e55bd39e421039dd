"""Alive is not ready, and trouble is not the end."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.web import PartHealth, WebContext, health
from core.errors import JournalUnavailable
from tests.bot.web.service import Service, serving

GOOD = PartHealth(ok=True)
BAD = PartHealth(ok=False, detail="No word from it for 5 min.")


async def ready(service: Service) -> tuple[int, dict]:
    answer = await service.client.get("/readyz")
    return answer.status, await answer.json()


async def test_alive_is_that_it_answers(service: Service) -> None:
    service.parts["database"] = BAD
    answer = await service.client.get("/healthz")
    assert (answer.status, await answer.json()) == (200, {"status": "ok"})
    assert answer.headers["Cache-Control"] == "no-store"


async def test_each_part_is_named(service: Service) -> None:
    service.parts.update(database=GOOD, telegram=GOOD)
    assert await ready(service) == (
        200,
        {
            "status": "ready",
            "parts": {
                "database": {"ok": True, "detail": ""},
                "telegram": {"ok": True, "detail": ""},
            },
        },
    )


@pytest.mark.parametrize("part", ["telegram", "guard", "broker:demo"])
async def test_other_trouble_is_degraded_and_ready(service: Service, part: str) -> None:
    service.parts.update({"database": GOOD, part: BAD})
    status, content = await ready(service)
    assert (status, content["status"]) == (200, "degraded")
    assert content["parts"][part] == {"ok": False, "detail": BAD.detail}


@pytest.mark.parametrize("part", ["database", "schema", "shutdown"])
async def test_without_a_vital_part_it_is_not_ready(
    service: Service, part: str
) -> None:
    service.parts.update({part: BAD, "telegram": BAD})
    status, content = await ready(service)
    assert (status, content["status"]) == (503, "unready")


async def test_a_service_that_is_ending_is_not_ready(service: Service) -> None:
    service.parts["database"] = GOOD
    service.draining[0] = True
    status, content = await ready(service)
    assert status == 503
    assert content["parts"]["shutdown"]["ok"] is False


async def test_a_database_that_fails_the_checks_is_not_ready(tmp_path: Path) -> None:
    async def fail() -> Mapping[str, PartHealth]:
        message = "gone: postgresql://user:hunter2@db"
        raise JournalUnavailable(message)

    def change(context: WebContext) -> WebContext:
        return replace(context, parts=fail)

    async with serving(tmp_path, change=change) as service:
        status, content = await ready(service)
        assert status == 503
        assert content["parts"] == {
            "database": {"ok": False, "detail": "The database does not answer."}
        }


async def test_checks_that_hang_are_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "CHECK_DEADLINE", timedelta(seconds=0.05))

    async def hang() -> Mapping[str, PartHealth]:
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    def change(context: WebContext) -> WebContext:
        return replace(context, parts=hang)

    async with serving(tmp_path, change=change) as service:
        status, content = await ready(service)
        assert status == 503
        assert content["parts"]["database"]["detail"] == (
            "The checks did not end in time."
        )
