"""The journal in SQLite or PostgreSQL, and secrets at rest.

journal     the port's implementation: one method is one transaction
unit        what one transaction does, statement by statement
asking      the half of it that changes nothing
sharing     calls that meet share one transaction
units       transactions run to their end, whoever stops waiting for them
failures    database errors in the words of ``core.errors``
mapping     rows <-> core values
tables      SQLModel tables, and nothing else
types       exact decimals, words by value, UTC moments
engine      how SQLite and PostgreSQL are opened
lock        one service per SQLite file
secrets     encryption at rest
"""
