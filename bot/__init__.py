"""The service around the core: wiring, Telegram, web, jobs, command line, sandbox.

Only ``bot.app`` knows who does the work of ``storage``, ``charts`` and
``mt5_bridge``; everything else here knows the core and its ports.
"""
