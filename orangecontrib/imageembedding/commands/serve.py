"""``image-embedding serve``."""

from __future__ import annotations

import argparse
import importlib.util
import logging
import os
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING, cast

from orangecontrib.imageembedding.commands.computing import local_backend
from orangecontrib.imageembedding.commands.terminal import (
    FINE,
    Bar,
    complain,
    refuse_without_effect,
    tell,
)
from orangecontrib.imageembedding.errors import InputError

if TYPE_CHECKING:
    from orangecontrib.imageembedding.server.listening import Address
    from orangecontrib.imageembedding.server.run import Options

NEEDED = ("starlette", "uvicorn", "prometheus_client")
OPEN_WARNING = """\
*** WARNING ***
This server accepts other computers and requires no API key: anyone who can reach it can use it.
Give it a key with --api-key-file, or bind it to this computer with --host 127.0.0.1."""
CLEAR_KEY_WARNING = "WARNING: the API key and the images travel unencrypted: no --certfile."
GPUS = "orangecontrib.imageembedding.embeddings.backends.local.devices:gpus"
MEGABYTE = 1_000_000


def run_serve(options: argparse.Namespace) -> int:
    """Serve until a signal stops it, also while the embedders are loaded."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(FINE))
    try:
        return _serve(options)
    finally:
        signal.signal(signal.SIGTERM, before)


def _serve(options: argparse.Namespace) -> int:
    _check(options)
    wanted, address = _server_options(options), _address(options)
    _warn(wanted, address, options.api_key_file)
    if options.ray is not None:
        _serve_on_ray(wanted, address, options.ray)
    else:
        _serve_here(wanted, address)
    # A network that computes cannot be interrupted, and unloading torch takes seconds.
    sys.stdout.flush()
    logging.shutdown()
    os._exit(FINE)


def _serve_here(wanted: Options, address: Address) -> None:
    from orangecontrib.imageembedding.server.run import serve

    with Bar() as bar:

        def announce(url: str) -> None:
            bar.close()
            _announce(wanted, url)

        serve(wanted, address, announce, bar)


def _serve_on_ray(wanted: Options, address: Address, cluster: str) -> None:
    need("ray", "cluster")
    if wanted.devices:
        raise InputError("Ray chooses the devices: with --ray, give one --device or none.")
    from orangecontrib.imageembedding.ray.serving import serve_on_ray

    serve_on_ray(wanted, address, cluster, partial(_announce, wanted))


def _warn(wanted: Options, address: Address, key_file: str | None) -> None:
    """Tell of what others can do."""
    from orangecontrib.imageembedding.server.keys import is_open_to_others

    if key_file is not None and is_open_to_others(key_file):
        complain(
            f"WARNING: other users of this computer can read the API keys in {key_file}. "
            f"Prevent this with: chmod 600 {key_file}"
        )
    if address.is_open_to_others and wanted.api_key is None:
        complain(OPEN_WARNING)
    elif address.is_open_to_others and address.certfile is None:
        complain(CLEAR_KEY_WARNING)


def _check(options: argparse.Namespace) -> None:
    if options.ray is not None:
        reason = "with --ray: Ray's proxy speaks plain http"
        refuse_without_effect(options, ["certfile", "keyfile"], reason)
    for package in NEEDED:
        need(package, "server")
    for name in ("max_queue", "max_image_mb"):
        if getattr(options, name) < 1:
            raise InputError(f"--{name.replace('_', '-')} must be 1 or more.")


def _announce(wanted: Options, url: str) -> None:
    names = (entry.partition("=")[0] for entry in wanted.embedders)
    tell(f"Serving {', '.join(names)} at {url} (stop with Ctrl+C)")


def need(package: str, extra: str) -> None:
    """Raise InputError if a package that an extra brings is not installed."""
    if importlib.util.find_spec(package) is None:
        raise InputError(
            f'This needs the package {package}: pip install "Orange3-ImageEmbedding[{extra}]"'
        )


def _server_options(options: argparse.Namespace) -> Options:
    from orangecontrib.imageembedding.embeddings.catalogue import get_embedder
    from orangecontrib.imageembedding.server.keys import Keys
    from orangecontrib.imageembedding.server.run import Options
    from orangecontrib.imageembedding.server.service import Limits

    embedders = [name.strip() for name in options.embedders.split(",") if name.strip()]
    if not embedders:
        raise InputError("Name at least one embedder: --embedders resnet50")
    listed = [get_embedder(name) for name in embedders if "=" not in name]
    devices = _devices(options.device or "auto")
    one_device = argparse.Namespace(**{**vars(options), "device": devices[0]})
    return Options(
        embedders=embedders,
        backend=local_backend(one_device, listed),
        devices=devices if options.device == "all" or len(devices) > 1 else (),
        cache=not options.no_cache,
        limits=Limits(options.max_queue, options.max_image_mb * MEGABYTE),
        api_key=None if options.api_key_file is None else Keys.read(options.api_key_file),
    )


def _devices(text: str) -> list[str]:
    """Read ``--device``; "all" is every GPU."""
    from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
    from orangecontrib.imageembedding.workers.place import run_apart

    if text == "all":
        return cast("list[str]", run_apart(GPUS))
    devices = [name.strip() for name in text.split(",")]
    for name in devices:
        Local(device=name)  # raises InputError if there is no such device
    if "auto" in devices[1:] or devices[0] == "auto" != text:
        raise InputError(f"Name the devices, or all: auto is one of them (--device {text}).")
    return devices


def _address(options: argparse.Namespace) -> Address:
    from orangecontrib.imageembedding.server.listening import Address

    return Address(options.host, options.port, options.certfile, options.keyfile)
