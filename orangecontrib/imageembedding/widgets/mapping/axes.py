"""Columns that are the coordinates of a map already."""

from __future__ import annotations

import re

from Orange.data import Domain, Table, Variable

PAIRS = (
    (r"map-x", r"map-y"),
    (r"(.*)t-?sne[-_ ]?(x|1)", r"(.*)t-?sne[-_ ]?(y|2)"),
    (r"(.*)umap[-_ ]?(x|1)", r"(.*)umap[-_ ]?(y|2)"),
    (r"(.*)mds[-_ ]?(x|1)", r"(.*)mds[-_ ]?(y|2)"),
    (r"lon|long|lng|longitude", r"lat|latitude"),
    (r"pc ?1", r"pc ?2"),
    (r"component ?1", r"component ?2"),
    (r"x", r"y"),
)
"""Names of the columns to the right and up, those that are surest first."""

Axes = tuple[Variable | None, Variable | None]


def named_axes(domain: Domain | None) -> Axes:
    """Get two columns whose names say that they are coordinates; None, None if there are none."""
    numeric = [] if domain is None else _numeric(domain)
    for names in PAIRS:
        found = [
            next((v for v in numeric if re.fullmatch(name, v.name, re.IGNORECASE)), None)
            for name in names
        ]
        if all(found):
            return found[0], found[1]
    return None, None


def default_axes(domain: Domain | None) -> Axes:
    """Get the columns that are named as coordinates; else any two numeric ones."""
    axes = named_axes(domain)
    if axes[0] is None and domain is not None:
        numeric = _numeric(domain)
        if len(numeric) > 1:
            return numeric[0], numeric[1]
    return axes


def has_embeddings(data: Table) -> bool:
    """Tell whether there are columns of embeddings, which are hidden in choices."""
    return any(v.attributes.get("hidden") for v in data.domain.attributes)


def _numeric(domain: Domain) -> list[Variable]:
    """Get the numeric columns but those of embeddings, which are thousands."""
    columns = (*domain.metas, *domain.variables)
    return [v for v in columns if v.is_continuous and not v.attributes.get("hidden")]
