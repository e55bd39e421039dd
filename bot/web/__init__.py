"""The HTTP edge: providers' signals in, receipts and pictures out, health.

It authenticates, measures and parses, because what comes in is a stranger's; what a
signal means and what becomes of it is decided in ``core``.

```
routes   add_routes            edge     request id, every error a problem
  |-- signed   POST signals       |-- problems   RFC 9457
  |-- hooks    POST alerts        '-- bodies     bounded in size and time
  |     '-- intake   what signals and alerts have in common
  |-- reading  GET signals     access   who sent it; bot.signing has the rules
  |-- telegram_hook  POST updates
  |-- media    GET pictures    strict_json -> signal_form (forms, fields) -> Draft
  |-- health   alive, ready    alerts   TradingView's words in ours
  '-- docs     what we promise openapi  made of the same models; docs_page shows it
```
"""

from bot.web.connections import Runner
from bot.web.context import (
    MediaFiles,
    PartHealth,
    TelegramIntake,
    WebContext,
    WebLimits,
)
from bot.web.proxies import Proxies
from bot.web.refusals import Refusals
from bot.web.routes import add_routes

__all__ = [
    "MediaFiles",
    "PartHealth",
    "Proxies",
    "Refusals",
    "Runner",
    "TelegramIntake",
    "WebContext",
    "WebLimits",
    "add_routes",
]
