"""How fast images are decoded and prepared, and whether their embeddings stay the same.

Run by hand::

    python tests/benchmarks/bench_decode.py [FOLDER_WITH_PHOTOS]

The reference is torchvision's own preparation: PIL, convert("RGB"), Resize, CenterCrop, ToTensor,
Normalize. Both run on one thread, by turns, on the same bytes. The embeddings are those of
EfficientNet-Lite0, whose pictures are prepared as it wants them. Ends with status 1 if the median
cosine between the embeddings of both ways is below 0.999 at any size.
"""

import io
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from PIL import Image, ImageDraw
from torchvision import transforms

from orangecontrib.imageembedding.embeddings.backends.local.backend import Local
from orangecontrib.imageembedding.embeddings.catalogue import get_embedder
from orangecontrib.imageembedding.errors import ImageError
from orangecontrib.imageembedding.files.scan import scan_paths
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.header import read_header
from orangecontrib.imageembedding.images.prepare import Preparation, prepare
from orangecontrib.imageembedding.progress import silent

PREPARATION = Preparation()
EMBEDDER_ID = "efficientnet-lite0"
N_PICTURES = 12
N_ROUNDS = 7
MIN_COSINE = 0.999
N_FILES = 20_000
LARGEST = (4000, 3000)
CASES = (
    ("JPEG 640×480 (0.3 Mpx)", (640, 480), "JPEG"),
    ("JPEG 1024×768 (0.8 Mpx)", (1024, 768), "JPEG"),
    ("JPEG 4000×3000 (12 Mpx)", LARGEST, "JPEG"),
    ("PNG 1024×768", (1024, 768), "PNG"),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of one kind of files: images per second in each round, cosines of each image."""

    name: str
    ours: list[float]
    reference: list[float]
    cosines: list[float]

    def line(self) -> str:
        ratios = [own / other for own, other in zip(self.ours, self.reference, strict=True)]
        return (
            f"{self.name:<26}{statistics.median(self.ours):>8.1f}"
            f"{statistics.median(self.reference):>12.1f}{statistics.median(ratios):>8.2f}"
            f"  ({min(ratios):.2f}-{max(ratios):.2f})"
            f"{statistics.median(self.cosines):>11.5f}{min(self.cosines):>9.5f}"
        )


HEADING = f"{'':<26}{'ours/s':>8}{'reference/s':>12}{'ratio':>8}  (range)    cosine    worst"


def natural_picture(seed: int) -> Image.Image:
    """Make a picture of `LARGEST` size with what photos have: light, texture, edges."""
    rng = np.random.default_rng(seed)
    width, height = LARGEST
    total = np.zeros((height, width, 3), np.float32)
    for side in (2, 4, 8, 16, 64, 256, 1024):  # each octave as strong as its details are large
        coarse = rng.normal(size=(side * 3 // 4 + 1, side, 3)).astype(np.float32)
        coarse = 0.75 * coarse.mean(axis=2, keepdims=True) + 0.25 * coarse
        for channel in range(3):
            band = Image.fromarray(np.ascontiguousarray(coarse[..., channel]))
            total[..., channel] += np.asarray(band.resize(LARGEST, Image.Resampling.BICUBIC)) * (
                side**-0.6
            )
    total += rng.normal(scale=0.02, size=(height, width, 1)).astype(np.float32)
    total = (total - total.min()) / np.ptp(total)
    image = Image.fromarray((total * 255).astype(np.uint8))
    drawing = ImageDraw.Draw(image)
    for _ in range(rng.integers(3, 12)):
        x, y, size = rng.integers(0, width), rng.integers(0, height), rng.integers(100, 1200)
        color = tuple(int(level) for level in rng.integers(0, 256, 3))
        if rng.random() < 0.5:
            drawing.ellipse((x, y, x + size, y + size * 0.7), fill=color)
        else:
            corners = [(x + int(dx), y + int(dy)) for dx, dy in rng.integers(-size, size, (4, 2))]
            drawing.polygon(corners, fill=color)
    return image


def encoded(image: Image.Image, image_format: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, image_format, **({"quality": 90} if image_format == "JPEG" else {}))
    return buffer.getvalue()


def ours(preparation: Preparation) -> Callable[[bytes], np.ndarray]:
    return lambda data: prepare(decode(data, "x", 2 * preparation.resize_px), preparation)


def reference(preparation: Preparation) -> Callable[[bytes], np.ndarray]:
    interpolation = transforms.InterpolationMode(preparation.interpolation)
    steps = transforms.Compose(
        [
            transforms.Resize(preparation.resize_px, interpolation),
            transforms.CenterCrop(preparation.crop_px),
            transforms.ToTensor(),
            transforms.Normalize(
                [level / 255 for level in preparation.mean],
                [level / 255 for level in preparation.std],
            ),
        ]
    )
    return lambda data: steps(Image.open(io.BytesIO(data)).convert("RGB")).numpy()


def measured(name: str, files: list[bytes], n_rounds: int = N_ROUNDS) -> Measured:
    ways = ours(PREPARATION), reference(PREPARATION)
    rates: tuple[list[float], list[float]] = [], []
    for way in ways:
        way(files[0])
    for i in range(n_rounds):
        for j in (0, 1) if i % 2 else (1, 0):
            start = time.perf_counter()
            for data in files:
                ways[j](data)
            rates[j].append(len(files) / (time.perf_counter() - start))
    return Measured(name, *rates, cosines(files))


def cosines(files: list[bytes]) -> list[float]:
    """Compare the embeddings of each file, prepared by us and by the reference."""
    spec = get_embedder(EMBEDDER_ID)
    embedder = Local().load(spec, silent)
    found = []
    for data in files:
        both = [way(spec.preparation)(data) for way in (ours, reference)]
        a, b = embedder._compute(both).astype(np.float64)
        found.append(float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)))
    return found


def photos(folder: str) -> list[bytes]:
    """Get the photos in a folder as JPEG files, large enough to be reduced when decoded."""
    files = []
    for path in sorted(Path(folder).rglob("*")):
        if not path.is_file():
            continue
        try:
            image = Image.fromarray(decode(path.read_bytes(), str(path)))
        except ImageError:
            continue
        scale = max(1.0, 1100 / min(image.size))
        size = tuple(round(side * scale) for side in image.size)
        files.append(encoded(image.resize(size, Image.Resampling.LANCZOS), "JPEG"))
    return files


def headers_per_second() -> list[float]:
    """Time the scan of a folder of `N_FILES`, in files per second of each of five rounds."""
    image = natural_picture(0).resize((640, 480))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = io.BytesIO()
    image.save(turned, "JPEG", exif=exif)
    contents = {
        "a.jpg": encoded(image, "JPEG"),
        "b.png": encoded(image.resize((64, 48)), "PNG"),
        "c.jpg": turned.getvalue(),
        "d.jpg": encoded(image.convert("L").resize((200, 100)), "JPEG"),
    }
    with tempfile.TemporaryDirectory() as folder:
        originals = []
        for name, content in contents.items():
            originals.append(Path(folder) / f"0{name}")
            originals[-1].write_bytes(content)
        for i in range(len(originals), N_FILES):
            original = originals[i % len(originals)]
            link_or_copy(original, Path(folder) / f"{i}{original.suffix}")
        rates = []
        for _ in range(5):
            start = time.perf_counter()
            n_found = len(scan_paths([folder], read_header).files)
            rates.append(n_found / (time.perf_counter() - start))
            if n_found != N_FILES:
                raise RuntimeError(f"{n_found} of {N_FILES} files found")
    return rates


def link_or_copy(original: Path, path: Path) -> None:
    try:
        path.hardlink_to(original)
    except OSError:
        shutil.copyfile(original, path)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(*folders: str) -> int:
    say(HEADING)
    pictures = [natural_picture(seed) for seed in range(N_PICTURES)]
    results = []
    for name, size, image_format in CASES:
        shrunk = [image.resize(size, Image.Resampling.LANCZOS) for image in pictures]
        files = [encoded(image, image_format) for image in shrunk]
        results.append(measured(name, files))
        say(results[-1].line())
    for folder in folders:
        results.append(measured(f"{Path(folder).name}, as large JPEG", photos(folder), 3))
        say(results[-1].line())
    rates = headers_per_second()
    say(
        f"\nheader scan of {N_FILES} files: {statistics.median(rates):,.0f} files/s "
        f"({min(rates):,.0f}-{max(rates):,.0f}), {1e5 / statistics.median(rates):.2f} s "
        "for 100,000"
    )
    is_good = all(statistics.median(result.cosines) >= MIN_COSINE for result in results)
    say(f"median cosine >= {MIN_COSINE} at every size: {'yes' if is_good else 'NO'}")
    return 0 if is_good else 1


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(main(*sys.argv[1:]))
