"""Tables of dark and bright images, with embeddings that know how they were made."""

import time

from fake_backends import FakeBackend
from pictures import picture
from PIL import Image

import orangecontrib.imageembedding as oie

BUILT_IN = "efficientnet-lite0"


def write_classes(folder, n=6, first=0):
    """Write dark and bright pictures into two folders."""
    for kind, low in (("bright", 170), ("dark", 0)):
        (folder / kind).mkdir(parents=True)
        for i in range(first, first + n):
            pixels = picture(i) // 3 + low
            Image.fromarray(pixels).save(folder / kind / f"{i}.png")
    time.sleep(0.03)
    return oie.import_images(folder).table


def fake(table, embedder=BUILT_IN, **options):
    return oie.embed_images(table, embedder, backend=FakeBackend2(), **options).embeddings


class FakeBackend2(FakeBackend):
    """One that can be saved, and equals all others."""

    def __eq__(self, other):
        return isinstance(other, FakeBackend2)

    def __hash__(self):
        return 1

    def __reduce__(self):
        return FakeBackend2, ()
