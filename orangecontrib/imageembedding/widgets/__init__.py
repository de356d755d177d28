"""The widgets of the category *Image Embedding*; discovered by Orange."""

import sysconfig
from pathlib import Path

from orangecontrib.imageembedding.tables import notices

NAME = "Image Embedding"
DESCRIPTION = "Turn images into numbers and explore them."
ICON = "icons/category.svg"
BACKGROUND = "#bfe3c9"
PRIORITY = 200

_INSTALLED = Path(sysconfig.get_path("data")) / "share" / "help" / "en" / "orange3-imageembedding"
_IN_CHECKOUT = Path(__file__).parents[3] / "doc" / "widgets"

# The canvas takes the first that is there.
WIDGET_HELP_PATH = (
    (str(_IN_CHECKOUT / "index.html"), None),
    (str(_INSTALLED / "index.html"), None),
)


def _notify(message: str) -> None:
    from orangecontrib.imageembedding.widgets.shared.notifications import notify

    notify(message)


notices.listen(_notify)
