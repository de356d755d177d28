"""Archives are read like folders, and nothing in them leads out of the cache."""

import io
import os
import stat
import tarfile
import zipfile

import pytest
from pictures import encoded, picture

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.files import archives
from orangecontrib.imageembedding.files.archiveformats import ENDINGS
from orangecontrib.imageembedding.files.archives import is_archive, unpack

PNG = [encoded(picture(seed)) for seed in range(3)]
NAMES = ["cat/1.png", "cat/2.png", "dog/1.png"]


def write(path, members):
    """Make an archive; a member is a name and its bytes."""
    name = str(path)
    if name.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as file:
            for member, data in members:
                file.writestr(member, data)
    elif name.endswith(".7z"):
        py7zr = pytest.importorskip("py7zr")
        with py7zr.SevenZipFile(path, "w") as file:
            for member, data in members:
                file.writestr(data, member)
    else:
        mode = {"z2": "w:bz2", "gz": "w:gz", "xz": "w:xz", "ar": "w"}
        with tarfile.open(
            path, mode[name.replace("tgz", "gz").replace("tbz2", "bz2")[-2:]]
        ) as file:
            for member, data in members:
                info = tarfile.TarInfo(member)
                info.size = len(data)
                file.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("top", ["", "animals/"])
def test_an_archive_is_imported_like_the_folder_it_holds(tmp_path, ending, top):
    path = write(tmp_path / f"x{ending}", [(top + n, d) for n, d in zip(NAMES, PNG, strict=True)])
    imported = oie.import_images(path)
    table = imported.table
    assert table.domain.class_var.values == ("cat", "dog")
    assert list(table.get_column("file")) == NAMES
    assert table.name == f"x{ending}"
    for place, data in zip(table.get_column("image"), PNG, strict=True):
        with open(place, "rb") as file:
            assert file.read() == data
    assert imported.skipped == ()


def test_it_is_unpacked_once_and_again_when_it_has_changed(tmp_path):
    path = write(tmp_path / "x.zip", [("a.png", PNG[0])])
    first = unpack(str(path), tmp_path / "cache")
    marker = os.path.join(first.folder, "marker")
    open(marker, "x").close()
    assert os.path.exists(os.path.join(unpack(str(path), tmp_path / "cache").folder, "marker"))
    write(path, [("a.png", PNG[1]), ("b.png", PNG[2])])
    assert unpack(str(path), tmp_path / "cache").folder != first.folder


@pytest.mark.parametrize(
    "name", ["../out.png", "/out.png", "a/../../out.png", "..\\out.png", "C:/out.png", "C:out.png"]
)
@pytest.mark.parametrize("ending", [".zip", ".tar"])
def test_a_name_that_leads_out_is_skipped_with_its_reason(tmp_path, name, ending):
    path = write(tmp_path / f"x{ending}", [(name, PNG[0]), ("fine.png", PNG[1])])
    unpacked = unpack(str(path), tmp_path / "cache")
    assert os.listdir(unpacked.folder) == ["fine.png"]
    (skipped,) = unpacked.skipped
    assert "outside the archive" in skipped.reason
    assert not [file for file in tmp_path.rglob("out.png")]


def test_links_and_devices_are_skipped(tmp_path):
    with tarfile.open(tmp_path / "x.tar", "w") as file:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
            info = tarfile.TarInfo(f"{kind.decode()}.png")
            info.type, info.linkname = kind, "/etc/passwd"
            file.addfile(info)
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as file:
        info = zipfile.ZipInfo("link.png")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(info, "/etc/passwd")
    for name, n_links in (("x.tar", 4), ("y.zip", 1)):
        unpacked = unpack(str(tmp_path / name), tmp_path / "cache")
        assert os.listdir(unpacked.folder) == []
        assert [skipped.reason for skipped in unpacked.skipped] == [
            "a link or a device, not a file"
        ] * n_links


def test_what_is_too_large_is_skipped_whatever_it_claims(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_FILE_BYTES", 1000)
    path = write(tmp_path / "x.zip", [("bomb.png", bytes(5000)), ("ok.png", b"x" * 999)])
    honest = unpack(str(path), tmp_path / "cache")
    path.write_bytes(  # now it claims 900 bytes, in both headers
        path.read_bytes().replace((5000).to_bytes(4, "little"), (900).to_bytes(4, "little"))
    )
    lying = unpack(str(path), tmp_path / "cache")
    for unpacked, reason in ((honest, "larger than 0 GiB"), (lying, "damaged")):
        assert os.listdir(unpacked.folder) == ["ok.png"]
        assert [skipped.reason for skipped in unpacked.skipped] == [reason]


def test_twins_and_clutter(tmp_path):
    members = [("a.png", PNG[0]), ("a.png", PNG[1]), ("__MACOSX/a.png", b"?"), (".x", b"?")]
    with pytest.warns(UserWarning, match="Duplicate"):
        path = write(tmp_path / "x.zip", members)
    unpacked = unpack(str(path), tmp_path / "cache")
    assert os.listdir(unpacked.folder) == ["a.png"]
    assert [skipped.reason for skipped in unpacked.skipped] == ["another member has the same name"]


@pytest.mark.parametrize("ending", [end for end in ENDINGS if end != ".7z"])
def test_a_cut_or_foreign_file_is_an_error_that_names_it_and_leaves_nothing(tmp_path, ending):
    path = write(tmp_path / f"x{ending}", zip(NAMES, PNG, strict=True))
    data = path.read_bytes()
    for content in (data[: len(data) // 2], b"Dear diary", b""):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"The archive .*x\."):
            unpack(str(path), tmp_path / "cache")
        assert os.listdir(tmp_path / "cache") == []


def test_a_nearly_full_disk_is_an_error_that_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MIN_FREE_BYTES", 1 << 60)
    path = write(tmp_path / "x.zip", [("a.png", PNG[0])])
    with pytest.raises(InputError, match="nearly full"):
        unpack(str(path), tmp_path / "cache")
    assert os.listdir(tmp_path / "cache") == []


def test_the_least_recently_used_go_when_there_are_too_many(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_CACHE_BYTES", 2500)
    folders = []
    for i in range(3):
        path = write(tmp_path / f"{i}.zip", [("a.bin", os.urandom(1000))])
        folders.append(unpack(str(path), tmp_path / "cache").folder)
    assert [os.path.exists(folder) for folder in folders] == [False, True, True]


def test_a_folder_with_such_a_name_is_none(tmp_path):
    (tmp_path / "x.zip").mkdir()
    assert not is_archive(str(tmp_path / "x.zip"))
