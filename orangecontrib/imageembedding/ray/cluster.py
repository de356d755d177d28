"""The Ray cluster that is worked on."""

from __future__ import annotations

import os
from typing import Any

# Before Ray is loaded: no usage statistics are sent. That strangers do not get in is Ray's own
# default, from 2.60 on.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import ray
from ray._private import ray_constants

from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
from orangecontrib.imageembedding.errors import InputError


def connect(address: str) -> None:
    """Connect to a cluster; "auto" is the one found from here, or a new one on this computer.

    A new one listens to this computer only, and lets only those in who have its token.

    Raises
    ------
    InputError
        If there is none.
    """
    try:
        try:
            _init(address)
        except ConnectionError:
            if address != "auto" or os.environ.get("RAY_ADDRESS"):
                raise
            # For Ray this computer then has no address but 127.0.0.1, as elsewhere than on Linux.
            os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
            ray_constants.ENABLE_RAY_CLUSTER = False
            _init("local", include_dashboard=False)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise InputError(f"There is no Ray cluster to be used at {address}: {error}") from error


def _init(address: str, **options: Any) -> None:
    ray.init(address, log_to_driver=False, logging_level="ERROR", **options)


def gpus_of_a_worker(backend: Local) -> int:
    """Get how many GPUs a worker asks the cluster for: 1 where it has some and may use them."""
    may_use = backend.device in ("auto", "cuda")
    return 1 if may_use and ray.cluster_resources().get("GPU") else 0
