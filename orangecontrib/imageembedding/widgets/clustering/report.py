"""Clusters → a table for the report."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from Orange.data import DiscreteVariable

from orangecontrib.imageembedding.pipeline import ClusteredRows
from orangecontrib.imageembedding.widgets.clustering.leafcolors import majority

N_REPRESENTATIVES = 3


def cluster_rows(
    clustered: ClusteredRows,
    nodes: Sequence[int],
    names: Sequence[str],
    labels: Sequence[str],
    variable: DiscreteVariable | None,
) -> list[list[str]]:
    """Get a heading and a line for each cluster: name, size, majority, purity, representatives."""
    heading = ["Cluster", "Size", "Height", "Representatives"]
    if variable is not None:
        heading[3:3] = [f"Majority ({variable.name})", "Purity"]
    lines = [heading]
    for name, node in zip(names, nodes, strict=True):
        size = int(clustered.tree.sizes_of([node])[0])
        height = clustered.tree.outline.height[node]
        chosen = [labels[leaf] for leaf in clustered.typical_of(node, N_REPRESENTATIVES)]
        line = [name, f"{size:,}", f"{height:.4g}", ", ".join(chosen)]
        if variable is not None:
            value, purity = majority(clustered, node, variable)
            line[3:3] = [value, f"{purity:.0%}" if value else ""]
        lines.append(line)
    return lines


def as_html(lines: Sequence[Sequence[str]]) -> str:
    """Write lines as a table; the first is the heading."""
    rows = [
        "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in line) + "</tr>"
        for line, tag in zip(lines, ["th"] + ["td"] * len(lines), strict=False)
    ]
    return f"<table>{''.join(rows)}</table>"
