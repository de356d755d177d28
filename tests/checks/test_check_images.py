import pickle
import shutil

import numpy as np
import pytest
from embedded_tables import fake
from Orange.data import DiscreteVariable, Domain, StringVariable, Table
from pictures import encoded, picture, write_images
from PIL import Image

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.__main__ import main
from orangecontrib.imageembedding.checks.find import find_faults
from orangecontrib.imageembedding.checks.measures import N_MEASURES, measure
from orangecontrib.imageembedding.images import look
from orangecontrib.imageembedding.pipeline import flagged_images
from orangecontrib.imageembedding.pipeline.looking import looks_of
from orangecontrib.imageembedding.pipeline.measuring import measures_of
from orangecontrib.imageembedding.progress import silent
from orangecontrib.imageembedding.tables.features import feature_matrix


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two kinds of pictures; among them a black one, one in the wrong folder, and a cut file."""
    folder = tmp_path_factory.mktemp("collection")
    rng = np.random.default_rng(0)
    for kind, step in (("coarse", 16), ("fine", 2)):
        (folder / kind).mkdir()
        for i in range(10):
            grain = rng.integers(40, 250, (96 // step, 128 // step, 3), dtype=np.uint8)
            image = Image.fromarray(grain).resize((128, 96), Image.Resampling.NEAREST)
            image.save(folder / kind / f"{i}.png")
    shutil.move(folder / "coarse" / "3.png", folder / "fine" / "wrong.png")
    Image.new("RGB", (128, 96)).save(folder / "coarse" / "black.png")
    return folder


@pytest.fixture(scope="module")
def table(folder):
    found = oie.import_images(folder).table
    (folder / "coarse" / "4.png").write_bytes(encoded(picture(1))[:60])
    return found


@pytest.fixture(scope="module")
def checked(table, tmp_path_factory):
    """What is found without embeddings; computed once."""
    return oie.check_images(table)


def hashes(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_wrong_is_told_with_reasons_and_the_rest_is_not(table, checked):
    names = [row["image name"].value for row in table]
    flags = dict(zip(names, checked.flags, strict=True))
    assert {"dark", "nearly empty"} <= set(flags["black"])
    assert "label doubtful" in flags["wrong"]
    assert "coarse rather than fine" in checked.reasons[names.index("wrong")]
    told = {name for name, ids in flags.items() if set(ids) - {"unusual"}}
    assert told == {"black", "wrong"}
    assert list(checked.failures) == [names.index("4")]


def test_measures_are_columns_and_missing_where_there_is_no_image(table, checked):
    measures = checked.measures
    assert measures.domain.attributes == table.domain.attributes
    assert (measures.ids == table.ids).all()
    (row,) = checked.failures
    names = [variable.name for variable in measures.domain.metas]
    for name in ("Saturation", "Entropy", "Brightness", "Contrast", "Edge Density", "Sharpness"):
        column = measures.get_column(name)
        assert np.isnan(column[row])
        assert np.isfinite(np.delete(column, row)).sum() >= len(table) - 2, name
    assert "Width" not in names  # Import Images tells it
    assert str(measures[row]["Flags"]) in ("", "?")
    black = [str(r["image name"]) for r in measures].index("black")
    assert measures[black]["Brightness"] == 0
    assert "dark" in str(measures[black]["Flags"])


def test_measures_compute_themselves_for_other_images_also_in_saved_models(table, checked):
    measures = checked.measures
    wanted = [measures.domain[name] for name in ("Brightness", "Sharpness", "Hue")]
    domain = pickle.loads(pickle.dumps(Domain(wanted)))
    found = table[5:9].transform(domain)
    for column, name in enumerate(("Brightness", "Sharpness", "Hue")):
        np.testing.assert_allclose(found.X[:, column], measures.get_column(name)[5:9], atol=1e-5)
    assert measures.domain["Size Difference"].compute_value is None
    again = oie.check_images(table).measures.domain["Hue"]
    assert again == measures.domain["Hue"]
    assert hash(again) == hash(measures.domain["Hue"])
    assert np.isnan(Table("iris").transform(domain).X).all()


def test_flagged_images_are_the_surest_first_with_flags_and_reasons(table, checked):
    flagged = flagged_images(table, checked.findings)
    sureness = flagged.get_column("Sureness")
    assert (np.diff(sureness) <= 0).all()
    assert len(flagged) == sum(bool(flags) for flags in checked.flags)
    wrong = [str(row["image name"]) for row in flagged].index("wrong")
    assert str(flagged[wrong]["Suggested Class"]) == "coarse"
    assert flagged.domain.class_var == table.domain.class_var


def test_an_image_is_decoded_once_for_measures_and_duplicates(tmp_path, at_rest, monkeypatch):
    paths = [tmp_path / f"{i}.png" for i in range(3)]
    for i, path in enumerate(paths):
        path.write_bytes(encoded(picture(i, 90, 70)))
    decoded = []
    decode = look.decode
    monkeypatch.setattr(look, "decode", lambda *a, **k: decoded.append(a[1]) or decode(*a, **k))
    places = [*map(str, paths), str(tmp_path / "gone.png")]
    measures, failures = measures_of(places)
    again, _ = measures_of(places[::-1])
    assert len(decoded) == 3
    np.testing.assert_array_equal(measures, again[::-1])
    looks_of(places, silent)
    assert len(decoded) == 3
    assert failures == {3: "file not found"}
    assert np.isnan(measures[3]).all()
    assert measures[0].tolist() == pytest.approx(
        measure(picture(0, 90, 70), 90, 70).tolist(), nan_ok=True
    )


def test_embeddings_of_the_table_are_used(table):
    done = fake(table)  # of another embedder
    found = oie.check_images(done).findings
    expected = find_faults(np.full((len(done), N_MEASURES), np.nan), feature_matrix(done))
    np.testing.assert_array_equal(found.columns["Distance"], expected.columns["Distance"])


def test_without_a_class_no_label_is_told(table):
    done = fake(table)
    plain = done.transform(Domain(done.domain.attributes, (), done.domain.metas))
    checked = oie.check_images(plain)
    assert "Label Doubt" not in checked.findings.columns
    assert "Suggested Class" not in checked.measures.domain


def test_images_that_are_also_in_the_reference_are_told(folder, table, tmp_path):
    shutil.copy(folder / "fine" / "5.png", tmp_path / "a.png")
    other = oie.import_images(tmp_path).table
    checked = oie.check_images(table, reference=other)
    names = [row["image name"].value for row in table]
    leaks = [name for name, ids in zip(names, checked.flags, strict=True) if "leak" in ids]
    assert "5" in leaks
    assert "black" not in leaks
    row = next(i for i, ids in enumerate(checked.flags) if "leak" in ids)
    assert "the same as, or a copy of, an image in Reference Data" in checked.reasons[row]


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_rows_are_no_trouble(tmp_path, n):
    column = StringVariable("image")
    column.attributes["type"] = "image"
    paths = [tmp_path / f"{i}.png" for i in range(n)]
    for i, path in enumerate(paths):
        path.write_bytes(encoded(picture(i, 90, 70)))
    domain = Domain([], DiscreteVariable("kind", ["a", "b"]), [column])
    data = Table.from_list(domain, [[i % 2, str(path)] for i, path in enumerate(paths)])
    checked = oie.check_images(data)
    assert len(checked.flags) == len(checked.measures) == n
    assert flagged_images(data, checked.findings) is None or n


def test_rows_without_any_image_are_said(tmp_path):
    column = StringVariable("image")
    column.attributes["type"] = "image"
    data = Table.from_list(Domain([], None, [column]), [[""], [str(tmp_path / "gone.png")]])
    checked = oie.check_images(data)
    assert set(checked.failures) == {0, 1}
    assert checked.flags == [(), ()]
    with pytest.raises(oie.InputError, match="no image column"):
        oie.check_images(Table("iris"))


# The command


def test_the_command_lists_and_writes(folder, table, tmp_path, capsys):
    before = hashes(folder)
    out = tmp_path / "checked.tab"
    assert main(["check", str(folder), "-o", str(out)]) == 1  # the cut file
    told = capsys.readouterr()
    printed = told.out
    assert "4.png: damaged image: the file is cut" in told.err
    assert "black.png: " in printed
    assert "images need a look." in printed
    assert "1 dark" in printed
    saved = Table(str(out))
    assert "Sharpness" in saved.domain
    assert main(["check", str(folder), "-o", str(out)]) == 2
    assert hashes(folder) == before


def test_the_command_tells_images_of_the_reference(tmp_path, capsys):
    write_images(tmp_path / "a", ["1.png", "2.png"], width=90, height=70)
    write_images(tmp_path / "b", ["x.png"], width=90, height=70)
    assert main(["check", str(tmp_path / "a"), "--reference", str(tmp_path / "b")]) == 0
    assert "1 leak" in capsys.readouterr().out


def test_the_command_tells_of_images_that_are_gone(table, tmp_path, capsys):
    table.save(str(tmp_path / "images.tab"))
    assert main(["check", str(tmp_path / "images.tab")]) == 1
    assert "skipped: " in capsys.readouterr().err
