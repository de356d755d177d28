import errno
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orangecontrib.imageembedding.errors import ImageError, SaveError
from orangecontrib.imageembedding.files.names import safe_name
from orangecontrib.imageembedding.files.save import TargetFolder
from orangecontrib.imageembedding.files.write import write_new

# How a file gets its name: the first way that the system and the disk know.
WAYS = ["as the system can", "no unnamed files", "no links either"]


@pytest.fixture(params=WAYS)
def _way(request, monkeypatch):
    refused = OSError(errno.EOPNOTSUPP, "not supported")

    def refuse(*args, **options):
        raise refused

    if request.param != WAYS[0]:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    if request.param == WAYS[2]:
        monkeypatch.setattr(os, "link", refuse)


def contents(folder):
    """Get what lies in a folder: the content of files, None for folders."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in Path(folder).rglob("*")
    }


@pytest.mark.usefixtures("_way")
def test_a_new_file_has_its_content_and_the_rights_of_any_other(tmp_path):
    write_new(str(tmp_path / "new"), b"x" * 100_000)
    (tmp_path / "plain").write_bytes(b"")
    assert (tmp_path / "new").read_bytes() == b"x" * 100_000
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("new", "plain")}
    assert len(modes) == 1
    assert sorted(os.listdir(tmp_path)) == ["new", "plain"]


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("kind", ["file", "folder", "broken link", "link"])
def test_what_is_there_is_never_replaced(tmp_path, kind):
    path = tmp_path / "there"
    (tmp_path / "other").write_bytes(b"other")
    if kind == "file":
        path.write_bytes(b"mine")
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(tmp_path / ("nowhere" if kind == "broken link" else "other"))
    before = contents(tmp_path)
    with pytest.raises(FileExistsError):
        write_new(str(path), b"new")
    assert contents(tmp_path) == before


def test_equal_names_get_numbers_and_equal_contents_are_written_once(tmp_path):
    target = TargetFolder(str(tmp_path))
    saved = [target.save(data, (), "cat", ".png") for data in (b"1", b"2", b"1", b"3", b"2")]
    names = [(os.path.basename(one.path), one.is_new) for one in saved]
    assert names == [
        ("cat.png", True),
        ("cat (2).png", True),
        ("cat.png", False),
        ("cat (3).png", True),
        ("cat (2).png", False),
    ]
    before = contents(tmp_path)
    again = [TargetFolder(str(tmp_path)).save(b"3", (), "cat", ".png") for _ in range(2)]
    assert [one.is_new for one in again] == [False, False]
    assert contents(tmp_path) == before


def test_names_that_differ_in_case_or_form_only_get_numbers(tmp_path):
    (tmp_path / "CAT.PNG").write_bytes(b"mine")
    (tmp_path / "e\u0301.png").write_bytes(b"mine too")
    target = TargetFolder(str(tmp_path))
    assert os.path.basename(target.save(b"1", (), "cat", ".png").path) == "cat (2).png"
    assert os.path.basename(target.save(b"1", (), "É", ".png").path) == "É (2).png"
    assert target.save(b"mine", (), "cat", ".png").path == str(tmp_path / "CAT.PNG")


def test_a_folder_of_the_user_is_byte_for_byte_as_before(tmp_path):
    (tmp_path / "cat").write_bytes(b"a file where a folder is wanted")
    (tmp_path / "dog").mkdir()
    (tmp_path / "dog" / "1.png").write_bytes(b"mine")
    (tmp_path / "dog" / "notes.txt").write_bytes(b"mine")
    os.mkfifo(tmp_path / "dog" / "2.png")
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (tmp_path / "cow").symlink_to(outside)
    before = contents(tmp_path)
    target = TargetFolder(str(tmp_path))
    paths = [
        target.save(b"new", (folder,), name, ".png").path
        for folder in ("cat", "dog", "cow", "hen")
        for name in ("1", "2")
    ]
    after = contents(tmp_path)
    assert {name: after[name] for name in before} == before
    inside = sorted(os.path.relpath(path, tmp_path) for path in paths)
    assert inside == [
        "cat (2)/1.png", "cat (2)/2.png", "cow (2)/1.png", "cow (2)/2.png",
        "dog/1 (2).png", "dog/2 (2).png", "hen/1.png", "hen/2.png",
    ]  # fmt: skip
    assert not os.listdir(outside)


TEXTS = st.text(st.characters(), max_size=80) | st.sampled_from(["..", "a", "A", "a (2)", "con"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS, st.binary(max_size=2)), max_size=12))
def test_nothing_leaves_the_folder_and_nothing_is_lost(items):
    with tempfile.TemporaryDirectory() as top:
        folder = os.path.join(top, "target")
        os.mkdir(folder)
        Path(folder, "a").write_bytes(b"mine")
        target = TargetFolder(folder)
        saved = [target.save(data, (safe_name(group),), name, "") for group, name, data in items]
        for one, (_, _, data) in zip(saved, items, strict=True):
            assert os.path.realpath(one.path).startswith(os.path.join(folder, ""))
            assert Path(one.path).read_bytes() == data
        assert os.listdir(top) == ["target"]
        files = [path for path in Path(folder).rglob("*") if path.is_file()]
        assert len(files) == 1 + sum(one.is_new for one in saved)
        assert Path(folder, "a").read_bytes() == b"mine"


def test_many_namesakes_are_not_compared_each_with_each(tmp_path, monkeypatch):
    opened = []
    target = TargetFolder(str(tmp_path))
    monkeypatch.setattr(
        "orangecontrib.imageembedding.files.save._digest_of_file", lambda path: opened.append(path)
    )
    for number in range(300):
        target.save(str(number).encode(), (), "cat", "")
    assert len(os.listdir(tmp_path)) == 300
    assert not opened


@pytest.mark.skipif(sys.platform != "linux", reason="needs files without a name")
def test_kill_9_in_the_middle_leaves_whole_files_only(tmp_path):
    code = f"""
from orangecontrib.imageembedding.files.save import TargetFolder
target = TargetFolder({str(tmp_path)!r})
for number in range(10_000):
    target.save(bytes([number % 251]) * 3_000_000, (), str(number), ".png")
    print(number, flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    for _ in range(5):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    files = list(tmp_path.iterdir())
    assert len(files) >= 5
    for path in files:
        assert path.read_bytes() == bytes([int(path.stem) % 251]) * 3_000_000


@pytest.fixture
def tiny_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no right to mount a disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.usefixtures("_way")
def test_a_full_disk_is_told_and_leaves_no_half_file(tiny_disk):
    target = TargetFolder(str(tiny_disk))
    for number in range(2):
        target.save(os.urandom(100_000), (), str(number), ".png")
    with pytest.raises(SaveError, match="full. Free some space and save again"):
        target.save(os.urandom(100_000), (), "2", ".png")
    assert sorted(os.listdir(tiny_disk)) == ["0.png", "1.png"]
    assert all(path.stat().st_size == 100_000 for path in tiny_disk.iterdir())


def test_a_folder_that_cannot_be_made_or_written_to_is_told(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SaveError, match="is a file, not a folder"):
        TargetFolder(str(tmp_path / "file"))
    with pytest.raises(SaveError, match="cannot be created"):
        TargetFolder(str(tmp_path / "file" / "below"))
    with pytest.raises(SaveError, match="cannot be created"):
        TargetFolder(str(tmp_path / "a\0b"))
    target = TargetFolder(str(tmp_path / "gone"))
    (tmp_path / "gone").rmdir()
    with pytest.raises(SaveError, match="cannot be written: No such file"):
        target.save(b"", (), "a", ".png")


def test_a_path_that_is_too_long_stops_this_image_only(tmp_path):
    target = TargetFolder(str(tmp_path))
    with pytest.raises(ImageError, match="too long"):
        target.save(b"", ["x" * 255] * 20, "a", ".png")
    assert target.save(b"", (), "a", ".png").is_new
