"""The paper broker: a simulated account that refuses, charges and remembers like one.

Each module may import those below it:

    ground       what all followers share: thread, prices, open files
    follower     a follower's account: its own book, the instance's prices
    board        those prices, asked for once for all
    broker       the port itself: one worker thread, steering, deposits
    views        snapshots, and what carries a magic number
    sending      one send, with whatever is to go wrong with it
    session      clock, market, book and file together
    store        the account's file, over rows and schema
    faults       what tests and the demo may break
    matching     what a quote does: stops, targets, pending orders, stop-out
    engine       executes requests
    account      what the account is worth, and how it is booked to
    rules        why a request is refused
    book         what the account holds
    money        profit, margin and rates in account currency
    charts       the market's candles in any timeframe
    market       the price now: a feed walked in time, or steered by hand
    feed         opens random_feed or csv_feed
    walk         candles by number, each walked in four quotes
    specs        the built-in instruments
"""
