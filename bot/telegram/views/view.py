"""What a view is made of: text, buttons, and a picture; and a file by itself."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """One button; ``style`` colours it where Telegram can."""

    text: str
    data: str
    style: str = ""

    def without_style(self) -> "Button":
        """The same button where Telegram cannot colour it."""
        return replace(self, style="")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One message: HTML, rows of buttons, and a stored picture if it has one."""

    text: str
    rows: tuple[tuple[Button, ...], ...] = ()
    photo: str | None = None
    topic: int | None = None
    """Of a forum, where it is sent into one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file that somebody asked for: its content, or a stored picture as it is."""

    name: str
    content: bytes = b""
    picture: str | None = None
