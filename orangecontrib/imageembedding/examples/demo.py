"""The example workflow, run from end to end without a screen; its pictures and table are kept."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from AnyQt.QtWidgets import QApplication
from Orange.data import Table
from orangewidget.io import PngFormat
from orangewidget.widget import OWBaseWidget

from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.examples.workflows import application, open_workflow

WORKFLOW = Path(__file__).with_name("Image clustering.ows")

WINDOW_SIZES = {
    "Import Images": (860, 520),
    "Hierarchical Clustering": (1000, 760),
    "Image Viewer": (820, 560),
    "Data Table": (900, 560),
}


def run_demo(folder: str | Path) -> Iterator[str]:
    """Run *Image clustering* and write what it shows.

    Parameters
    ----------
    folder : str or Path
        Gets a picture of each widget, ``dendrogram.png`` and ``clusters.tab``; earlier results
        of the demo in it are replaced.

    Yields
    ------
    line : str
        What was done, step by step.

    Raises
    ------
    InputError
        If `folder` cannot be written to.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"The folder {folder} cannot be made: {error.strerror}.") from error
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as settings:
        app = application(settings)
        with open_workflow(WORKFLOW) as workflow:
            yield f"Workflow: {WORKFLOW.name}: {', '.join(workflow.titles)}"
            workflow.settle()
            clustering = workflow.widget("Hierarchical Clustering")
            viewer = workflow.widget("Image Viewer")
            clustered = workflow.output("Hierarchical Clustering", "Data")
            imported = workflow.widget("Import Images").info_label.text()
            yield f"Imported: {imported}"
            yield f"Embedded: {len(clustered)} images, {_n_features(clustered)} numbers each"
            clustered.save(str(folder / "clusters.tab"))
            yield f"Clusters: {_describe(clustered)}"
            largest = _largest_branch(clustering)
            clustering.select_branches([largest])
            workflow.settle()
            yield f"Largest branch: {_class_counts(viewer.data)}"
            for title in workflow.titles:
                _save_window(app, workflow.widget(title), folder / f"{title}.png")
            _save_dendrogram(app, clustering, folder / "dendrogram.png")
    yield f"Written to {folder}/: " + ", ".join(sorted(path.name for path in folder.iterdir()))
    yield f"Took {time.monotonic() - start:.1f} s"


def _n_features(table: Table) -> int:
    return sum("embedder" in column.attributes for column in table.domain.attributes)


def _largest_branch(clustering: OWBaseWidget) -> int:
    nodes = clustering.selection.nodes()
    sizes = clustering.clustered.tree.sizes_of(nodes)
    return nodes[int(sizes.argmax())]


def _describe(clustered: Table) -> str:
    cluster = clustered.domain["Cluster"]
    codes = clustered.get_column(cluster)
    parts = (
        f"{name} {_class_counts(clustered[codes == i])}" for i, name in enumerate(cluster.values)
    )
    return "; ".join(parts)


def _class_counts(table: Table) -> str:
    names = (table.domain.class_var.str_val(value) for value in table.Y)
    return ", ".join(f"{n} {name}" for name, n in Counter(names).most_common())


def _save_window(app: QApplication, widget: OWBaseWidget, path: Path) -> None:
    widget.resize(*WINDOW_SIZES.get(widget.name, (0, 0)))
    widget.show()
    _let_thumbnails_come(app)
    if not widget.grab().save(str(path)):
        raise InputError(f"The picture {path} cannot be written.")
    widget.hide()


def _save_dendrogram(app: QApplication, clustering: OWBaseWidget, path: Path) -> None:
    PngFormat.write(str(path), clustering.scene)  # asks for the thumbnails of all leaves
    _let_thumbnails_come(app)
    PngFormat.write(str(path), clustering.scene)


def _let_thumbnails_come(app: QApplication, quiet_s: float = 0.5) -> None:
    deadline = time.monotonic() + quiet_s
    while time.monotonic() < deadline:
        app.processEvents()
        time.sleep(0.01)
