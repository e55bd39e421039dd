"""Drains the outbox's messages: most urgent first, never lost.

A message is a picture of its row, so a repeated one is right again. The row is
read when its turn comes; several items for one prompt are one message. What
Telegram tells us to wait for goes back with a later due time, so that one slow
chat holds up nobody else. What never reaches its reader is kept as such.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

import structlog

from bot.tasks import Bell, Nursery
from bot.telegram.reading import is_asleep, reading
from bot.telegram.telling import notice_view
from bot.telegram.views.view import View
from bot.telegram.wire.failures import (
    Lost,
    Paused,
    TelegramFailure,
    Unreachable,
    Unsent,
)
from bot.telegram.wire.gateway import Gateway
from bot.telegram.wire.pacing import Pace
from bot.telegram.wire.posting import Postings
from bot.telegram.wire.showing import PATIENCE, Picture, Showing, picture
from bot.telegram.wire.way_out import Urgency
from core.desk.joining import mark_blocked
from core.desk.tools import Tools
from core.ids import PromptId, UserId
from core.messages import MESSAGES, OutboxItem, Priority, Topic, Undelivered
from core.ports import AtMost, Save
from core.prompts import Prompt

log = structlog.get_logger()

AT_ONCE = 24
"""Messages under way at the same time; a call that hangs delays only its own."""
AT_MOST = 48
"""The same with those that are urgent."""
HANDFUL = 8
"""Items taken together, where they need not be taken one by one."""
URGENT = frozenset({Priority.TAP, Priority.GUARD, Priority.FILL})
"""Room is made for these."""
HOLD = timedelta(seconds=60)
"""How long a claimed item is ours; longer than sending one may take."""
IDLE = timedelta(milliseconds=500)
LONGEST_WAIT = timedelta(seconds=60)
MOST_TRIES = 8
"""Failures after which a message is given up, unless it must arrive."""
RARELY = timedelta(hours=1)
"""Between two tries of one that must arrive, which may have arrived many times."""
_LOUD = frozenset({Priority.TAP, Priority.GUARD})
"""What is heard in quiet hours too."""
_NEVER_LOST = URGENT
"""What happened to somebody's money is told, however often an answer is lost."""


class Sender:
    """Sends what the outbox holds; one per bot token."""

    def __init__(
        self,
        tools: Tools,
        gateway: Gateway,
        nursery: Nursery,
        *,
        bell: Bell,
        pace: Pace,
    ) -> None:
        self._tools = tools
        self._gateway = gateway
        self._nursery = nursery
        self._bell = bell
        self._pace = pace
        self._showing = Showing(tools, gateway)
        self._postings = Postings(tools, gateway)
        self._next: dict[str, list[OutboxItem]] = {}
        """For each message that is under way: what came for it meanwhile."""
        self._troubles = 0
        """Calls in a row that Telegram did not take."""

    async def run(self) -> None:
        """Send for ever."""
        while True:
            if not await self.take():
                await self._bell.wait(IDLE)

    # ------------------------------------------------------------ taking
    async def take(self) -> int:
        """Begin with what is due, as far as there is room; returns how many items.

        What comes for a message that is under way follows it.
        """
        room = 0 if self._pace.held() else await self._room()
        if not room:
            return 0
        items = await self._tools.journal.claim(MESSAGES, limit=room, hold=HOLD)
        await self._follow(items)
        groups = _groups(items)
        pictures = await self._pictures(groups)
        for key, group in groups.items():
            if key in self._next:
                self._next[key] += group
            else:
                self._next[key] = []
                self._nursery.start(f"send:{key}", self._serve(key, group, pictures))
        return len(items)

    async def _follow(self, items: list[OutboxItem]) -> None:
        """Groups read of it too; where that fails, people do all the same."""
        try:
            await self._postings.follow(items)
        except Exception:  # supervised edge: what people are asked must leave
            log.exception("postings_not_followed")

    async def _pictures(
        self, groups: Mapping[str, list[OutboxItem]]
    ) -> Mapping[str, Picture]:
        """What the prompts are to show; where that fails, each looks for itself."""
        prompts = frozenset(
            group[0].subject
            for key, group in groups.items()
            if group[0].topic is Topic.PROMPT and key not in self._next
        )
        try:
            return await self._showing.look(prompts)
        except Exception:  # supervised edge: one bad row must not stop the rest
            log.exception("prompts_not_read")
            return {}

    async def _room(self) -> int:
        """How many to take: a handful at least, or one of what is urgent."""
        room = AT_ONCE - len(self._next)
        if _is_enough(room):
            return room
        return min(await self._urgent(), AT_MOST - len(self._next))

    async def _urgent(self) -> int:
        """How many urgent ones wait: so many are taken, and they come first."""
        found = await self._tools.journal.find(
            OutboxItem,
            topic=MESSAGES,
            done_at=None,
            claimed_until=None,
            priority=URGENT,
            due_at=AtMost(value=self._tools.clock.now()),
            limit=HANDFUL,
        )
        return len(found)

    # ------------------------------------------------------------ serving
    async def _serve(
        self, key: str, group: list[OutboxItem], pictures: Mapping[str, Picture]
    ) -> None:
        shown: View | None = None
        drawn = pictures.get(group[0].subject)
        try:
            while group:
                shown = await self._send_group(group, drawn, shown)
                group, self._next[key], drawn = self._next[key], [], None
        finally:
            del self._next[key]
            if _is_enough(AT_ONCE - len(self._next)) or len(self._next) == AT_MOST - 1:
                self._bell.ring()

    async def _send_group(
        self, group: list[OutboxItem], drawn: Picture | None, shown: View | None
    ) -> View | None:
        """One message for all items that mean the same; then they are done.

        Returns what the message shows; ``None`` when that is not known.
        """
        first = group[0]
        try:
            now_shown, failed = await self._send(first, drawn, shown)
        except Paused as pause:
            await self._later(group, pause.wait)
        except Unsent as unsent:
            self._troubles += 1
            log.warning("telegram_in_trouble", reason=str(unsent))
            await self._later(group, _growing(self._troubles))
        except Lost as lost:
            await self._again(group, str(lost), for_ever=first.priority in _NEVER_LOST)
        except TelegramFailure as failure:
            await self._drop(group, failure)
        except Exception as failure:  # supervised edge: the rest must leave
            log.exception("message_failed", topic=first.topic, subject=first.subject)
            await self._again(group, type(failure).__name__, for_ever=False)
        else:
            self._troubles = 0
            await self._done(group, failed)
            return now_shown
        return None

    async def _send(
        self, item: OutboxItem, drawn: Picture | None, shown: View | None
    ) -> tuple[View | None, Undelivered]:
        if item.topic is Topic.PROMPT:
            drawn = drawn or await picture(self._tools, PromptId(item.subject))
            if drawn is None:
                return None, Undelivered.NONE
            return await self._showing.show(drawn, item.priority, shown)
        if item.topic is Topic.POSTING:
            return None, await self._postings.show(item)
        if item.user_id is None:
            return None, Undelivered.NONE
        with await reading(self._tools, item.user_id):
            view = await notice_view(self._tools, item)
        if view is not None:
            silent = item.priority not in _LOUD and await is_asleep(
                self._tools, item.user_id
            )
            urgency = Urgency(priority=item.priority, patience=PATIENCE, silent=silent)
            await self._gateway.send(item.user_id, view, urgency)
        return view, Undelivered.NONE

    # ------------------------------------------------------------ what becomes of it
    async def _drop(self, group: list[OutboxItem], failure: TelegramFailure) -> None:
        """Nobody will ever read it; whoever blocked us is marked."""
        first = group[0]
        log.warning(
            "message_dropped",
            topic=first.topic,
            subject=first.subject,
            reason=str(failure),
        )
        if not isinstance(failure, Unreachable):
            await self._done(group, Undelivered.REFUSED)
            return
        if first.topic is Topic.POSTING:
            await self._postings.lost(first)
        reader = await self._reader(first)
        if reader is not None:
            await mark_blocked(self._tools, reader, blocked=True)
        await self._done(group, Undelivered.UNREACHABLE)

    async def _reader(self, item: OutboxItem) -> UserId | None:
        if item.topic is not Topic.PROMPT:
            return item.user_id
        prompt = await self._tools.journal.get(Prompt, item.subject)
        return None if prompt is None else prompt.user_id

    async def _done(
        self, group: Iterable[OutboxItem], failed: Undelivered = Undelivered.NONE
    ) -> None:
        """They were one message: what became of it stands at the first."""
        now = self._tools.clock.now()
        first, *rest = (
            replace(item, done_at=now, claimed_until=None) for item in group
        )
        await self._tools.journal.commit(
            Save(replace(first, failed=failed)), *map(Save, rest)
        )

    async def _again(
        self, group: list[OutboxItem], why: str, *, for_ever: bool
    ) -> None:
        """Try once more, a little later each time; some are given up one day."""
        tries = group[0].attempts + 1
        if tries < MOST_TRIES:
            await self._later(group, _growing(tries - 1), tries=tries)
        elif for_ever:
            log.error("message_in_doubt", subject=group[0].subject, reason=why)
            await self._later(group, RARELY, tries=tries)
        else:
            log.error("message_given_up", subject=group[0].subject, reason=why)
            await self._done(group, Undelivered.GIVEN_UP)

    async def _later(
        self, group: list[OutboxItem], wait: timedelta, *, tries: int | None = None
    ) -> None:
        """Put the items back for later."""
        due = self._tools.clock.now() + wait
        tries = group[0].attempts if tries is None else tries
        await self._tools.journal.commit(
            *(
                Save(replace(item, due_at=due, attempts=tries, claimed_until=None))
                for item in group
            )
        )


def _groups(items: list[OutboxItem]) -> dict[str, list[OutboxItem]]:
    """Items for the same prompt or posting together; every notice alone."""
    groups: dict[str, list[OutboxItem]] = {}
    for item in items:
        key = item.id if item.topic is Topic.NOTICE else item.subject
        groups.setdefault(key, []).append(item)
    return groups


def _is_enough(room: int) -> bool:
    """Whether so much room is worth a look into the outbox."""
    return room > 0 and room * 3 >= AT_ONCE


def _growing(tries: int) -> timedelta:
    """How long to wait after so many failures."""
    return min(LONGEST_WAIT, timedelta(seconds=2 ** min(tries, 6)))
