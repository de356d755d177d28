import dataclasses

import numpy as np
import pytest
import torch
from embedded_tables import FakeBackend2, write_classes
from fake_backends import FakeBackend, wait_for_runs
from pictures import picture, write_images
from server_fixtures import running, tiny_app

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.errors import Cancelled
from orangecontrib.imageembedding.pipeline import scoring

BUILT_IN = "efficientnet-lite0"
N_CHANGES = 4


@pytest.fixture
def table(tmp_path):
    return write_classes(tmp_path / "lights", n=6)


def column(compared, name):
    return compared.scores.get_column(name)


def test_dark_and_bright_images_are_told_apart_by_what_looks_at_brightness(table):
    compared = oie.compare_embedders(table, [(BUILT_IN, FakeBackend2())])
    scores = compared.scores
    assert [column.name for column in scores.domain.metas] == [
        "Embedder", "Id", "Computed on", "Reason"
    ]  # fmt: skip
    assert scores[0, "Embedder"] == "EfficientNet-Lite0"
    assert scores[0, "Reason"] == ""
    for name in ("1-NN Accuracy", "Logistic Regression", "Tree NMI"):
        assert column(compared, name)[0] == 1
        assert 0 <= column(compared, f"{name} (error)")[0] < 0.2
    assert column(compared, "Numbers")[0] == 1280
    assert column(compared, "Images")[0] == 12
    assert column(compared, "Images per Second")[0] > 0
    assert 0.3 < column(compared, "Stability")[0] <= 1
    assert compared.skipped is None


def test_the_nearest_are_rows_of_the_table(table):
    compared = oie.compare_embedders(table, [(BUILT_IN, FakeBackend2())], n_images=8)
    near = compared.neighbors[BUILT_IN]
    assert near.shape == (8, 5)
    assert len(compared.rows) == 8
    vectors = oie.embed_images(table, BUILT_IN, backend=FakeBackend2()).embeddings.X
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    for row, others in zip(compared.rows, near, strict=True):
        cosines = {other: unit[row] @ unit[other] for other in compared.rows if other != row}
        assert sorted(cosines, key=cosines.get)[-1] == others[0]
        assert row not in others
        assert set(others) <= set(compared.rows)


def test_nothing_is_embedded_twice_but_what_the_clock_is_read_for(table):
    backend = FakeBackend2()
    first = oie.compare_embedders(table, [(BUILT_IN, backend)])
    n_timed = 1 + scoring.N_ROUNDS * scoring.N_TIMED
    assert len(backend.locations) == 12 + 12 * N_CHANGES + n_timed
    again = oie.compare_embedders(table, [(BUILT_IN, backend)])
    assert len(backend.locations) == 12 + 12 * N_CHANGES + 2 * n_timed
    same = [c.name for c in first.scores.domain.attributes if "per Second" not in c.name]
    for name in same:
        np.testing.assert_array_equal(column(first, name), column(again, name))
    done = again.embeddings(BUILT_IN)
    assert done.n_cached == 12
    assert done.embeddings.domain["n0"].attributes["embedder"] == BUILT_IN


class Broken(FakeBackend):
    def fingerprint(self, spec, progress):
        raise ZeroDivisionError("a plug-in's own fault")


def test_what_fails_is_a_row_with_its_reason_and_the_rest_goes_on(table, tmp_path):
    bad = tmp_path / "lights" / "dark" / "0.png"
    bad.write_bytes(bad.read_bytes()[:60])
    compared = oie.compare_embedders(
        table,
        [
            ("no-such", oie.Local()),
            (BUILT_IN, FakeBackend(fail_at=2)),
            ("resnet50", FakeBackend2()),
            ("vgg19", Broken()),
            ("vgg16", oie.Local(weights_folder=tmp_path)),
        ],
    )
    reasons = column(compared, "Reason").tolist()
    assert [bool(reason) for reason in reasons] == [True, True, False, True, True]
    for reason, told in zip(reasons, ("no-such", "device is gone", "", "own fault", "vgg16"),
                            strict=True):  # fmt: skip
        assert told in reason
    numbers = compared.scores.X
    assert np.isnan(numbers[[0, 1, 3, 4]]).all()
    assert column(compared, "Images")[2] == 11
    assert column(compared, "1-NN Accuracy")[2] == 1
    row = next(i for i in range(12) if str(table[i, "file"]) == "dark/0.png")
    position = compared.rows.tolist().index(row)
    assert (compared.neighbors["resnet50"][position] == -1).all()
    assert row not in compared.neighbors["resnet50"]
    assert (compared.neighbors["no-such"] == -1).all()
    assert [str(one["file"]) for one in compared.skipped] == ["dark/0.png"]
    assert str(compared.skipped[0, "reason"]).startswith("ResNet-50: ")
    with pytest.raises(oie.InputError, match="could not run"):
        compared.embeddings("no-such")
    with pytest.raises(oie.InputError, match="Choose one of: no-such, eff"):
        compared.embedder("clip")


def test_by_default_those_are_compared_that_are_here(table, tmp_path, monkeypatch):
    assert [spec.id for spec in scoring.embedders_here()] == [BUILT_IN]
    weights = oie.get_embedder("vgg16").weights
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / weights.name).write_bytes(b"not what it should be")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    compared = oie.compare_embedders(table[:4])
    assert {one.id for one in compared.embedders} == {BUILT_IN, "vgg16"}
    assert "checksum" in compared.embedder("vgg16").reason
    assert column(compared, "Size (MB)")[
        [one.id for one in compared.embedders].index(BUILT_IN)
    ] == pytest.approx(18.8, abs=0.1)


def test_files_of_the_user_are_compared_with_each_other(tmp_path):
    """Networks of random weights, as files."""
    folder = write_images(tmp_path / "animals", [f"{k}/{i}.png" for k in "ab" for i in range(4)])
    files = []
    for seed, n_features in ((0, 6), (1, 9)):
        torch.manual_seed(seed)
        network = torch.nn.Sequential(
            torch.nn.Conv2d(3, n_features, 8, 8), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()
        )
        files.append(tmp_path / f"net{seed}.pt")
        torch.jit.trace(network, torch.zeros(1, 3, 224, 224)).save(files[-1])
    specs = [oie.own_embedder(file, BUILT_IN) for file in files]
    compared = oie.compare_embedders(oie.import_images(folder).table, specs)
    assert [one.id for one in compared.embedders] == ["net0.pt", "net1.pt"]
    assert {one.place for one in compared.embedders} == {"this computer"}
    assert column(compared, "Numbers").tolist() == [6, 9]
    assert np.isfinite(column(compared, "Tree NMI")).all()
    sizes = [file.stat().st_size / 1e6 for file in files]
    assert column(compared, "Size (MB)").tolist() == pytest.approx(sizes)


def test_a_server_that_is_named_computes_beside_this_computer(table):
    with running(tiny_app()) as url:
        asked = [(BUILT_IN, FakeBackend2()), ("tiny", oie.Remote(url))]
        compared = oie.compare_embedders(table, asked, n_images=6)
        assert [one.place for one in compared.embedders] == ["FakeBackend2", url]
        assert compared.embedders[1].id == f"tiny on {url}"
        assert column(compared, "Numbers").tolist() == [1280, 12]
        assert column(compared, "1-NN Accuracy").tolist() == [1, 1]
        assert str(compared.scores[1, "Computed on"]) == url
        done = compared.embeddings(f"tiny on {url}")
        assert done.n_cached == 6


def test_images_that_embedders_disagree_about_tell_most(table):
    backend = FakeBackend2()
    compared = oie.compare_embedders(table, [(BUILT_IN, backend), ("resnet50", backend)])
    rows = compared.rows
    first, second = compared.embedders
    near = first.neighbors.copy()
    other = near[:, ::-1].copy()
    other[[3, 7]] = 100 + np.arange(5)  # no neighbor in common
    near[5], other[5] = -1, -1  # of an image that could not be read
    pair = tuple(
        dataclasses.replace(one, neighbors=those) for one, those in ((first, near), (second, other))
    )
    told = dataclasses.replace(compared, embedders=pair)
    bright, dark = rows[3], rows[7]
    assert {table.Y[bright], table.Y[dark]} == {0, 1}
    assert told.telling_rows(2) == [bright, dark]
    assert len(told.telling_rows(11)) == 11
    assert rows[5] not in told.telling_rows(11)
    alone = dataclasses.replace(told, embedders=pair[:1])
    assert rows[5] not in alone.telling_rows(11)


def test_a_list_of_images_needs_no_table_and_has_no_class():
    images = [picture(seed) for seed in range(11)] + [None]
    compared = oie.compare_embedders(images, [(BUILT_IN, FakeBackend2())])
    assert np.isnan(column(compared, "1-NN Accuracy")).all()
    assert np.isfinite(column(compared, "Stability")).all()
    assert compared.rows.tolist() == list(range(11))
    assert len(compared.embeddings(BUILT_IN).embeddings) == 11


@pytest.mark.parametrize(
    ("embedders", "message"),
    [([], "no embedder"), ([BUILT_IN, BUILT_IN], "twice")],
)
def test_there_must_be_embedders_and_each_once(table, embedders, message):
    with pytest.raises(oie.InputError, match=message):
        oie.compare_embedders(table, embedders)


def test_images_must_be_there_and_more_than_one_is_looked_at(table):
    with pytest.raises(oie.InputError, match="no images"):
        oie.compare_embedders([None, ""], [BUILT_IN])
    with pytest.raises(ValueError, match="2 or more"):
        oie.compare_embedders(table, [BUILT_IN], n_images=1)


@pytest.mark.parametrize("stop_at", ["Changing", "Loading", "Embedding", "Measuring"])
def test_it_stops_at_every_step(table, stop_at):
    class Stopping:
        begun = ""

        def say(self, text):
            self.begun = text

        def __call__(self, fraction):
            if stop_at in self.begun:
                raise Cancelled

    backend = FakeBackend2() if stop_at != "Loading" else oie.Local()
    with pytest.raises(Cancelled):
        oie.compare_embedders(table, [(BUILT_IN, backend)], progress=Stopping())
    wait_for_runs()


def test_what_is_known_after_each_embedder_is_told_and_each_step_by_name(table):
    seen, said = [], []

    class Watching:
        def say(self, text):
            said.append(text)

        def __call__(self, fraction):
            assert 0 <= fraction <= 1

    oie.compare_embedders(
        table,
        [(BUILT_IN, FakeBackend2()), ("vgg16", Broken())],
        progress=Watching(),
        live=lambda compared: seen.append([one.reason for one in compared.embedders]),
    )
    assert seen == [[""], ["", "a plug-in's own fault"]]
    assert "Embedder 1 of 2 (EfficientNet-Lite0): Measuring" in said
