"""What columns of embeddings say of themselves, in files too, and the columns made of that."""

from __future__ import annotations

import sys
from urllib.parse import quote, unquote

from Orange.data import Domain, StringVariable, Table, Variable

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
    sources: dict[tuple[str, str], EmbedImages] = {}  # Orange asks one for all its columns
    attributes = [_restored_column(column, sources) for column in domain.attributes]
    return Domain(attributes, domain.class_vars, domain.metas) if sources else domain


def _restored_column(column: Variable, sources: dict[tuple[str, str], EmbedImages]) -> Variable:
    """Get a column that can compute itself; the same one if it is not marked, or can already."""
    embedder, origin = (str(column.attributes.get(name, "")) for name in (EMBEDDER, ORIGIN))
    index = column.attributes.get(FEATURE)
    mark, _, image = origin.partition("/")
    is_marked = embedder and image and isinstance(index, int) and index >= 0
    if not is_marked or column.compute_value is not None or not column.is_continuous:
        return column
    key = embedder, origin
    if key not in sources:
        sources[key] = EmbedImages(StringVariable(unquote(image)), embedder, None, mark)
    source = sources[key]
    source.n_features = max(source.n_features, index + 1)
    return column.copy(compute_value=EmbeddingColumn(source, index))
