"""The parts of a map that is drawn from arrays, without a widget."""

import numpy as np
import pytest
from AnyQt.QtCore import QPointF, QRectF
from AnyQt.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPalette
from scipy.spatial import cKDTree

from orangecontrib.imageembedding.progress import silent
from orangecontrib.imageembedding.widgets.map import points as points_module
from orangecontrib.imageembedding.widgets.map.camera import Camera
from orangecontrib.imageembedding.widgets.map.drawing import MAX_PICTURES, MapDrawing
from orangecontrib.imageembedding.widgets.map.lasso import points_inside, with_corner
from orangecontrib.imageembedding.widgets.map.layers import Classes, make_layers, make_marks
from orangecontrib.imageembedding.widgets.map.look import MapLook, colors_or_plain
from orangecontrib.imageembedding.widgets.map.names import MAX_SHOWN, MapName, placed_names
from orangecontrib.imageembedding.widgets.map.points import HIDDEN, MapPoints, points_of
from orangecontrib.imageembedding.widgets.map.tiles import TILE_PX, DensityTiles
from orangecontrib.imageembedding.widgets.mapping.spread import spread_out

WINDOW = QRectF(0, 0, 800, 600)


@pytest.fixture(autouse=True)
def _application(qapp_of_tests):
    """Fonts need one."""


@pytest.fixture(scope="module")
def qapp_of_tests():
    from AnyQt.QtWidgets import QApplication

    return QApplication.instance() or QApplication([])


def scattered(n, seed=0):
    return np.random.default_rng(seed).random((n, 2)).astype(np.float32)


def whole(points, margin=40):
    return Camera.around(points.bounds, WINDOW.width(), WINDOW.height(), margin)


def painted(tiles, camera, budget_s=60.0):
    image = QImage(800, 600, QImage.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    owed = tiles.paint(painter, camera, WINDOW, 1.0, budget_s)
    painter.end()
    return image, owed


# Points


def test_points_keep_rows_proportions_and_who_is_missing():
    coordinates = np.array([[0, 0], [np.nan, 1], [4, 2], [2, 1]], np.float32)
    points = MapPoints(coordinates)
    assert points.position_of[1] == -1
    of_rows = points.places[points.position_of[[0, 2, 3]]]
    np.testing.assert_allclose(of_rows, [[0, 0.75], [1, 0.25], [0.5, 0.5]], atol=1e-6)
    np.testing.assert_array_equal(points.rows[points.position_of[[0, 2, 3]]], [0, 2, 3])
    assert len(MapPoints(coordinates[1:2])) == len(MapPoints(coordinates[:0])) == 0


@pytest.mark.parametrize("part", [
    QRectF(0.2, 0.3, 0.4, 0.1), QRectF(-1, -1, 3, 3), QRectF(0.5, 0.5, 1e-4, 1e-4),
    QRectF(2, 2, 1, 1), QRectF(-3, 0, 2, 1),
])  # fmt: skip
def test_points_in_a_part_are_those_that_a_look_at_all_finds(part):
    points = MapPoints(scattered(3000), 0)
    x, y = points.places.T
    inside = (x >= part.left()) & (x <= part.right()) & (y >= part.top()) & (y <= part.bottom())
    assert sorted(points.buckets.inside(part)) == np.flatnonzero(inside).tolist()


def test_pictures_do_not_overlap_at_any_zoom_and_stay_when_one_zooms_in():
    points, side = MapPoints(scattered(2000)), 48.0
    before = set()
    for scale in 500 * 1.3 ** np.arange(14):
        shown = points.pictures_in(QRectF(0, 0, 1, 1), points.level_at(scale, side))
        places = points.places[shown].astype(float) * scale
        nearest, _ = cKDTree(places).query(places, k=2, p=np.inf)
        assert nearest[:, 1].min() >= side * 0.999
        assert before <= set(shown.tolist())
        before = set(shown.tolist())
    assert len(before) > 500


def test_of_very_many_points_some_are_shown_before_all_are(monkeypatch):
    monkeypatch.setattr(points_module, "SOME", 100)
    monkeypatch.setattr(points_module, "MANY", 100)
    shown = []
    points = points_of(scattered(2000), shown.append)
    first, second = shown
    assert (first.levels == HIDDEN).all()
    early = second.levels < HIDDEN
    assert 0 < early.sum() < 2000
    np.testing.assert_array_equal(second.levels[early], points.levels[early])
    assert (points.levels < HIDDEN).sum() > early.sum()


# Selecting


def test_a_lasso_holds_the_points_that_crossings_tell():
    from matplotlib.path import Path

    points = MapPoints(scattered(5000), 0)
    turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    far = 0.3 + 0.1 * np.sin(5 * turn)
    line = np.column_stack([0.5 + far * np.cos(turn), 0.5 + far * np.sin(turn)])
    found = np.zeros(5000, bool)
    found[points_inside(points, [QPointF(*corner) for corner in line])] = True
    expected = Path(line).contains_points(points.places)
    assert (found != expected).sum() <= 10  # nearer to the line than a pixel of its picture
    assert found.sum() > 500
    assert not len(points_inside(points, [QPointF(0, 0), QPointF(1, 1)]))


def test_a_lasso_gets_no_corners_that_cannot_be_told_apart():
    line = []
    for x in range(10):
        line = with_corner(line, QPointF(x, 0))
    assert [point.x() for point in line] == [0, 3, 6, 9]


# Density


def test_tiles_count_colors_and_show_dots_where_points_are():
    points = MapPoints(np.array([[0, 0], [1, 1], [1, 1], [0.5, 0.25]], np.float32), 0)
    rgb = np.array([[255, 0, 0], [0, 0, 255], [0, 255, 0], [9, 9, 9]], np.uint8)[points.rows]
    camera = Camera(512.0, -0.125, -0.0625)  # whole pixels
    image, owed = painted(DensityTiles(points.buckets, rgb), camera)
    assert owed == 0

    def color_at(row):
        at = camera.point_of(points.places[points.position_of[row]])
        return image.pixelColor(int(at.x()), int(at.y()))

    assert color_at(0).getRgb()[:3] == (255, 0, 0)
    mixed = color_at(1)  # two points of blue and green
    assert mixed.red() == 0
    assert abs(mixed.green() - mixed.blue()) <= 2
    assert mixed.alpha() > color_at(0).alpha() > 100
    assert image.pixelColor(300, 500).alpha() == 0


def test_what_is_not_in_the_subset_stands_back():
    points = MapPoints(np.array([[0, 0], [1, 1]], np.float32), 0)
    rgb = np.full((2, 3), 200, np.uint8)
    tiles = DensityTiles(points.buckets, rgb, np.array([True, False])[points.rows])
    camera = Camera(512.0, -0.125, -0.0625)  # whole pixels
    image, _ = painted(tiles, camera)
    alphas = []
    for row in (0, 1):
        at = camera.point_of(points.places[points.position_of[row]])
        alphas.append(image.pixelColor(int(at.x()), int(at.y())).alpha())
    assert 0 < alphas[0] < 0.5 * alphas[1]


def test_without_time_coarse_tiles_stand_in():
    points = MapPoints(scattered(20_000), 0)
    tiles = DensityTiles(points.buckets, np.full((20_000, 3), 90, np.uint8))
    camera = Camera(TILE_PX * 8.0, 0.2, 0.2)
    image, owed = painted(tiles, camera, budget_s=0.0)
    assert owed > 4
    assert image.pixelColor(400, 300).alpha() > 0
    _, owed = painted(tiles, camera)
    assert owed == 0


# All together


def drawing_of(points, n_rows, **look):
    rgb = colors_or_plain(None, n_rows)
    seen = MapLook(rgb=rgb, groups=np.zeros(n_rows, int), **look)
    return MapDrawing(points, seen, make_layers(points, rgb, None, None).tiles)


def paint(drawing, camera):
    image = QImage(800, 600, QImage.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    picture = QImage(48, 48, QImage.Format_RGB32)
    picture.fill(QColor("magenta"))
    shown = drawing.paint(painter, camera, WINDOW, QPalette(), lambda row: (picture, ""))
    painter.end()
    return image, shown


def test_from_far_density_nearer_typical_pictures_nearest_all():
    points = MapPoints(scattered(30_000))
    drawing, numbers = drawing_of(points, 30_000), []
    camera = whole(points)
    for _ in range(12):
        _, shown = paint(drawing, camera)
        numbers.append((len(shown.positions), points.buckets.count_near(camera.part(WINDOW))))
        camera = camera.zoomed(2, QPointF(400, 300))
    assert 20 < numbers[0][0] < 200
    part = camera.part(WINDOW)
    assert set(shown.positions) >= set(points.buckets.inside(part))
    assert max(shown for shown, _ in numbers) <= MAX_PICTURES


def test_few_dots_are_round_and_selected_ones_have_a_mark():
    points = MapPoints(np.array([[0, 0], [1, 1], [0, 1]], np.float32))
    drawing = drawing_of(points, 3, dots_only=True)
    drawing.look.groups = np.array([0, 1, 2])
    camera = whole(points)
    image, shown = paint(drawing, camera)
    assert not len(shown.positions)
    colors = []
    for row in range(3):
        at = camera.point_of(points.places[points.position_of[row]])
        colors.append({image.pixelColor(int(at.x()) + d, int(at.y())).name() for d in range(-8, 9)})
    highlight = QPalette().color(QPalette.Highlight).name()
    assert highlight in colors[1]
    assert highlight not in colors[0] | colors[2]
    assert len(colors[2]) > len(colors[0])


def test_marks_are_made_of_selected_and_torn_rows_only():
    points = MapPoints(scattered(100), 0)
    nothing = np.zeros(100, int)
    assert make_marks(points, nothing, None, QPalette()) is None
    assert make_marks(points, nothing, np.zeros(100, bool), QPalette()) is None
    torn = np.arange(100) == 7
    marks = make_marks(points, nothing, torn, QPalette())
    camera = Camera(512.0, -0.125, -0.0625)  # whole pixels
    image, _ = painted(marks, camera)
    at = camera.point_of(points.places[points.position_of[7]])
    assert image.pixelColor(int(at.x()), int(at.y())).red() > 200
    other = camera.point_of(points.places[points.position_of[8]])
    assert image.pixelColor(int(other.x()), int(other.y())).alpha() == 0


def test_spread_out_rows_have_places_of_their_own_near_the_old_ones():
    coordinates = np.repeat(scattered(150), 2, axis=0) * (3, 1)
    coordinates[7] = np.nan
    coordinates = coordinates.astype(np.float32)
    spread = spread_out(coordinates, silent)
    assert np.flatnonzero(np.isnan(spread).any(axis=1)).tolist() == [7]
    kept = np.arange(300) != 7
    assert len(np.unique(spread[kept], axis=0)) == 299
    moved = np.abs(spread - coordinates)[kept]
    assert moved.mean(axis=0).max() < 0.1
    row = np.full((5, 2), 2.0, np.float32)
    row[:, 0] = [0, 1, 1, 1, 5]
    assert len(np.unique(spread_out(row, silent), axis=0)) == 5
    assert len(np.unique(spread_out(row[1:4], silent), axis=0)) == 3


# Names


def test_names_do_not_overlap_are_few_and_more_come_as_one_zooms():
    names = [
        MapName(f"name {i}", x / 20, y / 20, level=0 if (x + y) % 2 else 2)
        for i, (x, y) in enumerate(np.ndindex(20, 20))
    ]
    metrics, none = QFontMetricsF(QFont()), np.empty((0, 2))
    texts = []
    for zoom in (1, 8):
        camera = Camera(600.0 * zoom, 0.45 - 0.45 / zoom, 0.45 - 0.45 / zoom)
        placed = placed_names(names, camera, WINDOW, metrics, none, 48)
        rects = [rect for _, rect in placed]
        assert 0 < len(placed) <= MAX_SHOWN
        assert not any(a.intersects(b) for i, a in enumerate(rects) for b in rects[:i])
        assert all(WINDOW.contains(rect) for rect in rects)
        texts.append({name.text for name, _ in placed})
    assert texts[1] - texts[0]


def test_a_name_goes_where_it_covers_no_picture():
    names = [MapName("cat", 0.5, 0.5)]
    camera, metrics = Camera(600.0, -0.1, 0.0), QFontMetricsF(QFont())
    center = camera.point_of(np.array([0.5, 0.5]))
    centers = np.array([[center.x(), center.y()]])
    ((_, alone),) = placed_names(names, camera, WINDOW, metrics, np.empty((0, 2)), 48)
    ((_, beside),) = placed_names(names, camera, WINDOW, metrics, centers, 48)
    assert alone.contains(center)
    picture = QRectF(center.x() - 24, center.y() - 24, 48, 48)
    assert not beside.adjusted(1, 1, -1, -1).intersects(picture)


def test_areas_have_the_color_of_their_class_and_end_beyond_its_points():
    coordinates = np.vstack([scattered(500) * 0.2, scattered(500, 1) * 0.2 + 0.8])
    points = MapPoints(coordinates.astype(np.float32), 0)
    codes = np.repeat([0, 1], 500)
    colors = np.array([[200, 0, 0], [0, 0, 200]], np.uint8)
    classes = Classes(codes, ["a", "b"], [0, 600], colors)
    layers = make_layers(points, colors_or_plain(None, 1000), None, classes)
    n = layers.tint.width()
    lower, upper = (layers.tint.pixelColor(int(x * n), int((1 - x) * n)) for x in (0.1, 0.9))
    assert lower.red() > lower.blue()
    assert upper.blue() > upper.red()
    assert layers.tint.pixelColor(n // 2, n // 2).alpha() == 0
    assert [name.row for name in layers.names[:2]] in ([0, 600], [600, 0])


# Going about


def test_what_is_under_the_pointer_stays_there_while_one_zooms():
    camera, at = Camera(500.0, 0.1, 0.2), QPointF(123, 45)
    for factor in (2, 0.5, 1.7):
        zoomed = camera.zoomed(factor, at)
        assert (zoomed.place_of(at) - camera.place_of(at)).manhattanLength() < 1e-9
        assert zoomed.scale == pytest.approx(camera.scale * factor)
    moved = camera.moved(30, -10)
    place = camera.place_of(at)
    assert (moved.place_of(at + QPointF(30, -10)) - place).manhattanLength() < 1e-9
