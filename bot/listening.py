"""Taking a port, with a sentence for whoever finds it taken."""

from aiohttp import web

from core.errors import Refused


async def listen(runner: web.AppRunner, host: str, port: int) -> None:
    """Take the port.

    Raises:
        Refused: somebody else has it, or it may not be had.
    """
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as taken:
        message = (
            f"Port {port} of {host} cannot be had ({taken.strerror}). Choose another "
            "port, or stop the program that holds it."
        )
        raise Refused(message) from taken
