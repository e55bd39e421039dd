"""The tables of a paper account's file and the statements that write them.

Columns are named as the fields of the values they hold (see ``rows``). A deal
or an order that is over is inserted once and never changed.
"""

SCHEMA = """
CREATE TABLE IF NOT EXISTS account (
  id INTEGER PRIMARY KEY CHECK (id = 1), currency TEXT NOT NULL,
  balance TEXT NOT NULL, next_ticket INTEGER NOT NULL,
  feed TEXT NOT NULL, elapsed INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS positions (
  ticket INTEGER PRIMARY KEY, instrument TEXT NOT NULL, side TEXT NOT NULL,
  volume TEXT NOT NULL, open_price TEXT NOT NULL, stop_loss TEXT, take_profit TEXT,
  magic INTEGER NOT NULL, comment TEXT NOT NULL, opened_at TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS orders (
  ticket INTEGER PRIMARY KEY, instrument TEXT NOT NULL, side TEXT NOT NULL,
  order_type TEXT NOT NULL, volume TEXT NOT NULL, price TEXT NOT NULL,
  stop_loss TEXT, take_profit TEXT, expires_at TEXT, magic INTEGER NOT NULL,
  comment TEXT NOT NULL, placed_at TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS past_orders (
  ticket INTEGER PRIMARY KEY, position_id INTEGER, state TEXT NOT NULL,
  magic INTEGER NOT NULL, comment TEXT NOT NULL, done_at TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS deals (
  ticket INTEGER PRIMARY KEY, "order" INTEGER NOT NULL, position_id INTEGER NOT NULL,
  type TEXT NOT NULL, entry TEXT NOT NULL, reason TEXT NOT NULL,
  instrument TEXT NOT NULL, volume TEXT NOT NULL, price TEXT NOT NULL,
  profit TEXT NOT NULL, swap TEXT NOT NULL, commission TEXT NOT NULL,
  fee TEXT NOT NULL, magic INTEGER NOT NULL, comment TEXT NOT NULL, time TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS turns (
  id INTEGER PRIMARY KEY, instrument TEXT NOT NULL, at INTEGER NOT NULL,
  start TEXT NOT NULL, target TEXT, over INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS past_orders_magic ON past_orders (magic);
CREATE INDEX IF NOT EXISTS past_orders_done_at ON past_orders (done_at);
CREATE INDEX IF NOT EXISTS deals_magic ON deals (magic);
CREATE INDEX IF NOT EXISTS deals_time ON deals (time);
"""

NEW_ACCOUNT = """
INSERT INTO account (id, currency, balance, next_ticket, feed, elapsed)
VALUES (1, :currency, '0', 0, '', 0)
"""
SET_BOOK = """
UPDATE account SET balance = :balance, next_ticket = :next_ticket
"""
SET_PLACE = """
UPDATE account SET feed = :feed, elapsed = :elapsed
"""
PUT_POSITION = """
INSERT OR REPLACE INTO positions (
  ticket, instrument, side, volume, open_price, stop_loss, take_profit, magic,
  comment, opened_at
) VALUES (
  :ticket, :instrument, :side, :volume, :open_price, :stop_loss, :take_profit, :magic,
  :comment, :opened_at
)
"""
PUT_ORDER = """
INSERT OR REPLACE INTO orders (
  ticket, instrument, side, order_type, volume, price, stop_loss, take_profit,
  expires_at, magic, comment, placed_at
) VALUES (
  :ticket, :instrument, :side, :order_type, :volume, :price, :stop_loss, :take_profit,
  :expires_at, :magic, :comment, :placed_at
)
"""
ADD_PAST_ORDER = """
INSERT INTO past_orders (ticket, position_id, state, magic, comment, done_at)
VALUES (:ticket, :position_id, :state, :magic, :comment, :done_at)
"""
ADD_DEAL = """
INSERT INTO deals (
  ticket, "order", position_id, type, entry, reason, instrument, volume, price,
  profit, swap, commission, fee, magic, comment, time
) VALUES (
  :ticket, :order, :position_id, :type, :entry, :reason, :instrument, :volume, :price,
  :profit, :swap, :commission, :fee, :magic, :comment, :time
)
"""
ADD_TURN = """
INSERT INTO turns (instrument, at, start, target, over)
VALUES (:instrument, :at, :start, :target, :over)
"""
