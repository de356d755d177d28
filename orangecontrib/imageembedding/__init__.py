"""Images → tables of numbers → trees and grids of images.

>>> import orangecontrib.imageembedding as oie
>>> found = oie.import_images("animals/")
>>> done = oie.embed_images(found.table, embedder="resnet50")
>>> tree = oie.cluster_images(done.embeddings)
>>> tree.cut(n_clusters=5)
>>> grid = oie.sort_into_grid(done.embeddings)

Each name is loaded when it is first used: importing this module costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from orangecontrib.imageembedding import reading_hook

if TYPE_CHECKING:
    from orangecontrib.imageembedding.clusters.tree import Tree
    from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
    from orangecontrib.imageembedding.embeddings.backends.registry import get_backend
    from orangecontrib.imageembedding.embeddings.backends.remote.backend import (
        Remote,
        probe_server,
    )
    from orangecontrib.imageembedding.embeddings.catalogue import get_embedder, list_embedders
    from orangecontrib.imageembedding.embeddings.embed import embed_files
    from orangecontrib.imageembedding.embeddings.run import Embedded
    from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
    from orangecontrib.imageembedding.embeddings.user_models import own_embedder
    from orangecontrib.imageembedding.errors import (
        BackendError,
        Cancelled,
        ImageEmbeddingError,
        ImageError,
        InputError,
        SaveError,
        ServerError,
        WeightsError,
    )
    from orangecontrib.imageembedding.pipeline import (
        check_images,
        cluster_images,
        compare_embedders,
        count_clusters,
        embed_images,
        find_duplicates,
        import_images,
        map_images,
        save_images,
        save_map_page,
        sort_into_grid,
    )
    from orangecontrib.imageembedding.tables.missing import EmbeddingsMissing, EmbeddingWarning

_MODULE_OF = {
    "BackendError": "errors",
    "Cancelled": "errors",
    "Embedded": "embeddings.run",
    "EmbedderSpec": "embeddings.spec",
    "EmbeddingWarning": "tables.missing",
    "EmbeddingsMissing": "tables.missing",
    "ImageEmbeddingError": "errors",
    "ImageError": "errors",
    "InputError": "errors",
    "Local": "embeddings.backends.local.backend",
    "Remote": "embeddings.backends.remote.backend",
    "SaveError": "errors",
    "ServerError": "errors",
    "Tree": "clusters.tree",
    "WeightsError": "errors",
    "check_images": "pipeline",
    "cluster_images": "pipeline",
    "compare_embedders": "pipeline",
    "count_clusters": "pipeline",
    "embed_files": "embeddings.embed",
    "embed_images": "pipeline",
    "find_duplicates": "pipeline",
    "get_backend": "embeddings.backends.registry",
    "get_embedder": "embeddings.catalogue",
    "import_images": "pipeline",
    "list_embedders": "embeddings.catalogue",
    "map_images": "pipeline",
    "own_embedder": "embeddings.user_models",
    "probe_server": "embeddings.backends.remote.backend",
    "save_images": "pipeline",
    "save_map_page": "pipeline",
    "sort_into_grid": "pipeline",
}

__all__ = [
    "BackendError",
    "Cancelled",
    "Embedded",
    "EmbedderSpec",
    "EmbeddingWarning",
    "EmbeddingsMissing",
    "ImageEmbeddingError",
    "ImageError",
    "InputError",
    "Local",
    "Remote",
    "SaveError",
    "ServerError",
    "Tree",
    "WeightsError",
    "check_images",
    "cluster_images",
    "compare_embedders",
    "count_clusters",
    "embed_files",
    "embed_images",
    "find_duplicates",
    "get_backend",
    "get_embedder",
    "import_images",
    "list_embedders",
    "map_images",
    "own_embedder",
    "probe_server",
    "save_images",
    "save_map_page",
    "sort_into_grid",
]


reading_hook.install()


def __getattr__(name: str) -> object:
    if name == "__version__":
        return import_module("importlib.metadata").version("Orange3-ImageEmbedding")
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
