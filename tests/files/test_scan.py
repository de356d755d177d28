import os

import pytest
from pictures import write_images

from orangecontrib.imageembedding import import_images
from orangecontrib.imageembedding.errors import Cancelled, ImageError, InputError
from orangecontrib.imageembedding.files.patterns import Patterns
from orangecontrib.imageembedding.files.record import Found
from orangecontrib.imageembedding.files.scan import natural_key, scan_paths
from orangecontrib.imageembedding.progress import silent


def read_header(path):
    if path.endswith(".txt"):
        raise ImageError(path, "not an image: text")
    return 3, 2, 1


def scan_folder(folder, read, progress=silent):
    return scan_paths([folder], read, progress)


def names(scan):
    return [os.path.basename(file.path) for file in scan.files]


def test_files_come_in_natural_order(tmp_path):
    write_images(tmp_path, ["img10.png", "img2.png", "Img1.png", "a.png"])
    assert names(scan_folder(str(tmp_path), read_header)) == [
        "a.png",
        "Img1.png",
        "img2.png",
        "img10.png",
    ]


def test_natural_order_compares_any_two_names():
    found = ["a", "1", "1a", "a1", "", "ä2", "Z10", "z9", "01", "1.", "²"]
    assert sorted(found, key=natural_key) == sorted(reversed(found), key=natural_key)


def test_sub_folders_are_classes_nested_ones_joined_by_a_slash(tmp_path):
    write_images(tmp_path, ["cat/1.png", "dog/big/2.png"])
    scan = scan_folder(str(tmp_path), read_header)
    assert [file.class_name for file in scan.files] == ["cat", "dog/big"]


def test_images_in_the_top_folder_get_its_name_as_class(tmp_path):
    top = write_images(tmp_path / "animals", ["1.png", "cat/2.png"])
    assert [file.class_name for file in scan_folder(str(top), read_header).files] == [
        "animals",
        "cat",
    ]


def test_the_class_of_the_top_folder_is_never_that_of_a_sub_folder(tmp_path):
    top = write_images(tmp_path / "cat", ["1.png", "cat/2.png"])
    assert [file.class_name for file in scan_folder(str(top), read_header).files] == [".", "cat"]


def test_a_trailing_slash_makes_no_difference(tmp_path):
    write_images(tmp_path, ["cat/1.png"])
    with_slash = scan_folder(f"{tmp_path}{os.sep}", read_header)
    without = scan_folder(str(tmp_path), read_header)
    assert list(with_slash.files) == list(without.files)
    assert with_slash.skipped == without.skipped


def test_what_is_no_image_is_named_with_its_reason(tmp_path):
    write_images(tmp_path, ["1.png"])
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "empty.png").touch()
    skipped = scan_folder(str(tmp_path), read_header).skipped
    assert {os.path.basename(s.path): s.reason for s in skipped} == {
        "notes.txt": "not an image: text",
        "empty.png": "empty file",
    }


def test_hidden_files_and_clutter_are_passed_over_in_silence(tmp_path):
    write_images(tmp_path, ["1.png", ".hidden/2.png", "@eaDir/3.png", "._1.png", "Thumbs.db"])
    scan = scan_folder(str(tmp_path), read_header)
    assert names(scan) == ["1.png"]
    assert scan.skipped == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_never_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    scan = scan_folder(str(tmp_path), lambda path: pytest.fail("opened a pipe"))
    assert [s.reason for s in scan.skipped] == ["not a regular file"]


def test_links_in_a_circle_end(tmp_path):
    write_images(tmp_path, ["a/1.png"])
    (tmp_path / "a" / "again").symlink_to(tmp_path, target_is_directory=True)
    scan = scan_folder(str(tmp_path), read_header)
    assert names(scan) == ["1.png"]
    assert "already read" in scan.skipped[0].reason


def test_a_dangling_link_is_named(tmp_path):
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    scan = scan_folder(str(tmp_path), read_header)
    assert scan.skipped[0].reason == "link to a file that does not exist"


@pytest.mark.parametrize("name", ["missing", "file.txt"])
def test_what_is_no_folder_is_an_input_error_that_names_it(tmp_path, name):
    (tmp_path / "file.txt").touch()
    with pytest.raises(InputError, match=name):
        import_images(tmp_path / name)


def test_progress_counts_every_file_and_ends_at_one(tmp_path):
    write_images(tmp_path, ["1.png", "2.png", "3.txt"])
    seen = []
    scan_folder(str(tmp_path), read_header, seen.append)
    assert seen[-1] == 1.0
    assert seen == sorted(seen)


def test_cancel_stops_the_scan(tmp_path):
    write_images(tmp_path, ["1.png"])

    def cancel(fraction):
        raise Cancelled

    with pytest.raises(Cancelled):
        scan_folder(str(tmp_path), read_header, cancel)


def test_a_link_to_itself_is_named(tmp_path):
    write_images(tmp_path, ["1.png"])
    (tmp_path / "loop").symlink_to("loop")
    scan = scan_folder(str(tmp_path), read_header)
    assert names(scan) == ["1.png"]
    assert [os.path.basename(skipped.path) for skipped in scan.skipped] == ["loop"]


def test_several_folders_come_one_after_the_other(tmp_path):
    write_images(tmp_path, ["b/cat/2.png", "a/cat/1.png", "a/3.png"])
    found = scan_paths([str(tmp_path / "b"), str(tmp_path / "a")], read_header)
    assert [os.path.relpath(file.path, tmp_path) for file in found.files] == [
        os.path.join("b", "cat", "2.png"),
        os.path.join("a", "3.png"),
        os.path.join("a", "cat", "1.png"),
    ]
    assert [file.class_name for file in found.files] == ["cat", "a", "cat"]


def test_a_folder_inside_another_that_is_chosen_is_read_once(tmp_path):
    write_images(tmp_path, ["1.png", "cat/2.png"])
    found = scan_paths([str(tmp_path), str(tmp_path / "cat")], read_header)
    assert names(found) == ["1.png", "2.png"]


def test_single_files_have_the_class_of_their_folder_and_come_once(tmp_path):
    write_images(tmp_path, ["cat/1.png", "cat/2.png", "dog/3.png"])
    chosen = [str(tmp_path / name) for name in ("cat/2.png", "dog/3.png", "cat/2.png")]
    found = scan_paths(chosen, read_header)
    assert [file.class_name for file in found.files] == ["cat", "dog"]
    again = scan_paths([str(tmp_path / "cat"), *chosen], read_header)
    assert names(again) == ["1.png", "2.png", "3.png"]


def test_one_missing_folder_of_several_is_named_and_the_others_are_read(tmp_path):
    write_images(tmp_path, ["a/1.png"])
    found = scan_paths([str(tmp_path / "gone"), str(tmp_path / "a")], read_header)
    assert names(found) == ["1.png"]
    assert [(os.path.basename(s.path), s.reason) for s in found.skipped] == [
        ("gone", "does not exist")
    ]


def test_what_is_not_wanted_is_passed_over_in_silence(tmp_path):
    write_images(tmp_path, ["1.png", "1_mask.png", "old/2.png"])
    (tmp_path / "notes.txt").write_text("hello")
    wanted = Patterns(["*.png"], ["*_mask*", "old"])
    found = scan_paths([str(tmp_path)], read_header, wanted=wanted)
    assert names(found) == ["1.png"]
    assert found.skipped == []


def test_what_was_found_before_a_cancel_is_kept(tmp_path):
    write_images(tmp_path, ["1.png", "2.png", "3.png", "4.png"])
    found = Found()

    def cancel_at_half(fraction):
        if fraction >= 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        scan_paths([str(tmp_path)], read_header, cancel_at_half, found=found)
    assert names(found) == ["1.png", "2.png"]
    assert found.n_listed == 4
    assert list(found.folders) == [str(tmp_path)]
    assert found.current_folder == str(tmp_path)
