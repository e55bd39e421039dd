"""The transcript of everything, for programs and for people."""

import pytest

from tests.bot.sandbox.helpers import (
    ADA,
    GRACE,
    Api,
    Clock,
    Control,
    button,
    keyboard,
    picture,
)


async def story(api: Api, clock: Clock, control: Control) -> int:
    """A prompt in private and one in a topic, a tap, an edit and a deletion."""
    await control.start(ADA)
    desk = await control.post(
        "chats", type="forum", title="Desk", creator=ADA, members=[GRACE]
    )
    topic = await control.post("topics", chat=desk["id"], name="Gold")
    thread = topic["message_thread_id"]
    clock.advance(seconds=1)
    prompt = await api.call(
        "sendPhoto",
        chat_id=ADA,
        photo=picture(),
        caption="BUY XAUUSD\nRisk 99 USD",
        reply_markup=keyboard([button("Approve", "a"), button("Reject", "r")]),
    )
    clock.advance(seconds=1)
    tap = await control.post("tap", user=ADA, label="Approve")
    name = tap["callback_id"]
    await api.call("answerCallbackQuery", callback_query_id=name, text="Approved.")
    clock.advance(seconds=1)
    await api.call(
        "editMessageCaption",
        chat_id=ADA,
        message_id=prompt["message_id"],
        caption="BUY XAUUSD filled",
    )
    await api.call(
        "sendMessage", chat_id=desk["id"], message_thread_id=thread, text="Prompt"
    )
    whisper = {"receiver_user_id": GRACE}
    await api.call(
        "sendMessage",
        chat_id=desk["id"],
        text="No",
        ephemeral_message_parameters=whisper,
    )
    clock.advance(seconds=1)
    await api.call("deleteMessage", chat_id=ADA, message_id=prompt["message_id"])
    await control.post("tap", user=ADA, data="forged", message_id=5)
    return int(desk["id"])


async def test_the_text_tells_the_story_in_its_order(
    api: Api, clock: Clock, control: Control
) -> None:
    desk = await story(api, clock, control)
    answer = await control.client.get("/sandbox/export", params={"format": "text"})
    disposition = answer.headers["Content-Disposition"]
    assert disposition == 'attachment; filename="telegram-sandbox-2026-11-24-1200.txt"'
    title = f"Desk (forum, {desk})"
    assert (
        await answer.text()
        == f"""\
Telegram sandbox, 24 November 2026, 12:00 UTC

Ada (private chat, 1001)
------------------------
12:00:00  Ada: /start
12:00:01  Tapgate: <photo> BUY XAUUSD
              Risk 99 USD
              [Approve] [Reject]
12:00:02  Ada tapped [Approve]
12:00:02    answer: Approved.
12:00:03  Tapgate changed it to: <photo> BUY XAUUSD filled
12:00:04  Tapgate deleted: BUY XAUUSD
12:00:04  Ada tapped [forged]

{title}
{"-" * len(title)}
12:00:00  * Ada created the group
12:00:00  * Ada added Tapgate
12:00:00  * Ada created the topic Gold
12:00:03  Tapgate (in Gold): Prompt
12:00:03  Tapgate (only Grace sees it): No
"""
    )


async def test_the_json_holds_everything(
    api: Api, clock: Clock, control: Control
) -> None:
    desk = await story(api, clock, control)
    document = await control.get("export")
    assert document["people"][0]["first_name"] == "Ada"
    assert [group["id"] for group in document["groups"]] == [desk]
    private, forum = document["chats"]
    assert (private["id"], forum["id"]) == (ADA, desk)
    assert len(private["messages"][1]["versions"]) == 2
    assert [tap["data"] for tap in document["taps"]] == ["a", "forged"]
    assert document["taps"][0]["answer"]["text"] == "Approved."


async def test_an_unknown_format_is_a_problem(control: Control) -> None:
    assert (await control.problem("GET", "export", {"format": "pdf"}))[0] == 422


@pytest.mark.parametrize(
    ("deeds", "words"),
    [
        ([("members", {"user": 1003})], "Viktor joined"),
        ([("members", {"user": 1003, "by": ADA})], "Ada added Viktor"),
        ([("members", {"user": GRACE, "status": "left"})], "Grace left the group"),
        (
            [("members", {"user": GRACE, "status": "kicked", "by": ADA})],
            "Ada removed Grace",
        ),
        ([("bot", {"status": "kicked"})], "Ada removed Tapgate"),
        ([("migrate", {})], "The group became the supergroup"),
    ],
)
async def test_what_happens_in_a_group_is_told_in_words(
    control: Control, deeds: list, words: str
) -> None:
    desk = await control.post(
        "chats", type="group", title="Desk", creator=ADA, members=[GRACE]
    )
    for name, values in deeds:
        await control.post(name, chat=desk["id"], **values)
    answer = await control.client.get("/sandbox/export", params={"format": "text"})
    assert f"* {words}" in await answer.text()
