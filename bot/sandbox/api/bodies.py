"""Reading request bodies: urlencoded, JSON and multipart, bounded, never to disk."""

import json
from typing import Any, Final
from urllib.parse import parse_qsl

from aiohttp import web
from aiohttp.multipart import BodyPartReader, MultipartReader

from bot.sandbox.errors import ApiError
from bot.sandbox.model import Json
from bot.sandbox.params import Upload

LARGEST_REQUEST: Final = 50 * 1024 * 1024


async def read_request(request: web.Request) -> tuple[Json, dict[str, Upload]]:
    """Parameters (query first, body over it) and uploads by form field.

    ApiError 413 if the body is larger than 50 MB, 400 if it is not what it says.
    """
    values: Json = dict(request.query)
    uploads: dict[str, Upload] = {}
    if request.content_type.startswith("multipart/"):
        fields, uploads = await _multipart(request)
        values |= fields
    elif request.content_type == "application/json":
        values |= _json(await read_body(request, LARGEST_REQUEST))
    elif request.can_read_body:
        body = await read_body(request, LARGEST_REQUEST)
        text = body.decode("utf-8", "surrogateescape")
        values |= parse_qsl(text, keep_blank_values=True, errors="surrogateescape")
    return values, uploads


async def read_body(request: web.Request, limit: int) -> bytes:
    """The whole body; ApiError 413 once it exceeds `limit` bytes."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        _check_size(len(body), limit)
    return bytes(body)


def _check_size(size: int, limit: int = LARGEST_REQUEST) -> None:
    if size > limit:
        raise ApiError(413, "Request Entity Too Large")


def _json(body: bytes) -> Json:
    try:
        values: Any = json.loads(body or b"{}")
    except ValueError as error:
        message = "Bad Request: can't parse request: not a JSON object"
        raise ApiError(400, message) from error
    if not isinstance(values, dict):
        raise ApiError(400, "Bad Request: can't parse request: not a JSON object")
    return values


async def _multipart(request: web.Request) -> tuple[Json, dict[str, Upload]]:
    values: Json = {}
    uploads: dict[str, Upload] = {}
    total = 0
    try:
        # aiohttp's own request.multipart() stops at the app's client_max_size
        reader = MultipartReader(request.headers, request.content)
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader) or part.name is None:
                continue
            content = await _part(part, LARGEST_REQUEST - total)
            total += len(content)
            if part.filename is None:
                values[part.name] = content.decode("utf-8", "surrogateescape")
            else:
                kind = part.headers.get("Content-Type", "application/octet-stream")
                uploads[part.name] = Upload(
                    name=part.filename, mime_type=kind, content=content
                )
    except ValueError as error:
        message = "Bad Request: can't parse request: broken multipart body"
        raise ApiError(400, message) from error
    return values, uploads


async def _part(part: BodyPartReader, limit: int) -> bytes:
    content = bytearray()
    while chunk := await part.read_chunk():
        content += chunk
        _check_size(len(content), limit)
    return bytes(content)
