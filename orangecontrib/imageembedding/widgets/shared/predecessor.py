"""What the predecessor's workflows hold as positions in lists."""

OLD_EMBEDDERS = (
    "inception-v3",
    "squeezenet",
    "vgg16",
    "vgg19",
    "painters",
    "deeploc",
    "openface",
)
OLD_FILE_FORMATS = ("png", "jpeg", "gif", "tiff", "pdf", "bmp")  # then EPS and ICO, not written
