import numpy as np
import pytest
from Orange.data import ContinuousVariable, DiscreteVariable, Domain, StringVariable, Table

from orangecontrib.imageembedding.tables.arrange import arrange, searchable_texts
from orangecontrib.imageembedding.tables.build import image_variable

KIND = DiscreteVariable("kind", ["dog", "cat", "cow"])
SIZE = ContinuousVariable("size")
NAME = StringVariable("name")
IMAGE = image_variable()
NAN = np.nan
ROWS = [
    # kind, size, name, image
    (1, 5, "img10", "/x/a.png"),
    (0, NAN, "img2", "/x/b.png"),
    (NAN, 3, "", "/x/c.png"),
    (1, 3, "Img1", "/x/D.png"),
]


@pytest.fixture
def table():
    domain = Domain([SIZE], [KIND], [NAME, IMAGE])
    kind, size, name, image = zip(*ROWS, strict=True)
    metas = np.array([name, image], dtype=object).T
    return Table.from_numpy(domain, np.array([size]).T, np.array(kind), metas)


def rows(table, **how):
    return arrange(table, **how).rows.tolist()


def test_without_any_wish_all_rows_come_as_they_are(table):
    assert rows(table) == [0, 1, 2, 3]
    assert arrange(table).groups == ()


def test_texts_are_sorted_naturally_and_missing_ones_come_last(table):
    assert rows(table, sort_by=NAME) == [3, 1, 0, 2]
    assert rows(table, sort_by=NAME, descending=True) == [0, 1, 3, 2]


def test_numbers_are_sorted_equal_ones_keep_their_order_missing_come_last(table):
    assert rows(table, sort_by=SIZE) == [2, 3, 0, 1]
    assert rows(table, sort_by=SIZE, descending=True) == [0, 2, 3, 1]


def test_categories_are_sorted_in_the_order_of_their_values(table):
    assert rows(table, sort_by=KIND) == [1, 0, 3, 2]


def test_groups_come_in_the_order_of_the_values_and_are_sorted_inside(table):
    done = arrange(table, group_by=KIND, sort_by=SIZE)
    assert done.groups == (("dog", 1), ("cat", 2), ("(missing)", 1))
    assert done.rows.tolist() == [1, 3, 0, 2]


@pytest.mark.parametrize(
    ("words", "expected"),
    [("", [0, 1, 2, 3]), (" ", [0, 1, 2, 3]), ("IMG", [0, 1, 3]), ("cat 10", [0]), ("d.png", [3]),
     ("x", []), ("dog cat", [])],
)  # fmt: skip
def test_rows_are_filtered_by_all_words_in_texts_categories_and_file_names(table, words, expected):
    texts = searchable_texts(table, list(table.get_column("image")))
    assert rows(table, words=words, texts=texts) == expected


def test_filtered_rows_are_grouped_without_empty_groups(table):
    texts = searchable_texts(table, list(table.get_column("image")))
    done = arrange(table, group_by=KIND, words="img", texts=texts)
    assert done.groups == (("dog", 1), ("cat", 2))


def test_an_empty_table_is_arranged(table):
    done = arrange(table[:0], group_by=KIND, sort_by=NAME, words="x", texts=[])
    assert done.rows.tolist() == []
    assert done.groups == ()
    assert rows(table[:0], sort_by=SIZE) == []
