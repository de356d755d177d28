"""The backend that sends images to an embedding server, which its user has chosen."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit, urlunsplit

from orangecontrib.imageembedding.embeddings.backends.base import LoadedEmbedder
from orangecontrib.imageembedding.embeddings.backends.remote.connection import Connection
from orangecontrib.imageembedding.embeddings.backends.remote.keys import key_in_environment
from orangecontrib.imageembedding.embeddings.backends.remote.orange_server import (
    N_CONNECTIONS,
    N_FEATURES,
    SIDES_PX,
    OrangeEmbedder,
    learn_n_features,
)
from orangecontrib.imageembedding.embeddings.backends.remote.probe import (
    PROTOCOLS,
    Protocol,
    ServerInfo,
    orange_models,
    probe,
)
from orangecontrib.imageembedding.embeddings.backends.remote.trust import allow, is_trusted
from orangecontrib.imageembedding.embeddings.backends.remote.v2_model import V2Model, ask_model
from orangecontrib.imageembedding.embeddings.backends.remote.v2_server import V2Embedder
from orangecontrib.imageembedding.embeddings.catalogue import get_embedder
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.errors import InputError, ServerAnswerError, ServerError
from orangecontrib.imageembedding.images.prepare import Preparation
from orangecontrib.imageembedding.progress import Progress, say, silent

SERVER = "server:"
NO_ADDRESS = "{!r} is not the address of a server. It looks like http://localhost:8000."
IMAGENET_RESIZE = 256 / 224  # how much larger than its crop a picture is resized, by custom


@dataclass(frozen=True)
class Remote:
    """Lets an embedding server compute: images are sent there, without EXIF and comments.

    Parameters
    ----------
    url : str
        Of the server: ``image-embedding serve``, any other of the Open Inference Protocol v2, or
        one of the predecessor's kind.
    api_key : str, optional
        What the server wants to know. It is never saved; where there is none, it is the one that
        ``IMAGE_EMBEDDING_API_KEY`` holds for this server (``ORIGIN KEY``), or the operating
        system's keyring (``keyring set image-embedding ORIGIN``, if `keyring` is installed).
    protocol : {"auto", "v2", "orange"}
        What it speaks; "auto" finds out.
    patience_s : float
        How long to wait for a server that stops answering in the middle, in seconds.

    Raises
    ------
    InputError
        If `url` is not a web address, or there is no such protocol.
    """

    url: str
    api_key: str | None = field(default=None, repr=False, compare=False)
    protocol: Protocol = field(default="auto", compare=False)
    patience_s: float = field(default=120.0, compare=False)
    is_light: ClassVar[bool] = True

    def __post_init__(self) -> None:
        url, password = _checked_url(self.url)
        object.__setattr__(self, "url", url)
        if self.api_key is None and password:
            object.__setattr__(self, "api_key", password)
        allow(url)  # by the code that creates it; unpickling does not come through here
        if self.protocol not in PROTOCOLS:
            raise InputError(
                f"There is no protocol {self.protocol!r}. Choose one of: {', '.join(PROTOCOLS)}."
            )

    def __getstate__(self) -> dict[str, Any]:
        # Whoever gets a saved model does not get the key.
        return {**self.__dict__, "api_key": None}

    def __deepcopy__(self, memo: object) -> Remote:
        return self

    def __copy__(self) -> Remote:
        return self

    def fingerprint(self, spec: EmbedderSpec, progress: Progress) -> str:
        """Get what the vectors depend on: the server, and its description of the embedder.

        What a server says is never taken for what this computer would have computed.

        Raises
        ------
        ServerError
            If the server cannot be used, or has no such embedder.
        """
        name = _name_on_server(spec)
        with closing(self._connection()) as connection:
            info = self._probe(connection, (name,), progress)
            model = ask_model(connection, name, progress) if info.protocol == "v2" else None
        parts = {
            "told": None if model is None else model.parameters.get("fingerprint"),
            "url": self.url,
            "protocol": info.protocol,
            "server": info.version,
            "model": name,
            "version": "" if model is None else model.version,
            "preparation": dataclasses.asdict(spec.preparation),
        }
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
        return f"{spec.id} {self.url}#{parts['version']} {digest}".replace("\n", "")

    def load(self, spec: EmbedderSpec, progress: Progress) -> LoadedEmbedder:
        """Get ready to ask the server.

        Raises
        ------
        ServerError
            If the server cannot be used, or has no such embedder.
        """
        say(progress, f"Asking the server {self.url}")
        name = _name_on_server(spec)
        connection = self._connection()
        try:
            info = self._probe(connection, (name,), progress)
            if info.protocol == "orange":
                side_px = SIDES_PX.get(name, spec.input_px)
                return OrangeEmbedder(connection, name, side_px, spec.n_features)
            model = ask_model(connection, name, progress)
            self._check_side(model, spec)
            return V2Embedder(connection, model, spec.preparation, spec.n_features, info.is_binary)
        except BaseException:
            connection.close()
            raise

    def embedder(self, name: str, progress: Progress = silent) -> EmbedderSpec:
        """Describe an embedder as the server has it.

        Parameters
        ----------
        name : str
            One of `probe_server`'s models.
        progress : Progress, optional
            May raise `Cancelled`.

        Returns
        -------
        spec : EmbedderSpec
            That of the catalogue where it has as many features, else one that only this server
            knows. Of a model that takes pixels and does not say how these are prepared, they are
            prepared as for ImageNet.

        Raises
        ------
        ServerError
            If the server cannot be used, or has no such embedder.
        """
        with closing(self._connection()) as connection:
            info = self._probe(connection, (name,), progress)
            if info.protocol == "orange":
                n_features = N_FEATURES.get(name) or learn_n_features(connection, name, progress)
                side_px = SIDES_PX.get(name, Preparation().crop_px)
                preparation = Preparation(resize_px=side_px, crop_px=side_px, fit="squash")
            else:
                model = ask_model(connection, name, progress)
                preparation = _preparation(model)
                n_features = (
                    model.n_features
                    or V2Embedder(
                        connection, model, preparation, 0, info.is_binary
                    ).learn_n_features()
                )
        if n_features is None:
            raise ServerAnswerError(f"The server {self.url} has no embedder {name!r}.")
        return _described(name, self.url, n_features, preparation)

    def _connection(self) -> Connection:
        if not is_trusted(self.url):
            raise ServerError(
                f"A saved model wants to send images to the server {self.url}. This must first "
                "be allowed on this computer: create "
                f"oie.Remote({self.url!r}), or choose it in Image Embedding."
            )
        key = self.api_key or key_in_environment(self.url)
        return Connection(self.url, key, N_CONNECTIONS, self.patience_s)

    def _probe(
        self, connection: Connection, candidates: tuple[str, ...], progress: Progress
    ) -> ServerInfo:
        if self.protocol == "orange":  # it says nothing that we do not know
            return ServerInfo("orange", candidates)
        return probe(connection, self.protocol, candidates, progress)

    def _check_side(self, model: V2Model, spec: EmbedderSpec) -> None:
        if model.side_px not in (None, spec.input_px):
            raise ServerAnswerError(
                f"{model.name} of the server {self.url} takes images of {model.side_px} pixels; "
                f"{spec.title} sees {spec.input_px}. Remote.embedder({model.name!r}) describes it "
                "as the server has it."
            )


def probe_server(
    url: str,
    api_key: str | None = None,
    protocol: Protocol = "auto",
    progress: Progress = silent,
) -> ServerInfo:
    """Find out which protocol a server speaks, and what runs there; no image is sent.

    Parameters
    ----------
    url, api_key, protocol
        As of `Remote`. A server of the predecessor's kind is sent a plain gray picture.
    progress : Progress, optional
        May raise `Cancelled`.

    Returns
    -------
    info : ServerInfo

    Raises
    ------
    InputError
        If `url` is not a web address.
    ServerError
        If the server cannot be used; its subclasses tell why.
    """
    with closing(Remote(url, api_key, protocol)._connection()) as connection:
        return probe(connection, protocol, orange_models(), progress)


def _checked_url(url: str) -> tuple[str, str]:
    """Get a URL in one form, without user and password, and the password."""
    text = url.strip() if isinstance(url, str) else ""
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        is_fine = parts.scheme in ("http", "https") and bool(parts.hostname)
        port = parts.port
    except ValueError as error:
        raise InputError(NO_ADDRESS.format(url)) from error
    if not is_fine or parts.query or parts.fragment or any(mark.isspace() for mark in text):
        raise InputError(NO_ADDRESS.format(url))
    host = str(parts.hostname)
    host = f"[{host}]" if ":" in host else host
    place = host if port is None else f"{host}:{port}"
    clean = urlunsplit((parts.scheme, place, parts.path.rstrip("/"), "", ""))
    return clean, unquote(parts.password or "")


def _name_on_server(spec: EmbedderSpec) -> str:
    return spec.network.removeprefix(SERVER) if spec.is_remote_only else spec.id


def _preparation(model: V2Model) -> Preparation:
    side = model.side_px or Preparation().crop_px
    return Preparation(resize_px=round(side * IMAGENET_RESIZE), crop_px=side)


def _described(name: str, url: str, n_features: int, preparation: Preparation) -> EmbedderSpec:
    try:
        known = get_embedder(name)
    except InputError:
        known = None
    if known is not None and known.n_features == n_features:
        return known
    return EmbedderSpec(
        id=name,
        title=name if known is None else known.title,
        description=f"An embedder of the server {url}." if known is None else known.description,
        n_features=n_features,
        network=f"{SERVER}{name}",
        preparation=preparation,
        weights=None,
        licence="ask the server's owner",
        source=url,
    )
