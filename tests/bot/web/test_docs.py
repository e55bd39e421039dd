"""What is served at ``/openapi.json`` and ``/docs``, and that answers are as told."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import async_playwright

from bot.web import answers
from bot.web import openapi_examples as examples
from bot.web.docs_page import render
from bot.web.openapi import openapi
from tests.bot.web.service import BODY, SIGNALS, Service, serving
from tests.bot.web.test_openapi import LIMITS, RULES

UNTOLD: set[str] = set()
"""Routes that are nobody's API."""
VOID = {"meta", "input", "link", "br"}


async def served(service: Service, path: str) -> str:
    answer = await service.client.get(path)
    assert answer.status == 200
    return await answer.text()


async def test_the_document_is_of_this_instance(service: Service):
    answer = await service.client.get("/openapi.json")
    assert answer.content_type == "application/json"
    assert await answer.json() == openapi(RULES, LIMITS, "https://tapgate.example/")


@pytest.mark.parametrize("path", ["/openapi.json", "/docs"])
async def test_it_may_be_kept_and_is_not_sent_again(service: Service, path: str):
    answer = await service.client.get(path)
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    tag = answer.headers["ETag"]
    again = await service.client.get(path, headers={"If-None-Match": tag})
    other = await service.client.get(path, headers={"If-None-Match": '"other"'})
    head = await service.client.head(path)
    assert (again.status, await again.read()) == (304, b"")
    assert (again.headers["ETag"], other.status) == (tag, 200)
    assert (head.status, await head.read()) == (200, b"")


async def test_every_route_is_told(tmp_path: Path):
    app = web.Application()
    async with serving(tmp_path, app=app) as service:
        document = await (await service.client.get("/openapi.json")).json()
    routes = {
        (resource.canonical, route.method.lower())
        for resource in app.router.resources()
        for route in resource
        if route.method != "HEAD" and resource.canonical not in UNTOLD
    }
    told = {(path, verb) for path, verbs in document["paths"].items() for verb in verbs}
    assert routes == told


# ---------------------------------------------------------------- answers


async def test_answers_hold_what_is_told_and_nothing_else(service: Service):
    stored = await (await service.send(BODY)).json()
    repeated = await (await service.send(BODY)).json()
    page = await (await service.read(SIGNALS)).json()
    dry = await (await service.send(BODY, "?dry_run=1")).json()
    for receipt in (stored, repeated, *page["items"]):
        answers.Receipt.model_validate(receipt)
    answers.Page.model_validate(page)
    answers.Valid.model_validate(dry)


async def test_problems_hold_what_is_told_and_nothing_else(service: Service):
    for answer in (
        await service.send({}),
        await service.send(b"x"),
        await service.send(BODY, X_Signature="0" * 64),
        await service.read(SIGNALS, "wrong"),
        await service.client.get("/nowhere"),
    ):
        answers.Problem.model_validate(await answer.json())


async def test_health_holds_what_is_told_and_nothing_else(service: Service):
    ready = await (await service.client.get("/readyz")).json()
    alive = await (await service.client.get("/healthz")).json()
    answers.Ready.model_validate(ready)
    answers.Alive.model_validate(alive)


async def test_the_examples_of_the_document_are_taken(service: Service):
    statuses = [
        (await service.send(example["value"])).status
        for example in examples.SIGNALS.values()
    ]
    assert statuses == [201] * len(examples.SIGNALS)


async def test_the_examples_of_alerts_are_taken(service: Service):
    for example in examples.ALERTS.values():
        answer = await service.alert(example["value"])
        assert answer.status == 201, await answer.text()
    actions = [signal.action for signal in await service.stored()]
    assert actions == ["open", "close"]


# ---------------------------------------------------------------- the page


class Tags(HTMLParser):
    """What a page is made of; complains of tags that do not match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str]] = []
        self.names: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


async def test_the_page_needs_nothing_from_elsewhere(service: Service):
    html = await served(service, "/docs")
    tags = Tags(html)
    names = {name for name, _ in tags.attributes}
    links = [value for name, value in tags.attributes if name in ("href", "src")]
    assert tags.open == []
    assert not [name for name in names if name.startswith("on") or name == "style"]
    assert {"link", "img", "iframe", "form"}.isdisjoint(tags.names)
    assert all(link.startswith(("#", "/openapi.json")) for link in links)
    assert "@import" not in html
    assert "url(" not in html


async def test_nothing_but_its_own_style_and_script_may_run(service: Service):
    answer = await service.client.get("/docs")
    policy = answer.headers["Content-Security-Policy"]
    html = await answer.text()
    for tag in ("style", "script"):
        (content,) = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


async def test_the_page_says_everything_that_the_document_says(service: Service):
    html = await served(service, "/docs")
    document = await (await service.client.get("/openapi.json")).json()
    shown = set(re.findall(r"<code>([^<]+)</code>", html))
    assert set(document["paths"]) <= shown
    for name in ("OpenSignal", "CancelSignal", "Receipt", "Problem"):
        assert set(document["components"]["schemas"][name]["properties"]) <= shown
    for scheme in document["components"]["securitySchemes"].values():
        assert scheme.get("name", "X-Provider") in shown
    for status in document["paths"][SIGNALS]["post"]["responses"]:
        assert f'<span class="status s{status[0]}">{status}</span>' in html


def test_nothing_of_the_configuration_becomes_markup():
    document = openapi(RULES, LIMITS, 'https://x/"><script>alert(1)</script>')
    assert "<script>alert" not in render(document).html


# The browser is slow to start, so one test looks at everything.
@pytest.mark.chromium
async def test_the_page_in_a_browser(service: Service):
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = await browser.new_page(viewport={"width": 390, "height": 844})
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(str(service.client.make_url("/docs")))
        width = await page.evaluate("document.documentElement.scrollWidth")
        panels = page.locator("#start .panel")
        first = [await panels.nth(number).is_visible() for number in (0, 1)]
        await page.get_by_text("Python", exact=True).click()
        second = [await panels.nth(number).is_visible() for number in (0, 1)]
        copies = await page.locator(".copy").count()
        blocks = await page.locator(".block").count()
        await browser.close()
    assert complaints == []
    assert width == 390
    assert (first, second) == ([True, False], [False, True])
    assert copies == blocks > 5
