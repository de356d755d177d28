"""What embedding costs beside the network: the first vector, a second run, memory.

Run by hand::

    python tests/benchmarks/bench_engine.py

Each figure is measured in a process of its own with a cache of its own.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

N_WARM = 10_000
N_MANY = 100_000

FIRST = """
import sys, time
begun = time.perf_counter()
import torch, torchvision
print(f"importing torch and torchvision: {time.perf_counter() - begun:.2f} s")
import orangecontrib.imageembedding as oie
begun = time.perf_counter()
done = oie.embed_files([sys.argv[1]], "resnet50", weights=sys.argv[2])
print(f"from the call to the first vector of ResNet-50: {time.perf_counter() - begun:.2f} s")
"""

WARM = """
import sys, time
from pathlib import Path
import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.tables.build import table_of_images
folder = sys.argv[1]
table = oie.import_images(folder).table
begun = time.perf_counter()
done = oie.embed_images(table, "resnet50", backend=Fake())
elapsed = time.perf_counter() - begun
print(f"{len(done.embeddings):,} images, {done.n_cached:,} known: {elapsed:.2f} s")
"""

MANY = """
import sys
from orangecontrib.imageembedding.embeddings.run import embed_locations
from orangecontrib.imageembedding.embeddings.catalogue import get_embedder
import orangecontrib.imageembedding as oie
def peak():  # of this process alone, in GB; Linux
    (line,) = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1e6
files = [line for line in open(sys.argv[1]).read().splitlines()]
before = peak()
done = embed_locations(files, get_embedder("resnet50"), Fake())
vectors = done.vectors.nbytes / 1e9
print(f"{len(files):,} images: {peak() - before:.2f} GB, of which the vectors are {vectors:.2f} GB")
"""

FAKE = """
import numpy as np
from orangecontrib.imageembedding.embeddings.backends.base import LoadedEmbedder
class Fake(LoadedEmbedder):
    batch_size, n_workers = 8, 2
    def fingerprint(self, spec, progress): return "fake exact 1"
    def load(self, spec, progress): return self
    def embed(self, images):
        return [np.full(2048, hash(image.data) % 1000, np.float32) for image in images]
"""


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = os.environ | {"XDG_CACHE_HOME": str(folder / "cache")}

        def run(code, *arguments):
            subprocess.run([sys.executable, "-c", code, *arguments], env=environment, check=True)

        import torch
        import torchvision

        torch.save(torchvision.models.resnet50(weights=None).state_dict(), folder / "weights.pth")
        image = Image.fromarray(np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8))
        image.save(folder / "image.jpg")
        run(FIRST, str(folder / "image.jpg"), str(folder / "weights.pth"))

        (folder / "many").mkdir()
        content = (folder / "image.jpg").read_bytes()[:2000]
        rng = np.random.default_rng(0)
        for i in range(N_WARM):
            pixels = rng.integers(0, 255, (8, 8, 3), np.uint8)
            Image.fromarray(pixels).save(folder / "many" / f"{i}.png")
        run(FAKE + WARM, str(folder / "many"))
        run(FAKE + WARM, str(folder / "many"))

        (folder / "more").mkdir()
        for i in range(N_MANY):
            (folder / "more" / f"{i}.png").write_bytes(content + str(i).encode())
        names = "\n".join(str(path) for path in (folder / "more").iterdir())
        (folder / "names.txt").write_text(names)
        run(FAKE + MANY, str(folder / "names.txt"))


if __name__ == "__main__":
    main()
