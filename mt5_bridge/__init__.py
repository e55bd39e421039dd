"""Brokers behind the port ``core.ports.Broker``; the only place with MT5's words.

Shared by every broker:

    retcodes        what each return code proves, and its sentence for people

The paper broker simulates an account here, from the top down:

    paper           the port itself: one worker thread, faults, steering
    paper_faults    what tests and the demo may break
    paper_engine    executes requests, triggers orders and stops, stops out
    paper_rules     why a request is refused
    paper_book      what the account holds
    paper_money     profit, margin and rates in account currency
    paper_market    the price now: a feed walked in time, or steered by hand
    paper_charts    the market's candles in any timeframe
    paper_feed      the feed's words; paper_random and paper_csv are the two feeds
    paper_store     the account's file; paper_rows turns values into rows
    paper_specs     the built-in instruments
"""
