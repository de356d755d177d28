"""Which proxy stands between this computer and an address."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def is_here(url: str) -> bool:
    """Tell whether an address is one of this computer itself: no proxy leads there."""
    return urlsplit(url).hostname in LOOPBACK


def proxy_of(url: str) -> str | None:
    """Get the proxy for an address, without its password; None if there is none.

    Parameters
    ----------
    url : str
        The address.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_here(url) or proxy_bypass(host):
        return None
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    return proxy.rpartition("@")[2].rpartition("//")[2] if proxy else None
