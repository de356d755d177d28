"""In a process with a window no network is computed, and nothing that computes can end it."""

import importlib.util
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from pictures import picture, write_images
from PIL import Image

import orangecontrib.imageembedding as oie

SETTING_UP = """
import os, sys, time
from pathlib import Path
import numpy as np
from window_process import embedded, embedding_widget, loaded, window
application = window()
import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.workers.worker import the_worker
folder = Path(sys.argv[1])
table = oie.import_images(folder).table
"""
TORCH_PLUGIN = """
import torch
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.images.prepare import Preparation

means = EmbedderSpec(
    id="means", title="Means", description="", n_features=3, network="python:torch_plugin:build",
    preparation=Preparation(resize_px=8, crop_px=8, mean=(0, 0, 0), std=(1, 1, 1)), weights=None,
    licence="", source="", version="1",
)

def build():
    return torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())

class Backend:
    pass
"""
ENTRY_POINTS = """
[orangecontrib.imageembedding.embedders]
means = torch_plugin:means
[orangecontrib.imageembedding.backends]
torchy = torch_plugin:Backend
slow = slow_plugin:Slow
"""
SLOW_PLUGIN = """
import time
from pathlib import Path
from imageembedding_colours import HistogramEmbedder, Histograms

class Slow(Histograms):
    def load(self, spec, progress):
        return SlowEmbedder(spec.n_features)

class SlowEmbedder(HistogramEmbedder):
    batch_size = n_workers = 1

    def embed(self, images):
        here = Path(__file__).parent
        if "dog" in images[0].location and not (here / "go").exists():
            (here / "begun").touch()
            time.sleep(1000)
        return super().embed(images)
"""


@pytest.fixture
def folder(tmp_path):
    names = [f"{kind}/{i}.png" for kind in ("cat", "dog") for i in range(6)]
    return write_images(tmp_path / "animals", names)


@pytest.fixture
def plugin(tmp_path):
    """Plug-ins: an embedder that loads torch when it is imported, a backend that stops at dogs."""
    place = tmp_path / "site"
    (place / "torch_plugin-1.dist-info").mkdir(parents=True)
    (place / "torch_plugin.py").write_text(TORCH_PLUGIN)
    (place / "torch_plugin-1.dist-info" / "METADATA").write_text("Name: torch-plugin\nVersion: 1")
    (place / "torch_plugin-1.dist-info" / "entry_points.txt").write_text(ENTRY_POINTS)
    (place / "slow_plugin.py").write_text(SLOW_PLUGIN)
    colors = Path(__file__).parents[1] / "example_plugin" / "imageembedding_colours.py"
    (place / "imageembedding_colours.py").write_bytes(colors.read_bytes())
    return place


def run(code, *arguments, path=(), **environment):
    """Run a script in a process of its own; get what it printed."""
    script = SETTING_UP + textwrap.dedent(code)
    places = os.pathsep.join(map(str, [*path, *sys.path]))
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": places} | environment,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_widgets_models_plug_ins_and_own_networks_load_nothing_into_the_window(
    folder, plugin, tmp_path
):
    import torch

    own = tmp_path / "own.pt"
    network = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(2), torch.nn.Flatten())
    torch.jit.trace(network, torch.zeros(1, 3, 224, 224)).save(own)
    code = """
        canvas, widget = embedding_widget()
        first = embedded(canvas, widget, table)
        np.save(sys.argv[2], first.X)
        assert not loaded(), loaded()

        from Orange.classification import LogisticRegressionLearner
        predicted = LogisticRegressionLearner()(first)(oie.import_images(folder / "cat").table)
        assert len(predicted) == 6 and not loaded(), loaded()

        canvas.process_events(lambda: not widget.background.is_busy, timeout=60_000)
        assert "means" in widget.embedder_list.ids()
        widget.choose_embedder("means")
        canvas.wait_until_finished(widget=widget, timeout=60_000)
        by_plugin = canvas.get_output(widget.Outputs.embeddings, widget=widget)
        assert by_plugin.X.shape == (12, 3), str(widget.Error.failed)

        canvas, widget = embedding_widget(embedder_id="own-file", own_file=sys.argv[3])
        assert embedded(canvas, widget, table).X.shape == (12, 12)
        canvas, widget = embedding_widget(device="plug-in:torchy")
        assert embedded(canvas, widget, table) is None
        assert "another process" in str(widget.Error.failed), str(widget.Error.failed)
        assert oie.get_embedder("timm:resnet18").n_features == 512
        assert not loaded(), loaded()
        assert the_worker().pid is not None
    """
    run(code, folder, tmp_path / "first.npy", own, path=[plugin])
    here = oie.embed_files(sorted(folder.rglob("*.png")), "efficientnet-lite0", cache=False)
    np.testing.assert_allclose(np.load(tmp_path / "first.npy"), here.vectors, atol=1e-4)


def test_a_worker_that_is_killed_is_said_and_apply_goes_on_from_what_was_finished(folder, plugin):
    code = """
        import signal
        canvas, widget = embedding_widget(device="plug-in:slow")
        canvas.send_signal(widget.Inputs.images, table, widget=widget)
        canvas.process_events((Path(sys.argv[2]) / "begun").exists, timeout=60_000)
        worker = the_worker().pid
        os.kill(worker, signal.SIGKILL)
        canvas.wait_until_finished(widget=widget, timeout=60_000)
        message = str(widget.Error.failed)
        assert "SIGKILL" in message and "try again" in message, message
        (Path(sys.argv[2]) / "go").touch()
        widget.commit.now()
        canvas.wait_until_finished(widget=widget, timeout=60_000)
        assert not widget.Error.failed.is_shown()
        assert np.isfinite(canvas.get_output(widget.Outputs.embeddings, widget=widget).X).all()
        assert "6 of them cached" in widget.progress.label.text()
        assert the_worker().pid != worker
    """
    run(code, folder, plugin, path=[plugin])


NODES = {
    "Train": "orangecontrib.imageembedding.widgets.owimportimages.OWImportImages",
    "Raw": "orangecontrib.imageembedding.widgets.owimportimages.OWImportImages",
    "Embed": "orangecontrib.imageembedding.widgets.owimageembedding.OWImageEmbedding",
    "Learn": "Orange.widgets.model.owlogisticregression.OWLogisticRegression",
    "Predict": "Orange.widgets.evaluate.owpredictions.OWPredictions",
}
LINKS = [
    ("Train", "Data", "Embed", "Images"), ("Embed", "Embeddings", "Learn", "Data"),
    ("Learn", "Model", "Predict", "Predictors"), ("Raw", "Data", "Predict", "Data"),
]  # fmt: skip


def write_workflow(path, settings):
    """Write a workflow with some settings of its nodes."""
    ids = {title: str(i) for i, title in enumerate(NODES)}
    scheme = ElementTree.Element("scheme", version="2.0", title="")
    nodes, links, properties = (
        ElementTree.SubElement(scheme, name) for name in ("nodes", "links", "node_properties")
    )
    for title, kind in NODES.items():
        ElementTree.SubElement(
            nodes, "node", id=ids[title], qualified_name=kind, title=title, name=title,
            project_name="", version="", position="(0, 0)",
        )  # fmt: skip
        own = ElementTree.SubElement(properties, "properties", node_id=ids[title], format="literal")
        own.text = repr(settings.get(title, {}))
    for i, (source, output, sink, name) in enumerate(LINKS):
        ElementTree.SubElement(
            links, "link", id=str(i), source_node_id=ids[source], sink_node_id=ids[sink],
            source_channel=output, sink_channel=name, enabled="true",
        )  # fmt: skip
    ElementTree.ElementTree(scheme).write(path)


@pytest.fixture
def screen():
    """A display that draws into memory."""
    if shutil.which("Xvfb") is None:
        pytest.skip("needs Xvfb")
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        yield f":{server.stdout.readline().strip()}"
        server.terminate()


@pytest.mark.skipif(
    not importlib.util.find_spec("PyQt6.QtWebEngineWidgets"), reason="needs PyQt6-WebEngine"
)
def test_a_workflow_on_a_screen_with_an_open_report_and_a_worker_that_is_killed(tmp_path, screen):
    for name, first in (("train", 0), ("raw", 20)):
        for kind, low in (("bright", 170), ("dark", 0)):
            (tmp_path / name / kind).mkdir(parents=True)
            for i in range(first, first + 6):
                file = tmp_path / name / kind / f"{i}.png"
                Image.fromarray(picture(i) // 3 + low).save(file)
    workflow = tmp_path / "predict.ows"
    settings = {
        "Train": {"folder": str(tmp_path / "train")},
        "Raw": {"folder": str(tmp_path / "raw")},
        "Embed": {"embedder_id": "efficientnet-lite0"},
    }
    write_workflow(workflow, settings)
    code = """
        import os, signal
        from AnyQt.QtCore import QEventLoop, QTimer
        from orangewidget.report.owreport import OWReport
        from orangecontrib.imageembedding.examples.workflows import application, open_workflow

        application(sys.argv[3])
        with open_workflow(sys.argv[2]) as workflow:
            report, loop = OWReport(), QEventLoop()
            report.report_view.loadFinished.connect(loop.quit)
            report.make_report(workflow.widget("Train"))
            report.show()
            QTimer.singleShot(30_000, loop.quit)
            loop.exec()
            assert any("WebEngine" in kind.__name__ for kind in type(report.report_view).__mro__)

            def check():
                workflow.settle()
                predicted = workflow.output("Predict", "Predictions")
                kinds = predicted.domain.class_var.values
                metas = predicted.domain.metas
                (answer,) = [meta for meta in metas if meta.is_discrete and meta.values == kinds]
                column = predicted.get_column(answer)
                assert (column == predicted.Y).all(), (column, predicted.Y)
                assert len(predicted) == 12

            check()
            assert not loaded(), loaded()
            os.kill(the_worker().pid, signal.SIGKILL)
            workflow.widget("Embed").commit.now()
            check()
            assert not loaded(), loaded()
            print("right")
        sys.stdout.flush()
        os._exit(0)  # Qt's web engine may crash at the very end, by itself
    """
    out = run(
        code, tmp_path / "train", workflow, tmp_path / "settings",
        DISPLAY=screen, QT_QPA_PLATFORM="xcb", QTWEBENGINE_DISABLE_SANDBOX="1",
    )  # fmt: skip
    assert "right" in out
