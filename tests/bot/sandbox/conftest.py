"""A sandbox on a real socket of this machine, with a clock that tests move."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.sandbox import Sandbox, User, create_sandbox
from tests.bot.sandbox.helpers import ADA, GRACE, VIKTOR, Api, Clock, Control


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Sandbox:
    people = [
        User(id=ADA, first_name="Ada", username="ada"),
        User(id=GRACE, first_name="Grace", language_code="de"),
        User(id=VIKTOR, first_name="Viktor"),
    ]
    return create_sandbox(now=clock, users=people)


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[TestClient[Any, Any]]:
    app = web.Application()
    sandbox.add_routes(app)
    async with TestClient(TestServer(app)) as opened:
        yield opened


@pytest.fixture
def api(client: TestClient[Any, Any]) -> Api:
    return Api(client)


@pytest.fixture
def control(client: TestClient[Any, Any]) -> Control:
    return Control(client)
