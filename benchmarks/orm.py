"""A signal server as tutorials write it: FastAPI, SQLAlchemy's ORM, a commit each."""

import asyncio
import hashlib
import hmac
import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel
from sqlalchemy import JSON, String, event
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from benchmarks.bare import SECRET
from benchmarks.processes import announce, until_stdin_closes, use_core
from benchmarks.requests import PATH

DATABASE = "orm.db"


class Base(DeclarativeBase):
    """The tables."""


class SignalRow(Base):
    """One signal."""

    __tablename__ = "signals"

    id: Mapped[int] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(String(100), unique=True)
    instrument: Mapped[str]
    side: Mapped[str]
    price: Mapped[str]
    stop_loss: Mapped[str | None]
    take_profit: Mapped[str | None]
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)


class SignalBody(BaseModel):
    """What is sent."""

    external_id: str
    instrument: str
    side: str
    price: Decimal
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    payload: dict[str, Any]


def create_app(file: Path, ready: Callable[[], None]) -> FastAPI:
    """The server on a database file of its own; calls ``ready`` when it is."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{file}")
    event.listen(engine.sync_engine, "connect", _set_up)
    sessions = async_sessionmaker(engine)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        ready()
        yield
        await engine.dispose()

    async def session() -> AsyncIterator[AsyncSession]:
        async with sessions() as opened:
            yield opened

    app = FastAPI(lifespan=lifespan)

    @app.post(PATH, status_code=201)
    async def post(
        body: SignalBody,
        request: Request,
        database: Annotated[AsyncSession, Depends(session)],
    ) -> dict[str, int]:
        signed = request.headers["X-Timestamp"].encode() + b"." + await request.body()
        expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers["X-Signature"]):
            raise HTTPException(status_code=401)
        row = SignalRow(
            external_id=body.external_id,
            instrument=body.instrument,
            side=body.side,
            price=str(body.price),
            stop_loss=None if body.stop_loss is None else str(body.stop_loss),
            take_profit=None if body.take_profit is None else str(body.take_profit),
            payload=body.payload,
        )
        database.add(row)
        await database.commit()
        await database.refresh(row)
        return {"id": row.id}

    return app


def _set_up(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA busy_timeout=60000")
    cursor.close()


async def serve(folder: Path) -> None:
    """Serve until told to end."""
    listening = socket.create_server(("127.0.0.1", 0))
    ready = partial(
        announce, port=listening.getsockname()[1], secret=SECRET, database=DATABASE
    )
    logging.basicConfig(level=logging.INFO)  # its access log, as ours has one
    app = create_app(folder / DATABASE, ready)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None))
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve([listening]))
        await asyncio.to_thread(until_stdin_closes)
        server.should_exit = True


if __name__ == "__main__":
    use_core(0)
    asyncio.run(serve(Path(sys.argv[1])))
