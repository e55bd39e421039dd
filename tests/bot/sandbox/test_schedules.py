"""Faults on a schedule: every n-th call, after n, between two moments, by dice."""

from collections.abc import Sequence
from typing import Any

import pytest
from aiohttp import ClientError

from tests.bot.sandbox.helpers import ADA, GRACE, TOKEN, Api, Clock, Control


async def statuses(api: Api, calls: int, method: str = "getMe") -> Sequence[int]:
    return [(await api.raw(method))[0] for _ in range(calls)]


async def test_every_third_call_is_hit(api: Api, control: Control) -> None:
    await control.post("faults", method="getMe", every=3, status=500)
    assert await statuses(api, 7) == [200, 200, 500, 200, 200, 500, 200]


async def test_calls_are_hit_after_the_first_two(api: Api, control: Control) -> None:
    await control.post("faults", method="getMe", after=2, status=500)
    assert await statuses(api, 5) == [200, 200, 500, 500, 500]


async def test_a_schedule_can_end_after_some_hits(api: Api, control: Control) -> None:
    await control.post("faults", method="getMe", every=2, times=1, status=500)
    assert await statuses(api, 4) == [200, 500, 200, 200]
    assert await control.get("faults") == {"faults": []}


async def test_calls_are_hit_between_two_moments(
    api: Api, clock: Clock, control: Control
) -> None:
    times = {"begins_in": 10, "ends_in": 20}
    await control.post("faults", method="getMe", retry_after=3, **times)
    seen = []
    for _ in range(5):
        seen += await statuses(api, 1)
        clock.advance(seconds=5)
    assert seen == [200, 200, 429, 429, 200]


async def test_the_same_seed_throws_the_same_dice(api: Api, control: Control) -> None:
    runs = []
    for _ in range(2):
        await control.post(
            "faults", method="getMe", probability=0.5, seed=7, status=500
        )
        runs.append(await statuses(api, 20))
        await control.client.delete("/sandbox/faults")
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 500}


async def test_other_calls_do_not_disturb_the_count(api: Api, control: Control) -> None:
    await control.post("faults", method="getMe", every=2, status=500)
    assert await statuses(api, 1) == [200]
    assert await statuses(api, 3, "getWebhookInfo") == [200, 200, 200]
    assert await statuses(api, 1) == [500]


async def test_a_fault_can_be_for_one_chat(api: Api, control: Control) -> None:
    await control.start(ADA, GRACE)
    await control.post("faults", method="sendMessage", chat=ADA, retry_after=4)
    assert await api.call("sendMessage", chat_id=GRACE, text="x")
    assert (await api.refusal("sendMessage", chat_id=ADA, text="x"))[0] == 429


async def test_of_two_faults_the_older_acts_and_both_count(
    api: Api, control: Control
) -> None:
    await control.post("faults", method="getMe", every=2, status=500)
    await control.post("faults", method="getMe", every=3, status=502)
    assert await statuses(api, 6) == [200, 500, 502, 500, 200, 500]


async def test_what_is_set_can_be_asked(api: Api, control: Control) -> None:
    await control.post("faults", method="getMe", every=2, status=500)
    await statuses(api, 3)
    [fault] = (await control.get("faults"))["faults"]
    assert (fault["seen"], fault["fired"], fault["times"]) == (3, 1, None)


async def test_an_answer_may_end_in_the_middle_of_its_json(
    api: Api, control: Control
) -> None:
    await control.post("faults", method="getMe", broken_json=True)
    answer = await api.client.get(f"/bot{TOKEN}/getMe")
    assert (answer.status, answer.content_type) == (502, "application/json")
    with pytest.raises(ValueError, match="Unterminated"):
        await answer.json()


async def test_a_call_may_be_lost_before_it_has_an_effect(
    api: Api, control: Control
) -> None:
    await control.start(ADA)
    await control.post("faults", method="sendMessage", drop_before_apply=True)
    with pytest.raises(ClientError):
        await api.call("sendMessage", chat_id=ADA, text="lost")
    shown = (await control.get("transcript", chat=ADA))["messages"]
    assert [message["text"] for message in shown] == ["/start"]
    [entry] = (await control.get("journal"))["requests"]
    assert (entry["status"], entry["message_id"]) == (0, None)


@pytest.mark.parametrize(
    "values",
    [
        {"every": 0},
        {"after": -1},
        {"probability": 1.5},
        {"probability": "often"},
        {"probability": True},
        {"begins_in": -1},
        {"ends_in": "tomorrow"},
        {"chat": "Ada"},
    ],
    ids=str,
)
async def test_a_schedule_that_is_none_is_a_problem(
    control: Control, values: dict[str, Any]
) -> None:
    wish = {"status": 500} | values
    assert (await control.problem("POST", "faults", wish))[0] == 422
