"""The doctor: honest about what is configured, with a fix for each failure."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.app import migrate_database
from bot.doctor import examine
from bot.findings import Finding
from core.ids import ProviderName
from core.ports import Insert, Row
from core.users import Role
from tests.bot.offices import PAPER, office_in, settings_of, write_config
from tests.bot.sandbox.helpers import TOKEN
from tests.bot.telegram.stage import telegram
from tests.builders import (
    a_membership,
    a_provider,
    a_record,
    a_user,
    an_account,
)
from tests.databases import postgres_database
from tests.fakes import FixedClock

NOBODY = "http://127.0.0.1:9"
TOKEN_VARIABLE = "TAPGATE_TELEGRAM__TOKEN"  # noqa: S105 - a variable's name


@pytest.fixture(autouse=True)
def _token(monkeypatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)


@pytest.fixture
async def api():
    """The address of a Telegram that answers."""
    async with telegram(FixedClock()) as stage:
        yield stage.url


async def findings(folder: Path, **sections: Any) -> dict[str, Finding]:
    """What the doctor says, by part; without an address, nobody is Telegram."""
    telegram = {"api_base": NOBODY} | sections.pop("telegram", {})
    path = write_config(folder, telegram=telegram, **sections)
    found = await examine(path, folder)
    assert all(each.ok or each.fix for each in found), found
    return {each.part: each for each in found}


async def _put(folder: Path, *rows: Row) -> None:
    async with office_in(folder) as office:
        await office.journal.commit(*(Insert(row) for row in rows))


def _member(role: Role) -> tuple[Row, ...]:
    return (a_user(), an_account(), a_membership(role=role))


async def test_all_is_well(tmp_path, api):
    await _put(tmp_path, a_provider())
    found = await findings(tmp_path, telegram={"api_base": api, "owners": [1]})
    assert [part for part, each in found.items() if not each.ok] == []
    assert set(found) == {
        "config",
        "consent",
        "database",
        "audit",
        "owners",
        "providers",
        "cache",
        "telegram",
        "account demo",
    }
    assert found["telegram"].said == (
        f"@tapgate_sandbox_bot answers at {api.rstrip('/')}."
    )
    assert found["account demo"].said == "simulated here, nobody's money."


async def test_without_a_provider_it_says_how_to_add_one(tmp_path):
    found = (await findings(tmp_path))["providers"]
    assert (found.ok, found.said) == (
        False,
        "No signals can come in: there is no provider.",
    )
    assert "`tapgate provider add NAME`" in found.fix


async def test_with_every_provider_disabled_it_says_how_to_enable_one(tmp_path):
    off = [a_provider(id=ProviderName(name), enabled=False) for name in ("one", "two")]
    await _put(tmp_path, *off)
    found = (await findings(tmp_path))["providers"]
    assert (found.ok, found.fix) == (
        False,
        "`tapgate provider enable one` or `tapgate provider enable two`",
    )


async def test_one_enabled_provider_is_enough(tmp_path):
    off = a_provider(id=ProviderName("off"), enabled=False)
    await _put(tmp_path, off, a_provider())
    found = (await findings(tmp_path))["providers"]
    assert (found.ok, found.said) == (True, "1 enabled: demo.")


# ------------------------------------------------------------------ owners


async def test_without_an_owner_or_admin_it_says_which_key_names_one(tmp_path):
    found = (await findings(tmp_path))["owners"]
    assert (found.ok, found.said[:33]) == (False, "Nobody is an owner or an admin: n")
    assert "[telegram] owners = [YOUR_ID]" in found.fix


@pytest.mark.parametrize("role", [Role.VIEWER, Role.APPROVER])
async def test_members_who_administer_nothing_are_no_admins(tmp_path, role):
    await _put(tmp_path, *_member(role))
    assert not (await findings(tmp_path))["owners"].ok


async def test_an_owner_who_is_named_need_not_have_come_yet(tmp_path):
    found = (await findings(tmp_path, telegram={"owners": [1, 2, 2]}))["owners"]
    assert (found.ok, found.said) == (True, "2 named in [telegram] owners.")


async def test_an_admin_by_invite_is_enough(tmp_path):
    await _put(tmp_path, *_member(Role.ADMIN))
    found = (await findings(tmp_path))["owners"]
    assert (found.ok, found.fix) == (True, "")
    assert found.said.endswith("admins by invite: 1.")


async def test_owners_who_are_named_no_more_are_told_to_be_so(tmp_path):
    await _put(tmp_path, *_member(Role.OWNER))
    found = (await findings(tmp_path))["owners"]
    assert not found.ok
    assert found.fix.startswith("They stop being owners at the next start.")


async def test_a_wrong_key_is_told_with_every_other_problem(tmp_path):
    path = write_config(tmp_path, service={"prt": 1, "host": 5})
    found = await examine(path, tmp_path)
    assert [(each.part, each.ok) for each in found] == [("config", False)] * 2
    assert "Did you mean service.port?" in found[1].said + found[0].said
    assert {each.fix for each in found} == {f"Correct {path}."}


async def test_a_choice_that_is_not_served_is_told(tmp_path, api):
    accounts = {"demo": PAPER, "live1": {"broker": "mt5"}}
    found = await examine(
        write_config(
            tmp_path,
            telegram={"api_base": api},
            accounts=accounts,
            cache={"url": "redis://x"},
        ),
        tmp_path,
    )
    failures = {(each.part, each.said.split(":")[0]) for each in found if not each.ok}
    assert ("config", "cache.url") in failures
    assert ("config", "accounts.live1.broker") in failures


async def test_without_a_token_it_says_where_to_get_one(tmp_path, monkeypatch):
    monkeypatch.delenv(TOKEN_VARIABLE)
    found = (await findings(tmp_path))["telegram"]
    assert (found.ok, found.said) == (False, "There is no bot token.")
    assert "@BotFather" in found.fix


async def test_a_telegram_that_is_away_is_told_without_the_token(
    tmp_path, unused_tcp_port
):
    base = f"http://127.0.0.1:{unused_tcp_port}"
    found = (await findings(tmp_path, telegram={"api_base": base}))["telegram"]
    assert not found.ok
    assert found.said.startswith(f"{base} cannot be reached (ClientConnector")
    assert TOKEN not in found.said


async def test_an_address_that_is_none_is_told(tmp_path):
    found = await findings(tmp_path, telegram={"api_base": "telegram.org"})
    assert "cannot be reached" in found["telegram"].said


async def test_a_refused_token_is_told(tmp_path, api, monkeypatch):
    monkeypatch.setenv(TOKEN_VARIABLE, "42:a-real-one")
    found = (await findings(tmp_path, telegram={"api_base": api}))["telegram"]
    assert found.said == (
        "Telegram refuses the token: Unauthorized: invalid token specified"
    )
    assert found.fix == "Copy it again from @BotFather."


@pytest.mark.parametrize(
    ("status", "text", "ok", "said"),
    [
        (502, "<html>", False, "cannot be reached (JSONDecodeError)"),
        (404, "", False, "Telegram refuses the token: HTTP 404"),
        (200, "null", True, "A bot without a name answers"),
        (200, "[]", True, "A bot without a name answers"),
        (200, '{"ok":true,"result":null}', True, "A bot without a name answers"),
    ],
)
async def test_a_strange_answer_ends_no_examination(tmp_path, status, text, ok, said):
    async def get_me(_: web.Request) -> web.Response:
        return web.Response(status=status, text=text)

    app = web.Application()
    app.router.add_get("/{path:.*}", get_me)
    async with TestServer(app) as server:
        base = str(server.make_url("/"))
        found = (await findings(tmp_path, telegram={"api_base": base}))["telegram"]
    assert (found.ok, said in found.said) == (ok, True)


# ------------------------------------------------------------------ consent


async def test_the_text_in_force_is_told(tmp_path):
    (tmp_path / "terms").mkdir()
    (tmp_path / "terms" / "en-7.md").write_text("the terms")
    found = await findings(tmp_path, approvals={"consent_dir": "terms"})
    assert found["consent"].said == f"version 7, from {tmp_path / 'terms'}."


async def test_without_a_folder_the_shipped_text_is_in_force(tmp_path):
    found = await findings(tmp_path, approvals={})
    assert (found["consent"].ok, found["consent"].said) == (
        True,
        "version 1, the text that comes with Tapgate.",
    )


async def test_a_folder_that_was_named_and_is_not_there_is_told(tmp_path):
    found = await findings(tmp_path, approvals={"consent_dir": "nowhere"})
    assert not found["consent"].ok
    assert found["consent"].said.startswith("There is no folder ")
    assert "consent_dir" in found["consent"].fix


async def test_a_folder_without_a_text_is_told_with_everything_else(tmp_path):
    (tmp_path / "consent").mkdir()
    found = await findings(tmp_path, approvals={})
    assert not found["consent"].ok
    assert found["consent"].said.startswith("There is no consent text in")
    assert found["database"].ok
    assert not found["owners"].ok


# ------------------------------------------------------------------ the rest


async def test_a_database_that_does_not_answer_is_told(tmp_path, api, unused_tcp_port):
    url = f"postgresql+psycopg://postgres@127.0.0.1:{unused_tcp_port}/x"
    found = await findings(tmp_path, telegram={"api_base": api}, database={"url": url})
    assert not found["database"].ok
    assert found["database"].fix.startswith("Check [database] url")


@pytest.mark.postgres
async def test_a_postgresql_with_an_old_schema_is_told(tmp_path, api):
    with postgres_database() as url:
        database = {"url": url}
        found = await findings(tmp_path, telegram={"api_base": api}, database=database)
        assert "run `tapgate migrate` first" in found["database"].said
        await migrate_database(settings_of(database=database), tmp_path)
        found = await findings(tmp_path, telegram={"api_base": api}, database=database)
        assert found["database"].said == "PostgreSQL answers, the schema is current."


async def test_an_address_of_no_database_is_told(tmp_path, api):
    found = await findings(
        tmp_path, telegram={"api_base": api}, database={"url": "mysql://x"}
    )
    assert not found["database"].ok


async def test_a_key_that_others_may_read_is_told(tmp_path, api):
    data = tmp_path / "data"
    data.mkdir()
    key = data / "secret.key"
    key.write_text("k" * 40)
    key.chmod(0o644)
    found = await findings(tmp_path, telegram={"api_base": api})
    assert "chmod 600" in found["database"].said
    assert found["database"].fix == "Mend that, then ask the doctor again."


async def test_a_data_folder_that_is_a_file_is_told(tmp_path, api):
    (tmp_path / "data").write_text("in the way")
    found = await findings(tmp_path, telegram={"api_base": api})
    assert not found["data folder"].ok
    assert "data_dir" in found["data folder"].fix


async def test_a_broken_audit_chain_is_told(tmp_path, api):
    async with office_in(tmp_path) as office:
        for _ in range(3):
            await office.journal.commit(a_record())
    with sqlite3.connect(tmp_path / "data" / "tapgate.db") as database:
        for (trigger,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name='audit'"
        ).fetchall():
            database.execute(f"DROP TRIGGER {trigger}")
        database.execute("UPDATE audit SET actor = 'nobody' WHERE id = 2")
    database.close()
    found = await findings(tmp_path, telegram={"api_base": api})
    assert found["database"].ok
    assert found["audit"].said.startswith("The chain is broken: ")


async def test_without_an_account_it_says_how_to_add_one(tmp_path, api):
    found = await findings(tmp_path, telegram={"api_base": api}, accounts={})
    assert found["accounts"].said == "There is no account."


@pytest.mark.parametrize("feed", ["csv:XAUUSD=nowhere.csv", "moon"])
async def test_an_account_that_cannot_be_opened_is_told(tmp_path, api, feed):
    accounts = {"demo": PAPER | {"feed": feed}}
    found = await findings(tmp_path, telegram={"api_base": api}, accounts=accounts)
    assert not found["account demo"].ok
    assert found["account demo"].fix == "Correct the account's section."


def test_a_finding_is_an_object_of_the_json_list():
    finding = Finding(part="cache", ok=True, said="in memory.")
    assert finding.as_json() == {
        "part": "cache",
        "ok": True,
        "said": "in memory.",
        "fix": "",
    }
