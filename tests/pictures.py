"""Images made in code."""

import io

import numpy as np
from PIL import Image


def picture(seed=0, width=48, height=32):
    """Get smooth colors that differ with the seed: uint8 (height, width, 3)."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
    smooth = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(smooth)


def encoded(pixels, image_format="PNG", **options):
    """Get the bytes of a file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, image_format, **options)
    return buffer.getvalue()


def write_images(folder, names, **size):
    """Write a different picture for each name; sub-folders are made."""
    for seed, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        suffix = path.suffix.lower()
        image_format = {".jpg": "JPEG", ".png": "PNG", ".gif": "GIF"}.get(suffix, "PNG")
        path.write_bytes(encoded(picture(seed, **size), image_format))
    return folder
