import numpy as np
import pytest
from Orange.data import Table

from orangecontrib.imageembedding.files.record import ImageFile
from orangecontrib.imageembedding.tables.build import table_of_images
from orangecontrib.imageembedding.tables.describe import (
    Titles,
    facts,
    identities,
    rows_of,
    size_text,
)

FILES = [ImageFile(f"/x/{name}", name[:3], 10, 48, 32) for name in ("cat/1.png", "dog/2.png")]


def test_titles_have_a_line_for_each_column():
    table = table_of_images(FILES, "x")
    titles = Titles(table, [table.domain["category"], table.domain["width"]])
    assert list(titles) == ["cat\n48", "dog\n48"]
    assert len(titles) == 2
    assert list(Titles(table, [])) == ["", ""]


def test_a_missing_value_is_an_empty_title():
    table = table_of_images(FILES, "x")
    with table.unlocked(table.Y):
        table.Y[0] = np.nan
    assert Titles(table, [table.domain["category"]])[0] == ""


def test_facts_are_the_class_and_all_metas_with_sizes_as_people_say_them():
    assert facts(table_of_images(FILES, "x"), 1) == [
        ("category", "dog"), ("image name", "2"), ("image", "/x/dog/2.png"), ("file", "2.png"),
        ("Pixels", "48 × 32"), ("Size", "10 bytes"),
    ]  # fmt: skip
    assert facts(Table("iris"), 0) == [("iris", "Iris-setosa")]


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1 KB"), (16_123, "16.1 KB"), (160_700, "161 KB"),
     (2_440_000, "2.44 MB"), (5_000_000_000, "5 GB")],
)  # fmt: skip
def test_sizes_are_told_as_file_managers_do(n_bytes, text):
    assert size_text(n_bytes) == text


def test_rows_are_known_again_whatever_their_order():
    locations = ["/x/cat/1.png", "/x/cat/2.png", "/x/dog/1.png"]
    known = identities(locations, [0, 2])
    assert known == ("/x/", [("cat/1.png", 0), ("dog/1.png", 0)])
    assert rows_of(["/x/dog/1.png", "/x/new.png", "/x/cat/1.png"], known) == [0, 2]


def test_of_rows_with_the_same_image_the_right_one_is_known_again():
    locations = ["/x/1.png", "/x/1.png", "/x/2.png", "/x/1.png"]
    known = identities(locations, [1])
    assert rows_of(locations, known) == [1]
    assert rows_of(["/x/0.png", *locations], known) == [2]


def test_rows_are_known_again_after_all_images_have_moved():
    known = identities(["/x/cat/1.png", "/x/dog/2.png"], [1])
    assert rows_of(["/moved/to/cat/1.png", "/moved/to/dog/2.png"], known) == [1]


def test_other_images_are_not_taken_for_those_known():
    assert rows_of(["/y/a.png", "/y/b.png"], identities(["/x/cat/1.png", "/x/2.png"], [0])) == []
    assert rows_of([], identities(["/x/1.png"], [0])) == []
    assert identities(["", ""], [1]) == ("", [("", 1)])
