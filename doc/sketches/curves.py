# SPDX-License-Identifier: GPL-3.0-or-later
"""Curves through points: arrays of shape (n, 2) whose rows are `STEP` apart."""

import numpy as np

STEP = 0.6  # units between two points of a curve


def corners(*points):
    """Return each of the points twice, which makes a corner of it in `smooth_path`."""
    return [point for point in points for _ in range(2)]


def symmetric(*half):
    """Return the right half of an outline, from top to bottom, and its mirror image on the left."""
    return [*half, *((-x, y) for x, y in reversed(half) if x != 0)]


def smooth_path(points, closed=False):
    """Return a centripetal Catmull-Rom spline through points.

    Parameters
    ----------
    points : array-like of shape (n, 2)
        Points to pass through. A point given twice in succession is a corner.
    closed : bool
        Whether to return to the first point.

    Returns
    -------
    numpy.ndarray of shape (m, 2)
        The curve.
    """
    points = np.asarray(points, dtype=float)
    turns = np.flatnonzero(np.all(points[1:] == points[:-1], axis=1))
    if closed and len(turns) == 0:
        return _evenly_spaced(_catmull_rom(np.vstack([points[-1:], points, points[:2]])))
    if closed:  # begin and end at a corner
        first = turns[0] + 1
        points, turns = np.roll(points, -first, axis=0), turns[1:] - first
    return _evenly_spaced(np.vstack([_open_spline(p) for p in np.split(points, turns + 1)]))


def _open_spline(points):
    before, after = 2 * points[[0, -1]] - points[[1, -2]]
    return _catmull_rom(np.vstack([before, points, after]))


def _catmull_rom(knots):
    """Sample the centripetal spline through all knots but the first and last."""
    curve = []
    for p0, p1, p2, p3 in zip(knots, knots[1:], knots[2:], knots[3:], strict=False):
        gaps = [max(np.hypot(*(b - a)) ** 0.5, 1e-3) for a, b in ((p0, p1), (p1, p2), (p2, p3))]
        t0, t1, t2, t3 = np.cumsum([0.0, *gaps])
        t = np.linspace(t1, t2, 24)[:, np.newaxis]
        a1 = ((t1 - t) * p0 + (t - t0) * p1) / (t1 - t0)
        a2 = ((t2 - t) * p1 + (t - t1) * p2) / (t2 - t1)
        a3 = ((t3 - t) * p2 + (t - t2) * p3) / (t3 - t2)
        b1 = ((t2 - t) * a1 + (t - t0) * a2) / (t2 - t0)
        b2 = ((t3 - t) * a2 + (t - t1) * a3) / (t3 - t1)
        curve.append(((t2 - t) * b1 + (t - t1) * b2) / (t2 - t1))
    return np.vstack(curve)


def _evenly_spaced(path):
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    at = np.linspace(0, along[-1], max(3, int(along[-1] / STEP)))
    return np.column_stack([np.interp(at, along, column) for column in path.T])


def tube_path(spine, widths):
    """Return the outline of a round-ended limb of varying width.

    Parameters
    ----------
    spine : array-like of shape (n, 2)
        Points along the middle of the limb.
    widths : sequence of float
        Widths at equal distances from the spine's first point to its last.

    Returns
    -------
    numpy.ndarray of shape (m, 2)
        A closed curve.
    """
    middle = smooth_path(spine)
    knots = np.column_stack([np.arange(len(widths)), widths]).astype(float)
    steps, smooth_widths = _open_spline(knots).T
    radii = np.interp(np.linspace(0, len(widths) - 1, len(middle)), steps, smooth_widths) / 2
    arms = _normals(middle) * radii[:, np.newaxis]
    ends = _half_circle(middle[-1], arms[-1]), _half_circle(middle[0], -arms[0])
    outline = np.vstack([middle + arms, ends[0], (middle - arms)[::-1], ends[1]])
    # in a sharp bend the inner side crosses itself: leave out what lies within the limb
    apart = np.hypot(*(outline[:, np.newaxis] - middle[np.newaxis]).transpose(2, 0, 1))
    outline = outline[np.min(apart - radii, axis=1) > -0.2]
    return _evenly_spaced(np.vstack([outline, outline[:1]]))


def cross_sections(middle, widths, at):
    """Return what a limb is like at some places of its middle line.

    Parameters
    ----------
    middle : numpy.ndarray of shape (n, 2)
        The middle line, a curve.
    widths : sequence of float
        Widths of the limb at equal distances.
    at : numpy.ndarray of shape (m,)
        Places, as (fractions of) indices into the middle line.

    Returns
    -------
    tuple of numpy.ndarray
        Points of the middle line, unit vectors to its left, and radii (as a column).
    """
    index = at.astype(int)
    radii = np.interp(at, np.linspace(0, len(middle), len(widths)), widths) / 2
    return middle[index], _normals(middle)[index], radii[:, np.newaxis]


def _normals(path):
    """Return unit vectors to the left of a path."""
    along = np.gradient(path, axis=0)
    return np.column_stack([along[:, 1], -along[:, 0]]) / np.hypot(*along.T)[:, np.newaxis]


def _half_circle(center, arm):
    angle = np.linspace(0, np.pi, 15)[1:-1, np.newaxis]
    return center + np.cos(angle) * arm + np.sin(angle) * np.array([-arm[1], arm[0]])


def ellipse_path(x, y, rx, ry, turn=0.0):
    """Return an ellipse around (x, y) with half-axes rx and ry, turned by some degrees."""
    angle = np.linspace(0, 2 * np.pi, 60)
    cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    across, down = rx * np.cos(angle), ry * np.sin(angle)
    return _evenly_spaced(
        np.column_stack([x + across * cos - down * sin, y + across * sin + down * cos])
    )


def cloud_path(x, y, rx, ry, bumps, depth=0.55, start=0.0):
    """Return an ellipse with a scalloped edge.

    Parameters
    ----------
    x, y : float
        Its center.
    rx, ry : float
        Half-axes of the ellipse on which the scallops meet.
    bumps : int
        How many scallops.
    depth : float
        Height of a scallop as a part of its width.
    start : float
        Angle of the first scallop, in degrees.

    Returns
    -------
    numpy.ndarray of shape (m, 2)
        A closed curve.
    """
    angle = np.radians(start) + np.linspace(0, 2 * np.pi, bumps + 1)
    dents = np.column_stack([x + rx * np.cos(angle), y + ry * np.sin(angle)])
    bow = np.linspace(0, np.pi, 16)[:, np.newaxis]
    scallops = []
    for a, b in zip(dents, dents[1:], strict=False):
        along = b - a
        out = np.array([along[1], -along[0]])
        scallops.append((a + b) / 2 - np.cos(bow) * along / 2 + np.sin(bow) * out * depth)
    return _evenly_spaced(np.vstack(scallops))
