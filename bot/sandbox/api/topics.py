"""The methods about the topics of a forum, and finding the one a message goes to."""

from typing import Final

from bot.sandbox.api.chats import open_chat
from bot.sandbox.errors import ApiError, Problem
from bot.sandbox.groups import COLORS, make_topic, serve
from bot.sandbox.model import Chat, Json, Topic
from bot.sandbox.params import Call
from bot.sandbox.shapes import topic_json
from bot.sandbox.views import people_event
from bot.sandbox.world import World

NO_THREAD: Final = "Bad Request: message thread not found"


def thread_of(chat: Chat, call: Call) -> int | None:
    """The topic of `message_thread_id`, which must be open to the bot; ApiError 400."""
    thread = call.params.integer("message_thread_id")
    if thread is None:
        return None
    topic = chat.topics.get(thread)
    if topic is None:
        raise ApiError(400, NO_THREAD)
    if topic.closed and not chat.obeys_bot:
        raise ApiError(400, "Bad Request: TOPIC_CLOSED")
    return thread


def create_forum_topic(world: World, call: Call) -> Json:
    """CreateForumTopic: by an administrator, in one of six colours."""
    chat = _forum(world, call)
    color = call.params.integer("icon_color")
    if color not in {None, *COLORS}:
        raise ApiError(400, "Bad Request: TOPIC_ICON_COLOR_INVALID")
    try:
        name = call.params.text("name") or ""
        topic, _ = make_topic(world, chat, name, call.bot, color)
    except Problem as wrong:
        raise ApiError(400, "Bad Request: topic name must be non-empty") from wrong
    return topic_json(topic)


def edit_forum_topic(world: World, call: Call) -> bool:
    """EditForumTopic: another name."""
    chat = _forum(world, call)
    topic, name = _topic(chat, call), call.params.text("name")
    if name == topic.name:
        raise ApiError(400, "Bad Request: TOPIC_NOT_MODIFIED")
    if name is not None:
        topic.name = name
        edited = {"forum_topic_edited": {"name": name}}
        serve(world, chat, call.bot, edited, thread=topic.id)
        world.changed(lambda: people_event(world))
    return True


def set_closed(world: World, call: Call) -> bool:
    """CloseForumTopic and reopenForumTopic."""
    chat = _forum(world, call)
    topic = _topic(chat, call)
    closed = call.method == "closeforumtopic"
    if topic.closed == closed:
        raise ApiError(400, "Bad Request: TOPIC_NOT_MODIFIED")
    topic.closed = closed
    what = "closed" if closed else "reopened"
    serve(world, chat, call.bot, {f"forum_topic_{what}": {}}, thread=topic.id)
    world.changed(lambda: people_event(world))
    return True


def _forum(world: World, call: Call) -> Chat:
    chat = open_chat(world, call)
    if not chat.forum:
        raise ApiError(400, "Bad Request: the chat is not a forum")
    if not chat.obeys_bot:
        raise ApiError(400, "Bad Request: not enough rights to create a topic")
    return chat


def _topic(chat: Chat, call: Call) -> Topic:
    topic = chat.topics.get(call.params.integer("message_thread_id") or 0)
    if topic is None:
        raise ApiError(400, NO_THREAD)
    return topic


METHODS = {
    "createForumTopic": create_forum_topic,
    "editForumTopic": edit_forum_topic,
    "closeForumTopic": set_closed,
    "reopenForumTopic": set_closed,
}
