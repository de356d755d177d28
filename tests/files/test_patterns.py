import pytest

from orangecontrib.imageembedding.files.patterns import Patterns, split_patterns


def test_without_patterns_all_is_wanted():
    assert Patterns().take_all
    assert Patterns().wants_file("cat/1.png")


def test_a_file_must_fit_one_of_the_included():
    patterns = Patterns(["*.jpg", "a?.png"])
    wanted = ["1.jpg", "cat/2.JPG", "a1.png", "cat/A2.png"]
    assert [
        p for p in [*wanted, "1.png", "xa1.png", "1.jpg.txt"] if patterns.wants_file(p)
    ] == wanted


def test_what_fits_an_excluded_one_is_left_out_whatever_is_included():
    patterns = Patterns(["*.jpg"], ["*_mask*", "old"])
    assert patterns.wants_file("1.jpg")
    assert not patterns.wants_file("1_mask.jpg")
    assert not patterns.wants_folder("cat/old")
    assert patterns.wants_folder("cat/older")


def test_a_pattern_with_a_slash_is_compared_with_the_path_in_the_folder():
    patterns = Patterns(["cat/*"], ["cat/old/*"])
    assert patterns.wants_file("cat/1.jpg")
    assert not patterns.wants_file("dog/cat/1.jpg")
    assert not patterns.wants_file("cat/old/1.jpg")


def test_names_with_line_breaks_are_compared_whole():
    assert Patterns(["*.png"]).wants_file("a\nb/c\nd.png")


def test_brackets_are_sets_of_characters():
    assert Patterns(["img[12].png"]).wants_file("img2.png")
    assert not Patterns(["img[12].png"]).wants_file("img3.png")


def test_a_line_of_patterns_is_split():
    assert split_patterns(" *.jpg; *.png,x ;; ") == ("*.jpg", "*.png", "x")


def test_a_text_in_place_of_a_list_is_refused():
    with pytest.raises(ValueError, match=r"list of texts; got '\*\.jpg'"):
        Patterns("*.jpg")
