"""Find copies among images that were changed in eleven ways, and among very many vectors.

    python tests/benchmarks/bench_duplicates.py [FOLDER ...] [--soak]

For each folder (by default, that of the example's sketches): average precision, and recall at
precision .99, of pairs of an original and a changed copy against all other pairs with an original,
by the cosine of the built-in embedder, by hashes (also those of imagehash and pdqhash, where they
are installed), and by the score of `find_duplicates`; what its threshold does; and how many pairs
it finds among the originals, which are all different. Then how many pairs it finds among made
images of one kind that are no copies: scanned texts, textures, blank pages, and shots of a series
with a moving object (from the images of FOLDER). ``--soak`` also looks through 300,000 made
vectors.
"""

import io
import resource
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont
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


def images_in(folder):
    """Read all images of a folder."""
    files = sorted(path for path in Path(folder).rglob("*.*") if path.is_file())
    return [Image.fromarray(decode(file.read_bytes(), str(file))) for file in files]


def looked_at(images):
    """Get vectors, hashes, qualities, and the hashes of peers by their names."""
    with tempfile.TemporaryDirectory() as top:
        paths = [Path(top) / f"{i}.png" for i in range(len(images))]
        for path, image in zip(paths, images, strict=True):
            image.save(path, compress_level=1)
        vectors = oie.embed_files(paths, "efficientnet-lite0", cache=False).vectors
    hashes, qualities = zip(*(hash_turns(np.asarray(image)) for image in images), strict=True)
    return vectors, np.array(hashes), np.array(qualities), peers(images)


def peers(images):
    """Get the hashes of other packages, shape (n, n_turns, n_bits), by their names."""
    found = {}
    with suppress(ImportError):
        import imagehash

        found["imagehash pHash"] = np.array([[imagehash.phash(i).hash.ravel()] for i in images])
    with suppress(ImportError):
        import pdqhash

        # The first is of the image as it is.
        found["pdqhash, 8 turns"] = np.array(
            [pdqhash.compute_dihedral(np.asarray(image))[0] for image in images]
        )
    return found


def peer_agreement(hashes, first, second):
    """Get the part of the bits that are the same, turned as suits best."""
    same = np.empty(len(first), dtype=np.float32)
    for start in range(0, len(first), 1 << 14):
        part = slice(start, start + (1 << 14))
        equal = hashes[first[part]].astype(bool) == hashes[second[part], :1].astype(bool)
        same[part] = equal.mean(axis=2).max(axis=1)
    return same


def figures(is_copy, scores):
    precision, recall, _ = precision_recall_curve(is_copy, scores)
    at = recall[precision >= LEAST_PRECISION].max()
    return f"AP {average_precision_score(is_copy, scores):.3f}, recall at .99 {at:.3f}"


def measure(folder):
    """Print the figures of one folder; get its images."""
    originals = images_in(folder)
    images, of, change = [], [], []
    for number, image in enumerate(originals):
        for name, copy in {"original": image, **changed(image)}.items():
            images.append(copy)
            of.append(number)
            change.append(name)
    of, change = np.array(of), np.array(change)
    vectors, hashes, qualities, others = looked_at(images)
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
        **{name: peer_agreement(peer, first, second) for name, peer in others.items()},
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
    return originals


def made(rng, n):
    """Make images of kinds whose images are much alike, and no copies."""
    font = ImageFont.load_default(size=13)
    words = [
        "".join(chr(97 + c) for c in rng.integers(0, 26, rng.integers(2, 9))) for _ in range(999)
    ]
    scans, textures, blanks = [], [], []
    for i in range(n):
        page = Image.new("RGB", (460, 640), (250, 250, 250))
        lines = [" ".join(rng.choice(words, 9)) for _ in range(32)]
        ImageDraw.Draw(page).multiline_text((40, 40), "\n".join(lines), (20, 20, 20), font)
        scans.append(page)
        y, x = np.mgrid[:256, :256]
        angle, step = rng.uniform(0, np.pi), rng.uniform(0.15, 0.35)
        waves = 90 * np.sin(step * (x * np.cos(angle) + y * np.sin(angle)))
        values = 128 + (waves if i % 2 else 0) + rng.normal(0, 10 if i % 2 else 40, (256, 256))
        textures.append(Image.fromarray(values.clip(0, 255).astype(np.uint8)).convert("RGB"))
        values = rng.choice([0, 128, 255]) + rng.normal(0, 1, (200 + i, 300))
        blanks.append(Image.fromarray(values.clip(0, 255).astype(np.uint8)).convert("RGB"))
    return {"scanned texts": scans, "textures": textures, "blank pages": blanks}


def series(rng, photos, n):
    """Make shots of scenes through which another photo moves."""
    shots = []
    for _ in range(n):
        scene, subject = (photos[i].copy() for i in rng.integers(len(photos), size=2))
        scene = scene.resize((520, 360))
        subject.thumbnail((200, 200))
        for x in range(20, 320, 90):
            shot = scene.copy()
            shot.paste(subject, (x, int(rng.integers(10, 150))))
            dx, dy = rng.integers(0, 20, 2)
            shots.append(shot.crop((dx, dy, dx + 500, dy + 340)))
    return shots


def measure_others(photos):
    """Print how many pairs are found where there are no copies."""
    rng = np.random.default_rng(0)
    kinds = {**made(rng, 60), "shots of 30 scenes": series(rng, photos, 30)}
    for name, images in kinds.items():
        vectors, hashes, qualities, _ = looked_at(images)
        n_found = len(find_pairs(signals_of(vectors, hashes, qualities)).rows)
        print(f"{len(images)} {name}: {n_found} of {len(images) * (len(images) - 1) // 2} pairs")


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
    photos = [image for folder in folders or [SKETCHES] for image in measure(folder)]
    measure_others(photos)
    measure_scale(20_000, 512)
    if "--soak" in sys.argv:
        measure_scale(300_000, 128)
