"""What the sandbox refuses: in Telegram's words to the bot, in its own to a tester."""

from collections.abc import Mapping


class ApiError(Exception):
    """A Bot API answer with `ok: false`: HTTP status, description, parameters."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters: Mapping[str, int] = parameters


class Problem(Exception):
    """A control API refusal (RFC 9457): HTTP status and one plain sentence."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
