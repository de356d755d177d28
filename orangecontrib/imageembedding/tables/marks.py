"""What columns of embeddings say of themselves, in files too, and the columns made of that."""

from __future__ import annotations

import sys
from urllib.parse import quote, unquote

from Orange.data import ContinuousVariable, Domain, StringVariable, Table, Variable

from orangecontrib.imageembedding.tables.computed import EmbeddingColumn, EmbedImages

EMBEDDER, ORIGIN, FEATURE = "embedder", "embedding", "feature"


def mark(column: Variable, source: EmbedImages, index: int) -> None:
    """Note in a column's attributes what computes it.

    ``embedder`` is the id of the embedder. ``embedding`` has two parts with a slash between them:
    the mark of its vectors, and the name of the column of images. ``feature`` is the number of
    the feature.
    """
    column.attributes.update({"hidden": True, EMBEDDER: source.embedder_id})
    if source.mark is not None:
        # One text for all columns: a saved model contains it once.
        text = sys.intern(f"{source.mark}/{quote(source.image.name, safe='')}")
        column.attributes.update({ORIGIN: text, FEATURE: index})


def restored(table: Table) -> Table:
    """Get a table whose marked columns can compute themselves for other images.

    Files keep marks but no computation. The columns equal those of a table that was embedded
    now. The numbers are shared with `table`, which is what comes back if there is nothing to do.
    """
    domain = restored_domain(table.domain)
    if domain is table.domain:
        return table
    completed = table[:]
    completed.domain = domain
    return completed


def restored_domain(domain: Domain) -> Domain:
    """Get a domain with columns as `restored` says."""
    new = {column: made for column in domain.attributes if (made := _made(column)) is not None}
    if not new:
        return domain
    sources: dict[EmbedImages, EmbedImages] = {}
    for source, index in new.values():
        shared = sources.setdefault(source, source)  # Orange asks each one for all its columns
        shared.n_features = max(shared.n_features, index + 1)
    attributes = [
        column.copy(compute_value=EmbeddingColumn(sources[new[column][0]], new[column][1]))
        if column in new
        else column
        for column in domain.attributes
    ]
    return Domain(attributes, domain.class_vars, domain.metas)


def _made(column: Variable) -> tuple[EmbedImages, int] | None:
    """Get what computes a column, and its feature; None if it is not marked, or knows that."""
    if column.compute_value is not None or not isinstance(column, ContinuousVariable):
        return None
    embedder = column.attributes.get(EMBEDDER)
    mark, _, image = str(column.attributes.get(ORIGIN, "")).partition("/")
    index = column.attributes.get(FEATURE)
    if embedder is None or not image or not isinstance(index, int) or index < 0:
        return None
    return EmbedImages(StringVariable(unquote(image)), str(embedder), None, mark), index
