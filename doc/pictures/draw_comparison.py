"""Draw the picture of Compare Embedders for its help page, in light and dark.

    python doc/pictures/draw_comparison.py [FOLDER]

writes into `doc/widgets`, or into FOLDER. The built-in embedder is compared with a network that
has never seen an image: what is not trained takes other images for similar.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from AnyQt.QtCore import QPoint
from AnyQt.QtWidgets import QWidget
from draw_widgets import Part, copied, draw, settle

from orangecontrib.imageembedding import import_images
from orangecontrib.imageembedding.embeddings.catalogue import BUILT_IN_ID
from orangecontrib.imageembedding.widgets.owcompareembedders import OWCompareEmbedders

SIZE = 1500, 760


def untrained() -> str:
    """Write a network of random weights; get its path."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 64, 16, 16),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(2),
        torch.nn.Flatten(),
    )
    path = Path(tempfile.gettempdir()) / "untrained.pt"
    torch.jit.trace(network, torch.zeros(1, 3, 224, 224)).save(path)
    return str(path)


def comparison() -> tuple[QWidget, list[Part]]:
    """Get the widget with two embedders compared, and one chosen."""
    path = untrained()
    settings = {
        "own_files": [(path, BUILT_IN_ID)],
        "ticked": [BUILT_IN_ID, f"file:{path}"],
        "chosen_key": BUILT_IN_ID,
    }
    widget = OWCompareEmbedders.__new__(OWCompareEmbedders, stored_settings=settings)
    widget.__init__()
    widget.resize(*SIZE)
    widget.show()
    widget.set_images(import_images(copied("compared animals")).table)
    widget.start_comparing()
    while not widget._sent_key:
        settle(0.2)
    settle(2)
    controls = widget.controls
    parts = [
        controls.image_attr, widget.folder_row.button, controls.n_images, widget.check_list,
        widget.own_button, widget.forget_button, (widget.server_fold, QPoint(170, 8)),
        (widget.where_label, QPoint(200, 6)), widget.start_button, widget.cancel_button,
        (controls.auto_commit.parentWidget(), QPoint(0, 8)), widget.score_table,
        widget.neighbor_view, widget.sample_view, (widget.legend, QPoint(420, 6)),
    ]  # fmt: skip
    return widget, parts


if __name__ == "__main__":
    draw({"compare-embedders": comparison})
