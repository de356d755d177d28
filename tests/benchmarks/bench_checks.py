"""Find images that were spoiled in code, beside cleanvision, cleanlab, and FiftyOne's measure.

    python tests/benchmarks/bench_checks.py [FOLDER ...] [--only pixels|labels|odd|time]

The collections are the example's sketches, textures and cells made in code, scikit-learn's digits,
and the folders, in which each sub-folder is a class. In each of them some images are spoiled in
each way; printed is the area under the ROC curve of telling them from the others.
"""

import argparse
import io
import tempfile
import time
import warnings
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from scipy.ndimage import gaussian_filter
from sklearn.metrics import roc_auc_score

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding import examples
from orangecontrib.imageembedding.checks.find import find_faults
from orangecontrib.imageembedding.checks.labels import doubt_labels
from orangecontrib.imageembedding.checks.measures import N_MEASURES, measure
from orangecontrib.imageembedding.checks.reduce import reduce
from orangecontrib.imageembedding.checks.rules import CHECKS
from orangecontrib.imageembedding.checks.unusual import distances_to_nearest
from orangecontrib.imageembedding.images.decode import decode

SKETCHES = Path(examples.__file__).parent / "sketches"
N_SPOILED = 8
N_MADE = 60
SIDE_PX = 128
LABEL_BOUND = next(check.bound for check in CHECKS if check.id == "label doubtful")
GRAY = {"sketches", "cells", "digits", "gray photos"}  # collections without color


# Collections


def texture(rng):
    """One of eight kinds of textures, in two random colors."""
    side = np.arange(SIDE_PX)
    x, y = np.meshgrid(side, side)
    angle = rng.uniform(0, np.pi)
    along = x * np.cos(angle) + y * np.sin(angle)
    kinds = (
        lambda: gaussian_filter(rng.normal(size=x.shape), 1),
        lambda: gaussian_filter(rng.normal(size=x.shape), 3),
        lambda: gaussian_filter(rng.normal(size=x.shape), (1, 9)),
        lambda: np.sin(rng.uniform(0.12, 0.2) * along),
        lambda: np.sin(rng.uniform(0.4, 0.6) * along),
        lambda: np.sign(np.sin(rng.uniform(0.2, 0.4) * x) * np.sin(rng.uniform(0.2, 0.4) * y)),
        lambda: discs(rng, 30, (4, 9)),
        lambda: np.abs(gaussian_filter(rng.normal(size=x.shape), 4)),
    )
    kind = int(rng.integers(len(kinds)))
    values = kinds[kind]()
    values = (values - values.min()) / np.ptp(values)
    low, high = rng.uniform(0, 255, (2, 3))
    pixels = low + values[..., None] * (high - low) + rng.normal(size=(*x.shape, 3)) * 4
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)), kind


def discs(rng, n, radius):
    """Discs at random places, shape (side, side), 0 to 1."""
    image = Image.new("L", (SIDE_PX, SIDE_PX))
    draw = ImageDraw.Draw(image)
    for _ in range(n):
        (x, y), r = rng.uniform(0, SIDE_PX, 2), rng.uniform(*radius)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=255)
    return np.asarray(image) / 255


def cells(rng):
    """A dark, smooth picture as of a fluorescence microscope, of one of three kinds."""
    kind = int(rng.integers(3))
    n, radius = ((12, (7, 11)), (40, (3, 5)), (6, (12, 18)))[kind]
    light = gaussian_filter(discs(rng, n, radius), rng.uniform(1.6, 2.2)) * rng.uniform(90, 180)
    noisy = rng.poisson(light + 6)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).convert("RGB"), kind


def made(make, n=N_MADE):
    rng = np.random.default_rng(0)
    pairs = [make(rng) for _ in range(n)]
    return [image for image, _ in pairs], np.array([kind for _, kind in pairs])


def digits(n=600):
    from sklearn.datasets import load_digits

    found = load_digits()
    images = [
        Image.fromarray((255 - 15.9 * pixels).astype(np.uint8)).resize((96, 96)).convert("RGB")
        for pixels in found.images[:n]
    ]
    return images, found.target[:n]


def loaded(folder):
    paths = sorted(path for path in folder.glob("*/*") if path.is_file())
    images, kinds = [], []
    for path in paths:
        try:
            images.append(Image.fromarray(decode(path.read_bytes(), str(path))))
        except oie.ImageError:
            continue
        kinds.append(path.parent.name)
    return images, np.unique(kinds, return_inverse=True)[1]


def collections(folders):
    found = {"sketches": loaded(SKETCHES), "textures": made(texture), "cells": made(cells)}
    found["digits"] = digits()
    for folder in folders:
        found[folder.name] = loaded(folder)
    if "photos" in found:
        images, kinds = found["photos"]
        found["gray photos"] = [image.convert("L").convert("RGB") for image in images], kinds
    return found


# Spoiled images


def spoiled(image, rng):
    """Get the image spoiled in each way, by the names of checks."""
    pixels = np.asarray(image, dtype=np.float32)
    width, height = image.size
    longer = max(image.size)

    def picture(values):
        return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))

    factor = rng.choice([1 / 6, 5])
    resized = image.resize((max(8, round(width * factor)), max(8, round(height * factor))))
    return {
        "dark": picture(pixels * rng.uniform(0.05, 0.25)),
        "bright": picture(255 - (255 - pixels) * rng.uniform(0.03, 0.2)),
        "low contrast": picture(pixels.mean() + (pixels - pixels.mean()) * rng.uniform(0.05, 0.12)),
        "blurry": image.filter(ImageFilter.GaussianBlur(longer * rng.uniform(0.02, 0.05))),
        "gray among color": image.convert("L"),
        "unreadable colors": picture(pixels * np.roll((0, 1, 1), rng.integers(3))),
        "nearly empty": empty(image.size, rng),
        "odd size": resized,
        "odd shape": image.resize((width, max(4, height // 6)) if rng.random() < 0.5
                                  else (max(4, width // 6), height)),
    }  # fmt: skip


def empty(size, rng):
    """A picture of one color, of a slow change of colors, or of a spot in the emptiness."""
    width, height = size
    color = rng.uniform(20, 235, 3)
    pixels = np.ones((height, width, 3)) * color
    kind = rng.integers(3)
    if kind == 1:
        pixels += np.linspace(-20, 20, width)[None, :, None]
    elif kind == 2:
        r = max(1, min(size) // 60)
        pixels[height // 2 - r : height // 2 + r, width // 3 - r : width // 3 + r] = 255 - color
    pixels += rng.normal(size=pixels.shape)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


PEERS = {
    "dark": "dark", "bright": "light", "blurry": "blurry", "gray among color": "grayscale",
    "nearly empty": "low_information", "odd size": "odd_size", "odd shape": "odd_aspect_ratio",
}  # fmt: skip


def measured(image):
    rgb = np.asarray(image.convert("RGB"))
    return measure(rgb, image.width, image.height)


def badness(result):
    """Ranks as the widget does: images without the measure come last."""
    sign = -1 if result.check.is_low else 1
    return np.where(np.isfinite(result.values), sign * result.values, -np.inf).clip(-1e9)


def bench_pixels(found):
    from cleanvision import Imagelab

    rows, n_false = {}, {}
    for name, (images, _) in found.items():
        images = images[:N_MADE]
        rng = np.random.default_rng(1)
        is_gray = np.array([np.ptp(np.asarray(image.convert("RGB")), axis=2).max() < 3
                            for image in images])  # fmt: skip
        chosen = rng.choice(np.flatnonzero(~is_gray | (name in GRAY)), N_SPOILED, replace=False)
        clean = np.array([measured(image) for image in images])
        findings = find_faults(clean)
        n_false[name] = {
            result.check.id: int(result.flagged.sum())
            for result in findings.results if result.check.is_fault and result.flagged.any()
        }  # fmt: skip
        changed = [spoiled(images[i], rng) for i in chosen]
        for issue in changed[0]:
            if issue in ("gray among color", "unreadable colors") and name in GRAY:
                continue
            mixed = list(images)
            for i, versions in zip(chosen, changed, strict=True):
                mixed[i] = versions[issue]
            is_bad = np.isin(np.arange(len(images)), chosen)
            # What is so by itself is neither.
            is_told = is_bad | (issue != "gray among color") | ~is_gray
            values = clean.copy()
            values[chosen] = [measured(mixed[i]) for i in chosen]
            result = find_faults(values).result_of(issue)
            ours = roc_auc_score(is_bad[is_told], badness(result)[is_told])
            recall = result.flagged[is_bad].mean()
            wrong = result.flagged[~is_bad].sum()
            peer = np.nan
            if issue in PEERS:
                with tempfile.TemporaryDirectory() as folder:
                    paths = []
                    for i, image in enumerate(mixed):
                        paths.append(str(Path(folder) / f"{i:04}.png"))
                        image.save(paths[-1])
                    lab = Imagelab(filepaths=paths)
                    with warnings.catch_warnings(), redirect_stdout(io.StringIO()), \
                            redirect_stderr(io.StringIO()):  # fmt: skip
                        warnings.simplefilter("ignore")
                        lab.find_issues({PEERS[issue]: {}}, n_jobs=1, verbose=False)
                    scores = lab.issues.loc[paths, f"{PEERS[issue]}_score"].to_numpy(float)
                peer = roc_auc_score(is_bad[is_told], -scores[is_told])
            rows.setdefault(issue, {})[name] = (ours, peer, recall, wrong)
    return rows, n_false


def bench_duplicates(found):
    """The two other issues of cleanvision: the same file twice, and recompressed or scaled ones."""
    from cleanvision import Imagelab

    for kind, issue in (("exact", "exact_duplicates"), ("near", "near_duplicates")):
        for name, (images, _) in found.items():
            if name == "gray photos":
                continue
            images = images[:N_MADE]
            with tempfile.TemporaryDirectory() as folder:
                paths = [Path(folder) / f"{i:04}.png" for i in range(len(images) + N_SPOILED)]
                for path, image in zip(paths, [*images, *images[:N_SPOILED]], strict=True):
                    image.save(path)
                if kind == "near":
                    for path, image in zip(paths[-N_SPOILED:], images, strict=False):
                        half = image.resize((max(8, image.width // 2), max(8, image.height // 2)))
                        half.save(path, "JPEG", quality=60)
                texts = [str(path) for path in paths]
                lab = Imagelab(filepaths=texts)
                with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                    lab.find_issues({issue: {}}, n_jobs=1, verbose=False)
                peer = lab.issues.loc[texts, f"{issue}_score"].to_numpy(float)
                ours = np.nan_to_num(oie.find_duplicates(texts).similarity)
            is_double = np.r_[: len(images) + N_SPOILED]
            is_double = (is_double < N_SPOILED) | (is_double >= len(images))
            print(f"{kind} duplicates, {name:12} {roc_auc_score(is_double, ours):.3f} / "
                  f"{roc_auc_score(is_double, -peer):.3f}")  # fmt: skip


# Labels


def bench_labels(embedded, n_rounds=5):
    """Wrong labels on 5 % of the images: ours, then cleanlab's two scores."""
    from cleanlab.rank import get_label_quality_scores
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    for name, (vectors, kinds) in embedded.items():
        found = []
        for seed in range(n_rounds):
            rng = np.random.default_rng(seed)
            n, n_kinds = len(kinds), kinds.max() + 1
            bad = rng.choice(n, max(3, round(0.05 * n)), replace=False)
            labels = kinds.copy()
            labels[bad] = (labels[bad] + rng.integers(1, n_kinds, len(bad))) % n_kinds
            is_bad = np.isin(np.arange(n), bad)
            doubts = doubt_labels(reduce(vectors), labels)
            folds = StratifiedKFold(min(5, np.bincount(labels).min()), shuffle=True, random_state=0)
            model = LogisticRegression(max_iter=400)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                shares = cross_val_predict(model, vectors, labels, cv=folds, method="predict_proba")
            peers = [
                roc_auc_score(is_bad, -get_label_quality_scores(labels, shares, method=method))
                for method in ("self_confidence", "normalized_margin")
            ]
            right = (doubts.suggested[bad] == kinds[bad]).mean()
            told = doubts.doubt > LABEL_BOUND
            ours = roc_auc_score(is_bad, np.nan_to_num(doubts.doubt))
            precision = is_bad[told].mean() if told.any() else 1
            found.append([ours, *peers, right, told[is_bad].mean(), precision])
        ours, confidence, margin, right, recall, precision = np.mean(found, axis=0)
        print(
            f"labels, {name:12} {ours:.3f} / cleanlab {confidence:.3f}, {margin:.3f}; true class "
            f"suggested {right:.0%}; told {recall:.0%} of the wrong, {precision:.0%} of told wrong"
        )


# Odd images


def fiftyone_uniqueness(vectors):
    """After fiftyone.brain's uniqueness: weighted distances to three nearest."""
    squares = (vectors**2).sum(axis=1)
    distances = np.maximum(squares[:, None] + squares - 2 * vectors @ vectors.T, 0) ** 0.5
    np.fill_diagonal(distances, np.inf)
    return np.sort(distances, axis=1)[:, :3] @ (0.6, 0.3, 0.1)


def bench_odd(embedded, n_odd=5, n_rounds=3):
    for name, (vectors, _) in embedded.items():
        found = []
        for other, (others, _) in embedded.items():
            if "photos" in name and "photos" in other or name == other:
                continue
            for seed in range(n_rounds):
                rng = np.random.default_rng(seed)
                base = vectors[rng.permutation(len(vectors))[:300]]
                mixed = np.vstack([base, others[rng.choice(len(others), n_odd, replace=False)]])
                is_odd = np.arange(len(mixed)) >= len(base)
                ours = distances_to_nearest(reduce(mixed), len(mixed))
                found.append([roc_auc_score(is_odd, ours),
                              roc_auc_score(is_odd, fiftyone_uniqueness(mixed))])  # fmt: skip
        ours, peer = np.mean(found, axis=0)
        print(f"odd images among {name:12} {ours:.3f} / FiftyOne's uniqueness {peer:.3f}")


def bench_time(n=10_000, n_features=1280, n_classes=20):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, n_classes, n)
    vectors = rng.normal(size=(n_classes, n_features))[labels] + rng.normal(size=(n, n_features))
    vectors = vectors.astype(np.float32)
    measures = rng.uniform(0.2, 0.8, (n, N_MEASURES)).astype(np.float32)
    picture = rng.integers(0, 256, (192, 256, 3), dtype=np.uint8)
    for _ in range(2):
        begun, cpu = time.perf_counter(), time.process_time()
        findings = find_faults(measures, vectors, labels, [str(i) for i in range(n_classes)])
        findings.flags, findings.reasons  # noqa: B018
        print(f"{n:,} images: {time.perf_counter() - begun:.2f} s, "
              f"{time.process_time() - cpu:.2f} s of CPU")  # fmt: skip
    cpu = time.process_time()
    for _ in range(300):
        measure(picture, 256, 192)
    print(
        f"a picture of 256 x 192 is measured in {(time.process_time() - cpu) / 0.3:.2f} ms of CPU"
    )


def embedded_of(found):
    embedded = {}
    for name, (images, kinds) in found.items():
        vectors = oie.embed_files(images, "efficientnet-lite0").vectors
        embedded[name] = vectors, kinds
    return embedded


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--only", choices=("pixels", "labels", "odd", "time"))
    options = parser.parse_args()
    found = collections(options.folders)
    if options.only in (None, "pixels"):
        rows, n_false = bench_pixels(found)
        for issue, by_name in rows.items():
            print(f"{issue}: ours / cleanvision; found; wrongly flagged")
            for name, (ours, peer, recall, wrong) in by_name.items():
                print(f"    {name:12} {ours:.3f} / {peer:.3f}   {recall:.0%}  {wrong}")
        print("flagged of the collections as they are:", n_false)
        bench_duplicates(found)
    if options.only in (None, "labels", "odd"):
        embedded = embedded_of(found)
        if options.only != "odd":
            bench_labels(embedded)
        if options.only != "labels":
            bench_odd(embedded)
    if options.only in (None, "time"):
        bench_time()


if __name__ == "__main__":
    main()
