"""Groups of duplicates in a report."""

from __future__ import annotations

from orangecontrib.imageembedding.widgets.duplicates.decisions import Decisions
from orangecontrib.imageembedding.widgets.duplicates.facts import title_of
from orangecontrib.imageembedding.widgets.shared.imagereport import html_of_images
from orangecontrib.imageembedding.widgets.shared.pixmaps import Pixmaps

MAX_GROUPS = 20


def html_of_groups(decisions: Decisions, pixmaps: Pixmaps) -> str:
    """Get the first groups, each with its heading and images, and the number of the others."""
    parts = []
    for number, group in enumerate(decisions.groups[:MAX_GROUPS]):
        images = [(decisions.compared.locations[row], title_of(decisions, row)) for row in group]
        parts.append(f"<h4>{decisions.heading(number)}</h4>{html_of_images(images, pixmaps)}")
    more = len(decisions.groups) - MAX_GROUPS
    return "".join(parts) + (f"<p>and {more:,} more groups</p>" if more > 0 else "")
