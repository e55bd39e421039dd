"""Other web sites stay out, and the page carries nothing of others."""

import re
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from bot.sandbox.chat_page import FOLDER
from tests.bot.sandbox.helpers import ADA, TOKEN, Api, Control, picture

Client = TestClient[Any, Any]


@pytest.mark.parametrize("path", ["/", "/sandbox/state", f"/bot{TOKEN}/getMe"])
@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io:80", ""]
)
async def test_another_host_name_is_refused(
    client: Client, path: str, host: str
) -> None:
    answer = await client.get(path, headers={"Host": host})
    assert answer.status == 403
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:9", "[::1]:8"])
async def test_this_machine_is_answered(client: Client, host: str) -> None:
    answer = await client.get("/sandbox/state", headers={"Host": host})
    assert answer.status == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:1", "https://{host}"]
)
async def test_another_origin_cannot_control_anything(
    client: Client, origin: str
) -> None:
    host = f"127.0.0.1:{client.port}"
    answer = await client.post(
        "/sandbox/say",
        json={"user": ADA, "text": "x"},
        headers={"Origin": origin.format(host=host)},
    )
    assert answer.status == 403


async def test_the_pages_own_origin_can(client: Client) -> None:
    origin = f"http://127.0.0.1:{client.port}"
    answer = await client.post(
        "/sandbox/say",
        json={"user": ADA, "text": "x"},
        headers={"Origin": origin},
    )
    assert answer.status == 200


async def test_the_page_loads_only_from_here(client: Client) -> None:
    answer = await client.get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
async def test_every_file_of_the_page_is_served(client: Client, path: Any) -> None:
    answer = await client.get(f"/sandbox/page/{path.name}")
    assert await answer.read() == path.read_bytes()


async def test_no_other_file_is_served(client: Client) -> None:
    for name in ("server.py", "..%2fserver.py"):
        answer = await client.get(f"/sandbox/page/{name}")
        assert answer.status == 404


def test_the_page_names_no_other_server_and_parses_no_html() -> None:
    source = "".join(path.read_text() for path in FOLDER.iterdir())
    found = set(re.findall(r"https?://[\w.]+", source))
    assert found <= {"http://www.w3.org"}
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|eval\(", source)


async def test_a_document_is_only_saved_never_shown(api: Api, control: Control) -> None:
    await control.start(ADA)
    await api.call("sendDocument", chat_id=ADA, document=b"<script>1</script>")
    seen = await control.get("wait", chat=ADA, contains="", after=0)
    answer = await control.client.get(seen["sandbox"]["file"]["url"])
    assert answer.headers["Content-Disposition"] == "attachment"
    assert answer.content_type == "application/octet-stream"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


async def test_a_photo_is_shown_as_what_it_is(api: Api, control: Control) -> None:
    await control.start(ADA)
    await api.call("sendPhoto", chat_id=ADA, photo=picture(kind="JPEG"))
    seen = await control.get("wait", chat=ADA)
    answer = await control.client.get(seen["sandbox"]["file"]["url"])
    assert answer.content_type == "image/jpeg"
    missing = await control.client.get("/sandbox/files/none")
    assert missing.status == 404
