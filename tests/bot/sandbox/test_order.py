"""Updates held back, let go, and put into another order."""

from tests.bot.sandbox.helpers import ADA, Api, Control


async def said(control: Control, *texts: str) -> list[int]:
    return [
        (await control.post("say", user=ADA, text=text))["update_id"] for text in texts
    ]


def texts(updates: list[dict]) -> list[str]:
    return [update["message"]["text"] for update in updates]


async def test_held_updates_wait_until_they_are_let_go(
    api: Api, control: Control
) -> None:
    await control.post("hold")
    ids = await said(control, "/start", "one")
    assert await api.updates(timeout=0) == []
    assert await control.post("release") == {"held": False, "waiting": ids}
    assert texts(await api.updates()) == ["/start", "one"]


async def test_updates_arrive_in_the_order_that_was_asked_for(
    api: Api, control: Control
) -> None:
    await control.post("hold")
    first, second, third = await said(control, "/start", "one", "two")
    await control.post("release", update_ids=[third, first, second])
    assert texts(await api.updates()) == ["two", "/start", "one"]


async def test_what_is_named_changes_places_among_itself(
    api: Api, control: Control
) -> None:
    first, _, third = await said(control, "/start", "one", "two")
    await control.post("reorder", update_ids=[third, first])
    assert texts(await api.updates()) == ["two", "one", "/start"]


async def test_without_names_the_order_is_turned_round(
    api: Api, control: Control
) -> None:
    ids = await said(control, "/start", "one", "two")
    assert (await control.post("reorder"))["waiting"] == ids[::-1]
    assert texts(await api.updates()) == ["two", "one", "/start"]


async def test_confirming_what_came_last_asks_for_the_higher_ones_again(
    api: Api, control: Control
) -> None:
    first, second, third = await said(control, "/start", "one", "two")
    await control.post("reorder", update_ids=[third, first, second])
    await api.updates()
    assert texts(await api.updates(offset=second + 1)) == ["two"]
    assert await api.updates(offset=third + 1) == []


async def test_an_update_that_does_not_wait_cannot_be_moved(
    control: Control,
) -> None:
    [first] = await said(control, "/start")
    for wrong in ([first, 5], [first, first], ["x"]):
        status, _ = await control.problem("POST", "reorder", {"update_ids": wrong})
        assert status in {409, 422}
