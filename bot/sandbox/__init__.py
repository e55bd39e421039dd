"""A Telegram of our own: Bot API, chat page and control API, for one machine only.

It exists so that a newcomer can try the product without a token and so that tests
can drive the real bot over the real protocol. It keeps Telegram's rules (limits,
error texts, single-use callback ids) because a fake that forgives hides bugs. It
runs beside the bot, not inside it: when the bot is killed, the sandbox still knows
every message and every update that was never confirmed.

```
server    create_sandbox, routes             bot_api   /bot<token>/..., /file/...
  |-- chat_page  /, events, photos             |-- bodies, params   request -> Call
  |-- control    /sandbox/... for tests        |-- methods          name -> family
  '-- local_only Host and Origin               |-- sending editing callbacks
                                               |   profile chats subscribing
people   what persons do (say, tap, block)     '-- faults           on request
world    everything that is true now: people, messages, updates, files, journal
```
"""

from bot.sandbox.model import User
from bot.sandbox.server import Sandbox, create_sandbox

__all__ = ["Sandbox", "User", "create_sandbox"]
