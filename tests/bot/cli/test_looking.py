"""Commands that look: one JSON document, or a table for people."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path

import pytest

from bot import doctor
from bot.clock import SystemClock
from core.accounts import GuardState
from core.messages import Topic
from core.ports import Insert, Row
from tests.bot.offices import office_in, write_config
from tests.builders import a_guard, a_lease, a_trade, an_account, an_outbox_item


async def _furnish(folder: Path, *more: Row, guard: GuardState | None = None) -> None:
    async with office_in(folder) as office:
        rows = (an_account(), guard or a_guard(), a_trade(), *more)
        await office.journal.commit(*(Insert(row) for row in rows))


def test_status_of_an_empty_database(tapgate, config):
    ran = tapgate("status", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.document["accounts"] == []
    assert set(ran.document["queues"].values()) == {0}


def test_status_as_json_is_one_document(tapgate, config):
    asyncio.run(_furnish(config.parent))
    ran = tapgate("status", "--json")
    (account,) = ran.document["accounts"]
    assert (account["name"], account["guard"], account["equity"]) == (
        "demo",
        "armed",
        10_000.0,
    )
    assert len(account["positions"]) == 1


def test_status_for_people_is_a_table(tapgate, config):
    asyncio.run(_furnish(config.parent))
    ran = tapgate("status")
    assert ran.code == 0
    (line,) = [line for line in ran.out.splitlines() if "demo" in line]
    for word in ("paper", "10,000.00 USD", "0.00 %", "armed", " ago"):
        assert word in line
    assert "Waiting: nothing." in ran.out


def test_status_for_people_counts_what_waits(tapgate, config):
    asyncio.run(_furnish(config.parent, an_outbox_item(topic=Topic.EXECUTE)))
    assert "Waiting: execute 1." in tapgate("status").out


def test_status_says_plainly_that_nothing_runs(tapgate, config):
    ran = tapgate("status")
    assert ran.code == 0
    assert "✖ The service is not running" in ran.out
    assert "Start it with `tapgate run`." in ran.out
    assert "No account yet" in ran.out


def test_status_says_that_the_service_runs(tapgate, config):
    lease = a_lease(expires_at=SystemClock().now() + timedelta(minutes=1))
    asyncio.run(_furnish(config.parent, lease))
    ran = tapgate("status")
    assert ran.out.startswith("✔ The service is running.\n")
    assert tapgate("status", "--json").document["running"] is True


def test_status_shows_no_money_that_nobody_saw(tapgate, config):
    asyncio.run(_furnish(config.parent, guard=a_guard(measured_at=None)))
    (line,) = [line for line in tapgate("status").out.splitlines() if "demo" in line]
    assert "0.00" not in line
    assert "never" in line


@pytest.mark.parametrize("command", ["status", "provider list", "invite"])
def test_a_folder_with_nothing_but_a_configuration_is_enough(
    tapgate, tmp_path, command
):
    (tmp_path / "config.toml").write_text('[accounts.demo]\nbroker = "paper"\n')
    ran = tapgate(*command.split())
    assert (ran.code, ran.err) == (0, "")


def test_a_database_that_does_not_answer_is_a_problem(tapgate, tmp_path):
    url = "postgresql+psycopg://postgres@127.0.0.1:9/nothing"
    write_config(tmp_path, database={"url": url})
    ran = tapgate("status", "--json")
    assert (ran.code, ran.out) == (1, "")
    assert "✖" in ran.err
    assert "Traceback" not in ran.err


def test_the_doctor_finds_a_problem(tapgate, config):
    ran = tapgate("doctor")
    assert ran.code == 1
    assert "✔ config: config.toml is valid." in ran.out
    assert "✖ telegram: There is no bot token." in ran.out
    assert "    Get one from @BotFather" in ran.out


def test_the_doctor_s_fix_is_indented_on_a_terminal_too(tapgate, config, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")
    lines = tapgate("doctor").out.splitlines()
    begun = next(at for at, line in enumerate(lines) if "Set [telegram]" in line)
    for line in lines[begun : begun + 3]:
        assert re.fullmatch(r" {4}\S.{,55}", line)


def test_the_doctor_as_json_is_one_list(tapgate, config):
    ran = tapgate("doctor", "--json")
    assert ran.code == 1
    parts = {each["part"]: each["ok"] for each in ran.document}
    assert (parts["config"], parts["database"], parts["telegram"]) == (
        True,
        True,
        False,
    )


def test_the_doctor_of_a_wrong_configuration_says_so(tapgate, tmp_path):
    write_config(tmp_path, service={"prt": 1})
    ran = tapgate("doctor")
    assert ran.code == 1
    assert "✖ config: config.toml: there is no key service.prt." in ran.out


def test_the_doctor_is_content_when_all_is_well(tapgate, config, monkeypatch):
    async def fine(*_: object) -> list[doctor.Finding]:
        said = "[accounts.NAME] is fine."
        return [doctor.Finding(part="all", ok=True, said=said)]

    monkeypatch.setattr(doctor, "examine", fine)
    ran = tapgate("doctor")
    assert ran.code == 0
    assert "[accounts.NAME] is fine." in ran.out


@pytest.mark.parametrize("command", ["status", "doctor"])
def test_json_and_nothing_else_stands_on_standard_output(tapgate, config, command):
    assert tapgate(command, "--json").out.lstrip()[0] in "[{"


def test_openapi_is_the_document_of_this_configuration(tapgate, tmp_path):
    signals = {"instruments": ["US30"], "max_body_bytes": 5000}
    service = {"public_url": "https://tapgate.example"}
    write_config(tmp_path, signals=signals, service=service)
    ran = tapgate("openapi")
    schemas = ran.document["components"]["schemas"]
    assert (ran.code, ran.err) == (0, "")
    assert ran.document["openapi"] == "3.1.0"
    assert ran.document["servers"] == [{"url": "https://tapgate.example"}]
    assert schemas["Instrument"]["enum"] == ["US30"]
    assert "5,000 bytes" in ran.document["info"]["description"]


def test_openapi_without_a_configuration_says_how_to_get_one(tapgate):
    ran = tapgate("openapi")
    assert (ran.code, ran.out) == (2, "")
    assert "There is no configuration" in ran.err
