"""Many images → a few that stand for them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

N_OF_EACH = 2  # a class of which one image is seen can be found again by nothing


def choose_sample(classes: NDArray[np.float64], n_wanted: int, seed: int = 0) -> NDArray[np.intp]:
    """Choose some rows, of each class as many as it has its part of all.

    Parameters
    ----------
    classes : ndarray of shape (n,), dtype float64
        The number of each row's class; rows with NaN are a class of their own.
    n_wanted : int
        How many to choose; all if there are no more.
    seed : int, optional
        The same seed chooses the same rows.

    Returns
    -------
    rows : ndarray of shape (n_chosen,), dtype int
        In ascending order. Of each class there are `N_OF_EACH` where it has them and there is
        room for so many.
    """
    order = np.random.default_rng(seed).permutation(len(classes))
    urgency = np.empty(len(classes))
    _, codes = np.unique(classes[order], return_inverse=True)
    for code in range(codes.max(initial=-1) + 1):
        places = np.flatnonzero(codes == code)
        rank = np.arange(len(places))
        spread = (rank + 0.5) / len(places)
        urgency[places] = np.where(rank < N_OF_EACH, rank - N_OF_EACH, spread)
    return np.sort(order[np.argsort(urgency, kind="stable")[:n_wanted]])
