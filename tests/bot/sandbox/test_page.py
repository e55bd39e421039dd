"""The chat page in a real browser."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import (
    Browser,
    ConsoleMessage,
    Page,
    ViewportSize,
    async_playwright,
    expect,
)

from bot.sandbox import Sandbox, User, create_sandbox
from tests.bot.sandbox.helpers import (
    ADA,
    GRACE,
    Api,
    Clock,
    Control,
    button,
    keyboard,
    picture,
)

# One loop and one browser for all tests of this module: starting it takes long.
pytestmark = [pytest.mark.chromium, pytest.mark.asyncio(loop_scope="module")]

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = ViewportSize(width=390, height=844)
DESKTOP = ViewportSize(width=1280, height=800)
PROMPT = keyboard(
    [button("✅ Approve", "s1:a", style="success"), button("✖ Reject", "s1:r")]
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=ARGUMENTS
        )
        yield opened
        await opened.close()


@pytest_asyncio.fixture(loop_scope="module")
async def client(sandbox: Sandbox) -> AsyncIterator[TestClient[Any, Any]]:
    app = web.Application()
    sandbox.add_routes(app)
    async with TestClient(TestServer(app)) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, client: TestClient[Any, Any]) -> AsyncIterator[Page]:
    """The page on a phone, as Ada; a script error or a refused load fails the test."""
    opened = await browser.new_page(viewport=PHONE, locale="en-GB")
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on(
        "console", lambda line: errors.append(line.text) if refused(line) else None
    )
    await opened.goto(str(client.make_url("/")))
    await expect(opened.locator("[data-part=switcher-name]")).to_have_text("Ada")
    yield opened
    await opened.close()
    assert errors == []


def refused(line: ConsoleMessage) -> bool:
    return "Security Policy" in line.text


async def sent(api: Api, text: str, **more: Any) -> int:
    message = await api.call(
        "sendMessage", chat_id=ADA, text=text, parse_mode="HTML", **more
    )
    return int(message["message_id"])


async def answered(api: Api, text: str, **more: Any) -> None:
    *_, update = await api.updates()
    name = update["callback_query"]["id"]
    await api.call("answerCallbackQuery", callback_query_id=name, text=text, **more)


async def test_start_opens_the_chat(page: Page, api: Api) -> None:
    await expect(page.get_by_test_id("composer")).to_be_hidden()
    await page.get_by_test_id("start").click()
    await expect(page.get_by_test_id("message")).to_contain_text("/start")
    await expect(page.get_by_test_id("composer")).to_be_visible()
    [update] = await api.updates()
    assert update["message"]["text"] == "/start"


async def test_a_prompt_is_approved_and_becomes_filled(
    page: Page, api: Api, control: Control
) -> None:
    await control.start(ADA)
    message = await api.call(
        "sendPhoto",
        chat_id=ADA,
        photo=picture(1200, 750),
        caption="<b>BUY EURUSD</b>",
        parse_mode="HTML",
        reply_markup=PROMPT,
    )
    bubble = page.get_by_test_id("message").filter(has_text="BUY EURUSD")
    approve = bubble.get_by_test_id("button").filter(has_text="Approve")
    await approve.click()
    await expect(approve).to_have_attribute("aria-busy", "true")
    await answered(api, "Approved")
    await expect(page.get_by_test_id("toast")).to_have_text("Approved")
    await expect(approve).to_have_attribute("aria-busy", "false")
    await api.call(
        "editMessageCaption",
        chat_id=ADA,
        message_id=message["message_id"],
        caption="BUY EURUSD filled at 1.08545",
        reply_markup=keyboard([{"text": "Filled", "disabled": {}}]),
    )
    await expect(bubble).to_contain_text("filled at 1.08545")
    await expect(bubble.get_by_test_id("edited")).to_be_visible()
    await expect(bubble.get_by_test_id("button")).to_be_disabled()


async def test_a_photo_is_enlarged_by_a_click(
    page: Page, api: Api, control: Control
) -> None:
    await control.start(ADA)
    await api.call("sendPhoto", chat_id=ADA, photo=picture())
    await page.get_by_test_id("photo").click()
    photo = page.locator("#viewer-photo")
    await expect(photo).to_be_visible()
    assert await photo.evaluate(
        "image => image.decode().then(() => image.naturalWidth)"
    )
    await page.keyboard.press("Escape")
    await expect(photo).to_be_hidden()


async def test_an_alert_must_be_closed(page: Page, api: Api, control: Control) -> None:
    await control.start(ADA)
    await sent(api, "Buy?", reply_markup=PROMPT)
    await page.get_by_test_id("button").filter(has_text="Reject").click()
    await expect(page.locator(".key.busy")).to_have_count(1)
    await answered(api, "Already decided by Grace", show_alert=True)
    alert = page.get_by_test_id("alert")
    await expect(alert).to_contain_text("Already decided by Grace")
    await alert.get_by_role("button", name="OK").click()
    await expect(alert).to_be_hidden()


async def test_the_bots_text_never_becomes_markup(
    page: Page, api: Api, control: Control
) -> None:
    await control.start(ADA)
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    await api.call("sendMessage", chat_id=ADA, text=evil)
    await expect(page.get_by_test_id("message").last).to_contain_text(evil)
    assert await page.locator(".words img, .words script").count() == 0


async def test_entities_are_shown(page: Page, api: Api, control: Control) -> None:
    await control.start(ADA)
    await sent(
        api,
        "🟢 <b>bold <i>both</i></b> <u>under</u> <s>struck</s> <code>1.08</code>"
        "<blockquote expandable>a\nb\nc\nd</blockquote><pre>x = 1</pre>"
        '<tg-spoiler>secret</tg-spoiler> <a href="https://example.com/">link</a> '
        '<a href="javascript:alert(1)">trap</a>',
    )
    words = page.locator(".words").last
    await expect(words.locator("b > i")).to_have_text("both")
    for selector, text in (
        ("u", "under"),
        ("s", "struck"),
        ("code", "1.08"),
        ("blockquote .folded", "a\nb\nc\nd"),
        ("pre", "x = 1"),
        (".spoiler", "secret"),
    ):
        assert await words.locator(selector).inner_text() == text
    await expect(words.locator("a")).to_have_count(1)
    await words.locator(".fold").click()
    await expect(words.locator(".folded")).to_have_count(0)
    await words.locator(".spoiler").press("Enter")
    await expect(words.locator(".spoiler.shown")).to_be_visible()


async def test_a_countdown_follows_the_sandboxs_clock(
    page: Page, api: Api, clock: Clock, control: Control
) -> None:
    await control.start(ADA)
    ends = int(clock.at.timestamp()) + 540
    await sent(
        api,
        f'<tg-time unix="{ends}" format="r">soon</tg-time>, '
        f'<tg-time unix="{ends}" format="wDT">then</tg-time>',
    )
    relative = page.locator("time.relative")
    await expect(relative).to_have_text("in 8:58")
    clock.advance(seconds=1200)
    await sent(api, "later")
    await expect(relative).to_have_text("11 min ago")
    absolute = page.locator(".words time:not(.relative)")
    await expect(absolute).to_contain_text("2026")


async def test_typing_sends_on_enter(page: Page, api: Api, control: Control) -> None:
    await control.start(ADA)
    composer = page.get_by_test_id("composer")
    await composer.fill("two")
    await composer.press("Shift+Enter")
    await composer.press_sequentially("lines")
    await composer.press("Enter")
    await expect(page.get_by_test_id("message").last).to_contain_text("two\nlines")
    await expect(composer).to_have_value("")
    assert (await api.updates())[-1]["message"]["text"] == "two\nlines"


async def test_the_command_menu_sends_a_command(
    page: Page, api: Api, control: Control
) -> None:
    await control.start(ADA)
    commands = [
        {"command": "risk", "description": "Your limits"},
        {"command": "help", "description": "All commands"},
    ]
    await api.call("setMyCommands", commands=commands)
    await page.get_by_role("button", name="Commands").click()
    await expect(page.locator("[data-part=commands] button")).to_have_count(2)
    await page.get_by_test_id("composer").fill("/ri")
    await expect(page.locator("[data-part=commands] button")).to_have_count(1)
    await page.locator("[data-part=commands] button").click()
    await expect(page.get_by_test_id("message").last).to_contain_text("/risk")


async def test_a_command_in_a_message_can_be_tapped(
    page: Page, api: Api, control: Control
) -> None:
    await control.start(ADA)
    await sent(api, "See /positions for more")
    await page.locator(".in .link").click()
    await expect(page.get_by_test_id("message").last).to_contain_text("/positions")


async def test_a_forced_reply_answers_the_message(
    page: Page, api: Api, control: Control
) -> None:
    await control.start(ADA)
    asked = await sent(api, "Why?", reply_markup={"force_reply": True})
    banner = page.get_by_test_id("force-reply")
    await expect(banner).to_contain_text("Why?")
    await page.get_by_test_id("composer").fill("news")
    await page.get_by_test_id("composer").press("Enter")
    await expect(banner).to_be_hidden()
    reply = (await api.updates())[-1]["message"]["reply_to_message"]
    assert reply["message_id"] == asked


async def test_a_forced_reply_can_be_declined(
    page: Page, api: Api, control: Control
) -> None:
    await control.start(ADA)
    await sent(api, "Why?", reply_markup={"force_reply": True})
    await page.get_by_role("button", name="Do not reply").click()
    await expect(page.get_by_test_id("force-reply")).to_be_hidden()


async def test_an_edit_ends_the_question(
    page: Page, api: Api, control: Control
) -> None:
    await control.start(ADA)
    markup = keyboard([button("Skip", "s")]) | {"force_reply": True}
    asked = await sent(api, "Why?", reply_markup=markup)
    await expect(page.get_by_test_id("force-reply")).to_be_visible()
    await api.call("editMessageText", chat_id=ADA, message_id=asked, text="No reason")
    await expect(page.get_by_test_id("force-reply")).to_be_hidden()


async def test_a_reply_keyboard_says_its_label(
    page: Page, api: Api, control: Control
) -> None:
    await control.start(ADA)
    await sent(api, "Sure?", reply_markup={"keyboard": [["Yes", {"text": "No"}]]})
    await page.locator("[data-part=reply-keyboard]").get_by_text("Yes").click()
    await expect(page.get_by_test_id("message").last).to_contain_text("Yes")
    await sent(api, "Fine", reply_markup={"remove_keyboard": True})
    await expect(page.locator("[data-part=reply-keyboard]")).to_be_hidden()


async def test_a_start_link_becomes_a_start_tap(
    page: Page, api: Api, control: Control
) -> None:
    await control.start(ADA)
    link = "https://t.me/tapgate_sandbox_bot?start=inv_7"
    await sent(
        api, f"Join: {link}", reply_markup=keyboard([{"text": "Go", "url": link}])
    )
    await page.locator(".in .link").click()
    await expect(page.get_by_test_id("message").last).to_contain_text("/start inv_7")
    await page.get_by_test_id("button").filter(has_text="Go").click()
    await expect(page.get_by_test_id("message")).to_have_count(4)


async def test_an_invite_in_the_address_waits_behind_start(
    page: Page, client: TestClient[Any, Any]
) -> None:
    await page.goto(str(client.make_url(f"/?start=inv_9#user={GRACE}")))
    await page.get_by_test_id("start").click()
    await expect(page.get_by_test_id("message").last).to_contain_text("/start inv_9")
    assert "inv_9" not in page.url


async def test_people_have_their_own_chats_and_unread_badges(
    page: Page, api: Api, control: Control
) -> None:
    await control.start(ADA, GRACE)
    await api.call("sendMessage", chat_id=GRACE, text="for Grace")
    await expect(page.locator("[data-part=switcher-badge]")).to_have_text("1")
    await page.locator("[data-part=switcher]").click()
    grace = page.get_by_test_id(f"user-{GRACE}")
    await expect(grace).to_contain_text("for Grace")
    await expect(grace.locator(".badge")).to_have_text("1")
    await grace.click()
    await expect(page.get_by_test_id("message").last).to_contain_text("for Grace")
    await expect(page.locator("[data-part=switcher-badge]")).to_be_hidden()
    assert page.url.endswith(f"#user={GRACE}")


async def test_blocking_and_unblocking(page: Page, control: Control) -> None:
    await control.start(ADA)
    await page.get_by_role("button", name="More").click()
    await page.get_by_role("button", name="Block the bot").click()
    await expect(page.get_by_test_id("composer")).to_be_hidden()
    await page.get_by_role("button", name="UNBLOCK").click()
    await expect(page.get_by_test_id("composer")).to_be_visible()


async def test_a_tap_by_a_test_is_seen_on_the_page(
    page: Page, api: Api, control: Control
) -> None:
    await control.start(ADA)
    await sent(api, "Buy?", reply_markup=PROMPT)
    await control.post("tap", user=ADA, label="Approve")
    await expect(page.locator(".key.busy")).to_have_text("✅ Approve")


async def test_a_refused_action_is_a_toast(
    page: Page, api: Api, control: Control
) -> None:
    await control.start(ADA)
    await page.get_by_test_id("composer").evaluate(
        "box => box.removeAttribute('maxlength')"
    )
    await page.get_by_test_id("composer").fill("x" * 4097)
    await page.get_by_test_id("composer").press("Enter")
    await expect(page.get_by_test_id("toast")).to_contain_text("1 to 4096 characters")


async def test_typing_pins_deletions_and_documents_are_shown(
    page: Page, api: Api, control: Control
) -> None:
    await control.start(ADA)
    await api.call("sendChatAction", chat_id=ADA, action="typing")
    await expect(page.locator("[data-part=status]")).to_have_text("typing…")
    name = await sent(api, "Report ready")
    await expect(page.locator("[data-part=status]")).to_have_text("bot")
    await api.call("pinChatMessage", chat_id=ADA, message_id=name)
    await expect(page.locator("[data-part=pinned]")).to_have_text(
        "Pinned: Report ready"
    )
    await api.call("sendDocument", chat_id=ADA, document=b"a,b")
    await expect(page.locator(".document")).to_contain_text("document.png")
    await api.call("deleteMessage", chat_id=ADA, message_id=name)
    await expect(page.locator("[data-part=pinned]")).to_be_hidden()
    await expect(page.get_by_test_id("message")).to_have_count(2)


async def test_new_messages_wait_below_while_one_reads_above(
    page: Page, api: Api, control: Control
) -> None:
    await control.start(ADA)
    for number in range(25):
        await sent(api, f"line {number}")
    await expect(page.get_by_test_id("message")).to_have_count(26)
    await expect(page.get_by_test_id("message").last).to_be_in_viewport(ratio=1)
    await page.locator("[data-part=scroller]").evaluate("box => box.scrollTo(0, 0)")
    to_end = page.get_by_role("button", name="Go to the newest message")
    await expect(to_end).to_be_visible()
    await sent(api, "news")
    await expect(page.locator("[data-part=to-end-badge]")).to_have_text("1")
    await to_end.click()
    await expect(to_end).to_be_hidden()
    await expect(page.get_by_test_id("message").last).to_be_in_viewport()


async def test_a_desktop_shows_people_beside_the_chat(
    page: Page, control: Control
) -> None:
    await page.set_viewport_size(DESKTOP)
    await expect(page.get_by_test_id(f"user-{GRACE}")).to_be_in_viewport()
    await expect(page.get_by_test_id("phone").first).to_be_in_viewport()


async def test_nothing_sticks_out_of_a_phone(
    page: Page, api: Api, control: Control
) -> None:
    await control.start(ADA)
    row = [button("a long label " * 3, "x"), button("W" * 60, "y")]
    await sent(api, "x" * 300, reply_markup=keyboard(row))
    await expect(page.get_by_test_id("button")).to_have_count(2)
    assert await page.evaluate(
        "[...document.querySelectorAll('.app, .app *')]"
        ".every(one => one.closest('.people')"
        " || one.getBoundingClientRect().right <= innerWidth + 1)"
    )


async def test_a_lost_connection_is_told_and_made_again(
    browser: Browser, clock: Clock, sandbox: Sandbox
) -> None:
    lin = User(id=7, first_name="Lin")
    server = await served(sandbox)
    page = await browser.new_page(viewport=PHONE)
    await page.goto(str(server.make_url("/")))
    await expect(page.locator("[data-part=status]")).to_have_text(
        "waiting for the bot to connect"
    )
    port = server.port
    await server.close()
    await expect(page.locator("[data-part=connection]")).to_be_visible()
    again = await served(create_sandbox(now=clock, users=[lin]), port)
    await expect(page.locator("[data-part=connection]")).to_be_hidden()
    await expect(page.locator("[data-part=switcher-name]")).to_have_text("Lin")
    await page.close()
    await again.close()


async def served(sandbox: Sandbox, port: int | None = None) -> TestServer:
    app = web.Application()
    sandbox.add_routes(app)
    server = TestServer(app, port=port)
    await server.start_server()
    return server
