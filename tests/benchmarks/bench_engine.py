"""What embedding costs beside the network: the first vector, a second run, memory, single images,
and a process of its own for the network, as in Orange.

Run by hand::

    python tests/benchmarks/bench_engine.py

Each figure is measured in a process of its own with a cache of its own.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

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

ONE = """
import sys, time
from pathlib import Path
from statistics import median
import orangecontrib.imageembedding as oie
from Orange.classification import LogisticRegressionLearner
from Orange.data import DiscreteVariable, Domain
table = oie.import_images(sys.argv[1]).table
names = [str(row["image"]) for row in table]
embedder = "efficientnet-lite0"
oie.embed_files(names[:1], embedder, cache=False)
kinds = DiscreteVariable("kind", ("a", "b"))
domain = Domain([], kinds, table.domain.metas)
train = table[:64].transform(domain)
with train.unlocked():
    train.Y[:] = [i % 2 for i in range(64)]
embedded = oie.embed_images(train, embedder).embeddings
model = LogisticRegressionLearner()(embedded)
def timed(work, *args):
    begun = time.perf_counter()
    work(*args)
    return time.perf_counter() - begun
def embed(names):
    oie.embed_files(names, embedder, cache=False)
rounds = []
for i in range(1, 4):
    part = table[64 * i : 64 * i + 64]
    batch = timed(embed, names[64 * i : 64 * i + 64]) / 64
    single = median(timed(embed, [name]) for name in names[64 * i : 64 * i + 24])
    by_model = median(timed(model, part[j : j + 1]) for j in range(12))
    own = median(timed(model, embedded[j : j + 1]) for j in range(12))
    rounds.append((single / batch, (by_model - own) / batch, own))
print("one image at a time, as a multiple of its share of a batch: "
      "{:.2f}; through a model: {:.2f}, and {:.2f} s that Orange takes for a row"
      .format(*map(median, zip(*rounds))))
"""

APART = """
import sys, time
from statistics import median
import orangecontrib.imageembedding as oie
if sys.argv[2] == "worker":
    from AnyQt.QtWidgets import QApplication
    application = QApplication([])
    import Orange.widgets.widget
names = open(sys.argv[1]).read().splitlines()
def rate(n):
    begun = time.perf_counter()
    done = oie.embed_files(names[:n], "efficientnet-lite0", cache=False)
    assert not done.failures
    return n / (time.perf_counter() - begun)
first = 1 / rate(1)
rates = []
for turn in sys.stdin:  # they take turns
    rates.append(rate(256))
    print(rates[-1], flush=True)
(line,) = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(first, int(line.split()[1]) / 1000, flush=True)
"""

FAKE = """
import numpy as np
from orangecontrib.imageembedding.embeddings.backends.base import LoadedEmbedder
class Fake(LoadedEmbedder):
    batch_size, n_workers, n_shares = 8, 2, 1
    def close(self): pass
    def fingerprint(self, spec, progress): return "fake exact 1"
    def load(self, spec, progress): return self
    def embed(self, images):
        return [np.full(2048, hash(image.data) % 1000, np.float32) for image in images]
"""


def compare_with_worker(names, environment):
    """Let a script and a program with windows embed the same images in turn."""
    pipe = subprocess.PIPE
    runs = {
        where: subprocess.Popen(
            [sys.executable, "-c", APART, names, where],
            env=environment | {"QT_QPA_PLATFORM": "offscreen"},
            stdin=pipe, stdout=pipe, text=True,
        )
        for where in ("here", "worker")
    }  # fmt: skip
    rates = {where: [] for where in runs}
    for _ in range(5):
        for where, process in runs.items():
            process.stdin.write("go\n")
            process.stdin.flush()
            rates[where].append(float(process.stdout.readline()))
    ratios = [there / here for here, there in zip(rates["here"], rates["worker"], strict=True)]
    print(f"images per second in the worker, of those in the process itself: {median(ratios):.2f}")
    for where, process in runs.items():
        process.stdin.close()
        first_s, memory_mb = map(float, process.stdout.read().split())
        print(f"{where}: first vector after {first_s:.2f} s, {memory_mb:.0f} MB in this process")


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

        (folder / "photos").mkdir()
        for i in range(384):
            pixels = np.roll(np.asarray(image), i, axis=0)
            Image.fromarray(pixels).save(folder / "photos" / f"{i}.jpg")
        run(ONE, str(folder / "photos"))
        names = "\n".join(str(path) for path in (folder / "photos").iterdir())
        (folder / "photos.txt").write_text(names)
        compare_with_worker(str(folder / "photos.txt"), environment)

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
