"""The control API under `/sandbox/`: what tests and the page do as persons.

```
POST users say tap block unblock duplicate limits faults x/<name>
GET  state answers wait transcript journal        DELETE faults
```
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from bot.sandbox import people
from bot.sandbox.answers import problem
from bot.sandbox.callbacks import answer_json
from bot.sandbox.errors import Problem
from bot.sandbox.faults import ANY_METHOD, Fault
from bot.sandbox.fields import (
    Fields,
    json_fields,
    json_object,
    needed,
    query_fields,
)
from bot.sandbox.local_only import Handler
from bot.sandbox.model import Json, Message, User
from bot.sandbox.views import (
    journal_json,
    page_message,
    person_json,
    state_json,
    transcript_json,
)
from bot.sandbox.world import World

Extra = Callable[[Json], Awaitable[Json]]
Action = Callable[[web.Request], Awaitable[Any]]

LONGEST_WAIT: Final = 120.0
USUAL_WAIT: Final = 10.0
LONGEST_LATENCY: Final = 600.0


class Control:
    """Handlers of the control API; `extras` answer under `/sandbox/x/<name>`."""

    def __init__(self, world: World, extras: dict[str, Extra]) -> None:
        self._world = world
        self._extras = extras

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Every route as method, path and handler."""
        posts: dict[str, Action] = {
            "users": self._add_user,
            "say": self._say,
            "tap": self._tap,
            "block": self._block,
            "unblock": self._unblock,
            "duplicate": self._duplicate,
            "faults": self._add_fault,
            "limits": self._limit,
            "x/{name}": self._extra,
        }
        gets: dict[str, Action] = {
            "state": self._state,
            "answers": self._answers,
            "wait": self._wait,
            "transcript": self._transcript,
            "journal": self._journal,
        }
        return [
            *(("POST", f"/sandbox/{p}", _answering(act)) for p, act in posts.items()),
            *(("GET", f"/sandbox/{p}", _answering(act)) for p, act in gets.items()),
            ("DELETE", "/sandbox/faults", _answering(self._clear_faults)),
        ]

    async def _state(self, _request: web.Request) -> Json:
        return state_json(self._world)

    async def _add_user(self, request: web.Request) -> Json:
        fields = await json_fields(
            request, "id", "first_name", "username", "language_code"
        )
        user = User(
            id=fields.integer("id") or max(self._world.people, default=1000) + 1,
            first_name=needed(fields.text("first_name"), "first_name"),
            username=fields.text("username"),
            language_code=fields.text("language_code") or "en",
        )
        if user.id <= 0 or not user.first_name.strip():
            raise Problem(422, "A user has a positive id and a name.")
        people.join(self._world, user)
        return person_json(self._world, user)

    async def _say(self, request: web.Request) -> Json:
        fields = await json_fields(request, "user", "text", "reply_to")
        text = needed(fields.text("text"), "text")
        message, update_id = people.say(
            self._world, self._person(fields), text, fields.integer("reply_to")
        )
        return {"message_id": message.id, "update_id": update_id}

    async def _tap(self, request: web.Request) -> Json:
        fields = await json_fields(
            request, "user", "label", "data", "message_id", "chat"
        )
        person = self._person(fields)
        wish = people.Tap(
            label=fields.text("label"),
            data=fields.text("data"),
            chat_id=fields.integer("chat") or person.id,
            message_id=fields.integer("message_id"),
        )
        if (wish.label is None) == (wish.data is None):
            raise Problem(422, "A tap needs either a label or data.")
        query, update_id = people.tap(self._world, person, wish)
        return {
            "callback_id": query.id,
            "update_id": update_id,
            "chat": query.chat_id,
            "message_id": query.message_id,
            "data": query.data,
        }

    async def _block(self, request: web.Request) -> Json:
        return await self._set_blocked(request, blocked=True)

    async def _unblock(self, request: web.Request) -> Json:
        return await self._set_blocked(request, blocked=False)

    async def _set_blocked(self, request: web.Request, *, blocked: bool) -> Json:
        person = self._person(await json_fields(request, "user"))
        update_id = people.set_blocked(self._world, person, blocked=blocked)
        return {"update_id": update_id}

    async def _duplicate(self, request: web.Request) -> Json:
        fields = await json_fields(request, "update_id")
        update_id = needed(fields.integer("update_id"), "update_id")
        if not self._world.updates.repeat(update_id):
            raise Problem(404, f"There was no update {update_id}.")
        return {"update_id": update_id}

    async def _add_fault(self, request: web.Request) -> Json:
        fields = await json_fields(
            request,
            "method",
            "times",
            "status",
            "description",
            "retry_after",
            "latency",
            "drop_after_apply",
            "non_json",
        )
        self._world.faults.add(_fault(fields))
        return {"ok": True}

    async def _clear_faults(self, _request: web.Request) -> Json:
        return {"cleared": self._world.faults.clear()}

    async def _limit(self, request: web.Request) -> Json:
        fields = await json_fields(request, "enforce")
        self._world.limits.enforced = fields.flag("enforce")
        return {"enforce": self._world.limits.enforced}

    async def _extra(self, request: web.Request) -> Json:
        name = request.match_info["name"]
        extra = self._extras.get(name)
        if extra is None:
            raise Problem(404, f'Nothing is connected as "{name}".')
        return await extra(await json_object(request))

    async def _answers(self, request: web.Request) -> Json:
        fields = query_fields(request, "callback_id", "wait")
        query_id = needed(fields.text("callback_id"), "callback_id")
        query = self._world.queries.get(query_id)
        if query is None:
            raise Problem(404, f"There was no tap {query_id}.")
        seconds = fields.seconds("wait", USUAL_WAIT, LONGEST_WAIT)
        answer = await self._world.bell.until(lambda: query.answer, seconds)
        if answer is None:
            raise Problem(408, f"The bot has not answered within {seconds:g} seconds.")
        return answer_json(query, answer)

    async def _wait(self, request: web.Request) -> Json:
        fields = query_fields(request, "chat", "contains", "button", "after", "timeout")
        chat_id = needed(fields.integer("chat"), "chat")
        contains = fields.text("contains") or ""
        button = fields.text("button")
        after = fields.integer("after") or 0
        seconds = fields.seconds("timeout", USUAL_WAIT, LONGEST_WAIT)

        def found() -> Message | None:
            for message in self._world.present(chat_id):
                if message.id > after and _shows(message, contains, button):
                    return message
            return None

        message = await self._world.bell.until(found, seconds)
        if message is None:
            wanted = f'"{contains}"' + (f' and a button "{button}"' if button else "")
            raise Problem(
                408,
                f"No message of chat {chat_id} had {wanted} in {seconds:g} seconds.",
            )
        return page_message(self._world, message)

    async def _transcript(self, request: web.Request) -> Json:
        fields = query_fields(request, "chat")
        chat_id = needed(fields.integer("chat"), "chat")
        chat = self._world.messages.get(chat_id, {})
        return {
            "messages": [transcript_json(self._world, m) for m in chat.values()],
        }

    async def _journal(self, request: web.Request) -> Json:
        method = query_fields(request, "method").text("method")
        return {
            "requests": [
                journal_json(entry)
                for entry in self._world.journal
                if method is None or entry.method.lower() == method.lower()
            ]
        }

    def _person(self, fields: Fields) -> User:
        return people.person(self._world, needed(fields.integer("user"), "user"))


def _shows(message: Message, contains: str, button: str | None) -> bool:
    labels = [shown["text"] for shown in message.buttons]
    return contains in message.now.rich.text and (
        button is None or any(button in label for label in labels)
    )


def _fault(fields: Fields) -> Fault:
    retry_after = fields.integer("retry_after")
    status = fields.integer("status") or (429 if retry_after is not None else None)
    fault = Fault(
        method=(fields.text("method") or ANY_METHOD).lower(),
        times=fields.integer("times") or 1,
        status=status,
        description=fields.text("description") or _usual(status, retry_after),
        retry_after=retry_after,
        latency=fields.seconds("latency", 0, LONGEST_LATENCY),
        drop_after_apply=fields.flag("drop_after_apply"),
        non_json=fields.flag("non_json"),
    )
    if status is not None and status not in range(200, 600):
        raise Problem(422, 'Field "status" must be an HTTP status.')
    if not (status or fault.latency or fault.drop_after_apply or fault.non_json):
        raise Problem(
            422, "A fault needs a status, latency, drop_after_apply or non_json."
        )
    return fault


def _usual(status: int | None, retry_after: int | None) -> str:
    if retry_after is not None:
        return f"Too Many Requests: retry after {retry_after}"
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else "Fault"


def _answering(action: Action) -> Handler:
    """What the action returns as JSON, or its Problem as a problem."""

    async def handler(request: web.Request) -> web.StreamResponse:
        try:
            return web.json_response(await action(request))
        except Problem as refused:
            return problem(refused.status, refused.detail)

    return handler
