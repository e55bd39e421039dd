"""An invite is a link where Telegram says the bot's name, and a message anywhere."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.app import Office
from bot.invites import make_invite
from core.accounts import Account, AccountKind
from core.desk.commanding import InviteWish, invite
from core.desk.joining import Person, hash_token, start
from core.errors import Refused
from core.ids import AccountId, UserId
from core.ports import Insert
from core.users import Invite, Role
from tests.bot.offices import PAPER, office_in
from tests.bot.sandbox.helpers import TOKEN
from tests.bot.telegram.stage import telegram
from tests.builders import USER, a_user, an_account
from tests.fakes import FixedClock

WISH = InviteWish(
    role=Role.APPROVER,
    account_id=AccountId("demo"),
    uses=2,
    lasts=timedelta(hours=3),
)


def _at(url: str, token: str = TOKEN) -> dict[str, Any]:
    return {"telegram": {"api_base": url, "token": token}}


async def test_an_invite_is_a_deep_link(tmp_path):
    async with (
        telegram(FixedClock()) as stage,
        office_in(tmp_path, **_at(stage.url)) as office,
    ):
        made = await make_invite(office, WISH)
        (row,) = await office.journal.find(Invite)
    token = made.start.removeprefix("/start ")
    assert made.link == f"https://t.me/tapgate_sandbox_bot?start={token}"
    assert row.token_hash == hash_token(token)
    assert (row.role, row.uses_left) == (Role.APPROVER, 2)
    assert abs(made.expires_at - row.expires_at) < timedelta(seconds=10)


async def test_an_account_need_not_have_run_before(tmp_path):
    accounts = {"demo": PAPER, "other": PAPER}
    async with office_in(tmp_path, accounts=accounts) as office:
        await make_invite(office, WISH)
        await make_invite(office, WISH)
        assert [row.id for row in await office.journal.find(Account)] == ["demo"]


async def test_an_account_that_nobody_knows_is_refused(tmp_path):
    async with office_in(tmp_path, accounts={"other": PAPER}) as office:
        with pytest.raises(Refused, match="There is no account demo"):
            await make_invite(office, WISH)


async def test_without_a_token_there_is_no_link(tmp_path):
    async with office_in(tmp_path) as office:
        made = await make_invite(office, WISH)
    assert made.link is None
    assert made.start.startswith("/start ")


async def test_without_telegram_there_is_no_link(tmp_path, unused_tcp_port):
    away = f"http://127.0.0.1:{unused_tcp_port}"
    async with office_in(tmp_path, **_at(away)) as office:
        assert (await make_invite(office, WISH)).link is None


ANSWERS: list[Any] = [
    "",
    "<html>",
    "null",
    "[]",
    "{}",
    '{"result": null}',
    '{"ok": true, "result": {"id": 1}}',
    '{"ok": false, "description": "Unauthorized"}',
]


@pytest.mark.parametrize("answer", ANSWERS)
async def test_an_answer_without_a_name_makes_no_link(tmp_path, answer):
    async def get_me(_: web.Request) -> web.Response:
        return web.Response(text=answer)

    app = web.Application()
    app.router.add_get("/{path:.*}", get_me)
    async with TestServer(app) as server:
        url = str(server.make_url("/"))
        async with office_in(tmp_path, **_at(url)) as office:
            assert (await make_invite(office, WISH)).link is None


def _wish(role: Role) -> InviteWish:
    return replace(WISH, role=role)


async def _put(office: Office, **over: Any) -> None:
    await office.journal.commit(Insert(a_user()), Insert(an_account(**over)))


@pytest.mark.parametrize(
    ("role", "instead"),
    [(Role.APPROVER, 'kind = "desk"'), (Role.ADMIN, r"under \[telegram\] owners")],
)
async def test_an_own_account_with_its_person_takes_no_other_decider(
    tmp_path, role, instead
):
    async with office_in(tmp_path) as office:
        await _put(office, person_id=USER)
        with pytest.raises(Refused, match=f"has its person: exactly one .*{instead}"):
            await make_invite(office, _wish(role))
        assert await office.journal.count(Invite) == 0


async def test_an_own_account_with_its_person_takes_viewers(tmp_path):
    async with office_in(tmp_path) as office:
        await _put(office, person_id=USER)
        await make_invite(office, _wish(Role.VIEWER))
        assert await office.journal.count(Invite) == 1


@pytest.mark.parametrize("over", [{}, {"kind": AccountKind.DESK, "person_id": USER}])
async def test_an_account_that_has_room_takes_deciders(tmp_path, over):
    async with office_in(tmp_path) as office:
        await _put(office, **over)
        await make_invite(office, _wish(Role.APPROVER))
        assert await office.journal.count(Invite) == 1


async def test_whoever_is_refused_here_would_be_refused_at_the_door(tmp_path):
    async with office_in(tmp_path) as office:
        await _put(office, person_id=USER)
        token = await invite(office.tools, _wish(Role.ADMIN), by=None)
        person = Person(id=UserId(2), name="Sam", language="en")
        with pytest.raises(Refused, match="belongs to one person already"):
            await start(office.tools, person, token)
