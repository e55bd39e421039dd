"""How calls travel: tokens, methods, and the four kinds of body."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import MultipartWriter

from bot.sandbox import Sandbox
from bot.sandbox.api import bodies
from tests.bot.sandbox.helpers import ADA, TOKEN, Api, Control, parsed, picture

SECRET = "hidden"  # noqa: S105 - made up
PATH = f"/bot{TOKEN}/sendMessage"


@pytest.fixture(autouse=True)
async def ada_started(control: Control) -> None:
    await control.start(ADA)


@pytest.mark.parametrize(
    "token", ["42", "42:AAHreal-token", "x:SANDBOX", ":SANDBOX", "42:sandbox"]
)
async def test_only_sandbox_tokens_are_accepted(api: Api, token: str) -> None:
    refusal = await Api(api.client, token).refusal("getMe")
    assert refusal == (401, "Unauthorized: invalid token specified")


async def test_an_unknown_method_is_not_found(api: Api) -> None:
    answer = await api.client.post(f"/bot{TOKEN}/sendLove")
    assert answer.status == 404
    body = await answer.json()
    assert body["description"] == "Not Found: method not found"


async def test_method_names_ignore_case(api: Api) -> None:
    assert (await api.call("GETME"))["id"] == 42


@pytest.mark.parametrize(
    "sent",
    [
        {"params": {"chat_id": "1001", "text": "hi ü"}},
        {"data": {"chat_id": "1001", "text": "hi ü"}},
        {"json": {"chat_id": 1001, "text": "hi ü"}},
        {"params": {"chat_id": "1001"}, "json": {"text": "hi ü"}},
    ],
)
async def test_parameters_may_come_in_any_form(api: Api, sent: dict[str, Any]) -> None:
    answer = await api.client.post(PATH, **sent)
    body = await answer.json()
    assert parsed("sendMessage", body).ok
    assert body["result"]["text"] == "hi ü"


async def test_a_get_request_is_a_call_too(api: Api) -> None:
    answer = await api.client.get(PATH, params={"chat_id": ADA, "text": "hi"})
    assert answer.status == 200


async def test_a_chunked_multipart_body_is_read(api: Api) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        head = (
            b'--x\r\nContent-Disposition: form-data; name="chat_id"\r\n\r\n1001\r\n'
            b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.png"'
            b"\r\nContent-Type: image/png\r\n\r\n"
        )
        content = head + picture() + b"\r\n--x--\r\n"
        for start in range(0, len(content), 700):
            yield content[start : start + 700]

    answer = await api.client.post(
        f"/bot{TOKEN}/sendPhoto",
        data=pieces(),
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert answer.headers.get("Content-Length")
    assert (await answer.json())["result"]["photo"]


async def test_nested_and_nameless_parts_are_passed_over(api: Api) -> None:
    with MultipartWriter("form-data") as writer:
        writer.append("nameless")
        inner = MultipartWriter("mixed")
        inner.append("nested")
        writer.append(inner)
        for name, value in (("chat_id", "1001"), ("text", "hi")):
            writer.append(value).set_content_disposition("form-data", name=name)
    answer = await api.client.post(PATH, data=writer)
    assert (await answer.json())["result"]["text"] == "hi"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b"[]"),
        ("multipart/form-data; boundary=x", b"--y\r\n"),
        ("multipart/form-data", b"--y\r\n"),
    ],
)
async def test_a_broken_body_is_refused(api: Api, kind: str, body: bytes) -> None:
    answer = await api.client.post(PATH, data=body, headers={"Content-Type": kind})
    assert answer.status == 400
    description = (await answer.json())["description"]
    assert description.startswith("Bad Request: can't parse request")


async def test_an_empty_json_body_is_no_parameters(api: Api) -> None:
    answer = await api.client.post(
        f"/bot{TOKEN}/getMe", headers={"Content-Type": "application/json"}
    )
    assert answer.status == 200


@pytest.mark.parametrize("kind", ["form", "multipart", "json"])
async def test_a_body_that_is_too_large_is_refused(
    api: Api, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "LARGEST_REQUEST", 1000)
    values: dict[str, Any] = {"chat_id": "1001", "text": "x" * 1001}
    if kind == "multipart":
        status, why = await api.refusal("sendMessage", **values)
    else:
        sent: dict[str, Any] = {"json" if kind == "json" else "data": values}
        answer = await api.client.post(PATH, **sent)
        status, why = answer.status, (await answer.json())["description"]
    assert (status, why) == (413, "Request Entity Too Large")


async def test_half_a_character_is_refused(api: Api) -> None:
    body = json.dumps({"chat_id": ADA, "text": "\ud83d"})
    answer = await api.client.post(
        PATH, data=body, headers={"Content-Type": "application/json"}
    )
    assert (await answer.json())["description"] == (
        "Bad Request: strings must be encoded in UTF-8"
    )


async def test_bytes_that_are_not_utf_8_are_refused(api: Api) -> None:
    answer = await api.client.post(
        PATH,
        data=b"chat_id=1001&text=%ff",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status == 400


async def test_calls_are_journaled_without_secrets(
    api: Api, control: Control, sandbox: Sandbox
) -> None:
    sent = await api.call("sendPhoto", chat_id=ADA, photo=picture(10, 10))
    await api.call("setWebhook", url="http://localhost:1/", secret_token=SECRET)
    await api.refusal("sendMessage", chat_id=ADA)
    requests = (await control.get("journal"))["requests"]
    photo, webhook, refused = requests
    assert photo["message_id"] == sent["message_id"]
    assert photo["params"]["photo"]["file"] == "photo.png"
    assert webhook["params"]["secret_token"] != SECRET
    assert (refused["status"], refused["description"]) == (
        400,
        "Bad Request: message text is empty",
    )
    assert TOKEN not in repr(requests)
    only = await control.get("journal", method="sendphoto")
    assert only["requests"] == [photo]
