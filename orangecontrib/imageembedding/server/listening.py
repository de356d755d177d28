"""Where the server listens, and how it ends."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette

from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.server.protocol import ImpatientProtocol
from orangecontrib.imageembedding.server.served import ServedHere
from orangecontrib.imageembedding.server.service import Service

BACKLOG = 2048
# The predecessor's client does not forgive a connection that is closed as it is used again.
KEEP_ALIVE_S = 75
LINE_ENDS_S = 2  # what waits is worked off for so long, then it is sent away
FINISH_S = 4


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server listens.

    Attributes
    ----------
    host : str
        A name or address of this computer; 0.0.0.0 for all of them.
    port : int
        0 for any that is free.
    certfile, keyfile : str or None
        PEM files, for https.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    certfile: str | None = None
    keyfile: str | None = None

    @property
    def is_open_to_others(self) -> bool:
        """Whether other computers can connect."""
        return self.host not in ("localhost", "::1") and not self.host.startswith("127.")


class Server(uvicorn.Server):
    """Ends within a few seconds: requests under way are finished, waiting ones are asked to retry.

    Parameters
    ----------
    app : Starlette
        Of `create_app`.
    address : Address
        Where it listens.

    Attributes
    ----------
    on_next_tick : list of callables
        Called once each, within 0.1 s. For signal handlers: they may interrupt a line being
        logged, so they do no work of their own.
    """

    def __init__(self, app: Starlette, address: Address) -> None:
        self.on_next_tick: list[Callable[[], object]] = []
        super().__init__(
            uvicorn.Config(
                app,
                http=ImpatientProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=FINISH_S,
                ssl_certfile=address.certfile,
                ssl_keyfile=address.keyfile,
            )
        )
        self._address = address
        self._service: Service = app.state.service

    async def on_tick(self, counter: int) -> bool:
        """Do what signals asked for."""
        while self.on_next_tick:
            self.on_next_tick.pop(0)()
        return await super().on_tick(counter)

    def read_certificate(self) -> None:
        """Take the certificate that is in its files now, for new connections.

        Raises
        ------
        InputError
            If it cannot be used; the old one then stays.
        """
        check_certificate(self._address)
        if self.config.ssl is not None and self._address.certfile is not None:
            self.config.ssl.load_cert_chain(self._address.certfile, self._address.keyfile)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take nothing new, and finish."""
        self._service.end()
        asyncio.get_running_loop().call_later(LINE_ENDS_S, self._send_away)
        await super().shutdown(sockets)

    def _send_away(self) -> None:
        self._service.images.refuse()
        for model in self._models():
            model.refuse_waiting()

    def close_models(self) -> None:
        """Let the threads end."""
        for model in self._models():
            model.close()

    def _models(self) -> list[ServedHere]:
        return [model for model in self._service.models.values() if isinstance(model, ServedHere)]


def listen(address: Address) -> socket.socket:
    """Open the socket.

    Raises
    ------
    InputError
        If the address cannot be used.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        return socket.create_server((address.host, address.port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        raise InputError(
            f"The server cannot listen at {address.host}, port {address.port}: {error}. "
            "Choose another --port or --host."
        ) from error


def check_certificate(address: Address) -> None:
    """Raise InputError if the certificate cannot be used."""
    if address.certfile is None and address.keyfile is None:
        return
    if address.certfile is None or address.keyfile is None:
        raise InputError("Give both --certfile and --keyfile, or neither.")
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(address.certfile, address.keyfile)
    except OSError as error:  # also ssl.SSLError
        raise InputError(f"The certificate cannot be used: {error}.") from error
