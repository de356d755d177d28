"""Which column holds the images, and where they are: the same rule for everybody."""

import shutil

import numpy as np
import pytest
from Orange.data import ContinuousVariable, DiscreteVariable, Domain, StringVariable, Table
from pictures import write_images

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.tables.build import image_variable
from orangecontrib.imageembedding.tables.locate import (
    default_image_column,
    default_image_locations,
    image_column,
    image_columns,
    with_images_found,
)
from orangecontrib.imageembedding.tables.search import resolved
from orangecontrib.imageembedding.tables.store import load_table, save_table

NAMES = ["cat/1.png", "dog/1.png", "dog/2.png"]  # two have the same name


def text_table(columns, **kinds):
    """Make a table of metas; of `kinds`, those of other variables than text."""
    variables = [kinds.get(name, StringVariable)(name) for name in columns]
    values = np.array(list(columns.values()), dtype=object).T
    return Table.from_numpy(Domain([], metas=variables), np.empty((len(values), 0)), metas=values)


def categorical_table(values, role):
    """Make a table with one categorical column."""
    variable = DiscreteVariable("photo", values=tuple(values))
    numbers = np.arange(len(values), dtype=float)[:, None]
    nothing = np.empty((len(values), 0))
    if role == "attribute":
        return Table.from_numpy(Domain([variable]), numbers)
    if role == "class":
        return Table.from_numpy(Domain([], variable), nothing, numbers)
    return Table.from_numpy(Domain([], metas=[variable]), nothing, metas=numbers.astype(object))


KINDS = ["text", "meta", "attribute", "class"]


def table_of(values, kind):
    return text_table({"photo": values}) if kind == "text" else categorical_table(values, kind)


class TestColumn:
    FILES = ["1.png", "2.JPG", "3.tiff"]

    @pytest.mark.parametrize(
        ("columns", "chosen"),
        [
            ({"title": ["A", "B", "C"], "photo": FILES}, "photo"),
            ({"title": ["A", "B", "C"], "x": FILES, "label": ["a", "b", "a"]}, "x"),
            ({"image": ["a cat", "a dog", "a hen"], "x": FILES}, "x"),
            ({"x": ["https://a/1.png", "http://a/2.jpg?s=1", ""], "path": ["a", "b", "c"]}, "x"),
            ({"page": ["https://a/1", "https://a/2", "?"], "title": ["a", "b", "c"]}, "page"),
            ({"x": ["data:image/png;base64,aa", "", "?"]}, "x"),
            ({"title": ["a", "b", "c"], "Image name": ["a", "b", "c"]}, "Image name"),
            ({"title": ["see 1.png.", "b", "c"], "body": ["a", "b", "c"]}, None),
            ({"date": ["2020/01/01", "2020/01/02", "2020/01/03"]}, None),
            ({"title": ["", "?", ""]}, None),
            ({"thumb": FILES, "image": FILES}, "image"),
        ],
    )
    def test_content_comes_before_names_and_text_alone_is_no_reason(self, columns, chosen):
        table = text_table(columns)
        column = default_image_column(table)
        assert (column and column.name) == chosen
        if chosen is None:
            with pytest.raises(InputError, match=rf"no image column.*'{next(iter(columns))}'"):
                image_column(table)

    def test_a_mark_comes_first(self):
        table = text_table({"x": self.FILES, "y": ["a", "b", "c"]}, y=image_variable)
        assert [column.name for column in image_columns(table)] == ["y", "x"]

    def test_files_that_are_there_come_before_names_of_files(self, tmp_path):
        write_images(tmp_path, ["b1.png"])
        table = text_table({"image": self.FILES, "x": ["b1.png"] * 3})
        table.__file__ = str(tmp_path / "t.csv")
        assert image_column(table).name == "x"

    def test_files_without_ending_are_seen_where_they_are_there(self, tmp_path):
        for name in ("IM1", "IM2"):
            (tmp_path / name).write_bytes(b"x")
        table = text_table({"title": ["a", "b"], "x": ["IM1", "IM2"]})
        table.__file__ = str(tmp_path / "t.csv")
        assert image_column(table).name == "x"

    @pytest.mark.parametrize("kind", KINDS)
    def test_it_is_found_wherever_it_is(self, kind):
        assert image_column(table_of(self.FILES, kind)).name == "photo"

    def test_missing_values_at_the_beginning_hide_nothing(self):
        table = text_table({"title": ["t"] * 300, "photo": [""] * 299 + ["1.png"]})
        assert image_column(table).name == "photo"

    def test_one_that_is_named_is_taken_if_it_can_be(self):
        table = text_table({"title": ["a"], "photo": ["1.png"]})
        assert image_column(table, "title").name == "title"
        with pytest.raises(InputError, match="'x'"):
            image_column(table, "x")

    def test_a_table_of_numbers_has_none(self):
        table = Table.from_numpy(Domain([ContinuousVariable("x")]), np.ones((2, 1)))
        with pytest.raises(InputError, match="no image column"):
            image_column(table)

    def test_the_one_used_is_the_only_one_marked(self):
        columns = {"x": self.FILES, "y": self.FILES}
        table = text_table(columns, x=image_variable, y=image_variable)
        used = with_images_found(table, table.domain["y"], self.FILES)
        marks = {column.name: column.attributes.get("type") for column in used.domain.metas}
        assert marks == {"x": None, "y": "image"}
        assert table.domain["x"].attributes == {"type": "image"}
        assert list(used.ids) == list(table.ids)


STYLES = {
    "absolute": lambda folder, name: f"{folder}/{name}",
    "relative": lambda folder, name: name,
    "backslashes": lambda folder, name: name.replace("/", "\\"),
    "windows": lambda folder, name: f"C:\\data\\{name}".replace("/", "\\"),
    "mixed": lambda folder, name: f"D:/data\\{name}",
    "share": lambda folder, name: f"\\\\host\\data\\{name}".replace("/", "\\"),
    "url": lambda folder, name: f"file://{folder}/{name}",
    "windows-url": lambda folder, name: f"file:///C:/data/{name}",
}


def is_same(locations, folder):
    paths = [location.removeprefix("file://") for location in locations]
    return paths == [str(folder / name) for name in NAMES]


@pytest.mark.parametrize("extension", [".tab", ".csv", ".xlsx", ".pkl", ".npz", ".parquet"])
@pytest.mark.parametrize("is_moved", [False, True], ids=["there", "moved"])
@pytest.mark.parametrize("style", STYLES)
def test_images_are_found_beside_the_table_that_was_read(tmp_path, extension, is_moved, style):
    folder = write_images(tmp_path / "old", NAMES)
    for kind in KINDS if extension in (".tab", ".pkl") else ["text", "meta"]:
        save_table(
            table_of([STYLES[style](folder, name) for name in NAMES], kind),
            str(folder / f"{kind}{extension}"),
        )
    if is_moved:
        folder = shutil.move(folder, tmp_path / "new place")
    for path in sorted(folder.glob(f"*{extension}")):
        read = Table.from_file if extension in (".tab", ".csv", ".xlsx", ".pkl") else load_table
        table = read(str(path))
        assert is_same(default_image_locations(table), folder), path.name
        assert is_same(default_image_locations(table[:]), folder), "without its __file__"


def test_a_table_read_where_the_script_runs_is_right_elsewhere(tmp_path, monkeypatch):
    folder = write_images(tmp_path / "here", NAMES)
    save_table(table_of(NAMES, "text"), str(folder / "a.csv"))
    monkeypatch.chdir(folder)
    table = Table.from_file("a.csv")
    monkeypatch.chdir(tmp_path)
    assert is_same(default_image_locations(table[:]), folder)


def test_a_file_written_by_an_earlier_place_knows_the_new_one(tmp_path):
    """The folder of the first reading is stored, and stands no more."""
    folder = write_images(tmp_path / "old" / "animals", NAMES)
    save_table(table_of(NAMES, "text"), str(folder / "a.csv"))
    read = Table.from_file(str(folder / "a.csv"))
    assert read.domain["photo"].attributes["origin"] == str(folder)
    read.save(str(tmp_path / "old" / "b.tab"))
    (tmp_path / "new").mkdir()
    folder = shutil.move(folder, tmp_path / "new" / "animals")
    shutil.move(tmp_path / "old" / "b.tab", tmp_path / "new" / "b.tab")
    again = Table.from_file(str(tmp_path / "new" / "b.tab"))
    assert is_same(default_image_locations(again[:]), folder)


class TestSearch:
    def test_what_stands_stays(self, tmp_path):
        here = write_images(tmp_path / "here", NAMES)
        write_images(tmp_path / "there", NAMES)
        paths = [str(here / name) for name in NAMES]
        assert resolved(paths, [str(tmp_path / "there")]) == paths

    def test_the_longest_end_wins(self, tmp_path):
        folder = write_images(tmp_path, ["1.png", "cat/1.png", "x/cat/1.png"])
        assert resolved(["/old/x/cat/1.png"], [str(folder)]) == [str(folder / "x/cat/1.png")]
        assert resolved(["/old/y/cat/1.png"], [str(folder)]) == [str(folder / "cat/1.png")]

    def test_one_file_is_not_taken_for_two_images(self, tmp_path):
        folder = write_images(tmp_path, ["1.png", "2.png"])
        lost = ["/old/cat/1.png", "/old/dog/1.png", "/old/dog/2.png"]
        assert resolved(lost, [str(folder)]) == [*lost[:2], str(folder / "2.png")]

    def test_the_same_image_twice_is_found_twice(self, tmp_path):
        folder = write_images(tmp_path, ["cat/1.png"])
        lost = ["/old/cat/1.png", "C:\\x\\cat\\1.png", "/old/cat/1.png"]
        found = resolved([lost[0], lost[2]], [str(folder)])
        assert found == [str(folder / "cat/1.png")] * 2

    def test_what_is_nowhere_stays_or_is_in_the_first_folder(self, tmp_path):
        folders = [str(tmp_path / "a"), str(tmp_path / "b")]
        lost = ["/x/1.png", "2.png", "C:\\3.png", "file:///4.png", "http://a/5.png", ""]
        assert resolved(lost, folders) == [lost[0], str(tmp_path / "a" / "2.png"), *lost[2:]]
        assert resolved(lost, []) == lost

    def test_a_folder_is_no_image_and_a_null_character_no_error(self, tmp_path):
        (tmp_path / "cat").mkdir()
        assert resolved(["/old/cat", "/a\0b.png"], [str(tmp_path)]) == ["/old/cat", "/a\0b.png"]

    def test_a_backslash_in_a_name_is_no_separator_where_it_is_a_name(self, tmp_path):
        (tmp_path / "a\\b.png").write_bytes(b"x")
        assert resolved(["a\\b.png"], [str(tmp_path)]) == [str(tmp_path / "a\\b.png")]

    def test_links_up_are_followed_where_they_stand(self, tmp_path):
        folder = write_images(tmp_path, ["img/1.png", "tables/t.png"])
        found = resolved(["../img/1.png"], [str(folder / "tables")])
        assert found == [str(folder / "tables" / "../img/1.png")]

    def test_a_hundred_thousand_lost_paths_are_no_long_search(self, tmp_path):
        looked = []
        lost = [f"/old/{i % 7}/{i}.png" for i in range(100_000)]
        import os as system

        original = system.path.isfile
        system.path.isfile = lambda path: looked.append(path) or original(path)
        try:
            assert resolved(lost, [str(tmp_path)]) == lost
        finally:
            system.path.isfile = original
        assert len(looked) < 1000


class TestImagesFolder:
    def embed(self, table, **options):
        from fake_backends import FakeBackend

        return oie.embed_images(table, "efficientnet-lite0", backend=FakeBackend(), **options)

    @pytest.mark.parametrize("kind", KINDS)
    def test_it_leads_to_the_images_here_and_behind(self, tmp_path, kind):
        folder = write_images(tmp_path / "pictures", NAMES)
        table = table_of(NAMES, kind)
        done = self.embed(table, images_folder=folder)
        assert done.skipped is None
        assert is_same(default_image_locations(done.embeddings), folder)
        assert done.embeddings.domain["photo"].attributes["type"] == "image"
        assert table.domain["photo"].attributes == {}

    def test_the_reason_says_where_it_was_looked_for(self, tmp_path):
        write_images(tmp_path / "pictures", NAMES[:1])
        table = text_table({"photo": NAMES})
        table.__file__ = str(tmp_path / "tables" / "t.csv")
        done = self.embed(table, images_folder=tmp_path / "pictures")
        reason = str(done.skipped[0, "reason"])
        assert reason.startswith("file not found; it was looked for in ")
        assert str(tmp_path / "pictures") in reason
        assert str(tmp_path / "tables") in reason
        assert len(done.embeddings) == 1
