"""The chat page with several people: phones side by side, groups, topics, Arabic."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import (
    Browser,
    Locator,
    Page,
    ViewportSize,
    async_playwright,
    expect,
)

from bot.sandbox import Sandbox, User
from bot.sandbox.people import join
from tests.bot.sandbox.helpers import (
    ADA,
    GRACE,
    VIKTOR,
    Api,
    Clock,
    Control,
    button,
    keyboard,
)
from tests.bot.sandbox.test_page import ARGUMENTS, PHONE, served

pytestmark = [pytest.mark.chromium, pytest.mark.asyncio(loop_scope="module")]

LAYLA = 1004
WIDE = ViewportSize(width=1400, height=860)
GO = keyboard([button("Approve", "a")])


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
    server: TestServer = await served(sandbox)
    async with TestClient(server) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, client: TestClient[Any, Any]) -> AsyncIterator[Page]:
    """A wide page; a script error fails the test."""
    opened = await browser.new_page(viewport=WIDE, locale="en-GB")
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    await opened.goto(str(client.make_url("/")))
    await expect(opened.locator("[data-part=switcher-name]").first).to_have_text("Ada")
    yield opened
    await opened.close()
    assert errors == []


@pytest_asyncio.fixture(loop_scope="module")
async def forum(control: Control) -> dict[str, Any]:
    chat = await control.post(
        "chats", type="forum", title="Desk", creator=ADA, members=[GRACE]
    )
    topic = await control.post("topics", chat=chat["id"], name="Gold")
    return chat | {"thread": topic["message_thread_id"]}


def phone_of(page: Page, user: int) -> Locator:
    return page.locator(f'[data-testid="phone"][data-user="{user}"]')


async def test_people_stand_beside_each_other_and_hear_only_their_own(
    page: Page, api: Api, control: Control
) -> None:
    await control.start(ADA, GRACE)
    await expect(page.get_by_test_id("phone")).to_have_count(3)
    await api.call("sendMessage", chat_id=ADA, text="for Ada", reply_markup=GO)
    await api.call("sendMessage", chat_id=GRACE, text="for Grace", reply_markup=GO)
    ada, grace = phone_of(page, ADA), phone_of(page, GRACE)
    await expect(ada.get_by_test_id("message").last).to_contain_text("for Ada")
    await expect(grace.get_by_test_id("message").last).to_contain_text("for Grace")
    await expect(ada).not_to_contain_text("for Grace")
    await grace.get_by_test_id("button").click()
    query = (await api.updates())[-1]["callback_query"]
    assert query["from"]["id"] == GRACE
    await expect(grace.locator(".key.busy")).to_have_count(1)
    await expect(ada.locator(".key.busy")).to_have_count(0)
    await api.call(
        "answerCallbackQuery", callback_query_id=query["id"], text="No", show_alert=True
    )
    await expect(grace.get_by_test_id("alert")).to_be_visible()
    await expect(ada.get_by_test_id("alert")).to_be_hidden()


async def test_what_is_typed_goes_out_as_the_phones_owner(
    page: Page, api: Api, control: Control
) -> None:
    await control.start(ADA, GRACE)
    box = phone_of(page, GRACE).get_by_test_id("composer")
    await box.fill("hello")
    await box.press("Enter")
    await expect(phone_of(page, GRACE).get_by_test_id("message").last).to_contain_text(
        "hello"
    )
    assert (await api.updates())[-1]["message"]["from"]["id"] == GRACE


async def test_phones_are_put_away_and_taken_out_and_the_address_remembers(
    page: Page, control: Control
) -> None:
    await page.get_by_test_id(f"beside-{ADA}").click()
    await expect(page.get_by_test_id("phone")).to_have_count(2)
    assert page.url.endswith(f"#users={GRACE},{VIKTOR}")
    await page.reload()
    await expect(page.get_by_test_id("phone")).to_have_count(2)
    await page.get_by_test_id(f"beside-{ADA}").click()
    await expect(phone_of(page, ADA)).to_be_visible()
    assert page.url.endswith(f"#users={GRACE},{VIKTOR},{ADA}")


async def test_somebody_else_takes_the_active_phone(
    page: Page, control: Control
) -> None:
    await control.post("users", id=LAYLA, first_name="Layla")
    await phone_of(page, GRACE).locator("[data-part=scroller]").click()
    await page.get_by_test_id(f"user-{LAYLA}").click()
    await expect(phone_of(page, LAYLA)).to_be_visible()
    await expect(phone_of(page, GRACE)).to_have_count(0)
    assert page.url.endswith(f"#users={ADA},{LAYLA},{VIKTOR}")


async def test_a_phone_shows_one_and_a_wider_page_more(page: Page) -> None:
    await phone_of(page, GRACE).locator("[data-part=scroller]").click()
    await page.set_viewport_size(PHONE)
    await expect(page.get_by_test_id("phone")).to_have_count(1)
    await expect(phone_of(page, GRACE)).to_be_visible()
    await page.set_viewport_size(WIDE)
    await expect(page.get_by_test_id("phone")).to_have_count(3)


async def test_groups_and_topics_stand_in_the_list_of_their_people(
    page: Page, api: Api, control: Control, forum: dict[str, Any]
) -> None:
    where = {"chat_id": forum["id"], "message_thread_id": forum["thread"]}
    name = f"{forum['id']}-{forum['thread']}"
    row = page.get_by_test_id(f"room-{GRACE}-{name}")
    await expect(row).to_contain_text("Gold")
    await expect(page.get_by_test_id(f"room-{VIKTOR}-{forum['id']}")).to_have_count(0)
    await api.call("sendMessage", text="Prompt", reply_markup=GO, **where)
    await expect(row.locator(".badge")).to_have_text("1")
    await row.click()
    grace = phone_of(page, GRACE)
    await expect(grace.locator("[data-part=title]")).to_have_text("Gold")
    await expect(grace.get_by_test_id("event")).to_contain_text("created the topic")
    await expect(grace.get_by_test_id("message")).to_contain_text("Prompt")
    await expect(grace.locator(".quoted")).to_have_count(0)
    await expect(row.locator(".badge")).to_be_hidden()
    await grace.get_by_test_id("composer").fill("fine")
    await grace.get_by_test_id("composer").press("Enter")
    said = await control.get("wait", chat=forum["id"], contains="fine")
    assert said["message_thread_id"] == forum["thread"]
    await page.get_by_test_id(f"room-{GRACE}-{forum['id']}").click()
    await expect(grace.get_by_test_id("message")).to_have_count(0)
    await expect(grace.get_by_test_id("event").first).to_contain_text("created")


async def test_others_in_a_group_have_names_and_oneself_has_none(
    page: Page, control: Control
) -> None:
    desk = await control.post("chats", title="Desk", creator=ADA, members=[GRACE])
    for user in (ADA, GRACE):
        await page.get_by_test_id(f"room-{user}-{desk['id']}").click()
    await control.post("say", user=GRACE, chat=desk["id"], text="good morning")
    theirs = phone_of(page, ADA).get_by_test_id("message")
    own = phone_of(page, GRACE).get_by_test_id("message")
    await expect(theirs.locator(".author")).to_have_text("Grace")
    await expect(own.locator(".author")).to_have_count(0)
    assert "out" in str(await own.get_attribute("class")).split()
    assert "in" in str(await theirs.get_attribute("class")).split()


async def test_a_command_from_the_menu_of_a_group_names_the_bot(
    page: Page, api: Api, control: Control
) -> None:
    commands = [{"command": "status", "description": "How it is"}]
    await api.call("setMyCommands", commands=commands)
    desk = await control.post("chats", title="Desk", creator=ADA)
    await page.get_by_test_id(f"room-{ADA}-{desk['id']}").click()
    ada = phone_of(page, ADA)
    await ada.get_by_role("button", name="Commands").click()
    await ada.locator("[data-part=commands] button").click()
    said = await control.get("wait", chat=desk["id"], contains="/status")
    assert said["text"] == "/status@tapgate_sandbox_bot"


async def test_an_ephemeral_answer_is_on_its_addressees_phone_only(
    page: Page, api: Api, control: Control
) -> None:
    desk = await control.post("chats", title="Desk", creator=ADA, members=[GRACE])
    for user in (ADA, GRACE):
        await page.get_by_test_id(f"room-{user}-{desk['id']}").click()
    ada, grace = phone_of(page, ADA), phone_of(page, GRACE)
    await api.call("sendMessage", chat_id=desk["id"], text="Buy?", reply_markup=GO)
    await grace.get_by_test_id("button").click()
    await expect(grace.locator(".key.busy")).to_have_count(1)
    name = (await api.updates())[-1]["callback_query"]["id"]
    whisper = {
        "receiver_user_id": GRACE,
        "callback_query_id": name,
        "replace_callback_query_message": True,
    }
    await api.call(
        "sendMessage",
        chat_id=desk["id"],
        text="Only approvers can decide.",
        ephemeral_message_parameters=whisper,
    )
    await expect(grace.get_by_test_id("message")).to_contain_text("Only you see this")
    await expect(grace.get_by_test_id("message")).not_to_contain_text("Buy?")
    await expect(ada.get_by_test_id("message")).to_contain_text("Buy?")


async def test_an_upgraded_group_goes_on_where_it_was_read(
    page: Page, api: Api, control: Control
) -> None:
    desk = await control.post("chats", type="group", title="Desk", creator=ADA)
    await page.get_by_test_id(f"room-{ADA}-{desk['id']}").click()
    upgraded = await control.post("migrate", chat=desk["id"])
    await api.call("sendMessage", chat_id=upgraded["id"], text="here now")
    await expect(phone_of(page, ADA).get_by_test_id("message")).to_contain_text(
        "here now"
    )
    await expect(page.get_by_test_id(f"room-{ADA}-{desk['id']}")).to_have_count(0)


async def test_who_was_removed_can_read_but_not_write(
    page: Page, control: Control
) -> None:
    desk = await control.post("chats", title="Desk", creator=ADA, members=[GRACE])
    await page.get_by_test_id(f"room-{GRACE}-{desk['id']}").click()
    grace = phone_of(page, GRACE)
    await expect(grace.get_by_test_id("composer")).to_be_visible()
    await control.post("members", chat=desk["id"], user=GRACE, status="kicked", by=ADA)
    await expect(grace.locator("[data-part=outside]")).to_have_text(
        "You are not in this group."
    )
    await expect(grace.get_by_test_id("composer")).to_be_hidden()
    await control.post("bot", chat=desk["id"], status="kicked")
    await expect(grace.locator("[data-part=status]")).to_have_text(
        "the bot is not in this group"
    )


async def test_arabic_stands_on_the_right_and_its_phone_is_mirrored(
    page: Page, api: Api, control: Control, sandbox: Sandbox
) -> None:
    join(sandbox.world, User(id=LAYLA, first_name="ليلى", language_code="ar"))
    await control.start(ADA, LAYLA)
    await page.get_by_test_id(f"beside-{VIKTOR}").click()
    await page.get_by_test_id(f"beside-{LAYLA}").click()
    text = "شراء XAUUSD عند 1950.25"
    markup = keyboard([button("موافقة", "a"), button("رفض", "r")])
    for user in (ADA, LAYLA):
        await api.call("sendMessage", chat_id=user, text=text, reply_markup=markup)
    layla = phone_of(page, LAYLA)
    await expect(layla).to_have_attribute("dir", "rtl")
    await expect(phone_of(page, ADA)).to_have_attribute("dir", "ltr")
    approve, reject = await layla.get_by_test_id("button").all()
    places = [await each.bounding_box() for each in (approve, reject)]
    assert places[0]
    assert places[1]
    assert places[0]["x"] > places[1]["x"]
    for user in (ADA, LAYLA):
        words = phone_of(page, user).locator(".words").last
        assert await words.evaluate("one => getComputedStyle(one).direction") == "rtl"


async def test_the_countdown_follows_the_speed_of_the_clock(
    page: Page, api: Api, clock: Clock, control: Control
) -> None:
    await control.start(ADA)
    await control.post("clock", speed=60)
    ends = int(clock.at.timestamp()) + 3500
    await api.call(
        "sendMessage",
        chat_id=ADA,
        text=f'<tg-time unix="{ends}" format="r">soon</tg-time>',
        parse_mode="HTML",
    )
    left = phone_of(page, ADA).locator("time.relative")
    await expect(left).to_contain_text("in 5")
    await expect(left).to_contain_text("in 54:", timeout=15_000)


async def test_the_transcript_is_saved_with_a_button(
    page: Page, control: Control
) -> None:
    await control.start(ADA)
    async with page.expect_download() as started:
        await page.get_by_test_id("export-text").click()
    download = await started.value
    assert download.suggested_filename.endswith(".txt")
    assert "Ada: /start" in (await download.path()).read_text()


@pytest.mark.parametrize("width", [360, 390, 840, 1120, 1400, 1600])
async def test_nothing_sticks_out_at_any_width(
    page: Page, api: Api, control: Control, forum: dict[str, Any], width: int
) -> None:
    await control.start(ADA, GRACE)
    await page.set_viewport_size({"width": width, "height": 800})
    row = [button("a long label " * 3, "x"), button("W" * 60, "y")]
    await api.call(
        "sendMessage", chat_id=ADA, text="x" * 300, reply_markup=keyboard(row)
    )
    await expect(phone_of(page, ADA).get_by_test_id("button")).to_have_count(2)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await page.evaluate(
        "[...document.querySelectorAll('.app, .phones *')]"
        ".every(one => one.getBoundingClientRect().right <= innerWidth + 1)"
    )
