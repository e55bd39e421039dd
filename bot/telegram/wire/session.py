"""The HTTP session towards a Bot API server, real or emulated.

Two habits make one bot work on every server: a file goes under its own field
name, which more servers understand than ``attach://``, and no proxy headers or
certificates are needed for a plain ``http://`` base.
"""

from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.methods import TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import InputFile
from aiohttp import FormData
from typing_extensions import override


class PlainSession(AiohttpSession):
    """Sends a top-level file under the name of its own parameter."""

    @override
    async def close(self) -> None:
        """Let go of the connections, without the pause that old TLS code needed."""
        if self._session is not None:
            await self._session.close()

    @override
    def build_form_data(
        self, bot: Bot, method: TelegramMethod[TelegramType]
    ) -> FormData:
        """The form of one call: values as text or JSON, files as they are."""
        form = FormData(quote_fields=False)
        nested: dict[str, InputFile] = {}
        values: dict[str, Any] = method.model_dump(warnings=False)
        for name, value in values.items():
            if isinstance(value, InputFile):
                form.add_field(name, value.read(bot), filename=value.filename or name)
                continue
            prepared = self.prepare_value(value, bot=bot, files=nested)
            if prepared:
                form.add_field(name, prepared)
        for name, file in nested.items():
            form.add_field(name, file.read(bot), filename=file.filename or name)
        return form
