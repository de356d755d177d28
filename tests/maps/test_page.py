"""The page of a map: one file with all pictures, which a browser shows without any network."""

import base64
import importlib.util
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from Orange.data import DiscreteVariable, Domain, StringVariable, Table
from pictures import write_images
from PIL import Image

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.__main__ import main
from orangecontrib.imageembedding.errors import InputError
from orangecontrib.imageembedding.maps import sheets as sheets_module
from orangecontrib.imageembedding.maps.page import Captions, default_colors, save_page
from orangecontrib.imageembedding.maps.sheets import make_sheets, side_for

NASTY = '</script><script>document.title="owned"</script><!-- &amp; "\u2028 ž 猫'
COLORS = [(220, 30, 30), (30, 180, 30), (30, 60, 220), (230, 200, 20)]
CLASSES = ["red", "green", NASTY]
WHERE = np.array([[0, 0], [10, 0], [0, 10], [10, 10], [5, 5], [np.nan, np.nan]], np.float32)
NAMES = ["apple", "leaf", "sky", "sun", NASTY, "nowhere"]


def picture(number, side_px):
    """Get a picture of one color; some are wide, some high, one is missing."""
    if number == 4:
        return None
    height, width = (side_px, side_px // 2) if number % 2 else (side_px // 2, side_px)
    return np.full((height, width, 3), COLORS[number], np.uint8)


def read(numbers, side_px):
    return (picture(number, side_px) for number in numbers)


def write(path, names=NAMES):
    captions = Captions(names, np.array([0, 1, 2, -1, 1, 1]), CLASSES, default_colors(3), NASTY)
    save_page(WHERE, captions, path, read, 0.5)
    return path


@pytest.fixture
def page(tmp_path):
    return write(tmp_path / "map.html")


def data_of(page):
    text = page.read_text("utf-8")
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    return json.loads(data)


def array_of(data, name, dtype):
    return np.frombuffer(base64.b64decode(data[name]), dtype)


def sheet_of(data, number=0):
    kind, _, code = data["sheets"][number].partition(",")
    assert kind == "data:image/webp;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(code))).convert("RGB"))


def test_the_page_holds_names_places_classes_and_pictures(page):
    data = data_of(page)
    assert data["names"] == NAMES[:5]
    places = array_of(data, "places", "<u2").reshape(-1, 2)
    np.testing.assert_allclose(places / 65535, [[0, 1], [1, 1], [0, 0], [1, 0], [0.5, 0.5]],
                               atol=1e-4)  # fmt: skip
    assert array_of(data, "codes", "<u2").tolist() == [0, 1, 2, 3, 1]
    assert data["classes"] == [*CLASSES, ""]
    assert array_of(data, "sizes", np.uint8).reshape(-1, 2).tolist() == [
        [128, 64], [64, 128], [128, 64], [64, 128], [0, 0],
    ]  # fmt: skip
    sheet = sheet_of(data)
    for number, color in enumerate(COLORS):
        assert np.abs(sheet[32, 128 * number + 32].astype(int) - color).max() < 12
    assert {code for _, code, _ in data["anchors"]} == {0, 1, 2}
    assert data["kept"] == 0.5


def test_no_name_is_markup_and_nothing_is_from_elsewhere(page):
    text = page.read_text("utf-8")
    assert text.count("<script") == 2
    assert "<!--" not in text
    assert "<title>&lt;/script&gt;" in text
    rest = re.sub(r'"data:image/webp;base64,[^"]*"', "", text)
    assert not re.findall(r"(?:https?:)?//[a-z]|url\(|\b(src|href)=|@import|(fetch|import)\(", rest)
    assert "default-src 'none'" in rest


@pytest.mark.parametrize(("n", "side_px"), [(1, 128), (2_001, 64), (10_001, 48), (100_000, 32)])
def test_pictures_are_smaller_the_more_there_are(n, side_px):
    assert side_for(n) == side_px


def test_many_pictures_are_on_several_sheets_each_in_its_square(monkeypatch):
    monkeypatch.setattr(sheets_module, "SMALL_SHEET_PX", 64)
    monkeypatch.setattr(sheets_module, "LARGE_SHEET_PX", 96)
    rng = np.random.default_rng(0)
    colors = rng.integers(0, 256, (20, 3), dtype=np.uint8)
    made = make_sheets((np.full((32, 32, 3), color) for color in colors), 20, 32)
    assert (made.per_row, len(made.urls)) == (3, 3)
    for number, color in enumerate(colors):
        sheet = sheet_of({"sheets": made.urls}, number // 9)
        row, column = divmod(number % 9, 3)
        found = sheet[32 * row + 16, 32 * column + 16].astype(int)
        assert np.abs(found - color).max() < 30
    assert sheet_of({"sheets": made.urls}, 2).shape == (32, 96, 3)
    assert make_sheets([], 0, 32).urls == []


def test_a_page_without_any_place_is_a_page(tmp_path):
    save_page(WHERE[5:], Captions(["x"], np.array([-1])), tmp_path / "none.html", read)
    data = data_of(tmp_path / "none.html")
    assert (data["names"], data["sheets"], data["kept"]) == ([], [], None)


@pytest.fixture
def places(tmp_path):
    """A map of images with a class of chosen colors, one of which is gone."""
    for i, color in enumerate([*COLORS, COLORS[0]]):
        Image.new("RGB", (60, 40), color).save(tmp_path / f"{i}.png")
    (tmp_path / "3.png").unlink()
    image, kind = StringVariable("image"), DiscreteVariable("kind", ["a", "b"])
    image.attributes["type"] = "image"
    kind.attributes["colors"] = {"a": "#102030", "b": "none"}
    numbers = [DiscreteVariable("other", ["p", "q"])]
    files = np.array([[str(tmp_path / f"{i}.png")] for i in range(5)], object)
    table = Table.from_numpy(Domain(numbers, kind, [image]), np.zeros((5, 1)),
                             np.array([0, 1, 0, 1, np.nan]), files)  # fmt: skip
    done = oie.map_images(np.random.default_rng(0).random((5, 4)), "pca")
    return replace(done, table=table)


def test_a_map_is_saved_with_names_and_colors_of_its_table(places, tmp_path):
    reasons = oie.save_map_page(places, tmp_path / "map.html")
    assert list(reasons) == [3]
    assert "3.png" in reasons[3]
    data = data_of(tmp_path / "map.html")
    assert data["names"] == [f"{i}.png" for i in range(5)]
    assert data["classes"] == ["a", "b", ""]
    assert data["colors"][0] == [0x10, 0x20, 0x30]
    assert array_of(data, "codes", "<u2").tolist() == [0, 1, 0, 1, 2]
    assert array_of(data, "sizes", np.uint8)[6:8].tolist() == [0, 0]
    oie.save_map_page(places, tmp_path / "map.html", color="other")
    assert data_of(tmp_path / "map.html")["classes"] == ["p", "q", ""]
    with pytest.raises(InputError, match="no categorical column 'image'"):
        oie.save_map_page(places, tmp_path / "map.html", color="image")
    with pytest.raises(InputError, match="not made of a table with paths"):
        oie.save_map_page(oie.map_images(np.ones((3, 3))), tmp_path / "map.html")


def test_the_command_line_writes_the_page_beside_the_picture(tmp_path, capsys):
    folder = write_images(
        tmp_path / "images", [f"{kind}/{i}.png" for kind in "ab" for i in range(4)]
    )
    (folder / "b" / "1.png").write_bytes(b"no image")
    call = ["map", str(folder), "-o", str(tmp_path / "map.png"), "--method", "pca",
            "--embedder", "efficientnet-lite0", "--html"]  # fmt: skip
    assert main([*call, str(tmp_path / "map.txt")]) == 2
    assert "The page must end in .html or .htm." in capsys.readouterr().err
    assert main([*call, str(tmp_path / "map.html")]) == 1
    printed = capsys.readouterr()
    assert "map.html" in printed.out
    assert printed.err.count("1.png") == 1
    data = data_of(tmp_path / "map.html")
    assert data["names"] == ["0.png", "1.png", "2.png", "3.png", "0.png", "2.png", "3.png"]
    assert data["classes"] == ["a", "b", ""]
    assert main([*call, str(tmp_path / "map.html")]) == 2
    assert "already exists" in capsys.readouterr().err


# What is done in the browser, and after ?? what is asked there then.
PIXEL = (
    "(() => {{ draw(); const p = new Uint8Array(4), i = {i};"
    " gl.readPixels(Math.round((xOf(i) - left) * scale * ratio),"
    " map.height - Math.round((yOf(i) - top_) * scale * ratio),"
    " 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, p);"
    " return Array.from(p); }})()"
)
GROUND = "(() => { draw(); const p = new Uint8Array(4);"
GROUND += " gl.readPixels(5, 5, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, p); return Array.from(p) })()"
WHEEL = (
    "map.dispatchEvent(new WheelEvent('wheel', {deltaY: -300, clientX: 400, clientY: 300,"
    " cancelable: true}))"
)
POINTER = "map.dispatchEvent(new PointerEvent('pointer{kind}', {{pointerId: {id}, clientX: {x}, "
POINTER += "clientY: {y}, pointerType: '{type}'}}))"
STATE = "JSON.stringify({scale, left, top: top_})"
KEY = "dispatchEvent(new KeyboardEvent('keydown', {{key: '{}'}}))"
AWAIT = "pending = new Promise(go => map.addEventListener('webglcontext{}', go)); "
SEARCH = "el('search').value = '{}'; el('search').dispatchEvent(new Event('input'))"


def pointer(kind, x, y, number=1, pointer_type="mouse"):
    return POINTER.format(kind=kind, id=number, x=x, y=y, type=pointer_type)


STEPS = {
    "state": "?? document.body.dataset.state",
    "gl": "?? gl.getError()",
    "status": "?? el('status').textContent",
    "title": "?? el('legend').textContent",
    **{f"pixel {i}": "?? " + PIXEL.format(i=i) for i in range(4)},
    "ground": f"?? {GROUND}",
    "fit": "?? " + STATE,
    "wheel": f"{WHEEL} ?? {STATE}",
    "key": KEY.format("ArrowRight") + f" ?? {STATE}",
    "all": KEY.format("0") + f" ?? {STATE}",
    "drag": ";".join([
        "map.setPointerCapture = () => null",  # which wants a real pointer
        pointer("down", 300, 300), pointer("move", 340, 310), pointer("up", 340, 310),
    ]) + f" ?? {STATE}",
    "pinch": KEY.format("0") + ";" + ";".join([
        pointer("down", 300, 300, 1, "touch"), pointer("down", 500, 300, 2, "touch"),
        pointer("move", 200, 300, 1, "touch"), pointer("move", 600, 300, 2, "touch"),
        pointer("up", 200, 300, 1, "touch"), pointer("up", 600, 300, 2, "touch"),
    ]) + f" ?? {STATE}",
    "hover": KEY.format("0") + ";" + "map.dispatchEvent(new PointerEvent('pointermove', {clientX:"
             " (xOf(1) - left) * scale, clientY: (yOf(1) - top_) * scale, pointerType: 'mouse'}))"
             " ?? [el('name').textContent, el('class').textContent, el('card').style.display,"
             " ...el('large').getContext('2d').getImageData(9, 9, 1, 1).data].join('|')",
    "dot": "map.dispatchEvent(new PointerEvent('pointermove', {clientX: (xOf(4) - left) * scale,"
           " clientY: (yOf(4) - top_) * scale, pointerType: 'mouse'}))"
           " ?? JSON.stringify([el('name').textContent, el('class').textContent])",
    "search": SEARCH.format("SKY") + " ?? JSON.stringify([nHits, Array.from(hit), level[2],"
              " el('status').textContent, hovered])",
    "lost": "?? " + PIXEL.format(i=0),
    "found": "?? " + PIXEL.format(i=2),
    "escape": KEY.format("Escape") + " ?? nHits",
    "legend": "el('legend').children[0].click() ?? JSON.stringify([nHits, Array.from(hit)])",
    "owned": "el('legend').children[0].click() ?? document.title === 'owned'",
    "context": "lose = gl.getExtension('WEBGL_lose_context'); " + AWAIT.format("lost") +
               "lose.loseContext() ?? gl.isContextLost()",
    "restored": AWAIT.format("restored") + "lose.restoreContext() ?? gl.isContextLost()",
    "pixel again": "?? " + PIXEL.format(i=1),
}  # fmt: skip


def browsed(folder, steps, **environment):
    """Get what a browser says of a page after each of some steps, and what it looks like."""
    if not importlib.util.find_spec("PyQt6.QtWebEngineWidgets"):
        pytest.skip("needs PyQt6-WebEngine")
    browser = Path(__file__).parents[1] / "browser.py"
    arguments = [write(folder / "map.html"), folder / "seen.png", "\n".join(steps.values())]
    done = subprocess.run(
        [sys.executable, browser, *map(str, arguments)],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"} | environment,
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    told["values"] = dict(zip(steps, told["values"], strict=True))
    return told, folder / "seen.png"


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    return browsed(tmp_path_factory.mktemp("page"), STEPS)


def view(text):
    return json.loads(text)


def test_a_browser_shows_each_picture_at_its_place(seen):
    values = seen[0]["values"]
    assert values["state"] == "ready"
    assert values["gl"] == 0
    for i, color in enumerate(COLORS):
        assert np.abs(np.array(values[f"pixel {i}"][:3]) - color).max() < 12
    assert np.abs(np.array(values["ground"][:3]) - 0xFA).max() < 2
    assert values["status"] == "5 images · 50 % of the nearest neighbors are near on the map"
    shown = np.asarray(Image.open(seen[1]).convert("RGB")).reshape(-1, 3).astype(int)
    for color in COLORS[:3]:  # over the last one lies the legend
        assert (np.abs(shown - color).max(axis=1) < 12).sum() > 500


def test_a_browser_asks_for_nothing_and_runs_no_name(seen):
    told, _ = seen
    assert [url.rpartition("/")[2] for url in told["asked"]] == ["map.html"]
    assert told["complaints"] == []
    assert told["values"]["owned"] is False
    assert told["values"]["title"] == "".join(CLASSES)


def test_the_map_is_moved_and_zoomed_by_wheel_keys_pointer_and_fingers(seen):
    values = {name: view(seen[0]["values"][name]) for name in
              ("fit", "wheel", "key", "all", "drag", "pinch")}  # fmt: skip
    fit, wheel = values["fit"], values["wheel"]
    assert wheel["scale"] == pytest.approx(fit["scale"] * np.e)
    for side, px in (("left", 400), ("top", 300)):  # what was under the pointer stays there
        before = fit[side] + px / fit["scale"]
        assert wheel[side] + px / wheel["scale"] == pytest.approx(before)
    assert values["key"]["left"] > wheel["left"]
    assert values["all"] == fit
    assert values["drag"]["left"] == pytest.approx(fit["left"] - 40 / fit["scale"])
    assert values["drag"]["top"] == pytest.approx(fit["top"] - 10 / fit["scale"])
    assert values["pinch"]["scale"] == pytest.approx(2 * fit["scale"])


def test_what_is_under_the_pointer_is_shown_large_with_name_and_class(seen):
    name, kind, display, *rgba = seen[0]["values"]["hover"].split("|")
    assert (name, kind, display) == ("leaf", "green", "block")
    assert np.abs(np.array([int(part) for part in rgba[:3]]) - COLORS[1]).max() < 12
    assert view(seen[0]["values"]["dot"]) == [NASTY, "green"]


def test_search_and_legend_leave_what_is_wanted(seen):
    values = seen[0]["values"]
    n_hits, hit, level, status, hovered = view(values["search"])
    assert (n_hits, hit, level, hovered) == (1, [0, 0, 1, 0, 0], 0, -1)
    assert status == "1 of 5 images"
    assert min(values["lost"][:3]) > 180  # a pale dot
    assert np.abs(np.array(values["found"][:3]) - COLORS[2]).max() < 12
    assert values["escape"] == 5
    assert view(values["legend"]) == [4, [0, 1, 1, 1, 1]]


def test_the_map_comes_back_when_the_graphics_card_was_lost(seen):
    values = seen[0]["values"]
    assert values["context"] is True
    assert values["restored"] is False
    assert np.abs(np.array(values["pixel again"][:3]) - COLORS[1]).max() < 12


def test_the_page_is_dark_where_the_desktop_is(tmp_path):
    steps = {"ground": f"?? {GROUND}", "ink": "?? getComputedStyle(document.body).color"}
    values = browsed(tmp_path, steps, BROWSER_IS_DARK="1")[0]["values"]
    assert np.abs(np.array(values["ground"][:3]) - (0x17, 0x19, 0x1C)).max() < 2
    assert values["ink"] == "rgb(228, 230, 232)"
