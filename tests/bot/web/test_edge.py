"""Every error of ours is a problem; other people's routes are left alone."""

from pathlib import Path

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.web.access_log import SERVER_LOG
from tests.bot.web.service import BODY, SIGNALS, TOKEN, Service, serving


@pytest.mark.parametrize("path", ["/", "/api", "/api/v1/signals/", "/metrics", "/%00"])
async def test_what_leads_nowhere_is_a_problem(service: Service, path: str) -> None:
    answer = await service.client.get(path)
    assert answer.status == 404
    assert answer.content_type == "application/problem+json"
    problem = await answer.json()
    assert problem == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "No route leads there.",
        "instance": f"urn:tapgate:request:{answer.headers['X-Request-Id']}",
    }


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_another_method_is_a_problem_that_names_the_right_ones(
    service: Service, method: str
) -> None:
    answer = await service.client.request(method, SIGNALS)
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET,HEAD,POST"
    assert (await answer.json())["detail"] == "Allowed here: GET,HEAD,POST."


async def test_each_request_has_an_id_of_its_own(service: Service) -> None:
    ids = {(await service.client.get(path)).headers["X-Request-Id"] for path in "ab"}
    answer = await service.client.get(
        "/healthz", headers={"X-Request-Id": "chosen by a stranger"}
    )
    ids.add(answer.headers["X-Request-Id"])
    assert len(ids) == 3
    assert all(len(each) == 26 for each in ids)


async def test_routes_of_others_keep_their_own_errors(tmp_path: Path) -> None:
    async def angry(_request: web.Request) -> web.Response:
        raise web.HTTPForbidden(text="their own words")

    app = web.Application()
    app.router.add_get("/bot{token}/{method}", angry)
    async with serving(tmp_path, app=app) as service:
        answer = await service.client.get("/bot123:ABC/getMe")
        assert (answer.status, await answer.text()) == (403, "their own words")
        assert "X-Request-Id" not in answer.headers


# ------------------------------------------------------------ the access log


async def test_the_access_log_names_the_route_and_nothing_secret(
    service: Service,
) -> None:
    with capture_logs() as logs:
        await service.read(f"{SIGNALS}/01SECRETID?token={TOKEN}", token=TOKEN)
        await service.client.get("/media/a/b.png?expires=1&signature=SECRET")
        await service.client.get("/01SECRETID?x=SECRET")
        await service.send(BODY)
    assert "SECRET" not in repr(logs)
    assert TOKEN not in repr(logs)
    logs = [line for line in logs if "route" in line]
    assert [(line["method"], line["route"], line["status"]) for line in logs] == [
        ("GET", "/api/v1/signals/{id}", 404),
        ("GET", "/media/{path}", 403),
        ("GET", "unmatched", 404),
        ("POST", "/api/v1/signals", 201),
    ]
    assert all(line["ms"] >= 0 for line in logs)
    assert all(len(line["request_id"]) == 26 for line in logs)


@pytest.mark.parametrize(
    "request_", [b"BREW /SECRET HTTP/1.1", b"GET / HTTP/1.1\r\nX-Key: SECRET\x00"]
)
async def test_what_is_no_request_is_logged_without_quoting_it(
    service: Service, request_: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with capture_logs() as logs:
        answer = await service.raw(request_ + b"\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 400 ")
    assert [(line["route"], line["status"]) for line in logs] == [("unmatched", 400)]
    assert "SECRET" not in repr(logs) + caplog.text


async def test_other_trouble_of_the_server_is_still_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    SERVER_LOG.error("plain")
    SERVER_LOG.error("with a trace", exc_info=RuntimeError("broken"))
    assert [record.message for record in caplog.records] == ["plain", "with a trace"]


async def test_an_error_of_ours_is_logged_with_its_request_id(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as service:
        service.secrets.error = RuntimeError("broken")
        with capture_logs() as logs:
            answer = await service.send(BODY)
    assert answer.status == 500
    (failure,) = [line for line in logs if line["event"] == "request_failed"]
    assert failure["exc_info"]
