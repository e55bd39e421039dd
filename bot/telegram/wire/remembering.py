"""A journal that answers each question once, for as long as one look lasts.

A thousand prompts of one signal share it, their account, its orders and its trades:
what one claim of the outbox shows is read together.
"""

from collections.abc import Iterable
from typing import Any

from typing_extensions import override

from bot.ringing import RingingJournal
from core.ports import Journal, R, Row, Write
from core.prompts import Approval, Prompt
from core.users import User


class Remembering(RingingJournal):
    """Knows what it was asked already; made anew for every look."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal, bells={})
        self._known: dict[object, Any] = {}

    @override
    def _ring(self, writes: Iterable[Write]) -> None:
        """The journal behind this one rings."""

    async def read_prompts(self, ids: frozenset[str]) -> None:
        """Read these prompts, their readers, and what they decided, together."""
        prompts = dict.fromkeys(ids) | {
            each.id: each for each in await self._journal.find(Prompt, id=ids)
        }
        approvals: dict[str, list[Approval]] = {each: [] for each in ids}
        for approval in await self._journal.find(Approval, prompt_id=ids):
            approvals[approval.prompt_id].append(approval)
        readers = frozenset(each.user_id for each in prompts.values() if each)
        for user in await self._journal.find(User, id=readers):
            self._known[User, user.id] = user
        for each in ids:
            self._known[Prompt, each] = prompts[each]
            self._known[_question(Approval, {"prompt_id": each})] = approvals[each]

    @override
    async def get(self, kind: type[R], identity: str | int) -> R | None:
        """See ``Journal.get``."""
        key = (kind, identity)
        if key not in self._known:
            self._known[key] = await super().get(kind, identity)
        found: R | None = self._known[key]
        return found

    @override
    async def find(
        self,
        kind: type[R],
        /,
        *,
        order_by: str = "",
        skip: int = 0,
        limit: int | None = None,
        **fields: object,
    ) -> list[R]:
        """See ``Journal.find``."""
        key = _question(kind, fields, order_by, skip, limit)
        if key not in self._known:
            self._known[key] = await super().find(
                kind, order_by=order_by, skip=skip, limit=limit, **fields
            )
        return list(self._known[key])


def _question(
    kind: type[Row],
    fields: dict[str, object],
    order_by: str = "",
    skip: int = 0,
    limit: int | None = None,
) -> object:
    return (kind, frozenset(fields.items()), order_by, skip, limit)
