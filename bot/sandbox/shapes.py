"""The world as Bot API objects: what the bot gets to see."""

from datetime import datetime
from typing import Final

from bot.sandbox.model import (
    Chat,
    Json,
    Member,
    Message,
    Query,
    Standing,
    StoredFile,
    Topic,
    User,
    Version,
)
from bot.sandbox.world import World

ANONYMOUS: Final = User(
    id=1_087_968_824,
    first_name="Group",
    username="GroupAnonymousBot",
    language_code=None,
    is_bot=True,
)
"""Who an anonymous administrator seems to be."""
GROUP_RIGHTS: Final = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
)
STORY_RIGHTS: Final = (
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_send_welcome_messages",
)
PERMISSIONS: Final = (
    "can_send_messages",
    "can_send_photos",
    "can_send_documents",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_invite_users",
)


def unix(moment: datetime) -> int:
    """Whole seconds, as Telegram writes dates."""
    return int(moment.timestamp())


def user_json(user: User) -> Json:
    """A Bot API User."""
    optional = {"username": user.username, "language_code": user.language_code}
    return {
        "id": user.id,
        "is_bot": user.is_bot,
        "first_name": user.first_name,
    } | {key: value for key, value in optional.items() if value is not None}


def bot_json(world: World) -> Json:
    """The bot's own user as others see it; it may not have spoken yet."""
    profile = world.profile
    return {
        "id": profile.id or 0,
        "is_bot": True,
        "first_name": profile.first_name,
        "username": profile.username,
    }


def chat_json(chat: Chat) -> Json:
    """A Bot API Chat: a private one is named after the person."""
    named = "title" if chat.is_group else "first_name"
    made: Json = {"id": chat.id, "type": chat.kind.value, named: chat.title}
    if chat.username:
        made["username"] = chat.username
    return made | ({"is_forum": True} if chat.forum else {})


def chat_of(world: World, message: Message) -> Chat:
    """The chat a message stands in; messages never outlive it."""
    chat = world.chat(message.chat_id)
    if chat is None:
        raise LookupError(message.chat_id)
    return chat


def member_json(chat: Chat, member: Member, user: Json) -> Json:
    """A Bot API ChatMember of the kind that its status names."""
    shown: Json = {"status": member.standing.value, "user": user}
    match member.standing:
        case Standing.CREATOR:
            return shown | {"is_anonymous": member.anonymous}
        case Standing.ADMINISTRATOR:
            rights = dict.fromkeys(GROUP_RIGHTS, True)
            rights |= dict.fromkeys(STORY_RIGHTS, False)
            if chat.forum:
                rights["can_manage_topics"] = True
            extra = {"can_be_edited": False, "is_anonymous": member.anonymous}
            return shown | extra | rights
        case Standing.KICKED:
            return shown | {"until_date": 0}
        case _:
            return shown


def message_json(world: World, message: Message, *, nested: bool = False) -> Json:
    """A Bot API Message as it is now; `nested` leaves out what it replies to."""
    shown = message.now
    chat = chat_json(chat_of(world, message))
    result: Json = {
        "message_id": message.id,
        "from": user_json(message.sender),
        "chat": chat,
        "date": unix(message.sent_at),
    }
    if message.as_chat:
        result["sender_chat"] = chat
    if message.receiver is not None:
        result |= {
            "message_id": 0,
            "ephemeral_message_id": -message.id,
            "receiver_user": user_json(message.receiver),
        }
    if message.thread is not None:
        result |= {"message_thread_id": message.thread, "is_topic_message": True}
    if len(message.versions) > 1 and message.by_bot:
        result["edit_date"] = unix(shown.at)
    answered = world.message(message.chat_id, message.reply_to or message.thread)
    if answered is not None and answered is not message and not nested:
        result["reply_to_message"] = message_json(world, answered, nested=True)
    return result | message.extras | (message.service or {}) | content_json(shown)


def content_json(version: Version) -> Json:
    """The fields of a Message that an edit can change."""
    result: Json = {}
    text, entities = "text", "entities"
    if version.file is not None:
        text, entities = "caption", "caption_entities"
        result |= _file_fields(version.file)
    if version.rich.text:
        result[text] = version.rich.text
    if version.rich.entities:
        result[entities] = list(version.rich.entities)
    if version.markup.inline is not None:
        rows = [list(row) for row in version.markup.inline]
        result["reply_markup"] = {"inline_keyboard": rows}
        if version.markup.force_reply:
            result["reply_markup"]["force_reply"] = True
    return result


def _file_fields(file: StoredFile) -> Json:
    if file.kind == "photo":
        sizes = [file.thumbnail, file] if file.thumbnail else [file]
        return {"photo": [photo_size(size) for size in sizes]}
    document = file_json(file) | {
        "file_name": file.name,
        "mime_type": file.mime_type,
    }
    return {"document": document}


def file_json(file: StoredFile) -> Json:
    """The fields every Bot API file has; a thumbnail is not drawn, so not weighed."""
    size = {} if file.reduced else {"file_size": len(file.content)}
    return {"file_id": file.file_id, "file_unique_id": file.unique_id} | size


def photo_size(file: StoredFile) -> Json:
    """A Bot API PhotoSize."""
    return file_json(file) | {"width": file.width, "height": file.height}


def topic_json(topic: Topic) -> Json:
    """A Bot API ForumTopic."""
    return {
        "message_thread_id": topic.id,
        "name": topic.name,
        "icon_color": topic.icon_color,
    }


def query_json(world: World, query: Query) -> Json:
    """A Bot API CallbackQuery; a message that is gone is an InaccessibleMessage."""
    message = world.message(query.chat_id, query.message_id)
    chat = world.chat(query.chat_id)
    gone: Json = {"message_id": query.message_id, "date": 0}
    if chat is not None:
        gone["chat"] = chat_json(chat)
    return {
        "id": query.id,
        "from": user_json(query.person),
        "chat_instance": str(7_000_000_000 + query.chat_id),
        "message": message_json(world, message) if message else gone,
        "data": query.data,
    }


def membership_json(
    world: World, chat: Chat, by: User, was: Member, now: Member, who: User | None
) -> Json:
    """A Bot API ChatMemberUpdated; `who` None means the bot itself."""
    user = user_json(who) if who else bot_json(world)
    return {
        "chat": chat_json(chat),
        "from": user_json(by),
        "date": unix(world.now()),
        "old_chat_member": member_json(chat, was, user),
        "new_chat_member": member_json(chat, now, user),
    }
