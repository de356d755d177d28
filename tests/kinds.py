"""Rows of several kinds, for maps."""

import numpy as np


def kinds(n_kinds=6, n_each=40, n_features=64, seed=0):
    """Get rows of several kinds, and their kinds."""
    rng = np.random.default_rng(seed)
    centers = np.abs(rng.normal(size=(n_kinds, n_features)))
    rows = centers.repeat(n_each, axis=0) + 0.3 * rng.normal(size=(n_kinds * n_each, n_features))
    return rows.astype(np.float32), np.arange(n_kinds).repeat(n_each)
