"""Tables of dark and bright images, with embeddings that know how they were made."""

from fake_backends import FakeBackend, wait_until_at_rest
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
            path = folder / kind / f"{i}.png"
            Image.fromarray(pixels).save(path)
    wait_until_at_rest(path)
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
