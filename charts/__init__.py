"""Pictures for people: drawn by mplfinance, stripped by Pillow, kept as files.

    studio    the ``Charts`` port: one drawing per picture, remembered
    pictures  what is drawn, as plain numbers; checked here, equal ones drawn once
    pool      worker processes that draw, each replaced when it dies or hangs
    worker    what runs in such a process
    frames    how the two talk
    candles   the drawing itself
    layout    where things go: scales, ticks, labels that do not overlap
    style     colours, light and dark
    png       a small file with the picture and nothing else
    media     the files and their signed links

Only ``candles`` imports mplfinance and matplotlib, and only a worker imports
``candles``: the service itself neither waits for them nor holds their memory.
"""
