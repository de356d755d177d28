"""Whether a server that was addressed by plain http requires https."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from urllib.parse import urlsplit

PATIENCE_S = 3.0


async def speaks_https(url: str) -> bool:
    """Tell whether the server of an http address uses TLS; no request is sent."""
    parts = urlsplit(url)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with suppress(OSError, asyncio.TimeoutError):
        opening = asyncio.open_connection(parts.hostname, parts.port or 80, ssl=context)
        _, writer = await asyncio.wait_for(opening, PATIENCE_S)
        writer.close()
        return True
    return False
