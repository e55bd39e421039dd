"""A tester's hands: a clock, a Bot API client that parses replies, control calls."""

import io
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiogram.methods
from aiogram.methods import Response
from aiohttp import ClientResponse, FormData
from aiohttp.test_utils import TestClient
from PIL import Image
from pydantic import BaseModel

TOKEN = "42:SANDBOX-token"  # noqa: S105 - nothing outside takes it
ADA, GRACE, VIKTOR = 1001, 1002, 1003

METHODS = {
    name.lower(): getattr(aiogram.methods, name)
    for name in aiogram.methods.__all__
    if hasattr(getattr(aiogram.methods, name), "__returning__")
}


@dataclass
class Clock:
    at: datetime = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def advance(self, **span: float) -> None:
        self.at += timedelta(**span)


def picture(width: int = 800, height: int = 500, kind: str = "PNG") -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (width, height), "#3366cc").save(drawn, kind)
    return drawn.getvalue()


def unknown_fields(value: Any) -> list[str]:
    """Fields that aiogram's types do not have: the fake would be inventing them."""
    if isinstance(value, list | tuple):
        return [name for item in value for name in unknown_fields(item)]
    if not isinstance(value, BaseModel):
        return []
    found = list(value.model_extra or {})
    for name in type(value).model_fields:
        found += unknown_fields(getattr(value, name))
    return found


def parsed(method: str, body: dict[str, Any]) -> Response[Any]:
    generic: Any = Response
    kind = generic[METHODS[method.lower()].__returning__]
    response: Response[Any] = kind.model_validate(body)
    assert unknown_fields(response) == []
    return response


@dataclass
class Api:
    """Calls the Bot API; every reply must be what aiogram understands."""

    client: TestClient[Any, Any]
    token: str = TOKEN

    async def raw(self, method: str, **params: Any) -> tuple[int, dict[str, Any]]:
        form = FormData()
        for name, value in params.items():
            if isinstance(value, bytes):
                form.add_field(name, io.BytesIO(value), filename=f"{name}.png")
            else:
                text = value if isinstance(value, str) else json.dumps(value)
                form.add_field(name, text)
        answer = await self.client.post(f"/bot{self.token}/{method}", data=form)
        body = await answer.json()
        parsed(method, body)
        return answer.status, body

    async def call(self, method: str, **params: Any) -> Any:
        status, body = await self.raw(method, **params)
        assert (status, body["ok"]) == (200, True), body
        return body["result"]

    async def refusal(self, method: str, **params: Any) -> tuple[int, str]:
        status, body = await self.raw(method, **params)
        assert body["ok"] is False, body
        assert body["error_code"] == status
        return status, body["description"]

    async def updates(self, **params: Any) -> list[dict[str, Any]]:
        result: list[dict[str, Any]] = await self.call("getUpdates", **params)
        return result


@dataclass
class Control:
    """Calls the control API."""

    client: TestClient[Any, Any]
    headers: dict[str, str] = field(default_factory=dict)

    async def post(self, name: str, /, **values: Any) -> dict[str, Any]:
        answer = await self.client.post(f"/sandbox/{name}", json=values)
        return await self._good(answer)

    async def get(self, name: str, /, **query: Any) -> dict[str, Any]:
        answer = await self.client.get(f"/sandbox/{name}", params=query)
        return await self._good(answer)

    async def _good(self, answer: ClientResponse) -> dict[str, Any]:
        body: dict[str, Any] = await answer.json()
        assert answer.status == 200, body
        return body

    async def problem(
        self, verb: str, name: str, values: dict[str, Any]
    ) -> tuple[int, str]:
        sent: Any = {"params": values} if verb == "GET" else {"json": values}
        answer = await self.client.request(verb, f"/sandbox/{name}", **sent)
        assert answer.content_type == "application/problem+json"
        body = await answer.json()
        assert body["status"] == answer.status
        assert body["title"]
        return answer.status, body["detail"]

    async def start(self, *users: int) -> None:
        for user in users or (ADA,):
            await self.post("say", user=user, text="/start")


def keyboard(*rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"inline_keyboard": list(rows)}


def button(text: str, data: str, **more: Any) -> dict[str, Any]:
    return {"text": text, "callback_data": data} | more
