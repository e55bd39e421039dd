"""How providers and what was refused read; the words stand in ``tests/golden``."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.sandbox.html_markup import parse_html
from bot.telegram.provider_cards import MOST_PROVIDERS, ProviderCard, ProvidersPage
from bot.telegram.views import providers as views
from bot.telegram.views.text import TEXT_LIMIT, shown_units
from bot.telegram.views.view import View
from core.ids import ProviderName
from core.refusals import RefusalCause, RefusedRequests
from core.users import Provider
from tests.bot.telegram.golden import compare
from tests.builders import DEMO, a_provider, a_refusal
from tests.fakes import NOON

BREAKOUT = ProviderName("breakout")
SOON = NOON + timedelta(minutes=63)
TRICKY = "<b>\u202eevil\u202c</b>\n\x00 & Co"


def a_page(
    *cards: ProviderCard, refused: tuple[RefusedRequests, ...] = (), more: int = 0
) -> ProvidersPage:
    return ProvidersPage(
        cards=cards,
        more=more,
        refused=refused,
        tolerance=timedelta(minutes=5),
        now=NOON,
    )


def a_card(provider: Provider | None = None) -> ProviderCard:
    return ProviderCard(
        provider=provider or a_provider(),
        accepted=12,
        undecided=2,
        last_at=NOON - timedelta(minutes=7),
    )


def quiet(provider: Provider) -> ProviderCard:
    return ProviderCard(provider=provider, accepted=0, undecided=0, last_at=None)


def of_causes() -> tuple[RefusedRequests, ...]:
    return tuple(
        a_refusal(
            provider="" if cause is RefusalCause.UNNAMED else "breakout",
            cause=cause,
            count=number * 700,
            address="203.0.113.7" if number % 2 else "",
            last_at=NOON - timedelta(hours=number * 9),
        )
        for number, cause in enumerate(RefusalCause, start=1)
    )


def _views() -> Iterator[tuple[str, View]]:
    yield "none", views.providers_view(a_page())
    yield "one", views.providers_view(a_page(a_card()))
    several = (
        a_card(a_provider(instruments=("XAUUSD", "EURUSD"))),
        quiet(
            a_provider(
                id=BREAKOUT,
                secret_sealed=None,
                public_key="whpk_new",
                former_public_key="whpk_old",
                former_until=NOON + timedelta(days=2),
                instruments=("XAUUSD", "EURUSD", "GBPUSD", "US30", "USOIL"),
                muted_until=SOON,
            )
        ),
        quiet(a_provider(id=ProviderName("night-owl"), enabled=False)),
        quiet(
            a_provider(
                id=ProviderName("rotated"),
                former_secret_sealed="sealed",  # noqa: S106 - not a secret
                former_until=SOON,
                muted_until=NOON,
            )
        ),
        quiet(
            a_provider(
                id=ProviderName("long-ago"),
                former_secret_sealed="sealed",  # noqa: S106 - not a secret
                former_until=NOON,
            )
        ),
    )
    yield "several", views.providers_view(a_page(*several, more=3))
    yield "every cause", views.providers_view(a_page(a_card(), refused=of_causes()))
    strange = (
        a_refusal(provider=TRICKY, cause=RefusalCause.UNKNOWN, address=TRICKY),
        a_refusal(provider="x" * 32, cause=RefusalCause.UNKNOWN, address="f" * 99),
        a_refusal(provider="\u202e", cause=RefusalCause.FORGED),
    )
    yield "strangers' words", views.providers_view(a_page(a_card(), refused=strange))
    yield "disable?", views.disable_question(a_provider(), 1_795_521_600)
    yield "one held", views.held_notice(DEMO, 1, 30)
    yield "some held", views.held_notice(DEMO, 17, 30)
    yield "flood", views.flood_notice(DEMO, 30)
    yield "hushed", views.hushed_view(a_provider(), SOON, NOON)


VIEWS = dict(_views())


def test_every_view_of_providers_reads_as_it_should():
    compare("providers", VIEWS)


@pytest.mark.parametrize("title", VIEWS)
def test_a_view_of_providers_is_markup_that_telegram_takes(title):
    shown, _ = parse_html(VIEWS[title].text)
    assert shown == shown.strip()
    assert "\n\n\n" not in shown
    assert not {"\u202e", "\x00"} & set(shown)


def test_the_longest_page_fits_into_one_message():
    provider = a_provider(
        id=ProviderName("n" * 32),
        instruments=("A" * 20,) * 9,
        former_until=NOON + timedelta(days=6),
        muted_until=NOON + timedelta(days=6),
    )
    refused = tuple(
        a_refusal(
            provider="&" * 32,
            cause=RefusalCause.RETIRED,
            address="f" * 99,
            last_at=NOON - timedelta(days=1),
            count=1_000_000,
        )
        for _ in range(100)
    )
    cards = (a_card(provider),) * MOST_PROVIDERS
    view = views.providers_view(a_page(*cards, refused=refused, more=99))
    assert shown_units(view.text) <= TEXT_LIMIT
    assert len(view.rows) == MOST_PROVIDERS
    assert "Refused in the last 7 days" in view.text


def test_a_long_list_of_refusals_is_cut_with_a_hint():
    refused = (a_refusal(),) * (views.MOST_REFUSED + 5)
    text = views.providers_view(a_page(a_card(), refused=refused)).text
    assert text.splitlines()[-1] == "… and 5 more kinds, longer ago."
