"""The composition: what is opened, what is refused, and what is let go of again."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.app import (
    House,
    Wrap,
    migrate_database,
    open_house,
    open_office,
    paper_brokers,
)
from bot.clock import SystemClock
from bot.providers import add_provider
from charts.media import MediaStore, Pictures
from core.desk.tools import Tools
from core.errors import BrokerUnavailable, ChartFailed, Refused
from core.ids import AccountId, ProviderName
from core.market import Timeframe
from core.ports import Broker, Journal, SignalChart
from core.users import Provider
from migrations.runner import current_revision, head_revision
from mt5_bridge.paper.broker import PaperBroker
from tests.bot.offices import PAPER, office_in, settings_of
from tests.builders import a_provider
from tests.databases import postgres_database
from tests.fakes import NOON

DEMO = AccountId("demo")


@pytest.fixture
def empty_postgres() -> Iterator[str]:
    with postgres_database() as url:
        yield url


def _house(folder: Path, *, wrap: Wrap | None = None, **sections: Any):
    more = {} if wrap is None else {"wrap": wrap}
    return open_house(settings_of(**sections), folder, command="a test", **more)


# ------------------------------------------------------------------ the office


async def test_an_office_opens_the_newest_schema(tmp_path):
    async with office_in(tmp_path) as office:
        assert await office.schema_is_current()
        assert office.data_dir == tmp_path / "data"
        assert office.tools.brokers == {}


async def test_an_older_schema_is_not_current(tmp_path):
    async with office_in(tmp_path) as office:
        async with office.journal.engines.write.begin() as database:
            await database.execute(text("UPDATE alembic_version SET version_num='0'"))
        assert not await office.schema_is_current()


async def test_an_office_draws_nothing(tmp_path):
    chart = SignalChart.__new__(SignalChart)
    object.__setattr__(chart, "instrument", "XAUUSD")
    async with office_in(tmp_path) as office:
        with pytest.raises(ChartFailed, match="draws nothing, not XAUUSD"):
            await office.tools.charts.signal_chart(chart, at=NOON)


async def test_the_key_is_made_once_and_opens_what_it_sealed(tmp_path):
    async with office_in(tmp_path) as office:
        made = await add_provider(office.tools, office.vault, name="alpha")
        media_key = office.media_key
    assert (tmp_path / "data" / "secret.key").stat().st_mode & 0o777 == 0o600
    async with office_in(tmp_path) as again:
        (row,) = await again.journal.find(Provider)
        assert again.open_secrets(row) == (made.secret, None)
        assert again.media_key == media_key


async def test_another_key_opens_nothing(tmp_path):
    async with office_in(tmp_path) as office:
        await add_provider(office.tools, office.vault, name="alpha")
    async with office_in(tmp_path, secret_key="k" * 32) as other:
        (row,) = await other.journal.find(Provider)
        with pytest.raises(Refused, match="secret of alpha cannot be opened"):
            other.open_secrets(row)


async def test_a_short_key_is_refused_and_the_database_let_go(tmp_path):
    with pytest.raises(Refused, match="at least 32 characters"):
        async with office_in(tmp_path, secret_key="short"):  # noqa: S106 - too short
            pass


async def test_nobody_has_a_secret_and_nobody_anothers(tmp_path):
    async with office_in(tmp_path) as office:
        assert office.open_secrets(None) == (None, None)
        made = await add_provider(office.tools, office.vault, name="alpha")
        stranger = a_provider(
            id=ProviderName("beta"),
            secret_sealed=office.vault.seal(made.secret, owner="alpha"),
        )
        with pytest.raises(Refused):
            office.open_secrets(stranger)


async def test_migrating_says_the_revision(tmp_path):
    assert await migrate_database(settings_of(), tmp_path) == head_revision()
    async with open_office(settings_of(), tmp_path, migrate=False) as office:
        engine = office.journal.engines.write
        assert await current_revision(engine) == head_revision()


@pytest.mark.postgres
async def test_an_old_schema_on_postgresql_is_refused_with_what_to_do(
    tmp_path, empty_postgres
):
    with pytest.raises(Refused, match="run `tapgate migrate` first"):
        async with office_in(tmp_path, database={"url": empty_postgres}):
            pass
    settings = settings_of(database={"url": empty_postgres})
    await migrate_database(settings, tmp_path)
    async with office_in(tmp_path, database={"url": empty_postgres}) as office:
        assert await office.schema_is_current()


@pytest.mark.postgres
async def test_on_postgresql_no_file_is_locked(tmp_path, empty_postgres):
    database = {"url": empty_postgres}
    await migrate_database(settings_of(database=database), tmp_path)
    async with _house(tmp_path, database=database) as house:
        assert not house.embedded
        assert not (tmp_path / "data" / "tapgate.lock").exists()


# ------------------------------------------------------------------ the house


async def test_a_house_has_a_broker_for_each_account(tmp_path):
    accounts = {"demo": PAPER, "other": PAPER | {"balance": 500, "currency": "EUR"}}
    async with _house(tmp_path, accounts=accounts) as house:
        assert set(house.tools.brokers) == set(house.papers) == set(accounts)
        other = house.tools.brokers[AccountId("other")]
        account = (await other.get_snapshot(since=NOON)).account
        assert (account.balance, account.currency) == (Decimal(500), "EUR")
        assert house.embedded
        assert house.public_url == "http://127.0.0.1:8080"
    assert (tmp_path / "data" / "paper-other.db").is_file()


async def test_nobody_else_may_open_the_same_data(tmp_path):
    async with _house(tmp_path):
        with pytest.raises(Refused, match=r"`a test` \(process \d+, .*already running"):
            async with _house(tmp_path):
                pass
    async with _house(tmp_path) as again:
        assert isinstance(again, House)


async def test_administrative_commands_work_beside_it(tmp_path):
    async with _house(tmp_path) as house, office_in(tmp_path) as office:
        await add_provider(office.tools, office.vault, name="alpha")
        assert await house.tools.journal.count(Provider) == 1


async def test_a_broker_that_cannot_be_reached_lets_everything_go(tmp_path):
    class Away(PaperBroker):
        async def connect(self) -> None:
            message = "nobody is there"
            raise BrokerUnavailable(message)

    settings = settings_of()
    one = paper_brokers(settings, tmp_path, SystemClock())[DEMO]
    away = Away.__new__(Away)
    away.__dict__.update(one.__dict__)
    with pytest.raises(BrokerUnavailable):
        async with open_house(
            settings, tmp_path, command="a test", papers={DEMO: away}
        ):
            pass
    async with _house(tmp_path):
        pass


async def test_a_test_may_stand_between_the_desk_and_the_world(tmp_path):
    seen: list[Any] = []

    def journal(inner: Journal) -> Journal:
        seen.append(inner)
        return inner

    def broker(inner: Broker) -> Broker:
        seen.append(inner)
        return inner

    async with _house(tmp_path, wrap=Wrap(journal=journal, broker=broker)) as house:
        assert isinstance(house.tools, Tools)
        assert seen == [*house.papers.values(), house.office.journal] or seen == [
            house.office.journal,
            *house.papers.values(),
        ]


@pytest.mark.parametrize("broker", ["mt5", "bridge"])
def test_a_broker_that_this_version_does_not_have_is_refused(tmp_path, broker):
    settings = settings_of(accounts={"live1": {"broker": broker}})
    with pytest.raises(Refused, match=f"Account live1: .*was '{broker}'"):
        paper_brokers(settings, tmp_path, SystemClock())


async def test_two_accounts_do_not_see_the_same_random_prices(tmp_path):
    async with _house(tmp_path, accounts={"one": PAPER, "two": PAPER}) as house:
        candles = [
            await broker.get_candles("XAUUSD", Timeframe.M1, 10)
            for broker in house.tools.brokers.values()
        ]
        assert [each.close for each in candles[0]] != [
            each.close for each in candles[1]
        ]


# ------------------------------------------------------------------ pictures


@pytest.fixture
def pictures(tmp_path) -> Pictures:
    return Pictures(MediaStore(tmp_path), b"k" * 32, "https://cdn.example/")


def test_a_link_is_good_until_it_expires(pictures):
    path = f"2026-11-24/shared/signal/{'a' * 64}.png"
    link = pictures.link(path, NOON + timedelta(minutes=5))
    address, _, query = link.partition("?")
    assert address == f"https://cdn.example/media/{path}"
    given = dict(part.split("=") for part in query.split("&"))
    words = (path, given["expires"], given["signature"])
    assert pictures.verify(*words, NOON)
    assert not pictures.verify(*words, NOON + timedelta(minutes=6))
    assert not pictures.verify(path, given["expires"], "0" * 64, NOON)


def test_another_key_makes_another_link(pictures, tmp_path):
    path, until = f"2026-11-24/shared/signal/{'a' * 64}.png", NOON
    other = Pictures(MediaStore(tmp_path), b"x" * 32, "https://cdn.example")
    assert pictures.link(path, until) != other.link(path, until)


def test_a_picture_is_found_by_its_path(pictures, tmp_path):
    path = f"2026-11-24/shared/signal/{'a' * 64}.png"
    with pytest.raises(Refused, match="there is no such picture"):
        pictures.path(path)
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_bytes(b"a picture")
    assert pictures.path(path) == tmp_path / path
