"""Topics of a forum."""

from typing import Any

import pytest

from tests.bot.sandbox.helpers import ADA, GRACE, Api, Control


@pytest.fixture
async def forum(control: Control) -> int:
    chat = await control.post(
        "chats",
        type="forum",
        title="Desk",
        creator=ADA,
        members=[GRACE],
        bot="administrator",
    )
    return int(chat["id"])


async def test_the_bot_makes_a_topic_and_writes_into_it(
    api: Api, control: Control, forum: int
) -> None:
    topic = await api.call("createForumTopic", chat_id=forum, name="Gold")
    thread = topic["message_thread_id"]
    sent = await api.call(
        "sendMessage", chat_id=forum, message_thread_id=thread, text="Prompt"
    )
    assert (sent["message_thread_id"], sent["is_topic_message"]) == (thread, True)
    assert sent["reply_to_message"]["forum_topic_created"]["name"] == "Gold"
    assert await control.get("wait", chat=forum, contains="Prompt", thread=thread)
    values = {"chat": forum, "contains": "Prompt", "thread": 5, "timeout": 0}
    assert (await control.problem("GET", "wait", values))[0] == 408


async def test_a_persons_topic_is_told_and_taken(
    api: Api, control: Control, forum: int
) -> None:
    made = await control.post("topics", chat=forum, name="Oil", user=GRACE)
    thread = made["message_thread_id"]
    opened = (await api.updates())[-1]["message"]
    assert opened["forum_topic_created"] == {
        "name": "Oil",
        "icon_color": made["icon_color"],
    }
    await control.post("say", user=GRACE, chat=forum, thread=thread, text="/status")
    message = (await api.updates())[-1]["message"]
    assert message["message_thread_id"] == thread
    reply = {"message_id": message["message_id"]}
    sent = await api.call(
        "sendMessage", chat_id=forum, text="fine", reply_parameters=reply
    )
    assert sent["message_thread_id"] == thread


@pytest.mark.parametrize("thread", [1, 77])
async def test_a_topic_that_is_none_is_refused(
    api: Api, forum: int, thread: int
) -> None:
    where = {"chat_id": forum, "message_thread_id": thread}
    wanted = (400, "Bad Request: message thread not found")
    assert await api.refusal("sendMessage", text="x", **where) == wanted
    assert await api.refusal("closeForumTopic", **where) == wanted


async def test_a_closed_topic_is_closed_to_a_plain_member(
    api: Api, control: Control, forum: int
) -> None:
    topic = await api.call("createForumTopic", chat_id=forum, name="Gold")
    where = {"chat_id": forum, "message_thread_id": topic["message_thread_id"]}
    assert await api.call("closeForumTopic", **where)
    again = (400, "Bad Request: TOPIC_NOT_MODIFIED")
    assert await api.refusal("closeForumTopic", **where) == again
    assert await api.call("sendMessage", text="x", **where)
    await control.post("bot", chat=forum, status="member")
    closed = (400, "Bad Request: TOPIC_CLOSED")
    assert await api.refusal("sendMessage", text="x", **where) == closed
    await control.post("bot", chat=forum, status="administrator")
    assert await api.call("reopenForumTopic", **where)


async def test_a_topic_can_be_renamed(api: Api, control: Control, forum: int) -> None:
    topic = await api.call("createForumTopic", chat_id=forum, name="Gold")
    where = {"chat_id": forum, "message_thread_id": topic["message_thread_id"]}
    assert await api.call("editForumTopic", name="XAU", **where)
    assert await api.call("editForumTopic", **where)
    assert (await api.refusal("editForumTopic", name="XAU", **where))[0] == 400
    [group] = (await control.get("state"))["groups"]
    assert [each["name"] for each in group["topics"]] == ["XAU"]


@pytest.mark.parametrize(
    ("kind", "bot", "more", "words"),
    [
        ("forum", "member", {}, "not enough rights to create a topic"),
        ("supergroup", "administrator", {}, "the chat is not a forum"),
        ("forum", "administrator", {"icon_color": 5}, "TOPIC_ICON_COLOR_INVALID"),
        ("forum", "administrator", {"name": ""}, "topic name must be non-empty"),
    ],
    ids=["no right", "no forum", "no colour", "no name"],
)
async def test_a_topic_that_cannot_be_made_is_refused(
    api: Api, control: Control, kind: str, bot: str, more: dict[str, Any], words: str
) -> None:
    chat = await control.post("chats", type=kind, title="X", creator=ADA, bot=bot)
    wish = {"chat_id": chat["id"], "name": "Gold"} | more
    refusal = await api.refusal("createForumTopic", **wish)
    assert refusal == (400, f"Bad Request: {words}")


async def test_a_persons_topic_needs_a_name_and_an_existing_thread(
    control: Control, forum: int
) -> None:
    values = {"chat": forum, "name": "x" * 129}
    assert (await control.problem("POST", "topics", values))[0] == 422
    values = {"chat": forum, "user": GRACE, "text": "x", "thread": 5}
    assert (await control.problem("POST", "say", values))[0] == 404
