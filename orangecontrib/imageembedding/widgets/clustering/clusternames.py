"""The names that the user gives to clusters; they stay with the branch."""

from __future__ import annotations

from collections.abc import Sequence

from orangecontrib.imageembedding.pipeline import BranchKey, ClusteredRows

NamedBranch = tuple[BranchKey, str]


def names_of(
    clustered: ClusteredRows, nodes: Sequence[int], named: Sequence[NamedBranch]
) -> list[str]:
    """Get the name of each cluster: the user's, or C1, C2, … by its place."""
    given = {node: name for key, name in named for node in clustered.nodes_of([key])}
    return [given.get(node, f"C{i}") for i, node in enumerate(nodes, start=1)]


def renamed(
    clustered: ClusteredRows, node: int, name: str, named: Sequence[NamedBranch]
) -> list[NamedBranch]:
    """Get the names with that of one branch replaced; no name means the default."""
    others = [(key, old) for key, old in named if clustered.nodes_of([key]) != [node]]
    return [*others, (clustered.key_of(node), name)] if name else others
