"""Which branches of a tree are chosen after a click."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from orangecontrib.imageembedding.clusters.tree import Tree


def after_click(
    tree: Tree, chosen: Sequence[int], node: int, *, extends: bool = False
) -> list[int]:
    """Get the branches that are chosen after a click on one.

    Parameters
    ----------
    tree : Tree
        Where they are.
    chosen : sequence of int
        Nodes on top of the branches chosen before that are to stay so, the last one last: those
        that overlap with a new one go.
    node : int
        That was clicked; if it is chosen already, it is taken away.
    extends : bool
        Whether to choose all from the last one to this one.
    """
    if extends and chosen:
        new = branches_between(tree, chosen[-1], node)
    else:
        new = [] if node in chosen else [node]
    taken = [*new, node]
    kept = [old for old in chosen if not any(overlap(tree, old, other) for other in taken)]
    return [*kept, *new]


def overlap(tree: Tree, a: int, b: int) -> bool:
    """Tell whether two nodes have leaves in common: one is the other or lies under it."""
    first, n_leaves = tree.outline.first_leaf, tree.outline.n_leaves
    return bool(first[a] < first[b] + n_leaves[b] and first[b] < first[a] + n_leaves[a])


def branches_between(tree: Tree, a: int, b: int) -> list[int]:
    """Get the largest branches in the run of leaves from one branch to another, both in it."""
    shape = tree.outline
    end_of = shape.first_leaf + shape.n_leaves
    low, high = min(shape.first_leaf[[a, b]]), max(end_of[[a, b]])
    inside = (shape.first_leaf >= low) & (end_of <= high)
    in_larger = np.zeros(len(inside), dtype=bool)
    in_larger[shape.children] = inside[tree.n_leaves :, None]
    return tree.in_leaf_order(np.flatnonzero(inside & ~in_larger).tolist())
