"""The Bot API over HTTP: `/bot<token>/<method>` and `/file/bot<token>/<path>`."""

import re
from typing import Any, Final

from aiohttp import web

from bot.sandbox import methods
from bot.sandbox.bodies import read_request
from bot.sandbox.errors import ApiError
from bot.sandbox.faults import Fault
from bot.sandbox.files import content_of
from bot.sandbox.model import Json, User
from bot.sandbox.params import Call, Params, Upload
from bot.sandbox.world import JournalEntry, World

TOKEN: Final = re.compile(r"(\d{1,16}):SANDBOX[A-Za-z0-9_-]*")
SECRET_PARAMETERS: Final = frozenset({"secret_token"})
DROPPED: Final = 0


class BotApi:
    """Handlers of the two Bot API routes."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def call(self, request: web.Request) -> web.StreamResponse:
        """One method call; every answer but a dropped one is journaled."""
        name = request.match_info["method"]
        params: Json = {}
        dropped = False
        try:
            bot = self._bot(request)
            params, uploads = await read_request(request)
            fault = self._world.faults.take(name.lower())
            await self._suffer(fault)
            call = Call(
                bot=bot, method=name.lower(), params=Params(params), uploads=uploads
            )
            answer = _success(await methods.run(self._world, call))
            params |= {key: _described(upload) for key, upload in uploads.items()}
            dropped = fault is not None and fault.drop_after_apply
        except ApiError as error:
            answer = _failure(error)
        except _NotJson as error:
            self._note(name, params, error.status, {"description": "not JSON"})
            return web.Response(
                status=error.status,
                text="<html><h1>Bad Gateway</h1></html>",
                content_type="text/html",
            )
        status = answer.get("error_code", 200)
        self._note(name, params, DROPPED if dropped else status, answer)
        if dropped and request.transport is not None:
            request.transport.abort()
        return web.json_response(answer, status=status)

    async def download(self, request: web.Request) -> web.Response:
        """A file by the path that getFile gave."""
        try:
            bot = self._bot(request)
        except ApiError as error:
            return web.json_response(_failure(error), status=error.status)
        path = request.match_info["path"]
        name = path.rpartition("/")[2].partition(".")[0]
        file = self._world.files.by_unique_id(name)
        if file is None or file.path != path or file.bot_id != bot.id:
            missing = _failure(ApiError(404, "Not Found"))
            return web.json_response(missing, status=404)
        return web.Response(body=content_of(file))

    def _bot(self, request: web.Request) -> User:
        found = TOKEN.fullmatch(request.match_info["token"])
        if found is None:
            raise ApiError(401, "Unauthorized: invalid token specified")
        return self._world.bot(int(found[1]))

    async def _suffer(self, fault: Fault | None) -> None:
        if fault is None:
            return
        if fault.latency > 0:
            await self._world.faults.delay(fault.latency)
        if fault.non_json:
            raise _NotJson(fault.status or 502)
        error = fault.error()
        if error is not None:
            raise error

    def _note(self, method: str, params: Json, status: int, answer: Json) -> None:
        result = answer.get("result")
        self._world.journal.append(
            JournalEntry(
                at=self._world.now(),
                method=method,
                params={k: _shown(k, v) for k, v in params.items()},
                status=status,
                description=answer.get("description"),
                message_id=result.get("message_id")
                if isinstance(result, dict)
                else None,
            )
        )
        self._world.bell.ring()


class _NotJson(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def _success(result: Any) -> Json:
    return {"ok": True, "result": result}


def _failure(error: ApiError) -> Json:
    answer: Json = {
        "ok": False,
        "error_code": error.status,
        "description": error.description,
    }
    return answer | ({"parameters": error.parameters} if error.parameters else {})


def _described(upload: Upload) -> Json:
    return {"file": upload.name, "bytes": len(upload.content)}


def _shown(name: str, value: Any) -> Any:
    return "***" if name in SECRET_PARAMETERS else value
