"""The widgets of the category *Image Embedding*; discovered by Orange."""

import sysconfig

NAME = "Image Embedding"
DESCRIPTION = "Turn images into numbers and explore them."
ICON = "icons/category.svg"
BACKGROUND = "#bfe3c9"
PRIORITY = 200

WIDGET_HELP_PATH = (
    ("{DEVELOP_ROOT}/doc/widgets/index.html", None),
    (
        f"{sysconfig.get_path('data')}/share/help/en/orange3-imageembedding/index.html",
        None,
    ),
)
