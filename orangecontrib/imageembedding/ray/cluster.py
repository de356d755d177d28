"""The Ray cluster that is worked on."""

from __future__ import annotations

import os

# Before Ray is loaded: nobody is told that it is used. That strangers do not get in is Ray's own
# default, from 2.60 on.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import ray

from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
from orangecontrib.imageembedding.errors import InputError


def connect(address: str) -> None:
    """Connect to a cluster; "auto" is the one found from here, or a new one on this computer.

    A new one lets only those in who have its token.

    Raises
    ------
    InputError
        If there is none.
    """
    try:
        ray.init(None if address == "auto" else address, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise InputError(f"There is no Ray cluster to be used at {address}: {error}") from error


def gpus_of_a_worker(backend: Local) -> int:
    """Get how many GPUs a worker asks the cluster for: 1 where it has some and may use them."""
    may_use = backend.device in ("auto", "cuda")
    return 1 if may_use and ray.cluster_resources().get("GPU") else 0
