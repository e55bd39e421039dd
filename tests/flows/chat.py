"""The sandbox Telegram as a test uses it: people say and tap, and read."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.flows import web
from tests.flows.waiting import until
from tests.flows.web import PATIENCE


@dataclass(frozen=True, slots=True)
class Reply:
    """What the bot answered to a tap."""

    text: str
    alert: bool


@dataclass(frozen=True, slots=True)
class Tapped:
    """A tap on its way: the ids that Telegram gave it."""

    callback_id: str
    update_id: int
    data: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as it is now."""

    id: int
    """Negative if it is ephemeral."""
    text: str
    labels: tuple[str, ...]
    former: tuple[str, ...]
    """What it showed before, the oldest first."""
    photo: bool
    buttons: tuple[dict[str, Any], ...]

    def data_of(self, label: str) -> str:
        """What the button with this word in its label carries."""
        (data,) = [b["callback_data"] for b in self.buttons if label in b["text"]]
        return str(data)


class Sandbox:
    """The control API of a running sandbox."""

    def __init__(self, port: int) -> None:
        self.port = port

    def post(self, name: str, /, **content: object) -> Any:
        return web.post(self.port, f"/sandbox/{name}", content)

    def get(self, name: str, /, **query: str | float) -> Any:
        return web.get(self.port, f"/sandbox/{name}", **query)

    def delete(self, name: str) -> Any:
        return web.call(self.port, "DELETE", f"/sandbox/{name}").body

    def say(self, user: int, text: str, **where: int) -> int:
        """Write to the bot, or to a ``chat`` and its ``thread``; that message's id."""
        return int(self.post("say", user=user, text=text, **where)["message_id"])

    # ------------------------------------------------------------ groups
    def group(
        self,
        creator: int,
        *members: int,
        kind: str = "supergroup",
        title: str = "Desk",
        bot: str = "member",
    ) -> int:
        """A group with the bot in it (``bot="none"``: not yet); returns its id."""
        wish = {"type": kind, "title": title, "bot": bot, "members": list(members)}
        return int(self.post("chats", creator=creator, **wish)["id"])

    def topic(self, chat: int, name: str) -> int:
        """A topic of a forum; returns its thread."""
        made = self.post("topics", chat=chat, name=name)
        return int(made["message_thread_id"])

    def becomes(self, chat: int, status: str, *, user: int = 0) -> None:
        """The bot, or a person, becomes this in a group: member, left, kicked, …"""
        if user:
            self.post("members", chat=chat, user=user, status=status)
        else:
            self.post("bot", chat=chat, status=status)

    def migrate(self, chat: int) -> int:
        """Upgrade a group to a supergroup; returns the new id."""
        return int(self.post("migrate", chat=chat)["id"])

    # ------------------------------------------------------------ reading
    def messages(self, chat: int) -> list[Shown]:
        """Everything in the chat, the oldest first; not what happened to a group."""
        found = self.get("transcript", chat=chat)["messages"]
        return [_shown(each) for each in found if _stands(each["sandbox"])]

    def message(self, chat: int, message_id: int) -> Shown:
        (found,) = [m for m in self.messages(chat) if m.id == message_id]
        return found

    def wait(
        self,
        chat: int,
        contains: str = "",
        *,
        button: str = "",
        after: int = 0,
        **seen: int,
    ) -> Shown:
        """The newest message after ``after`` that shows this, once there is one.

        In a group: as this ``user`` sees it, in this ``thread``.
        """
        query: dict[str, str | float] = {"contains": contains, "after": after, **seen}
        if button:
            query["button"] = button
        found = self.get("wait", chat=chat, timeout=PATIENCE, **query)
        return _shown(found)

    def shows(self, chat: int, message_id: int, text: str) -> Shown:
        """This very message, once it shows the text."""

        def look() -> Shown | None:
            found = self.message(chat, message_id)
            return found if text in found.text else None

        try:
            return until(look, f'"{text}"')
        except AssertionError as late:
            shown = self.message(chat, message_id)
            message = f"{late}; the message shows {shown}"
            raise AssertionError(message) from late

    # ------------------------------------------------------------ tapping
    def start_tap(
        self, user: int, label: str, message_id: int, *, chat: int | None = None
    ) -> Tapped:
        """Tap a button by its label, without waiting for the answer."""
        return _tapped(
            self.post(
                "tap", user=user, label=label, message_id=message_id, chat=chat or user
            )
        )

    def start_crafted(
        self, user: int, data: str, *, message_id: int, chat: int | None = None
    ) -> Tapped:
        """Send data as a modified app could: on any message, with any content."""
        return _tapped(
            self.post(
                "tap", user=user, data=data, message_id=message_id, chat=chat or user
            )
        )

    def answer(self, tapped: Tapped) -> Reply:
        """What the bot answers to a tap; every tap must be answered."""
        found = self.get("answers", callback_id=tapped.callback_id, wait=PATIENCE)
        return Reply(found["text"] or "", found["show_alert"])

    def tap(self, user: int, label: str, message_id: int) -> Reply:
        """Tap and wait for the answer."""
        return self.answer(self.start_tap(user, label, message_id))

    def crafted(
        self, user: int, data: str, *, message_id: int, chat: int | None = None
    ) -> Reply:
        """Send crafted data and wait for the answer."""
        tapped = self.start_crafted(user, data, message_id=message_id, chat=chat)
        return self.answer(tapped)

    def tap_at_once(self, user: int, taps: list[tuple[str, int]]) -> list[Reply]:
        """Many taps in parallel: label and message id of each."""
        with ThreadPoolExecutor(len(taps)) as fingers:
            started = fingers.map(
                lambda tap: self.start_crafted(user, tap[0], message_id=tap[1]), taps
            )
            return list(fingers.map(self.answer, list(started)))

    # ------------------------------------------------------------ what the bot did
    def calls(self, method: str, *, chat: int | None = None) -> list[dict[str, Any]]:
        """The bot's calls of a method, in order, those to one chat if given."""
        made = self.get("journal", method=method)["requests"]
        return [
            each
            for each in made
            if chat is None or str(each["params"].get("chat_id")) == str(chat)
        ]


def _tapped(content: dict[str, Any]) -> Tapped:
    return Tapped(content["callback_id"], content["update_id"], content["data"])


def _stands(inside: dict[str, Any]) -> bool:
    return not inside["deleted"] and inside["service"] is None


def _shown(content: dict[str, Any]) -> Shown:
    inside = content["sandbox"]
    rows = content.get("reply_markup", {}).get("inline_keyboard", [])
    former = content.get("versions", [])[:-1]
    return Shown(
        id=inside["id"],
        text=inside["content"],
        labels=tuple(inside["labels"]),
        former=tuple(each.get("text") or each.get("caption", "") for each in former),
        photo="photo" in content,
        buttons=tuple(button for row in rows for button in row),
    )
