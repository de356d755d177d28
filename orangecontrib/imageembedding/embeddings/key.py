"""What a vector depends on, as text: the same key, the same vector."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict

from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec

# Goes up when decoding or preparation give other pixels than before.
PREPARATION_VERSION = 2


def fingerprint(spec: EmbedderSpec, weights_hash: str, precision: str) -> str:
    """Get a text that names how an image becomes a vector.

    Parameters
    ----------
    spec : EmbedderSpec
        Which network and preparation.
    weights_hash : str
        First digits of the SHA-256 of its weights, or what else tells them.
    precision : str
        ``exact`` or ``fast``.

    Returns
    -------
    fingerprint : str
        Begins with the embedder's id, so that people can read it.
    """
    parts = {
        "network": spec.network,
        "weights": weights_hash,
        "version": spec.version,
        "n_features": spec.n_features,
        "preparation": asdict(spec.preparation),
        "preparation_version": PREPARATION_VERSION,
    }
    text = json.dumps(parts, sort_keys=True)
    return f"{spec.id} {precision} {hashlib.sha256(text.encode()).hexdigest()[:32]}"


def content_hash(data: bytes) -> bytes:
    """Get what tells one image file's bytes from all others: 16 bytes of their SHA-256."""
    return hashlib.sha256(data).digest()[:16]
