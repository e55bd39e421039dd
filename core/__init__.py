"""Words and decisions of Tapgate: pure, standard library only, no I/O.

Layers, each may import those below it:

    desk        use cases, async, touch the world through ports only
    rows        what holds of every stored row
    ports       what the desk needs from the world (Protocols)
    decisions   access audit drift guard intake limits opening reconcile sizing
    words       signals prompts orders trades accounts users messages
    broker      what a broker says and is told
    market      instruments, quotes, candles
    base        clock errors ids money moves
"""
