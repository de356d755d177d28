"""Saving images: what is promised to the user of any folder."""

import csv
import io
import os
import re
import signal
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from Orange.data import DiscreteVariable, Domain, StringVariable, Table
from pictures import picture, write_images
from PIL import Image

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.pipeline import Saving, tables_of_saving
from orangecontrib.imageembedding.tables.build import image_variable
from orangecontrib.imageembedding.tables.locate import default_image_locations

NAMES = ["cat/1.png", "cat/2.jpg", "dog/1.png", "dog/10.gif"]


@pytest.fixture
def table(tmp_path):
    return oie.import_images(write_images(tmp_path / "animals", NAMES)).table


def contents(folder):
    files = [path for path in Path(folder).rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def reasons_of(done):
    return [] if done.skipped is None else [str(row["reason"]) for row in done.skipped]


def test_images_are_copied_byte_for_byte_into_folders_by_class(table, tmp_path):
    done = oie.save_images(table, tmp_path / "new" / "deep", by="category")
    assert contents(tmp_path / "new" / "deep") == contents(tmp_path / "animals")
    assert done.skipped is None
    paths = default_image_locations(done.saved)
    assert paths == [str(tmp_path / "new" / "deep" / name) for name in NAMES]
    np.testing.assert_array_equal(done.saved.ids, table.ids)
    np.testing.assert_array_equal(done.saved.Y, table.Y)
    assert done.saved.name == table.name
    assert [v.name for v in done.saved.domain.metas] == [v.name for v in table.domain.metas]
    assert default_image_locations(table) == [str(tmp_path / "animals" / name) for name in NAMES]


def test_saving_again_changes_nothing_and_says_so(table, tmp_path):
    oie.save_images(table, tmp_path / "new", manifest=True)
    before = contents(tmp_path / "new")
    again = oie.save_images(table, tmp_path / "new", manifest=True)
    assert contents(tmp_path / "new") == before
    assert len(again.saved) == 0
    assert again.n_known == len(table)
    assert all(reason.startswith("there already: ") for reason in reasons_of(again))


def test_going_on_after_a_cancel(table, tmp_path):
    saving = Saving()

    def stop_after_two(fraction):
        if fraction >= 0.5:
            raise oie.Cancelled

    with pytest.raises(oie.Cancelled):
        oie.save_images(table, tmp_path / "new", saving=saving, progress=stop_after_two)
    part = tables_of_saving(table, saving)
    assert len(part.saved) == len(contents(tmp_path / "new")) == 2
    assert reasons_of(part) == ["not saved yet"] * 2
    rest = oie.save_images(table, tmp_path / "new")
    assert (len(rest.saved), rest.n_known) == (2, 2)
    assert len(contents(tmp_path / "new")) == 4


def test_what_cannot_be_read_is_skipped_with_its_reason(table, tmp_path):
    (tmp_path / "animals" / "cat" / "1.png").unlink()
    (tmp_path / "animals" / "dog" / "1.png").write_bytes(b"<html>")
    with table.unlocked(table.metas):
        table[1, "image"] = ""
    done = oie.save_images(table, tmp_path / "new")
    assert reasons_of(done) == ["file not found", "no image in this row", "not an image: HTML page"]
    assert list(contents(tmp_path / "new")) == ["10.gif"]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("{name}", ["1.png", "2.jpg", "1 (2).png", "10.gif"]),
        ("{category}_{image name}", ["cat_1.png", "cat_2.jpg", "dog_1.png", "dog_10.gif"]),
        ("{row}", ["1.png", "2.jpg", "3.png", "4.gif"]),
        ("x", ["x.png", "x.jpg", "x (2).png", "x.gif"]),
        ("{width} px", ["48 px.png", "48 px.jpg", "48 px (2).png", "48 px.gif"]),
        ("../{name}", ["_.._1.png", "_.._2.jpg", "_.._1 (2).png", "_.._10.gif"]),
        ("", ["_.png", "_.jpg", "_ (2).png", "_.gif"]),
    ],
)
def test_names_are_made_of_a_pattern(table, tmp_path, pattern, names):
    done = oie.save_images(table, tmp_path / "new", pattern)
    assert [os.path.basename(path) for path in default_image_locations(done.saved)] == names


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"pattern": "{clas}"},
            "{clas}, but the table has no such column. It has: {name}, {row}, ",
        ),
        ({"by": "width"}, "'width' is not one. The table has: category"),
        ({"by": ["category", "x"]}, "'x' is not one"),
        ({"format": "svg"}, "format must be one of png, jpeg"),
        ({"fit": "tile"}, "fit must be one of"),
        ({"quality": 200}, "quality must be 1 to 100"),
        ({"size": 0}, "size must be"),
        ({"size": "resnet5"}, "There is no embedder 'resnet5'"),
        ({"labels": ["x"], "format": "contact sheet"}, "no column 'x'"),
        ({"image_column": "x"}, "no text or categorical column 'x'"),
    ],
)
def test_what_makes_no_sense_is_refused_before_a_folder_is_made(table, tmp_path, options, words):
    with pytest.raises(oie.InputError, match=re.escape(words)):
        oie.save_images(table, tmp_path / "new", **options)
    assert not (tmp_path / "new").exists()


def test_every_row_keeps_its_folder_also_with_wicked_values(tmp_path):
    values = ["..", "a/b", "a_b", "Cat", "cat", "con", "x" * 300, "e\u0301", "é", "?"]
    write_images(tmp_path / "animals", [f"{i}.png" for i in range(len(values))])
    group = DiscreteVariable("group", tuple(dict.fromkeys(values)))
    domain = Domain([], group, [image_variable()])
    paths = np.array([[str(tmp_path / "animals" / f"{i}.png")] for i in range(len(values))])
    table = Table.from_numpy(
        domain,
        np.empty((len(values), 0)),
        np.arange(len(values), dtype=float),
        paths.astype(object),
    )
    with table.unlocked(table.Y):
        table.Y[-1] = np.nan
    done = oie.save_images(table, tmp_path / "new" / "top", by="group")
    assert done.skipped is None
    folders = [
        os.path.basename(os.path.dirname(path)) for path in default_image_locations(done.saved)
    ]
    assert folders[:6] == ["_", "a_b", "a_b (2)", "Cat", "cat (2)", "_con"]
    assert folders[7:] == ["é", "é (2)", "missing"]
    keys = {unicodedata.normalize("NFC", name.casefold()) for name in folders}
    assert len(keys) == len(values)
    assert os.listdir(tmp_path / "new") == ["top"]


@pytest.mark.parametrize("name", ["png", "JPG", "tif", "webp", "bmp", "gif", "pdf"])
def test_formats(table, tmp_path, name):
    done = oie.save_images(table, tmp_path / "new", format=name, size=(10, 12), fit="stretch")
    files = contents(tmp_path / "new")
    assert len(files) == len(done.saved) == 4
    assert {os.path.splitext(file)[1] for file in files} == {f".{name.lower()}"}
    if name != "pdf":
        assert {Image.open(io.BytesIO(data)).size for data in files.values()} == {(10, 12)}


def test_scaled_to_the_input_of_an_embedder(table, tmp_path):
    oie.save_images(table, tmp_path / "new", size="efficientnet-lite0")
    side = oie.get_embedder("efficientnet-lite0").input_px
    sizes = {Image.open(io.BytesIO(data)).size for data in contents(tmp_path / "new").values()}
    assert sizes == {(side, side)}


def test_a_contact_sheet_for_each_folder(table, tmp_path):
    (tmp_path / "animals" / "dog" / "1.png").unlink()
    done = oie.save_images(
        table, tmp_path / "new", by="category", format="contact sheet", labels=["image name"]
    )
    files = contents(tmp_path / "new")
    assert sorted(files) == ["cat/Contact sheet.pdf", "dog/Contact sheet.pdf"]
    assert all(data.count(b"/Type /Page ") == 1 for data in files.values())
    assert len(done.saved) == 3
    assert reasons_of(done) == ["file not found"]


def test_a_long_contact_sheet_has_pages(tmp_path):
    write_images(tmp_path / "animals", [f"{i}.png" for i in range(45)])
    table = oie.import_images(tmp_path / "animals").table
    oie.save_images(table, tmp_path / "new", format="contact sheet")
    (sheet,) = contents(tmp_path / "new").values()
    assert sheet.count(b"/Type /Page ") == 3
    assert b"/Count 3" in sheet
    first = re.search(rb"\xff\xd8\xff.*?\xff\xd9(?=\nendstream)", sheet, re.DOTALL)[0]
    page = np.asarray(Image.open(io.BytesIO(first)))
    assert page.shape == (1754, 1240, 3)
    expected = picture(0).mean(axis=(0, 1))  # of the first picture, at the left under the heading
    left, top = 75 + (1240 - 150) // 8, 75 + 60 + 256
    shown = page[top - 32 : top, left - 24 : left + 24].mean(axis=(0, 1))
    np.testing.assert_allclose(shown, expected, atol=4)


def test_the_manifest_tells_what_came_from_where(table, tmp_path):
    (tmp_path / "animals" / "cat" / "1.png").unlink()
    oie.save_images(table, tmp_path / "new", by="category", manifest=True)
    rows = list(csv.reader(io.StringIO((tmp_path / "new" / "manifest.csv").read_text())))
    source = str(tmp_path / "animals")
    assert rows == [
        ["file", "source", "reason"],
        ["", f"{source}/cat/1.png", "file not found"],
        *[[name, f"{source}/{name}", ""] for name in NAMES[1:]],
    ]


def test_images_in_the_folder_they_are_saved_to_stay_as_they_are(table, tmp_path):
    before = contents(tmp_path / "animals")
    done = oie.save_images(table, tmp_path / "animals", by="category")
    assert done.n_known == 4
    oie.save_images(table, tmp_path / "animals", by="category", size=10)
    after = contents(tmp_path / "animals")
    assert {name: after[name] for name in before} == before
    assert len(after) == 8


def test_locations_of_all_kinds(tmp_path):
    write_images(tmp_path / "animals", ["a.png", "sub/b.png"])
    data = "data:image/png;base64,iVBORw0KGgo="
    column = StringVariable("where")
    column.attributes.update(type="image", origin=str(tmp_path / "animals"))
    cells = ["a.png", f"file://{tmp_path}/animals/sub/b%2Epng", data]
    table = Table.from_numpy(
        Domain([], [], [column]), np.empty((3, 0)), metas=np.array([cells], object).T
    )
    done = oie.save_images(table, tmp_path / "new")
    assert sorted(contents(tmp_path / "new")) == ["a.png", "b.png"]
    assert default_image_locations(done.saved) == [
        str(tmp_path / "new" / name) for name in ("a.png", "b.png")
    ]
    assert "damaged" in reasons_of(done)[0]


def test_a_categorical_image_column_stays_and_the_new_paths_stand_beside_it(table, tmp_path):
    paths = default_image_locations(table)
    column = DiscreteVariable("image", tuple(paths))
    column.attributes["type"] = "image"
    table = Table.from_numpy(Domain([column]), np.arange(4.0)[:, None])
    done = oie.save_images(table, tmp_path / "new", image_column="image")
    assert default_image_locations(done.saved)[0] == str(tmp_path / "new" / "1.png")


TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5), TEXTS)
def test_whatever_the_table_says_nothing_leaves_the_folder_and_nothing_is_lost(
    tmp_path_factory, rows, literal
):
    top = tmp_path_factory.mktemp("fuzz")
    write_images(top / "images", [f"{i}.png" for i in range(len(rows))])
    group = DiscreteVariable("group", tuple(dict.fromkeys(group for group, _ in rows)))
    domain = Domain([], group, [image_variable(), StringVariable("text")])
    metas = np.array(
        [[str(top / "images" / f"{i}.png"), text] for i, (_, text) in enumerate(rows)], object
    )
    codes = [group.values.index(value) for value, _ in rows]
    table = Table.from_numpy(domain, np.empty((len(rows), 0)), np.array(codes, float), metas)
    literal = re.sub("[{}]", "", literal)
    done = oie.save_images(table, top / "new", literal + "{text}{group}", by="group")
    assert done.skipped is None
    new = default_image_locations(done.saved)
    assert len(set(new)) == len(rows)
    for old, path in zip(metas[:, 0], new, strict=True):
        assert os.path.realpath(path).startswith(os.path.join(top, "new", ""))
        assert Path(path).read_bytes() == Path(old).read_bytes()
    assert sorted(os.listdir(top)) == ["images", "new"]


@pytest.mark.skipif(sys.platform != "linux", reason="needs files without a name")
def test_kill_9_in_the_middle_leaves_whole_files_and_the_rest_is_saved_later(tmp_path):
    write_images(tmp_path / "animals", [f"{i}.png" for i in range(40)], width=300, height=300)
    code = f"""
import orangecontrib.imageembedding as oie
class Told:
    def __call__(self, fraction): ...
    def count(self, counts):
        print(counts.n_done, flush=True)
        if counts.n_done > 10: input()
table = oie.import_images({str(tmp_path / "animals")!r}).table
oie.save_images(table, {str(tmp_path / "new")!r}, format="tiff", progress=Told())
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stdin=subprocess.PIPE
    )
    assert b"11\n" in iter(process.stdout.readline, b"")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert len(contents(tmp_path / "new")) == 11
    table = oie.import_images(tmp_path / "animals").table
    done = oie.save_images(table, tmp_path / "new", format="tiff")
    assert (len(done.saved), done.n_known) == (29, 11)
    for data in contents(tmp_path / "new").values():
        assert Image.open(io.BytesIO(data)).convert("RGB").size == (300, 300)


def test_progress_tells_every_image(table, tmp_path):
    told = []

    class Told:
        def __call__(self, fraction):
            told.append(fraction)

        def count(self, counts):
            told.append((counts.n_done, counts.n_total))

    (tmp_path / "animals" / "cat" / "1.png").unlink()
    oie.save_images(table, tmp_path / "new", progress=Told())
    assert [item for item in told if isinstance(item, tuple)] == [(n, 4) for n in (1, 2, 3, 4)]
    assert told[-1] == 1.0


def test_an_empty_table_saves_nothing(table, tmp_path):
    done = oie.save_images(table[:0], tmp_path / "new")
    assert (len(done.saved), done.skipped) == (0, None)
