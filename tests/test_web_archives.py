"""Archives on the web are read like folders; nothing but their address is sent."""

import io
import os
import shutil
import threading
import zipfile
from types import SimpleNamespace

import pytest
from pictures import encoded, picture
from web_server import in_turn, say, web_server

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.errors import Cancelled, InputError
from orangecontrib.imageembedding.images import webfile

NAMES = ["cat/1.png", "cat/2.png", "dog/1.png"]


def zipped(names=NAMES):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        for seed, name in enumerate(names):
            file.writestr(name, encoded(picture(seed)))
    return data.getvalue()


@pytest.fixture
def web():
    with web_server() as web:
        yield web


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def files_below(folder):
    return [path for path in folder.rglob("*") if path.is_file() and path.name != "notes.json"]


def test_an_archive_on_the_web_is_imported_like_the_folder_it_holds(web):
    web.routes["/data/animals.zip?v=2"] = say(body=zipped())
    table = oie.import_images(f"{web.url}/data/animals.zip?v=2").table
    assert [str(row["file"]) for row in table] == NAMES
    assert table.domain.class_var.values == ("cat", "dog")
    assert table.name == "animals.zip"
    assert all(os.path.isfile(str(row["image"])) for row in table)


def test_only_the_address_is_asked_for(web):
    web.routes["/a.zip"] = say(body=zipped())
    oie.import_images(f"{web.url}/a.zip")
    ((path, headers),) = web.requests
    assert path == "/a.zip"
    assert "Content-Length" not in headers
    assert "Cookie" not in headers


def test_an_archive_that_has_not_changed_is_not_downloaded_again(web):
    body = zipped()
    web.routes["/a.zip"] = in_turn(say(body=body, ETag='"1"'), say(304, b""))
    first, second = (oie.import_images(f"{web.url}/a.zip").table for _ in range(2))
    assert web.requests[1][1]["If-None-Match"] == '"1"'
    assert [str(row["image"]) for row in first] == [str(row["image"]) for row in second]


def test_an_archive_that_has_changed_is_downloaded_again(web):
    web.routes["/a.zip"] = in_turn(
        say(body=zipped(), ETag='"1"'), say(body=zipped([*NAMES, "dog/2.png"]), ETag='"2"')
    )
    assert [len(oie.import_images(f"{web.url}/a.zip").table) for _ in range(2)] == [3, 4]


def test_without_the_server_the_copy_is_read(web):
    web.routes["/a.zip"] = say(body=zipped())
    with web_server() as other:
        other.routes["/a.zip"] = say(body=zipped())
        url = f"{other.url}/a.zip"
        oie.import_images(url)
    assert len(oie.import_images(url).table) == 3


@pytest.mark.parametrize(
    ("route", "reason"),
    [
        (say(404), "404"),
        (say(403), "403"),
        (say(body=b"<html>log in</html>"), "damaged"),
        (say(body=b""), "damaged"),
        (say(body=zipped()[:100]), "damaged"),
    ],
)
def test_what_is_no_archive_is_an_error_that_names_the_address(web, route, reason, cache):
    web.routes["/a.zip"] = route
    with pytest.raises(InputError) as raised:
        oie.import_images(f"{web.url}/a.zip")
    assert reason in str(raised.value)
    assert f"{web.url}/a.zip" in str(raised.value)


@pytest.mark.parametrize("path", ["/", "/page.html", "/a.zip/", "/animals"])
def test_an_address_of_something_else_is_refused_before_it_is_asked_for(web, path):
    with pytest.raises(InputError, match="is not the address of an archive"):
        oie.import_images(f"{web.url}{path}")
    assert not web.requests


@pytest.mark.parametrize("name", ["..%2F..%2Fevil.zip", "%2Fetc%2Fevil.zip", "C%3A%5Cevil.zip"])
def test_the_name_of_a_copy_never_leads_out_of_the_cache(web, name, cache, tmp_path):
    web.routes[f"/{name}"] = say(body=zipped())
    oie.import_images(f"{web.url}/{name}")
    assert {path.parts[len(tmp_path.parts)] for path in files_below(tmp_path)} == {"cache"}


def test_names_inside_never_lead_out_of_the_cache(web, tmp_path):
    web.routes["/a.zip"] = say(body=zipped([*NAMES, "../../../evil.png"]))
    found = oie.import_images(f"{web.url}/a.zip")
    assert len(found.table) == 3
    assert "points outside" in found.skipped[0].reason
    assert found.skipped[0].path.startswith(f"{web.url}/a.zip/")
    assert not list(tmp_path.rglob("evil.png"))


@pytest.mark.parametrize("announced", [True, False])
def test_what_is_too_large_is_broken_off_and_not_kept(web, monkeypatch, announced, cache):
    monkeypatch.setattr(webfile, "MAX_BYTES", 200)

    def endless(handler):
        handler.send_response(200)
        if announced:
            handler.send_header("Content-Length", str(1 << 40))
        else:
            handler.send_header("Connection", "close")
        handler.end_headers()
        while not web.released.is_set():
            handler.wfile.write(b"x" * 1000)

    web.routes["/a.zip"] = endless
    with pytest.raises(InputError, match="larger than"):
        oie.import_images(f"{web.url}/a.zip")
    assert not files_below(cache)


def test_a_full_disk_is_an_error_and_nothing_is_kept(web, monkeypatch, cache):
    web.routes["/a.zip"] = say(body=zipped())
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(InputError, match="nearly full"):
        oie.import_images(f"{web.url}/a.zip")
    assert not files_below(cache)


def test_a_download_that_breaks_off_is_an_error_and_nothing_is_kept(web, cache):
    body = zipped()
    web.routes["/a.zip"] = say(body=body[:-50], Content_Length=len(body), Connection="close")
    with pytest.raises(InputError, match="cannot be downloaded"):
        oie.import_images(f"{web.url}/a.zip")
    assert not files_below(cache)


def test_a_cancel_ends_the_download_and_nothing_is_kept(web, cache):
    begun = threading.Event()

    def stuck(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        handler.wfile.write(b"x" * 1000)
        begun.set()
        web.released.wait(60)

    def cancelled(_):
        if begun.is_set():
            raise Cancelled

    web.routes["/a.zip"] = stuck
    with pytest.raises(Cancelled):
        oie.import_images(f"{web.url}/a.zip", cancelled)
    for _ in range(1000):  # the thread that downloads ends behind the one that waits for it
        if files_below(cache):
            web.released.wait(0.01)
    assert not files_below(cache)


def test_the_copies_used_longest_ago_make_room(web, monkeypatch, cache):
    body = zipped()
    monkeypatch.setattr(webfile, "MAX_CACHE_BYTES", int(2.5 * len(body)))
    for i in range(4):
        web.routes[f"/{i}.zip"] = say(body=body)
        oie.import_images(f"{web.url}/{i}.zip")
    assert len(list(cache.rglob("downloads/*/*.zip"))) == 2
