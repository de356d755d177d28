"""Find copies among images that were changed in eleven ways, and among very many vectors.

    python tests/benchmarks/bench_duplicates.py [FOLDER ...] [--soak]

For each folder (by default, that of the example's sketches): average precision, and recall at
precision .99, of pairs of an original and a changed copy against all other pairs with an original,
by the cosine of the built-in embedder, by hashes, and by the score of `find_duplicates`; what its
threshold does; and how many groups it finds among the originals, which are all different.
``--soak`` also looks through 300,000 made vectors.
"""

import io
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter
from sklearn.metrics import average_precision_score, precision_recall_curve

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding import examples
from orangecontrib.imageembedding.duplicates.hashes import hash_turns
from orangecontrib.imageembedding.duplicates.signals import (
    DEFAULT_SCORE,
    find_pairs,
    hash_agreement,
    signals_of,
)
from orangecontrib.imageembedding.images.decode import decode

SKETCHES = Path(examples.__file__).parent / "sketches"
LEAST_PRECISION = 0.99
RESAMPLE = Image.Resampling.BICUBIC


def changed(image):
    """Get eleven changed copies by their names."""
    width, height = image.size

    def jpeg(quality):
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        return Image.open(buffer).convert("RGB")

    def cut(part):
        x, y = int(width * part), int(height * part)
        return image.crop((x, y, width - x, height - y))

    captioned = image.copy()
    draw = ImageDraw.Draw(captioned)
    draw.rectangle((0, int(height * 0.85), width, height), fill=(0, 0, 0))
    draw.text((int(width * 0.1), int(height * 0.88)), "a caption", fill=(255, 255, 255))
    return {
        "jpeg 30": jpeg(30),
        "half": image.resize((max(1, width // 2), max(1, height // 2)), RESAMPLE),
        "crop 5 %": cut(0.05),
        "crop 15 %": cut(0.15),
        "bright": ImageEnhance.Brightness(image).enhance(1.4),
        "gray": image.convert("L").convert("RGB"),
        "blur": image.filter(ImageFilter.GaussianBlur(max(width, height) / 120)),
        "mirror": image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        "turn 90": image.transpose(Image.Transpose.ROTATE_90),
        "turn 5": image.rotate(5, RESAMPLE, fillcolor=(255, 255, 255)),
        "text bar": captioned,
    }


def made(folder):
    """Get vectors, hashes, qualities, which image each is of, and how it was changed."""
    files = sorted(path for path in Path(folder).rglob("*.*") if path.is_file())
    with tempfile.TemporaryDirectory() as top:
        paths, of, change = [], [], []
        for number, file in enumerate(files):
            image = Image.fromarray(decode(file.read_bytes(), str(file)))
            for name, copy in {"original": image, **changed(image)}.items():
                paths.append(Path(top) / f"{len(paths)}.png")
                copy.save(paths[-1], compress_level=1)
                of.append(number)
                change.append(name)
        vectors = oie.embed_files(paths, "efficientnet-lite0", cache=False).vectors
        looks = [hash_turns(np.asarray(Image.open(path).convert("RGB"))) for path in paths]
    hashes, qualities = zip(*looks, strict=True)
    return vectors, np.array(hashes), np.array(qualities), np.array(of), np.array(change)


def figures(is_copy, scores):
    precision, recall, _ = precision_recall_curve(is_copy, scores)
    at = recall[precision >= LEAST_PRECISION].max()
    return f"AP {average_precision_score(is_copy, scores):.3f}, recall at .99 {at:.3f}"


def measure(folder):
    """Print the figures of one folder."""
    vectors, hashes, qualities, of, change = made(folder)
    is_original = change == "original"
    signals = signals_of(vectors, hashes, qualities)
    pairs = find_pairs(signals, least_score=-9.0)
    first, second = pairs.rows.T
    chosen = is_original[first] | is_original[second]
    first, second, scores = first[chosen], second[chosen], pairs.scores[chosen]
    is_copy = of[first] == of[second]
    raw = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    centered = signals.vectors
    print(f"{folder}: {is_original.sum()} images, {len(of)} with their copies")
    for name, values in {
        "hash": hash_agreement(signals, first, second),
        "cosine": np.einsum("ij,ij->i", raw[first], raw[second]),
        "centered cosine": np.einsum("ij,ij->i", centered[first], centered[second]),
        "score": scores,
    }.items():
        print(f"  {name:16s} {figures(is_copy, values)}")
    taken = scores >= DEFAULT_SCORE
    print(
        f"  at the default: precision {is_copy[taken].mean():.4f}, "
        f"recall {is_copy[taken].sum() / is_copy.sum():.3f}"
    )
    alone = signals_of(vectors[is_original], hashes[is_original], qualities[is_original])
    print(f"  pairs found among the different originals: {len(find_pairs(alone).rows)}")


def measure_scale(n, n_features):
    """Print how long very many vectors take."""
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((n, n_features), dtype=np.float32)
    hashes = rng.integers(0, 256, (n, 8, 32), dtype=np.uint8)
    n_copies = n // 100
    vectors[-n_copies:] = vectors[:n_copies] + 0.1 * vectors[n_copies : 2 * n_copies]
    hashes[-n_copies:] = hashes[:n_copies]
    begun = time.perf_counter()
    pairs = find_pairs(signals_of(vectors, hashes, np.full(n, 9.0)))
    elapsed = time.perf_counter() - begun
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    found = f"{len(pairs.rows):,} of {n_copies:,} copies found"
    print(f"{n:,} × {n_features}: {elapsed:.1f} s, {found}, peak {most:.1f} GB")


if __name__ == "__main__":
    folders = [argument for argument in sys.argv[1:] if argument != "--soak"]
    for folder in folders or [SKETCHES]:
        measure(folder)
    measure_scale(20_000, 512)
    if "--soak" in sys.argv:
        measure_scale(300_000, 128)
