"""A provider's credentials are shown once; what is kept opens nothing by itself."""

from dataclasses import replace

import pytest

from bot.providers import add_provider, switch_provider, traded
from core.desk.joining import hash_token
from core.errors import Refused
from core.messages import AuditEntry
from core.users import Provider
from tests.bot.offices import office_in
from tests.bot.web.service import BODY, SIGNALS, serving


@pytest.fixture
async def office(tmp_path):
    async with office_in(tmp_path) as opened:
        yield opened


async def _add(office, name="alpha", instruments=()):
    return await add_provider(
        office.tools, office.vault, name=name, instruments=instruments
    )


async def test_a_new_provider_is_enabled_and_written_down(office):
    made = await _add(office, instruments=("XAUUSD",))
    (row,) = await office.journal.find(Provider)
    assert (row.id, row.enabled, row.instruments) == ("alpha", True, ("XAUUSD",))
    (entry,) = await office.journal.find(AuditEntry)
    assert (entry.actor, entry.action) == ("cli", "provider_added")
    assert entry.subject == "provider:alpha"
    assert made.name == "alpha"


async def test_the_secret_is_kept_sealed_and_the_token_as_a_hash(office):
    made = await _add(office)
    (row,) = await office.journal.find(Provider)
    assert made.secret.startswith("whsec_")
    assert made.secret not in repr(row)
    assert made.read_token not in repr(row)
    assert office.open_secret(row) == made.secret
    assert row.read_token_hash == hash_token(made.read_token)


async def test_no_two_providers_share_a_secret(office):
    one, two = await _add(office, "one"), await _add(office, "two")
    assert len({one.secret, two.secret, one.read_token, two.read_token}) == 4


async def test_a_name_is_taken_once(office):
    await _add(office)
    with pytest.raises(Refused, match="There is a provider alpha already"):
        await _add(office)


@pytest.mark.parametrize("name", ["", "a b", "ä", "a\nb", "a:b", "-", "x" * 33])
async def test_a_name_that_makes_no_good_header_is_refused(office, name):
    with pytest.raises(Refused, match="A provider's name"):
        await _add(office, name)


@pytest.mark.parametrize("name", ["a", "Alpha-2_b", "x" * 32])
async def test_a_name_is_letters_digits_and_two_marks(office, name):
    assert (await _add(office, name)).name == name


def test_an_instrument_that_is_not_traded_here_is_named():
    traded((), ("XAUUSD",))
    traded(("XAUUSD",), ("XAUUSD", "EURUSD"))
    with pytest.raises(Refused, match=r"GOLD, eurusd is not traded here; .*EURUSD"):
        traded(("eurusd", "XAUUSD", "GOLD"), ("XAUUSD", "EURUSD"))


# ------------------------------------------------------------------ off and on


async def _switch(office, *, enabled, name="alpha"):
    return await switch_provider(office.tools, name, enabled=enabled)


async def test_switching_is_written_down(office):
    await _add(office)
    assert await _switch(office, enabled=False)
    assert await _switch(office, enabled=True)
    entries = await office.journal.find(AuditEntry)
    assert [(each.actor, each.action, each.subject) for each in entries[1:]] == [
        ("cli", "provider_disabled", "provider:alpha"),
        ("cli", "provider_enabled", "provider:alpha"),
    ]


@pytest.mark.parametrize("enabled", [True, False])
async def test_switching_twice_writes_nothing_the_second_time(office, enabled):
    await _add(office)
    await _switch(office, enabled=enabled)
    entries = await office.journal.count(AuditEntry)
    assert not await _switch(office, enabled=enabled)
    assert await office.journal.count(AuditEntry) == entries


async def test_a_provider_that_is_switched_keeps_its_credentials(office):
    made = await _add(office)
    await _switch(office, enabled=False)
    await _switch(office, enabled=True)
    (row,) = await office.journal.find(Provider)
    assert office.open_secret(row) == made.secret
    assert row.read_token_hash == hash_token(made.read_token)


async def test_a_provider_that_nobody_knows_cannot_be_switched(office):
    with pytest.raises(Refused, match="no provider moon, nor any other"):
        await _switch(office, name="moon", enabled=False)
    await _add(office)
    with pytest.raises(Refused, match="no provider moon; known: alpha"):
        await _switch(office, name="moon", enabled=False)


async def test_a_disabled_provider_gets_the_answer_that_strangers_get(office, tmp_path):
    async with serving(tmp_path) as service:
        tools = replace(office.tools, journal=service.journal)
        assert (await service.send(BODY)).status == 201
        await switch_provider(tools, "demo", enabled=False)
        refused = await service.send(BODY)
        stranger = await service.send(BODY, X_Provider="stranger")
        assert (refused.status, stranger.status) == (401, 401)
        assert await refused.read() == await stranger.read()
        assert (await service.read(SIGNALS)).status == 401
        await switch_provider(tools, "demo", enabled=True)
        assert (await service.send(BODY)).status == 200
