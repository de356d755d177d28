"""From a folder to a saved workflow with mouse and keyboard, on a screen that is looked at."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from orangecontrib.imageembedding import examples

EXAMPLE = Path(examples.__file__).parent / "Image clustering.ows"
COLORS = {"cat": (220, 40, 40), "dog": (40, 60, 220)}
N_EACH = 5

WALK = """
import os, sys
from pathlib import Path
from AnyQt.QtCore import QPoint, Qt
from AnyQt.QtTest import QTest
from AnyQt.QtWidgets import QApplication
from orangecontrib.imageembedding.examples.workflows import application, open_workflow
from orangecontrib.imageembedding.widgets.tree.nameedit import NameEdit

example, images, place = map(Path, sys.argv[1:])
app = application(place / "settings")

def shown(widget):
    widget.resize(1000, 640)
    widget.move(40, 40)
    widget.show()
    widget.raise_()
    assert QTest.qWaitForWindowExposed(widget)
    return widget

def until(holds):
    for _ in range(3000):
        QTest.qWait(10)
        if holds():
            return
    raise AssertionError("waited in vain")

def color_on_screen(widget, point):
    place = widget.mapToGlobal(point)
    picture = app.primaryScreen().grabWindow(0).toImage()
    return picture.pixelColor(place).getRgb()[:3]

def is_like(color, other):
    return max(abs(a - b) for a, b in zip(color, other)) < 40

RED, BLUE = (220, 40, 40), (40, 60, 220)

def first_pictures(tree):
    item, view = tree.view.item, tree.view
    return {
        node: QPoint(int(item.leaves_left + item.picture_side / 2),
                     view.mapFromScene(item.rect_of(node).center()).y())
        for node in item.slots.node[: 1].tolist()
    }

with open_workflow(example) as workflow:
    importing = shown(workflow.widget("Import Images"))
    edit = importing.folders.combo.lineEdit()
    QTest.mouseClick(edit, Qt.LeftButton)
    edit.selectAll()
    QTest.keyClicks(edit, str(images))
    QTest.keyClick(edit, Qt.Key_Return)
    workflow.settle()
    assert importing.info_label.text() == "10 images in 2 categories"
    strip = importing.strip
    at = strip.visualRect(strip.model().index(0, 0)).center()
    until(lambda: is_like(color_on_screen(strip.viewport(), at), RED))
    importing.hide()

    tree = shown(workflow.widget("Hierarchical Clustering"))
    spin = tree.controls.n_clusters
    QTest.mouseClick(tree.select_buttons["number"], Qt.LeftButton)
    spin.selectAll()
    QTest.keyClicks(spin, "2")
    QTest.keyClick(spin, Qt.Key_Return)
    workflow.settle()
    assert tree.selection_label.text() == "2 branches: 5, 5 rows"
    view, item = tree.view, tree.view.item
    for node, point in first_pictures(tree).items():
        until(lambda: any(is_like(color_on_screen(view.viewport(), point), c) for c in (RED, BLUE)))
    node, name_place = next(iter(view._name_places().items()))
    before = app.primaryScreen().grabWindow(0).toImage()
    QTest.mouseDClick(view.viewport(), Qt.LeftButton, Qt.NoModifier, name_place.center())
    editor = view.viewport().findChild(NameEdit)
    editor.selectAll()
    QTest.keyClicks(editor, "spotted dogs")
    QTest.keyClick(editor, Qt.Key_Return)
    workflow.settle()
    assert "spotted dogs" in item.names
    assert app.primaryScreen().grabWindow(0).toImage() != before
    listed = tree.panel.list
    row = [listed.model().index(i, 0).data() for i in range(2)].index("spotted dogs")
    rect = listed.visualRect(listed.model().index(row, 0))
    QTest.mouseClick(listed.viewport(), Qt.LeftButton, Qt.NoModifier, rect.center())
    workflow.settle()
    assert len(workflow.output("Hierarchical Clustering", "Selected Data")) == 5
    kind = str(workflow.output("Hierarchical Clustering", "Selected Data")[0].get_class())
    tree.hide()

    viewer = shown(workflow.widget("Image Viewer"))
    assert viewer.count_label.text() == "5 images, 0 selected"
    pictures = viewer.view
    at = pictures.visualRect(pictures.model().index(1, 0)).center() - QPoint(0, 10)
    until(lambda: is_like(color_on_screen(pictures.viewport(), at), dict(cat=RED, dog=BLUE)[kind]))
    QTest.mouseClick(pictures.viewport(), Qt.LeftButton, Qt.NoModifier, at)
    assert viewer.count_label.text() == "5 images, 1 selected"
    viewer.hide()
    saved = place / "saved.ows"
    with saved.open("wb") as file:
        workflow._scheme.sync_node_properties()
        workflow._scheme.save_to(file, pickle_fallback=True)

with open_workflow(saved) as workflow:
    workflow.settle()
    tree = shown(workflow.widget("Hierarchical Clustering"))
    assert "spotted dogs" in tree.view.item.names
    assert tree.selection_label.text() == "1 of 2 branches: 5 rows"
    viewer = shown(workflow.widget("Image Viewer"))
    assert viewer.count_label.text() == "5 images, 1 selected"
print("walked")
sys.stdout.flush()
os._exit(0)
"""


@pytest.fixture
def screen():
    if shutil.which("Xvfb") is None:
        pytest.skip("needs Xvfb")
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        yield f":{server.stdout.readline().decode().strip()}"
        server.terminate()


@pytest.fixture
def images(tmp_path):
    random = np.random.default_rng(0)
    for kind, color in COLORS.items():
        folder = tmp_path / "animals" / kind
        folder.mkdir(parents=True)
        for i in range(N_EACH):
            noise = random.integers(-15, 16, (64, 64, 3))
            pixels = np.clip(np.array(color) + noise, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{i}.png")
    return tmp_path / "animals"


def test_a_walk_from_a_folder_to_a_workflow_that_is_opened_again(tmp_path, images, screen):
    shutil.copy(EXAMPLE, tmp_path / "walk.ows")
    env = os.environ | {
        "DISPLAY": screen, "QT_QPA_PLATFORM": "xcb", "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "HOME": str(tmp_path), "PYTHONFAULTHANDLER": "1",
    }  # fmt: skip
    command = [sys.executable, "-c", WALK, str(tmp_path / "walk.ows"), str(images), str(tmp_path)]
    done = subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=400, check=False
    )
    assert done.stdout.endswith("walked\n"), done.stderr[-3000:]
