"""Writes the tables of *Choosing an embedder* from the catalogue.

Run by hand, when an embedder comes or goes::

    python doc/write_embedders.py
"""

import sys
from pathlib import Path

from write_supported_images import Table, with_tables

from orangecontrib.imageembedding.embeddings.catalogue import DEFAULT_ID
from orangecontrib.imageembedding.embeddings.models import MODELS
from orangecontrib.imageembedding.embeddings.spec import USES, EmbedderSpec

PAGE = Path(__file__).with_name("choosing-an-embedder.md")


def name_of(spec: EmbedderSpec) -> str:
    """Write an id, and what one has to know before choosing it."""
    marks = []
    if spec.id == DEFAULT_ID:
        marks.append("the default")
    if spec.is_built_in:
        marks.append("built in")
    if spec.is_remote_only:
        marks.append("on servers only")
    if "non-commercial" in spec.licence:
        marks.append("not for commercial use")
    return f"`{spec.id}`" + (f" ({', '.join(marks)})" if marks else "")


def by_use() -> list[tuple[str, ...]]:
    """Get the embedders for each kind of images, the fast ones first."""
    rows = []
    for use, title in USES.items():
        found = [spec for spec in MODELS if use in spec.uses]
        at = [[spec for spec in found if spec.speed == speed] for speed in ("fast", "medium")]
        others = [spec for spec in found if spec.speed not in ("fast", "medium")]
        cells = (", ".join(map(name_of, specs)) or "–" for specs in (*at, others))
        rows.append((title, *cells))
    return rows


def all_embedders() -> list[tuple[str, ...]]:
    """Get what the catalogue tells of each."""
    return [
        (
            f"`{spec.id}`",
            f"{spec.n_features:,}",
            f"{spec.weights.n_bytes / 1e6:,.0f} MB" if spec.weights else "–",
            spec.speed or "–",
            f"{spec.description} {spec.good_for}",
            spec.licence,
            source_of(spec.source),
        )
        for spec in MODELS
    ]


def source_of(text: str) -> str:
    """Write a paper and its address as a link."""
    name, _, address = text.rpartition(", ")
    return f"[{name or address.partition('//')[2]}]({address})"


TABLES: dict[str, Table] = {
    "By the images": (("images", "fast", "medium", "slow, or on a server"), by_use),
    "All embedders": (
        ("id", "numbers", "weights", "speed", "what it is, and what for", "license", "paper"),
        all_embedders,
    ),
}

if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), TABLES), encoding="utf-8")
    sys.exit(0)
