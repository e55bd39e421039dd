"""Groups: who is in them, what the bot hears, and what it is refused."""

from typing import Any

import pytest

from tests.bot.sandbox.helpers import (
    ADA,
    GRACE,
    VIKTOR,
    Api,
    Control,
    button,
    keyboard,
)

Group = dict[str, Any]


async def made(control: Control, **more: Any) -> Group:
    wish = {"type": "supergroup", "title": "Desk", "creator": ADA, "members": [GRACE]}
    return await control.post("chats", **wish | more)


def kinds(updates: list[dict[str, Any]]) -> list[str]:
    return [kind for update in updates for kind in update if kind != "update_id"]


async def test_a_bot_that_is_added_hears_of_it_twice(
    api: Api, control: Control
) -> None:
    desk = await made(control)
    membership, service = await api.updates()
    change = membership["my_chat_member"]
    assert change["chat"] == {"id": desk["id"], "type": "supergroup", "title": "Desk"}
    assert change["from"]["id"] == ADA
    assert change["old_chat_member"]["status"] == "left"
    assert change["new_chat_member"]["status"] == "member"
    [newcomer] = service["message"]["new_chat_members"]
    assert newcomer["username"] == "tapgate_sandbox_bot"


@pytest.mark.parametrize(
    ("kind", "begins"), [("group", -4_0), ("supergroup", -100), ("forum", -100)]
)
async def test_ids_of_groups_look_like_telegrams(
    control: Control, kind: str, begins: int
) -> None:
    desk = await made(control, type=kind)
    assert str(desk["id"]).startswith(str(begins))


async def test_a_group_takes_messages_and_says_who_wrote(
    api: Api, control: Control
) -> None:
    desk = await made(control)
    sent = await api.call("sendMessage", chat_id=desk["id"], text="Prompt")
    assert sent["chat"]["title"] == "Desk"
    await control.post(
        "say", user=GRACE, chat=desk["id"], text="why?", reply_to=sent["message_id"]
    )
    message = (await api.updates())[-1]["message"]
    assert message["from"]["first_name"] == "Grace"
    assert message["reply_to_message"]["text"] == "Prompt"


@pytest.mark.parametrize("kind", ["group", "supergroup"])
@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("kicked", "bot was kicked from the {} chat"),
        ("left", "bot is not a member of the {} chat"),
    ],
)
async def test_a_bot_outside_is_refused_in_telegrams_words(
    api: Api, control: Control, kind: str, status: str, words: str
) -> None:
    desk = await made(control, type=kind)
    await control.post("bot", chat=desk["id"], status=status)
    wanted = (403, f"Forbidden: {words.format(kind)}")
    assert await api.refusal("sendMessage", chat_id=desk["id"], text="x") == wanted
    assert await api.refusal("getChat", chat_id=desk["id"]) == wanted
    assert kinds(await api.updates())[2:] == ["my_chat_member", "message"]


async def test_a_group_without_the_bot_is_not_found(api: Api, control: Control) -> None:
    desk = await made(control, bot="none")
    wanted = (400, "Bad Request: chat not found")
    assert await api.refusal("sendMessage", chat_id=desk["id"], text="x") == wanted
    assert await api.refusal("sendMessage", chat_id=-5, text="x") == wanted
    assert await api.updates() == []


async def test_a_bot_can_come_back(api: Api, control: Control) -> None:
    desk = await made(control)
    await control.post("bot", chat=desk["id"], status="kicked", by=GRACE)
    await control.post("bot", chat=desk["id"], by=GRACE)
    assert await api.call("sendMessage", chat_id=desk["id"], text="back")


async def test_a_bot_can_leave(api: Api, control: Control) -> None:
    desk = await made(control)
    assert await api.call("leaveChat", chat_id=desk["id"]) is True
    assert (await api.refusal("getChat", chat_id=desk["id"]))[0] == 403
    assert (await api.updates())[-1]["my_chat_member"]["from"]["id"] == 42


async def test_get_chat_knows_groups(api: Api, control: Control) -> None:
    desk = await made(control, type="forum", username="desk")
    chat = await api.call("getChat", chat_id=desk["id"])
    assert (chat["title"], chat["is_forum"]) == ("Desk", True)
    assert (await api.call("getChat", chat_id="@desk"))["id"] == desk["id"]
    assert (await api.refusal("getChat", chat_id="@nobody"))[0] == 400


async def test_members_are_told_by_their_status(api: Api, control: Control) -> None:
    desk = await made(control)
    name = desk["id"]
    await control.post("members", chat=name, user=VIKTOR, status="administrator")
    await control.post("members", chat=name, user=GRACE, status="kicked", by=ADA)
    await control.post("bot", chat=name, status="administrator")
    found = {
        user: (await api.call("getChatMember", chat_id=name, user_id=user))["status"]
        for user in (ADA, GRACE, VIKTOR, 42)
    }
    assert found == {
        ADA: "creator",
        GRACE: "kicked",
        VIKTOR: "administrator",
        42: "administrator",
    }
    chiefs = await api.call("getChatAdministrators", chat_id=name)
    assert [each["user"]["id"] for each in chiefs] == [ADA, VIKTOR, 42]
    assert await api.call("getChatMemberCount", chat_id=name) == 3
    wanted = (400, "Bad Request: member not found")
    assert await api.refusal("getChatMember", chat_id=name, user_id=77) == wanted


async def test_who_never_was_in_the_group_has_left_it(
    api: Api, control: Control
) -> None:
    desk = await made(control)
    member = await api.call("getChatMember", chat_id=desk["id"], user_id=VIKTOR)
    assert member["status"] == "left"


async def test_methods_of_groups_refuse_a_private_chat(
    api: Api, control: Control
) -> None:
    await control.start(ADA)
    assert (await api.refusal("leaveChat", chat_id=ADA))[0] == 400
    assert await api.call("getChatMemberCount", chat_id=ADA) == 2


async def test_an_administrator_hears_who_comes_if_it_asks(
    api: Api, control: Control
) -> None:
    desk = await made(control)
    wanted = ["chat_member", "message"]
    await api.updates(offset=-1, allowed_updates=wanted)
    await control.post("members", chat=desk["id"], user=VIKTOR)
    await control.post("bot", chat=desk["id"], status="administrator")
    await control.post("members", chat=desk["id"], user=VIKTOR, status="left")
    updates = (await api.updates())[1:]
    assert kinds(updates) == ["message", "chat_member", "message"]
    assert updates[1]["chat_member"]["new_chat_member"]["status"] == "left"


@pytest.mark.parametrize("text", ["/status", "/status@Tapgate_sandbox_bot now"])
async def test_privacy_mode_lets_commands_to_the_bot_through(
    control: Control, text: str
) -> None:
    desk = await made(control)
    said = await control.post("say", user=GRACE, chat=desk["id"], text=text)
    assert said["update_id"] is not None


@pytest.mark.parametrize(
    "text", ["/status@other_bot", "good morning", "see /status", "@tapgate_sandbox_bot"]
)
async def test_privacy_mode_keeps_everything_else_from_the_bot(
    control: Control, text: str
) -> None:
    desk = await made(control)
    said = await control.post("say", user=GRACE, chat=desk["id"], text=text)
    assert said["update_id"] is None


async def test_privacy_mode_lets_replies_to_the_bot_through(
    api: Api, control: Control
) -> None:
    desk = await made(control)
    where = {"user": GRACE, "chat": desk["id"]}
    ours = await api.call("sendMessage", chat_id=desk["id"], text="Why?")
    theirs = await control.post("say", text="hm", **where)
    reply = {"text": "news", "reply_to": ours["message_id"]}
    assert (await control.post("say", **reply, **where))["update_id"] is not None
    reply = {"text": "no", "reply_to": theirs["message_id"]}
    assert (await control.post("say", **reply, **where))["update_id"] is None


@pytest.mark.parametrize("how", ["no privacy", "administrator"])
async def test_without_privacy_the_bot_hears_everything(
    api: Api, control: Control, how: str
) -> None:
    desk = await made(control)
    if how == "administrator":
        await control.post("bot", chat=desk["id"], status="administrator")
    else:
        assert await control.post("privacy", on=False) == {"on": False}
        assert (await api.call("getMe"))["can_read_all_group_messages"] is True
    said = await control.post("say", user=GRACE, chat=desk["id"], text="good morning")
    assert said["update_id"] is not None


async def test_an_anonymous_administrator_writes_as_the_group(
    api: Api, control: Control
) -> None:
    desk = await made(control)
    name = desk["id"]
    await control.post(
        "members", chat=name, user=GRACE, status="administrator", anonymous=True
    )
    await control.post("say", user=GRACE, chat=name, text="/status")
    message = (await api.updates())[-1]["message"]
    assert message["from"]["username"] == "GroupAnonymousBot"
    assert message["sender_chat"]["id"] == name
    where = {"chat_id": name, "message_id": message["message_id"], "text": "x"}
    wanted = (400, "Bad Request: message can't be edited")
    assert await api.refusal("editMessageText", **where) == wanted


async def test_a_tap_in_a_group_says_who_tapped(api: Api, control: Control) -> None:
    desk = await made(control)
    markup = keyboard([button("Approve", "a")])
    await api.call("sendMessage", chat_id=desk["id"], text="?", reply_markup=markup)
    await control.post("tap", user=GRACE, chat=desk["id"], label="Approve")
    query = (await api.updates())[-1]["callback_query"]
    assert query["from"]["id"] == GRACE
    assert query["message"]["chat"]["id"] == desk["id"]
    for wish in ({"label": "Approve"}, {"data": "a"}):
        values = {"user": VIKTOR, "chat": desk["id"]} | wish
        assert (await control.problem("POST", "tap", values))[0] == 409


async def test_who_blocked_the_bot_can_still_use_it_in_a_group(
    api: Api, control: Control
) -> None:
    desk = await made(control)
    await control.start(GRACE)
    await control.post("block", user=GRACE)
    said = await control.post("say", user=GRACE, chat=desk["id"], text="/status")
    assert said["update_id"] is not None


@pytest.mark.parametrize(
    ("name", "values", "status"),
    [
        ("say", {"user": VIKTOR, "text": "x"}, 409),
        ("members", {"user": 5}, 404),
        ("members", {"user": VIKTOR, "status": "king"}, 422),
        ("migrate", {"user": ADA}, 409),
        ("topics", {"name": "x"}, 409),
        ("bot", {"status": "none"}, 422),
    ],
)
async def test_what_cannot_happen_in_a_group_is_a_problem(
    control: Control, name: str, values: dict[str, Any], status: int
) -> None:
    desk = await made(control)
    wish = {"chat": desk["id"]} | values
    assert (await control.problem("POST", name, wish))[0] == status


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"title": " "}, 422),
        ({"id": 5}, 422),
        ({"id": ADA}, 409),
        ({"type": "channel"}, 422),
        ({"members": ["Grace"]}, 422),
        ({"members": [5]}, 404),
        ({"creator": None}, 422),
    ],
    ids=str,
)
async def test_a_group_that_cannot_be_is_a_problem(
    control: Control, values: dict[str, Any], status: int
) -> None:
    wish = {"title": "Desk", "creator": ADA} | values
    assert (await control.problem("POST", "chats", wish))[0] == status


async def test_a_group_that_lost_its_creator_needs_a_name_for_who_acts(
    control: Control,
) -> None:
    desk = await made(control)
    name = desk["id"]
    await control.post("members", chat=name, user=ADA, status="left")
    values = {"chat": name, "status": "kicked"}
    assert (await control.problem("POST", "bot", values))[0] == 422
    assert await control.post("bot", by=GRACE, **values)


async def test_pinning_and_deleting_others_messages_needs_an_administrator(
    api: Api, control: Control
) -> None:
    desk = await made(control)
    name = desk["id"]
    said = await control.post("say", user=GRACE, chat=name, text="/x")
    where = {"chat_id": name, "message_id": said["message_id"]}
    refused = (400, "Bad Request: message can't be deleted")
    assert await api.refusal("deleteMessage", **where) == refused
    assert (await api.refusal("pinChatMessage", **where))[0] == 400
    await control.post("bot", chat=name, status="administrator")
    assert await api.call("pinChatMessage", **where)
    assert (await api.call("getChat", chat_id=name))["pinned_message"]
    assert await api.call("deleteMessage", **where)


async def test_somebody_without_an_account_is_not_reached_and_does_nothing(
    api: Api, control: Control
) -> None:
    await control.start(ADA)
    await control.post("deactivate", user=ADA)
    wanted = (403, "Forbidden: user is deactivated")
    assert await api.refusal("sendMessage", chat_id=ADA, text="x") == wanted
    values = {"user": ADA, "text": "x"}
    assert (await control.problem("POST", "say", values))[0] == 409
