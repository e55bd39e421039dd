"""All routes of the control API, and its refusals as problems.

```
POST    users say tap block unblock deactivate
        chats topics members bot migrate privacy
        faults limits clock duplicate hold release reorder    x/<name>
GET     state answers wait transcript journal export faults clock
DELETE  faults
```
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from bot.sandbox.control import acting, grouping, looking, troubling
from bot.sandbox.control.answers import problem
from bot.sandbox.control.fields import Fields, json_object
from bot.sandbox.errors import Problem
from bot.sandbox.local_only import Handler
from bot.sandbox.model import Json
from bot.sandbox.world import World

Extra = Callable[[Json], Awaitable[Json]]
Action = Callable[[web.Request], Awaitable[web.StreamResponse]]
Deed = Callable[[World, Fields], Json]

DEEDS: Final[dict[str, Deed]] = acting.DEEDS | grouping.DEEDS | troubling.DEEDS


class Control:
    """Handlers of the control API; `extras` answer under `/sandbox/x/<name>`."""

    def __init__(self, world: World, extras: dict[str, Extra]) -> None:
        self._world = world
        self._extras = extras

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Every route as method, path and handler."""
        looks = looking.LOOKS | troubling.LOOKS
        return [
            *(("POST", f"/sandbox/{p}", self._doing(do)) for p, do in DEEDS.items()),
            *(("GET", f"/sandbox/{p}", self._asking(q)) for p, q in looks.items()),
            ("GET", "/sandbox/export", _answering(self._export)),
            ("POST", "/sandbox/x/{name}", _answering(self._extra)),
            ("DELETE", "/sandbox/faults", _answering(self._clear_faults)),
        ]

    def _doing(self, deed: Deed) -> Handler:
        async def act(request: web.Request) -> web.StreamResponse:
            fields = Fields(await json_object(request))
            return web.json_response(deed(self._world, fields))

        return _answering(act)

    def _asking(self, look: looking.Look) -> Handler:
        async def act(request: web.Request) -> web.StreamResponse:
            fields = Fields(dict(request.query))
            return web.json_response(await look(self._world, fields))

        return _answering(act)

    async def _export(self, request: web.Request) -> web.StreamResponse:
        """Everything that was said, as a file: JSON, or text for people."""
        text, kind, name = looking.export(self._world, Fields(dict(request.query)))
        return web.Response(
            text=text,
            content_type=kind,
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    async def _clear_faults(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"cleared": self._world.faults.clear()})

    async def _extra(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        extra = self._extras.get(name)
        if extra is None:
            raise Problem(404, f'Nothing is connected as "{name}".')
        answer: Any = await extra(await json_object(request))
        return web.json_response(answer)


def _answering(action: Action) -> Handler:
    """What the action answers, or its Problem as a problem."""

    async def handler(request: web.Request) -> web.StreamResponse:
        try:
            return await action(request)
        except Problem as refused:
            return problem(refused.status, refused.detail)

    return handler
