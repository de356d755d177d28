"""Whose certificates are accepted."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import httpx2

from orangecontrib.imageembedding.http.failures import HttpError

# Those of OpenSSL first, then those that requests reads; a variable that is empty is not set.
FILES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
FOLDERS = "SSL_CERT_DIR"


def ssl_context() -> ssl.SSLContext:
    """Get what checks certificates: the operating system's store, or what the environment names.

    ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` take the place of the system's store, or else
    ``REQUESTS_CA_BUNDLE`` or ``CURL_CA_BUNDLE``, each a file or a folder.

    Returns
    -------
    context : SSLContext
        For clients.

    Raises
    ------
    HttpError
        If what is named cannot be read, or holds no certificate.
    """
    named = [name for name in (*FILES, FOLDERS) if os.environ.get(name)]
    if not named:
        return httpx2.create_ssl_context(trust_env=False)
    used = [name for name in named if name.startswith("SSL_")] or named[:1]
    # Not `create_default_context`, which refuses the authorities of many companies (strict X.509).
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # one in the middle may be named alone
    for name in used:
        place = os.environ[name]
        try:
            _load(context, place)
        except OSError as error:
            reason = f"the certificates of {name} cannot be read: {place} ({error.strerror})"
            raise HttpError(reason, f"Set {name} to a file of certificates.") from error
    return context


def _load(context: ssl.SSLContext, place: str) -> None:
    folders = [part for part in place.split(os.pathsep) if Path(part).is_dir()]
    if folders:
        context.load_verify_locations(capath=os.pathsep.join(folders))
    else:
        context.load_verify_locations(cafile=place)
