"""The Bot API over HTTP: `/bot<token>/<method>` and `/file/bot<token>/<path>`."""

import re
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from bot.sandbox.api import methods
from bot.sandbox.api.bodies import read_request
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
        """One method call; every answer is journaled, a dropped one too."""
        name = request.match_info["method"]
        params: Json = {}
        fault: Fault | None = None
        try:
            bot = self._bot(request)
            params, uploads = await read_request(request)
            call = Call(
                bot=bot, method=name.lower(), params=Params(params), uploads=uploads
            )
            fault = self._world.faults.take(call.method, call.params.integer("chat_id"))
            await self._suffer(fault)
            await self._wait_for_slot(uploads)
            answer = _success(await methods.run(self._world, call))
            params |= {key: _described(upload) for key, upload in uploads.items()}
        except ApiError as error:
            answer = _failure(error)
        except _Broken as error:
            self._note(name, params, error.status, {"description": error.what})
            return error.response(request)
        dropped = fault is not None and fault.drop_after_apply and answer["ok"]
        status = answer.get("error_code", 200)
        self._note(name, params, DROPPED if dropped else status, answer)
        if dropped:
            _cut(request)
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
        broken = _breakage(fault)
        if broken is not None:
            raise broken
        error = fault.error()
        if error is not None:
            raise error

    async def _wait_for_slot(self, uploads: Mapping[str, Upload]) -> None:
        """A large upload takes its turn among those of its size, when limited."""
        world = self._world
        size = max((len(upload.content) for upload in uploads.values()), default=0)
        wait = world.clock.real_seconds(world.limits.slot(size))
        if wait > 0:
            await world.faults.delay(wait)

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


class _Broken(Exception):
    """An answer that is none: a page, half a JSON text, or a cut connection."""

    def __init__(self, status: int, what: str, text: str, content_type: str) -> None:
        super().__init__(what)
        self.status = status
        self.what = what
        self._text = text
        self._type = content_type

    def response(self, request: web.Request) -> web.Response:
        """What the caller gets to see."""
        if self.status == DROPPED:
            _cut(request)
            return web.Response()
        return web.Response(
            status=self.status, text=self._text, content_type=self._type
        )


def _breakage(fault: Fault) -> _Broken | None:
    if fault.drop_before_apply:
        return _Broken(DROPPED, "connection cut before anything was done", "", "")
    if fault.broken_json:
        text = '{"ok":false,"error_code":502,"descr'
        return _Broken(fault.status or 502, "JSON cut short", text, "application/json")
    if fault.non_json:
        text = "<html><h1>Bad Gateway</h1></html>"
        return _Broken(fault.status or 502, "not JSON", text, "text/html")
    return None


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


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
