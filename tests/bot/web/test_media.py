"""Pictures by signed link."""

from pathlib import Path

import pytest

from bot.web.media import LASTS
from tests.bot.web.service import Service
from tests.fakes import NOON

NAME = "ab" * 32
PICTURE = f"2026-11-24/shared/signal/{NAME}.png"
SOON = int(NOON.timestamp()) + 60


@pytest.fixture(autouse=True)
def picture(tmp_path: Path) -> None:
    file = tmp_path / PICTURE
    file.parent.mkdir(parents=True)
    file.write_bytes(b"\x89PNG and so on")


def link(path: str = PICTURE, expires: object = SOON) -> str:
    return f"/media/{path}?expires={expires}&signature={path[::-1]}"


async def test_a_good_link_is_a_picture_that_may_be_kept(service: Service) -> None:
    answer = await service.client.get(link())
    assert (answer.status, await answer.read()) == (200, b"\x89PNG and so on")
    assert answer.content_type == "image/png"
    assert answer.headers["ETag"] == f'"{NAME}"'
    assert answer.headers["Cache-Control"] == f"private, max-age={LASTS}"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("known", [f'"{NAME}"', "*", f'"x", W/"{NAME}"'])
async def test_who_has_the_picture_is_not_sent_it_again(
    service: Service, known: str
) -> None:
    answer = await service.client.get(link(), headers={"If-None-Match": known})
    assert (answer.status, await answer.read()) == (304, b"")
    assert answer.headers["ETag"] == f'"{NAME}"'


async def test_who_has_another_picture_is_sent_this_one(service: Service) -> None:
    answer = await service.client.get(link(), headers={"If-None-Match": '"x"'})
    assert answer.status == 200


async def test_a_head_is_answered_without_the_picture(service: Service) -> None:
    answer = await service.client.head(link())
    assert (answer.status, await answer.read()) == (200, b"")


@pytest.mark.parametrize(
    "address",
    [
        f"/media/{PICTURE}",
        f"/media/{PICTURE}?expires={SOON}",
        f"/media/{PICTURE}?expires={SOON}&signature=x",
        f"{link()}&expires=9999999999",
        f"{link()}&signature=x",
        link(expires=int(NOON.timestamp())),
        "/media/../secret?expires=1&signature=x",
        "/media/%2e%2e/secret?expires=1&signature=x",
    ],
)
async def test_another_link_is_refused(service: Service, address: str) -> None:
    answer = await service.client.get(address)
    assert answer.status in {403, 404}
    assert answer.content_type == "application/problem+json"
    assert (await answer.json())["status"] == answer.status


async def test_a_picture_that_is_gone_is_a_404(service: Service) -> None:
    answer = await service.client.get(link("2026-11-24/none.png"))
    assert answer.status == 404
    assert (await answer.json())["detail"] == "The picture is gone."


async def test_a_picture_that_goes_while_it_is_asked_for_is_a_404(
    service: Service, tmp_path: Path
) -> None:
    service.folder.trust = True
    (tmp_path / PICTURE).unlink()
    assert (await service.client.get(link())).status == 404
