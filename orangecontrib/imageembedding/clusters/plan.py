"""The plan for the tree of many rows: how it is built, and the memory that it needs."""

from __future__ import annotations

from dataclasses import dataclass

EXACT, REDUCED, PROTOTYPES = "exact", "reduced", "prototypes"

FREE_PART = 0.25
"""Part of the free memory that distances may take."""

N_PROTOTYPES = 5000
MAX_REDUCED_ROWS = 50_000
N_COMPONENTS = 100
REDUCIBLE = ("ward", "centroid", "median")
FLOAT_BYTES = 8


@dataclass(frozen=True, slots=True)
class Plan:
    """How a tree is built.

    Attributes
    ----------
    way : str
        ``exact``: from the distances of all pairs. ``reduced``: from the rows, reduced to
        `N_COMPONENTS` numbers, without a matrix. ``prototypes``: similar rows are first
        grouped, and each leaf represents a group.
    n_leaves : int
        Leaves of the tree.
    n_bytes : int
        Memory needed in addition to the rows themselves.
    n_exact_bytes : int
        What the distances of all pairs would take.
    """

    way: str
    n_leaves: int
    n_bytes: int
    n_exact_bytes: int

    @property
    def memory(self) -> str:
        """Text such as ``0.4 GB``."""
        return gigabytes(self.n_bytes)


def gigabytes(n_bytes: float) -> str:
    """Write an amount of memory for people."""
    if n_bytes < 1e8:
        return f"{max(n_bytes / 1e6, 1):.0f} MB"
    return f"{n_bytes / 1e9:.1f} GB"


def make_plan(
    n_rows: int, n_features: int, linkage: str = "average", max_bytes: float | None = None
) -> Plan:
    """Choose the way that fits into memory.

    Parameters
    ----------
    n_rows, n_features : int
        Shape of the matrix.
    linkage : str
        Ward, centroid and median can do without distances, up to `MAX_REDUCED_ROWS`.
    max_bytes : float, optional
        Memory for distances; by default `FREE_PART` of what is free now.
    """
    n_pair_bytes = FLOAT_BYTES * n_rows * (n_rows - 1) // 2
    limit = FREE_PART * free_bytes() if max_bytes is None else max_bytes
    if n_pair_bytes <= limit:
        n_float32_bytes = 4 * n_rows * n_features
        return Plan(EXACT, n_rows, n_pair_bytes + n_float32_bytes, n_pair_bytes)
    n_reduced_bytes = FLOAT_BYTES * n_rows * min(n_features, N_COMPONENTS)
    if linkage in REDUCIBLE and n_rows <= MAX_REDUCED_ROWS:
        return Plan(REDUCED, n_rows, n_reduced_bytes, n_pair_bytes)
    n_leaves = max(min(N_PROTOTYPES, n_rows // 2), 2)
    n_bytes = n_reduced_bytes // 2 + FLOAT_BYTES * n_leaves * (n_leaves + 2 * n_features)
    return Plan(PROTOTYPES, n_leaves, n_bytes, n_pair_bytes)


def free_bytes() -> int:
    """Get the memory that is free now."""
    import psutil

    return int(psutil.virtual_memory().available)
