"""The methods about who is in a chat, and leaving it."""

from bot.sandbox.api.chats import open_chat
from bot.sandbox.errors import ApiError
from bot.sandbox.groups import GONE, set_bot
from bot.sandbox.model import ADMINS, PRESENT, Chat, Json, Member, Standing
from bot.sandbox.params import Call
from bot.sandbox.shapes import bot_json, member_json, user_json
from bot.sandbox.world import World

PLAIN = Member(standing=Standing.MEMBER)


def get_chat_member(world: World, call: Call) -> Json:
    """GetChatMember: a private chat has two members; in a group anybody known."""
    chat = open_chat(world, call)
    user_id = call.params.integer("user_id") or 0
    if user_id == call.bot.id:
        return member_json(chat, chat.bot or PLAIN, user_json(call.bot))
    person = world.people.get(user_id)
    if person is None or not (chat.is_group or chat.has(user_id)):
        raise ApiError(400, "Bad Request: member not found")
    member = chat.members.get(user_id, GONE) if chat.is_group else PLAIN
    return member_json(chat, member, user_json(person))


def get_chat_administrators(world: World, call: Call) -> list[Json]:
    """GetChatAdministrators: of a group; the bot among them if it is one."""
    chat = _group(world, call)
    found = [
        member_json(chat, member, user_json(world.people[user_id]))
        for user_id, member in chat.members.items()
        if member.standing in ADMINS
    ]
    if chat.bot is not None and chat.obeys_bot:
        found.append(member_json(chat, chat.bot, bot_json(world)))
    return found


def get_chat_member_count(world: World, call: Call) -> int:
    """GetChatMemberCount: with the bot."""
    chat = open_chat(world, call)
    present = sum(1 for m in chat.members.values() if m.standing in PRESENT)
    return present + 1 if chat.is_group else 2


def leave_chat(world: World, call: Call) -> bool:
    """LeaveChat: the bot goes by itself and hears that it did."""
    set_bot(world, _group(world, call), GONE, call.bot)
    return True


def _group(world: World, call: Call) -> Chat:
    chat = open_chat(world, call)
    if not chat.is_group:
        raise ApiError(
            400, "Bad Request: method is available only for supergroups and groups"
        )
    return chat


METHODS = {
    "getChatMember": get_chat_member,
    "getChatAdministrators": get_chat_administrators,
    "getChatMemberCount": get_chat_member_count,
    "leaveChat": leave_chat,
}
