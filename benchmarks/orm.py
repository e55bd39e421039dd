"""A signal server as tutorials write it: FastAPI, SQLAlchemy's ORM, a commit each.

It does what a signed signal needs, each by the ORM as its manual says: look the
provider up by name, look whether the ``external_id`` is there already, and add the
signal, its outbox item and its audit entry in one session that is committed once.
Nothing is done twice or slower than the manuals have it.
"""

import asyncio
import hashlib
import hmac
import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel
from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint, event, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from benchmarks.bare import SECRET
from benchmarks.processes import announce, until_stdin_closes, use_core
from benchmarks.requests import PATH, PROVIDER

DATABASE = "orm.db"


class Base(DeclarativeBase):
    """The tables."""


class ProviderRow(Base):
    """Who may send."""

    __tablename__ = "providers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    secret: Mapped[str]


class SignalRow(Base):
    """One signal."""

    __tablename__ = "signals"
    __table_args__ = (UniqueConstraint("provider_id", "external_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"))
    external_id: Mapped[str] = mapped_column(String(100))
    instrument: Mapped[str]
    side: Mapped[str]
    price: Mapped[str]
    stop_loss: Mapped[str | None]
    take_profit: Mapped[str | None]
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)


class OutboxRow(Base):
    """Work that a signal makes."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    signal: Mapped[SignalRow] = relationship()
    signal_id: Mapped[int] = mapped_column(ForeignKey("signals.id"))
    topic: Mapped[str]
    created_at: Mapped[datetime]


class AuditRow(Base):
    """Who did what."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    signal: Mapped[SignalRow] = relationship()
    signal_id: Mapped[int] = mapped_column(ForeignKey("signals.id"))
    actor: Mapped[str]
    action: Mapped[str]
    at: Mapped[datetime]


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
    sessions = async_sessionmaker(engine, expire_on_commit=False)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with sessions() as opened:
            opened.add(ProviderRow(name=PROVIDER, secret=SECRET))
            await opened.commit()
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
        named = select(ProviderRow).where(
            ProviderRow.name == request.headers["X-Provider"]
        )
        provider = await database.scalar(named)
        if provider is None or not _genuine(request, await request.body(), provider):
            raise HTTPException(status_code=401)
        known = await database.scalar(
            select(SignalRow).where(
                SignalRow.provider_id == provider.id,
                SignalRow.external_id == body.external_id,
            )
        )
        if known is not None:
            raise HTTPException(status_code=409)
        row = _signal(provider, body)
        database.add_all([row, *_beside(row, provider)])
        await database.commit()
        return {"id": row.id}

    return app


def _signal(provider: ProviderRow, body: SignalBody) -> SignalRow:
    return SignalRow(
        provider_id=provider.id,
        external_id=body.external_id,
        instrument=body.instrument,
        side=body.side,
        price=str(body.price),
        stop_loss=None if body.stop_loss is None else str(body.stop_loss),
        take_profit=None if body.take_profit is None else str(body.take_profit),
        payload=body.payload,
    )


def _beside(row: SignalRow, provider: ProviderRow) -> list[Base]:
    """The work that a signal makes, and what is kept of who sent it."""
    now = datetime.now(UTC)
    return [
        OutboxRow(signal=row, topic="propose", created_at=now),
        AuditRow(signal=row, actor=provider.name, action="signal_open", at=now),
    ]


def _genuine(request: Request, body: bytes, provider: ProviderRow) -> bool:
    signed = request.headers["X-Timestamp"].encode() + b"." + body
    expected = hmac.new(provider.secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, request.headers["X-Signature"])


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
