import ntpath
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.files.names import (
    MAX_NAME_BYTES,
    fill,
    numbered,
    safe_name,
    twin_key,
    unlike_names,
)

DEVICES = {"CON", "PRN", "AUX", "NUL", "COM1", "COM¹", "LPT9", "CONIN$"}
ENDINGS = st.sampled_from(["", ".png", ".jpeg"])
# Single surrogates, too: they stand for bytes that are no text.
TEXTS = st.text(st.characters(), max_size=300) | st.sampled_from(
    ["", ".", "..", "../..", "/etc/passwd", "C:\\x", "con", "nul.txt", "aux .b", "a. . ", "lpt¹",
     "\\\\host\\share", "~", "-rf", "é" * 200, "e\u0301" * 200, "😀" * 100, "\ud800", "a\0b"]
)  # fmt: skip


def assert_is_safe(name, ending):
    assert name.endswith(ending)
    assert 0 < len(name.encode()) <= MAX_NAME_BYTES
    assert not set(name) & set('<>:"/\\|?*\0\n\r\t')
    assert name[0] not in ". "
    assert name[-1] not in ". "
    assert name.partition(".")[0].strip().upper() not in DEVICES
    assert ntpath.basename(name) == name
    assert unicodedata.is_normalized("NFC", name)


@given(TEXTS, ENDINGS, st.integers(1, 10**6))
@example("x" * 300, ".png", 12345)
def test_any_text_becomes_a_name_that_every_system_takes(text, ending, number):
    name = safe_name(text, ending)
    assert_is_safe(name, ending)
    assert_is_safe(numbered(name, number, ending), ending)


@given(st.lists(TEXTS, max_size=8))
def test_each_text_gets_a_folder_of_its_own_also_where_case_does_not_count(texts):
    names = unlike_names(texts)
    assert set(names) == set(texts)
    assert len({twin_key(name) for name in names.values()}) == len(names)
    for name in names.values():
        assert_is_safe(name, "")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("cat", "cat"),
        ("cat 01 (left)", "cat 01 (left)"),
        ("ünïcödé 猫 😀", "ünïcödé 猫 😀"),
        ("u\u0308", "ü"),
        ("a/b", "a_b"),
        ("..", "_"),
        ("../secret", "_.._secret"),
        (".hidden", "_.hidden"),
        ("wait...", "wait"),
        ("", "_"),
        ("con", "_con"),
        ("Aux.tar", "_Aux.tar"),
        ("12:30", "12_30"),
        ("gpj\u202eexe", "gpj_exe"),
    ],
)
def test_names_stay_as_they_are_where_they_can(text, name):
    assert safe_name(text) == name


@pytest.mark.parametrize(
    ("one", "other"), [("Cat", "cat"), ("é", "e\u0301"), ("É", "e\u0301"), ("Σ", "ς"), ("ß", "SS")]
)
def test_twins_are_names_that_some_system_takes_for_one(one, other):
    assert twin_key(one) == twin_key(other)
    assert sorted(unlike_names([one, other]).values()) == sorted(
        [safe_name(one), numbered(safe_name(other), 2)]
    )


def test_a_pattern_is_filled_from_columns():
    values = {"category": "cat", "image name": "01", "é {": "x"}
    assert fill("{category}_{image name}!", values) == "cat_01!"
    with pytest.raises(InputError, match="{size}, but the table has no such column.*{image name}"):
        fill("{size}", values)
