"""Brokers behind the port ``core.ports.Broker``; the only place with MT5's words.

Shared by every broker:

    retcodes        what each return code proves, and its sentence for people

The paper broker simulates an account here, each may import those below it:

    paper           the port itself: one worker thread, steering, deposits
    paper_views     snapshots, and what carries a magic number
    paper_sending   one send, with whatever is to go wrong with it
    paper_session   clock, market, book and file together
    paper_store     the account's file, over paper_rows and paper_schema
    paper_faults    what tests and the demo may break
    paper_matching  what a quote does: stops, targets, pending orders, stop-out
    paper_engine    executes requests
    paper_account   what the account is worth, and how it is booked to
    paper_rules     why a request is refused
    paper_book      what the account holds
    paper_money     profit, margin and rates in account currency
    paper_charts    the market's candles in any timeframe
    paper_market    the price now: a feed walked in time, or steered by hand
    paper_feed      opens paper_random or paper_csv, the two feeds
    paper_walk      candles by number, each walked in four quotes
    paper_specs     the built-in instruments
"""
