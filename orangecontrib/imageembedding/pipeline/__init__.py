"""The whole flow: folder → table → embeddings → tree. START HERE.

1. `import_images`: folders → a table of their images (`importing`).
2. `embed_images`: a table → the same with embeddings (`embedding`); `embed_files` needs no table.
3. `cluster_images`, `cluster_table`, `cluster_distances`: → a tree; `score_clusters`,
   `count_clusters`: where to cut it; `select_branches`: → tables of the rows in its branches
   (`clustering`); `describe_clusters`, `find_medoids`: → what each cluster is (`describing`).
4. `sort_into_grid`: → a cell of a grid for each row (`sorting`); `map_images`: → a place on a
   map (`mapping`); `save_map_page`: a map → a page for a browser (`page`).
5. `save_images`: the images of a table → new files in a folder (`saving`).
6. `find_duplicates`: images → groups of those that are the same, or copies (`comparing`).
7. `check_images`: images → measures, and which ones need a look (`checking`).
8. `compare_embedders`: a sample of images → which embedder suits them (`scoring`).

Scripts, the command line and the widgets all call these functions, and nothing else decides
the order of the steps. Every function takes a `Progress`, and stops when it raises `Cancelled`.
"""

from orangecontrib.imageembedding.embeddings.embed import embed_files
from orangecontrib.imageembedding.pipeline.checked import flagged_images, with_checks
from orangecontrib.imageembedding.pipeline.checking import CheckedImages, check_images
from orangecontrib.imageembedding.pipeline.clustering import (
    cluster_distances,
    cluster_images,
    cluster_table,
    count_clusters,
    score_clusters,
    select_branches,
)
from orangecontrib.imageembedding.pipeline.compared import ComparedEmbedder, ComparedEmbedders
from orangecontrib.imageembedding.pipeline.comparing import (
    compare_images,
    find_duplicates,
    mark_distinct,
    spared_bytes,
    with_duplicates,
)
from orangecontrib.imageembedding.pipeline.describing import (
    ClusterDescription,
    describe_clusters,
    find_medoids,
)
from orangecontrib.imageembedding.pipeline.embedding import embed_images, with_images
from orangecontrib.imageembedding.pipeline.importing import import_images, table_of_found
from orangecontrib.imageembedding.pipeline.mapping import map_images
from orangecontrib.imageembedding.pipeline.page import save_map_page
from orangecontrib.imageembedding.pipeline.results import (
    BranchKey,
    ClusteredRows,
    EmbeddedImages,
    GridOfRows,
    ImportedImages,
    SavedImages,
    SelectedBranches,
)
from orangecontrib.imageembedding.pipeline.saving import (
    Saving,
    example_name,
    save_images,
    tables_of_saving,
)
from orangecontrib.imageembedding.pipeline.scoring import Candidate, compare_embedders
from orangecontrib.imageembedding.pipeline.sorting import sort_into_grid

__all__ = [
    "BranchKey",
    "CheckedImages",
    "Candidate",
    "SelectedBranches",
    "ClusterDescription",
    "ClusteredRows",
    "ComparedEmbedder",
    "ComparedEmbedders",
    "EmbeddedImages",
    "GridOfRows",
    "ImportedImages",
    "SavedImages",
    "Saving",
    "check_images",
    "select_branches",
    "cluster_distances",
    "cluster_images",
    "cluster_table",
    "compare_embedders",
    "compare_images",
    "describe_clusters",
    "embed_files",
    "embed_images",
    "example_name",
    "find_duplicates",
    "find_medoids",
    "flagged_images",
    "import_images",
    "mark_distinct",
    "save_images",
    "save_map_page",
    "count_clusters",
    "score_clusters",
    "map_images",
    "sort_into_grid",
    "spared_bytes",
    "table_of_found",
    "tables_of_saving",
    "with_checks",
    "with_duplicates",
    "with_images",
]
