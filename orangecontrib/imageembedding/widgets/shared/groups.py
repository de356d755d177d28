"""Selected images, in groups."""

from __future__ import annotations

import numpy as np
from AnyQt.QtCore import Qt
from AnyQt.QtGui import QColor, QPalette
from numpy.typing import NDArray

MARK_HUES = (35, 275, 185, 330, 90)  # of the second and further groups
Groups = NDArray[np.intp]
"""Of each image: its group from 1 on; 0 is not selected."""


def after_selecting(
    groups: Groups, chosen: NDArray[np.intp], modifiers: Qt.KeyboardModifiers
) -> Groups:
    """Get the groups after some images were clicked, or a rubber band was drawn around them.

    Parameters
    ----------
    groups : ndarray of shape (n_images,), dtype int
        Before; not changed.
    chosen : ndarray of shape (n_chosen,), dtype int
        The images.
    modifiers : KeyboardModifiers
        With Shift they become a new group; with Ctrl those that are not selected join the last
        one, or, if there are none, all are taken out; else they are the only group.

    Returns
    -------
    groups : ndarray of shape (n_images,), dtype int
    """
    after = groups.copy()
    if modifiers & Qt.ShiftModifier:
        after[chosen] = groups.max(initial=0) + 1
    elif modifiers & Qt.ControlModifier:
        outside = chosen[groups[chosen] == 0]
        if len(outside):
            after[outside] = max(groups.max(initial=0), 1)
        else:
            after[chosen] = 0
    else:
        after[:] = 0
        after[chosen] = 1
    return _numbered_on(after)


def color_of_group(group: int, palette: QPalette) -> QColor:
    """Get the color in which the images of a group are marked."""
    if group <= 1:
        return palette.color(QPalette.Highlight)
    hue = MARK_HUES[(group - 2) % len(MARK_HUES)]
    return QColor.fromHsv(hue, 220, 230)


def _numbered_on(groups: Groups) -> Groups:
    """Close the gaps in the numbers where groups have lost all their images."""
    present = np.unique(groups[groups > 0])
    return np.where(groups > 0, np.searchsorted(present, groups) + 1, 0)
