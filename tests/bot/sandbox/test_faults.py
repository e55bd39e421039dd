"""Trouble on request, and rate limits."""

import asyncio
from typing import Any

import pytest
from aiohttp import ClientError

from bot.sandbox import Sandbox
from tests.bot.sandbox.helpers import ADA, GRACE, TOKEN, Api, Control


@pytest.fixture(autouse=True)
async def both_started(control: Control) -> None:
    await control.start(ADA, GRACE)


async def test_a_refusal_is_used_up(api: Api, control: Control) -> None:
    await control.post("faults", method="getMe", times=2, status=500)
    for _ in range(2):
        assert await api.refusal("getMe") == (500, "Internal Server Error")
    assert await api.call("getMe")


async def test_a_refusal_is_for_its_method_only(api: Api, control: Control) -> None:
    await control.post("faults", method="sendMessage", status=500)
    assert await api.call("getMe")


async def test_a_refusal_without_method_is_for_all(api: Api, control: Control) -> None:
    await control.post("faults", status=403, description="Forbidden: gone")
    assert await api.refusal("getMe") == (403, "Forbidden: gone")


async def test_too_many_requests_say_when_to_come_back(
    api: Api, control: Control
) -> None:
    await control.post("faults", method="getMe", retry_after=7)
    status, body = await api.raw("getMe")
    assert (status, body["parameters"]) == (429, {"retry_after": 7})
    assert body["description"] == "Too Many Requests: retry after 7"


async def test_a_gateway_may_answer_without_json(api: Api, control: Control) -> None:
    await control.post("faults", method="getMe", non_json=True)
    answer = await api.client.get(f"/bot{TOKEN}/getMe")
    assert (answer.status, answer.content_type) == (502, "text/html")
    [entry] = (await control.get("journal"))["requests"]
    assert entry["status"] == 502


async def test_an_unusual_status_has_some_description(
    api: Api, control: Control
) -> None:
    await control.post("faults", method="getMe", status=599)
    assert await api.refusal("getMe") == (599, "Fault")


async def test_a_dropped_reply_leaves_its_effect(
    api: Api, control: Control, sandbox: Sandbox
) -> None:
    await control.post("faults", method="sendMessage", drop_after_apply=True)
    with pytest.raises(ClientError):
        await api.call("sendMessage", chat_id=ADA, text="sent")
    assert await control.get("wait", chat=ADA, contains="sent")
    [entry] = (await control.get("journal"))["requests"]
    assert entry["status"] == 0
    assert entry["message_id"] is not None


async def test_a_delay_ends_when_faults_are_cleared(
    api: Api, control: Control, sandbox: Sandbox
) -> None:
    await control.post("faults", method="getMe", latency=600, status=500)
    async with asyncio.TaskGroup() as tasks:
        call = tasks.create_task(api.refusal("getMe"))
        while sandbox.world.profile.id is None:
            await control.get("state")
        await control.client.delete("/sandbox/faults")
    assert call.result() == (500, "Internal Server Error")


async def test_a_short_delay_lets_the_call_through(api: Api, control: Control) -> None:
    await control.post("faults", method="getMe", latency=0.01)
    assert await api.call("getMe")


async def test_clearing_says_how_many_there_were(api: Api, control: Control) -> None:
    await control.post("faults", status=500)
    answer = await control.client.delete("/sandbox/faults")
    assert await answer.json() == {"cleared": 1}
    assert await api.call("getMe")


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"method": "getMe"},
        {"status": 99},
        {"latency": -1},
        {"latency": "soon"},
        {"latency": 601},
        {"drop_after_apply": 1},
        {"status": "x"},
        {"status": True},
        {"method": 1, "status": 500},
    ],
)
async def test_a_fault_that_is_none_is_a_problem(
    control: Control, values: dict[str, Any]
) -> None:
    assert (await control.problem("POST", "faults", values))[0] == 422
