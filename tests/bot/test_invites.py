"""An invite is a link where Telegram says the bot's name, and a message anywhere."""

from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.invites import make_invite
from core.accounts import Account
from core.desk.commanding import InviteWish
from core.desk.joining import hash_token
from core.errors import Refused
from core.ids import AccountId
from core.users import Invite, Role
from tests.bot.offices import PAPER, office_in
from tests.bot.sandbox.helpers import TOKEN
from tests.bot.telegram.stage import telegram
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
