"""What is told of an image in a group, and how it differs from another one."""

from __future__ import annotations

import math
import os
from datetime import datetime

from orangecontrib.imageembedding.tables.describe import size_text
from orangecontrib.imageembedding.widgets.duplicates.decisions import Decisions

N_TITLE_LINES = 5


def title_of(decisions: Decisions, row: int) -> str:
    """Get what stands below a thumbnail: `N_TITLE_LINES` lines."""
    facts = dict(facts_of(decisions, row))
    folder = facts["Folder"].replace("\\", "/").rstrip("/").rpartition("/")[2]
    return "\n".join(
        (
            decisions.state_of(row),
            facts["Pixels"],
            f"{facts['Format']} · {facts['Size']}",
            facts["Date"].partition(" ")[0],
            f"{folder}/{facts['Name']}",
        )
    )


def facts_of(decisions: Decisions, row: int) -> list[tuple[str, str]]:
    """Get names and values, always the same names in the same order."""
    result = decisions.compared
    look = result.found.likeness.looks[row]
    location = result.locations[row]
    folder, name = os.path.split(location)
    changed_s = result.changed_s.get(row, math.inf)
    date = "" if math.isinf(changed_s) else f"{datetime.fromtimestamp(changed_s):%Y-%m-%d %H:%M}"
    return [
        ("Name", name),
        ("Folder", folder),
        ("Format", os.path.splitext(name)[1].lstrip(".").upper() or "–"),
        ("Pixels", f"{look.width_px} × {look.height_px}"),
        ("Size", size_text(look.n_bytes)),
        ("Date", date),
    ]
