"""Reading a request: the caller's key from the headers, a body within limits of size and time."""

import asyncio
import base64
import binascii
from typing import Any, NamedTuple

import msgspec
from starlette.requests import ClientDisconnect, Request

from tuttu.access import ALL_SCOPES, LOCAL_NAME, Scope
from tuttu.api import Shows
from tuttu.web.problems import ProblemError

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="tuttu", Basic realm="tuttu", charset="UTF-8"'}


class Holder(NamedTuple):
    """The caller, and what they may do."""

    name: str
    scopes: frozenset[str]

    @property
    def shows(self) -> Shows:
        """What answers show them: addresses, if they may read what is known of people; and what
        was refused, on the project's own socket."""
        return Shows(addresses=Scope.READ_PERSON in self.scopes, refused=self is LOCAL)


LOCAL = Holder(LOCAL_NAME, ALL_SCOPES)
"""A caller on the project's own socket: the file's permissions stand in for a key."""

ANYBODY = Holder("anybody", frozenset())
"""A caller of a route that is open to all."""


def secret_in(header: str | None) -> str | None:
    """The secret of an Authorization header: ``Bearer <key>``, or Basic with the key as user.

    None: no header. A header that cannot be read gives ``""``, which opens nothing.
    """
    if header is None:
        return None
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    return _basic_user(rest.strip()) if scheme.lower() == "basic" else ""


def _basic_user(encoded: str) -> str:
    try:
        user, colon, _ = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return ""
    return user if colon else ""


SECONDS = 10.0
"""How long a body may take from its head to its end."""


async def read_whole(request: Request, limit: int) -> bytes:
    """The body as it came; more than `limit` bytes, or slower, is a refusal."""
    body = await read_start(request, limit)
    if len(body) > limit:
        detail = f"found a body of more than {limit:,} bytes; send less at once"
        raise ProblemError(413, "body_too_large", detail)
    return body


async def read_start(request: Request, limit: int) -> bytes:
    """The body as it came, cut after `limit` + 1 bytes: enough to see that it was too large."""
    try:
        async with asyncio.timeout(SECONDS):
            return await _collect(request, limit + 1)
    except TimeoutError:
        detail = f"the body did not end within {SECONDS:g} seconds"
        raise ProblemError(408, "too_slow", detail, {"Connection": "close"}) from None
    except ClientDisconnect:
        raise ProblemError(400, "incomplete", "the connection ended inside the body") from None


async def _collect(request: Request, limit: int) -> bytes:
    collected = bytearray()
    async for chunk in request.stream():
        collected += chunk
        if len(collected) >= limit:
            break
    return bytes(collected[:limit])


def decode(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    """A JSON body as its declared type; what does not fit is a refusal that says where."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise ProblemError(400, "wrong_shape", f"the body does not fit: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProblemError(400, "not_json", f"the body is not JSON in UTF-8: {error}") from None
    except RecursionError:
        raise ProblemError(400, "too_deep", "the body is nested too deeply") from None
