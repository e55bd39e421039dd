"""What admins look up and say to everybody."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.telegram.admin_cards import (
    AuditLine,
    ReconciledCard,
    SignalCard,
    SignalsPage,
)
from bot.telegram.callbacks import Press, pack
from bot.telegram.telling import notice_view
from bot.telegram.views import admin as views
from bot.telegram.views.answers import status_view
from bot.telegram.views.confirming import panic_choice
from core.accounts import GuardPhase
from core.desk.broadcasting import Progress
from core.desk.counting import NOTHING_YET, Counts
from core.ids import ProviderName, SignalId, UserId
from core.messages import AuditEntry, Broadcast, NoticeKind, OutboxItem
from core.ports import Save
from core.signals import Action, SignalStatus
from tests.bot.telegram.golden import compare
from tests.bot.telegram.room import DESK, MINE, Room, open_room
from tests.bot.telegram.stage import ADA, ANN, BOB, EVE, OWEN
from tests.builders import a_broadcast, a_provider, a_signal, an_account
from tests.fakes import NOON


@pytest.fixture
async def room(tmp_path):
    async with open_room(tmp_path) as opened:
        yield opened


def _page(*cards: SignalCard, total: int = 0, wanted: str = "") -> SignalsPage:
    return SignalsPage(cards=cards, total=total or len(cards), wanted=wanted, now=NOON)


def _entry(**over: object) -> AuditEntry:
    entry = AuditEntry(
        id=1,
        at=NOON,
        actor="guard",
        action="guard_fired",
        subject="account:demo",
        detail="{}",
        previous="",
        hash="",
    )
    return replace(entry, **over)


def _card(**over: object) -> SignalCard:
    counts = Counts(prompts_sent=4, approved=1, rejected=2, expired=1)
    return SignalCard(
        signal=a_signal(id=SignalId("0" * 22 + "A7F3"), recipients=4, **over),
        counts=counts,
    )


def test_the_screens_of_admins_read_as_they_do():
    row = a_broadcast(
        id="0" * 26, text="Desk closed\n<b>tomorrow</b> & on Friday", total=1000
    )
    entry = _entry(actor="user:1", subject="user:2", action="role_changed")
    names = {"user:1": "Ada <3", "user:2": "Bob"}
    account = an_account(id="desk")
    other = SignalCard(
        signal=a_signal(id=SignalId("0" * 22 + "B8C4"), action=Action.CLOSE),
        counts=NOTHING_YET,
    )
    yesterday = NOON - timedelta(days=1)
    compare(
        "admin",
        {
            "no signals": views.signals_view(_page()),
            "no signals of one": views.signals_view(_page(wanted="<x>")),
            "signals": views.signals_view(
                _page(
                    _card(status=SignalStatus.CLOSED),
                    _card(status=SignalStatus.NEW, created_at=yesterday),
                    other,
                    total=12,
                )
            ),
            "one signal before": views.signals_view(_page(_card(), total=2)),
            "audit": views.audit_view(
                [
                    AuditLine(entry=entry, names=names),
                    AuditLine(
                        entry=_entry(subject="prompt:" + "0" * 22 + "A7F3"),
                        names={},
                    ),
                    AuditLine(
                        entry=_entry(actor="cli", subject="account:desk"),
                        names={},
                    ),
                    AuditLine(entry=_entry(subject="stranger"), names={}),
                ],
                NOON + timedelta(days=1),
            ),
            "nothing in the audit": views.audit_view([], NOON),
            "reconciled": views.reconciled_view(
                [
                    ReconciledCard(
                        account=account, seen=True, open_trades=2, changes=()
                    ),
                    ReconciledCard(
                        account=an_account(id="mine"),
                        seen=True,
                        open_trades=1,
                        changes=("The position is closed already.", "A <b>."),
                    ),
                    ReconciledCard(
                        account=account, seen=False, open_trades=1, changes=()
                    ),
                ]
            ),
            "broadcast?": views.broadcast_question(row),
            "broadcast to one?": views.broadcast_question(replace(row, total=1)),
            "broadcast under way": views.broadcast_view(
                row, Progress(total=1000, arrived=120, undelivered=3)
            ),
            "broadcast done": views.broadcast_view(
                row, Progress(total=1000, arrived=1000, undelivered=0)
            ),
            "broadcast": views.broadcast_notice(row, "Ann <admin>"),
            "all read it": views.broadcast_done_notice(
                Progress(total=2, arrived=2, undelivered=0)
            ),
            "the one reader": views.broadcast_done_notice(
                Progress(total=1, arrived=1, undelivered=0)
            ),
            "some did not": views.broadcast_done_notice(
                Progress(total=10, arrived=8, undelivered=2)
            ),
            "panic where?": panic_choice([account, an_account(id="mine")]),
            "troubles": status_view(
                [], {"prompts": 0}, {"telegram": "Telegram does not answer."}
            ),
        },
    )


# ------------------------------------------------------------------ /signals
async def test_signals_shows_the_latest_first_and_one_providers_alone(room: Room):
    await room.world.submit()
    await room.world.put(a_provider(id=ProviderName("other")))
    said = await room.say(ANN, "/signals")
    assert "BUY XAUUSD" in said
    assert "asked" in said
    assert (await room.say(ANN, "/signals other")).startswith("No signal of other")


# -------------------------------------------------------------------- /audit
async def test_the_audit_shows_an_admin_what_concerns_their_accounts(room: Room):
    await room.world.submit()
    await room.world.work()
    prompt = await room.prompt(ADA, MINE)
    await room.tap_after_help(ADA, pack(Press.REJECT, prompt.nonce))
    mine = await room.say(OWEN, "/audit prompt_reject")
    assert "Ada" in mine
    assert "prompt reject" in mine
    foreign = await room.say(ANN, "/audit prompt_reject")
    assert foreign == "The audit has nothing of that kind."


# ---------------------------------------------------------------- /reconcile
async def test_reconcile_looks_now_and_says_what_it_found(room: Room):
    said = await room.say(ANN, "/reconcile")
    assert said == "desk · 🟢 0 open trades compared with the broker. Nothing differs."


async def test_reconcile_says_which_account_cannot_be_seen(room: Room):
    room.world.brokers[DESK].down = True
    room.world.later(minutes=1)
    said = await room.say(ANN, "/reconcile")
    assert said.startswith("desk · ⚪ cannot be seen now")


# ---------------------------------------------------------------- /broadcast
async def _asked(room: Room, text: str = "Closed tomorrow") -> str:
    said = await room.say(ANN, f"/broadcast {text}")
    assert said.startswith("📣 Send this to ")
    return str(room.stage.chat(ANN)[-1].buttons[1]["callback_data"])


async def test_a_broadcast_is_confirmed_then_counted(room: Room):
    confirm = await _asked(room)
    message = room.stage.chat(ANN)[-1]
    assert await room.tap(ANN, confirm, on=message.id) == ("It is on its way.", False)
    assert room.stage.texts(ANN)[-1].startswith("📣 Being sent · 0 of ")
    for item in await room.tools.journal.find(OutboxItem, notice=NoticeKind.BROADCAST):
        done = replace(item, done_at=NOON)
        await room.tools.journal.commit(Save(done))
    refresh = room.stage.chat(ANN)[-1].buttons[0]["callback_data"]
    assert await room.tap(ANN, refresh, on=message.id) == ("", False)
    assert room.stage.texts(ANN)[-1].startswith("📣 Sent · ")
    assert room.stage.chat(ANN)[-1].buttons == []


async def test_its_readers_read_who_says_it(room: Room):
    await room.tap(ANN, await _asked(room, "Closed <b>tomorrow</b>"))
    item = (await room.tools.journal.find(OutboxItem, notice=NoticeKind.BROADCAST))[0]
    view = await notice_view(room.tools, item)
    assert view is not None
    assert view.text.endswith("Closed &lt;b&gt;tomorrow&lt;/b&gt;")
    done = replace(item, notice=NoticeKind.BROADCAST_DONE)
    assert "reached" in (await notice_view(room.tools, done)).text  # type: ignore[union-attr]


async def test_a_notice_of_a_broadcast_that_is_gone_is_not_told(room: Room):
    for kind in (NoticeKind.BROADCAST, NoticeKind.BROADCAST_DONE):
        item = replace(_item(room), notice=kind)
        assert await notice_view(room.tools, item) is None


def _item(room: Room) -> OutboxItem:
    insert = room.tools.notice(NoticeKind.BROADCAST, "gone", to=UserId(ANN))
    assert isinstance(insert.row, OutboxItem)
    return insert.row


async def test_a_broadcast_without_text_says_how(room: Room):
    assert await room.say(ANN, "/broadcast") == "Say what: /broadcast TEXT."


async def test_a_draft_of_long_ago_is_not_sent(room: Room):
    confirm = await _asked(room)
    row = (await room.tools.journal.find(Broadcast))[0]
    old = replace(row, created_at=NOON - timedelta(hours=1))
    await room.tools.journal.commit(Save(old))
    text, alert = await room.tap(ANN, confirm)
    assert text.startswith("That was asked too long ago")
    assert alert


async def test_progress_is_its_authors_to_ask(room: Room):
    await _asked(room)
    row = (await room.tools.journal.find(Broadcast))[0]
    for user, of in ((OWEN, row.id), (ANN, "nothing")):
        tapped = await room.tap_after_help(user, pack(Press.PROGRESS, of))
        assert tapped == ("Only who sent it can ask.", True)


# -------------------------------------------------------------------- /panic
async def test_panic_asks_which_account_then_whether(room: Room):
    assert await room.say(OWEN, "/panic") == "🛑 Panic: which account?"
    message = room.stage.chat(OWEN)[-1]
    chosen = next(b["callback_data"] for b in message.buttons if b["text"] == "desk")
    assert await room.tap(OWEN, chosen, on=message.id) == (
        "Confirm it, or go back.",
        False,
    )
    confirm = room.stage.chat(OWEN)[-1].buttons[0]["callback_data"]
    await room.tap(OWEN, confirm, on=message.id)
    assert (await room.world.guard(DESK)).phase is GuardPhase.TRIGGERED
    assert (await room.world.guard(MINE)).phase is not GuardPhase.TRIGGERED


async def test_panic_on_all_is_one_of_the_choices(room: Room):
    await room.say(OWEN, "/panic")
    message = room.stage.chat(OWEN)[-1]
    data = pack(Press.PANIC_WHICH, "*")
    await room.tap(OWEN, data, on=message.id)
    assert room.stage.texts(OWEN)[-1].startswith("🛑 Panic on desk, mine")


@pytest.mark.parametrize("user", [EVE, ADA, BOB, ANN], ids=str)
async def test_panic_is_for_who_administers_that_account(room: Room, user):
    tapped = await room.tap_after_help(user, pack(Press.PANIC_WHICH, "mine"))
    assert tapped == ("You do not administer that account.", True)


async def test_panic_works_behind_a_backlog(room: Room):
    """A thousand messages wait; the guard does not."""
    notices = [
        room.tools.notice(NoticeKind.TRADE_CLOSED, str(number), to=UserId(ADA))
        for number in range(1000)
    ]
    await room.tools.journal.commit(*notices)
    await room.say(ANN, "/panic desk")
    await room.tap(ANN, room.stage.chat(ANN)[-1].buttons[0]["callback_data"])
    assert (await room.world.guard(DESK)).phase is GuardPhase.TRIGGERED


@pytest.mark.parametrize(
    ("press", "argument"),
    [
        (Press.PANIC_WHICH, "mine"),
        (Press.PANIC, f"mine@{int(NOON.timestamp())}"),
        (Press.NOT_PLACED, "nothing"),
        (Press.USERS, "0.mine"),
        (Press.DISABLE, "demo"),
    ],
)
async def test_a_tap_that_is_not_theirs_is_written_down(room: Room, press, argument):
    await room.tap_after_help(BOB, pack(press, argument))
    entry = await room.world.one(AuditEntry, action="tap_refused")
    assert entry.actor == f"user:{BOB}"
    assert f'"press":"{press.name.lower()}"' in entry.detail
