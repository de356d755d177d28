"""The example workflow, run from end to end without a screen; its pictures and table are saved."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from AnyQt.QtCore import QSize
from AnyQt.QtGui import QImage
from AnyQt.QtWidgets import QApplication
from Orange.data import Table
from orangewidget.io import PngFormat
from orangewidget.widget import OWBaseWidget

from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.examples.workflows import application, open_workflow
from orangecontrib.imageembedding.files.replace import written_whole
from orangecontrib.imageembedding.tables.store import save_table

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
        Gets a picture of each widget, ``dendrogram.png`` and ``clusters.tab``; nothing that is
        in it is replaced.

    Yields
    ------
    line : str
        What was done, step by step.

    Raises
    ------
    InputError
        If `folder` cannot be written to, or has files of these names.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"The folder {folder} cannot be created: {error.strerror}.") from error
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as settings:
        app = application(settings)
        with open_workflow(WORKFLOW) as workflow:
            pictures = {title: folder / f"{title}.png" for title in workflow.titles}
            written = [*pictures.values(), folder / "clusters.tab", folder / "dendrogram.png"]
            _refuse_to_replace(written)
            yield f"Workflow: {WORKFLOW.name}: {', '.join(workflow.titles)}"
            workflow.settle()
            clustering = workflow.widget("Hierarchical Clustering")
            viewer = workflow.widget("Image Viewer")
            clustered = workflow.output("Hierarchical Clustering", "Data")
            imported = workflow.widget("Import Images").info_label.text()
            yield f"Imported: {imported}"
            yield f"Embedded: {len(clustered)} images, {_n_features(clustered)} numbers each"
            save_table(clustered, str(folder / "clusters.tab"))
            yield f"Clusters: {_describe(clustered)}"
            largest = _largest_branch(clustering)
            clustering.select_branches([largest])
            workflow.settle()
            yield f"Largest branch: {_class_counts(viewer.data)}"
            for title, path in pictures.items():
                _save_window(app, workflow.widget(title), path)
            _save_dendrogram(app, clustering, folder / "dendrogram.png")
    yield f"Written to {folder}/: " + ", ".join(sorted(path.name for path in written))
    yield f"Took {time.monotonic() - start:.1f} s"


def _refuse_to_replace(paths: Iterable[Path]) -> None:
    there = [str(path) for path in paths if path.exists()]
    if there:
        raise InputError(f"The demo overwrites nothing, but {', '.join(there)} exists. "
                         "Name another folder.")  # fmt: skip


def _n_features(table: Table) -> int:
    return sum("embedder" in column.attributes for column in table.domain.attributes)


def _largest_branch(clustering: OWBaseWidget) -> int:
    nodes = clustering.selection.nodes()
    sizes = clustering.clustered.tree.sizes_of(nodes)
    return int(nodes[int(sizes.argmax())])


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
    size = WINDOW_SIZES.get(widget.name)
    widget.resize(widget.sizeHint() if size is None else QSize(*size))
    widget.show()
    _let_thumbnails_come(app)
    with written_whole(str(path), "picture") as unfinished:
        if not widget.grab().save(unfinished):
            raise OSError("the disk is full, or cannot be written to")
    widget.hide()


def _save_dendrogram(app: QApplication, clustering: OWBaseWidget, path: Path) -> None:
    with written_whole(str(path), "picture") as unfinished:
        PngFormat.write(unfinished, clustering.scene)  # asks for the thumbnails of all leaves
        _let_thumbnails_come(app)
        PngFormat.write(unfinished, clustering.scene)
        if QImage(unfinished).isNull():  # it does not say so
            raise OSError("the disk is full, or cannot be written to")


def _let_thumbnails_come(app: QApplication, quiet_s: float = 0.5) -> None:
    deadline = time.monotonic() + quiet_s
    while time.monotonic() < deadline:
        app.processEvents()
        time.sleep(0.01)
