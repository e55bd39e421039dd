"""What the tables share: how columns are declared and constraints are named."""

from enum import IntEnum, StrEnum
from typing import Any, Literal

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, MetaData
from sqlalchemy import Table as SqlTable
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

from storage.types import ExactDecimal, Moment, Rank, Word


def decimal() -> Any:
    """Money, prices and lots."""
    return Field(sa_type=ExactDecimal)


def moment() -> Any:
    """A point in time."""
    return Field(sa_type=Moment)


def big(*, primary_key: bool = False) -> Any:
    """Telegram's and the broker's numbers, which the database never counts up."""
    return Field(
        sa_type=BigInteger,
        primary_key=primary_key,
        sa_column_kwargs={"autoincrement": False},
    )


def word(words: type[StrEnum]) -> Any:
    """One of ``words``, by value."""
    return Field(sa_type=Word(words))


def refers(
    target: str, *, ondelete: Literal["CASCADE", "RESTRICT"] = "RESTRICT"
) -> Any:
    """The id of a row that must exist."""
    return Field(foreign_key=target, ondelete=ondelete)


def refers_late(target: str) -> Any:
    """The same, where two tables refer to each other: added after both exist."""
    key = ForeignKey(target, ondelete="RESTRICT", use_alter=True)
    return Field(sa_column_args=[key])


def user() -> Any:
    """The id of a person who must be known."""
    return Field(sa_type=BigInteger, foreign_key="users.id", ondelete="RESTRICT")


def partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index of the rows for which the condition holds."""
    condition = sql(where)
    return Index(
        name,
        *columns,
        unique=unique,
        sqlite_where=condition,
        postgresql_where=condition,
    )


class Base(SQLModel):
    """What all tables share: each constraint has a name that can be foretold."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )


def check_words(table: SqlTable) -> None:
    """Let the database refuse what is not one of a column's words."""
    for column in table.columns:
        if isinstance(column.type, Word | Rank):
            values = ", ".join(map(_literal, column.type.words))
            condition = f"{column.name} IN ({values})"
            table.append_constraint(CheckConstraint(condition, name=column.name))


def _literal(word: StrEnum | IntEnum) -> str:
    return f"'{word.value}'" if isinstance(word, StrEnum) else f"{word.value}"
