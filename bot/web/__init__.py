"""The HTTP edge: providers' signals in, receipts and pictures out, health.

It authenticates, measures and parses, because what comes in is a stranger's; what a
signal means and what becomes of it is decided in ``core``.

```
routes   add_routes            edge     request id, every error a problem
  |-- intake   POST signals       |-- problems   RFC 9457
  |-- reading  GET signals        '-- bodies     bounded in size and time
  |-- media    GET pictures    access   who sent it; bot.signing has the rules
  '-- health   alive, ready    strict_json -> signal_form (forms, fields) -> Draft
```
"""

from bot.web.context import MediaFiles, PartHealth, WebContext, WebLimits
from bot.web.routes import RUNNER_OPTIONS, add_routes

__all__ = [
    "RUNNER_OPTIONS",
    "MediaFiles",
    "PartHealth",
    "WebContext",
    "WebLimits",
    "add_routes",
]
