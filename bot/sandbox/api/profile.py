"""What the bot says about itself: getMe, commands, descriptions, the menu button."""

import re
from typing import Final

from bot.sandbox.api.chats import known_chat, open_chat
from bot.sandbox.errors import ApiError
from bot.sandbox.model import Json
from bot.sandbox.params import Call, Params
from bot.sandbox.shapes import user_json
from bot.sandbox.views import people_event
from bot.sandbox.world import World

MOST_COMMANDS: Final = 100
DESCRIPTION_CHARACTERS: Final = 256
COMMAND: Final = re.compile(r"[a-z0-9_]{1,32}")
WIDE_SCOPES: Final = frozenset(
    {
        "default",
        "all_private_chats",
        "all_group_chats",
        "all_chat_administrators",
    }
)
MENU_BUTTONS: Final = frozenset({"commands", "web_app", "default"})


def get_me(world: World, call: Call) -> Json:
    """GetMe: the id is the token's, the name the sandbox's."""
    return user_json(call.bot) | {
        "can_join_groups": True,
        "can_read_all_group_messages": world.profile.sees_all,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def _scope(world: World, call: Call) -> tuple[str, str]:
    scope = call.params.object("scope") or {"type": "default"}
    language = call.params.text("language_code") or ""
    match scope.get("type"):
        case str(kind) if kind in WIDE_SCOPES:
            return kind, language
        case "chat" | "chat_administrators" | "chat_member" as kind:
            within = Call(bot=call.bot, method=call.method, params=Params(scope))
            whose = f" {scope.get('user_id')}" if kind == "chat_member" else ""
            return f"{kind} {open_chat(world, within).id}{whose}", language
        case _:
            raise ApiError(400, "Bad Request: unsupported BotCommandScope type")


def set_my_commands(world: World, call: Call) -> bool:
    """SetMyCommands: for one scope and language."""
    commands = call.params.items("commands")
    if commands is None:
        raise ApiError(400, "Bad Request: commands are not specified")
    if len(commands) > MOST_COMMANDS:
        raise ApiError(400, "Bad Request: BOT_COMMANDS_TOO_MUCH")
    kept = [_command(item) for item in commands]
    world.profile.commands[_scope(world, call)] = kept
    world.changed(lambda: people_event(world))
    return True


def _command(item: Json) -> Json:
    name = str(item.get("command", "")).removeprefix("/")
    if not COMMAND.fullmatch(name):
        raise ApiError(400, "Bad Request: BOT_COMMAND_INVALID")
    description = str(item.get("description", "")).strip()
    if not 1 <= len(description) <= DESCRIPTION_CHARACTERS:
        raise ApiError(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
    kept: Json = {"command": name, "description": description}
    return kept | ({"is_ephemeral": True} if item.get("is_ephemeral") else {})


def get_my_commands(world: World, call: Call) -> list[Json]:
    """GetMyCommands: exactly this scope and language."""
    return world.profile.commands.get(_scope(world, call), [])


def delete_my_commands(world: World, call: Call) -> bool:
    """DeleteMyCommands."""
    world.profile.commands.pop(_scope(world, call), None)
    world.changed(lambda: people_event(world))
    return True


def set_text(world: World, call: Call) -> bool:
    """SetMyDescription and setMyShortDescription: 512 and 120 characters."""
    field, most = {
        "setmydescription": ("description", 512),
        "setmyshortdescription": ("short_description", 120),
    }[call.method]
    text = call.params.text(field) or ""
    if len(text) > most:
        raise ApiError(400, f"Bad Request: {field} is too long")
    language = call.params.text("language_code") or ""
    world.profile.texts[call.method, language] = text
    world.changed(lambda: {"type": "profile"})
    return True


def set_chat_menu_button(world: World, call: Call) -> bool:
    """SetChatMenuButton: for one chat or all."""
    button = call.params.object("menu_button") or {"type": "default"}
    if button.get("type") not in MENU_BUTTONS:
        raise ApiError(400, "Bad Request: MENU_BUTTON_TYPE_INVALID")
    world.profile.menu_buttons[_menu_chat(world, call)] = button
    return True


def get_chat_menu_button(world: World, call: Call) -> Json:
    """GetChatMenuButton: of the chat, or of all."""
    buttons = world.profile.menu_buttons
    return buttons.get(_menu_chat(world, call)) or buttons.get(
        None, {"type": "default"}
    )


def _menu_chat(world: World, call: Call) -> int | None:
    if call.params.text("chat_id") is None:
        return None
    return known_chat(world, call).id


METHODS = {
    "getMe": get_me,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setMyDescription": set_text,
    "setMyShortDescription": set_text,
    "setChatMenuButton": set_chat_menu_button,
    "getChatMenuButton": get_chat_menu_button,
}
