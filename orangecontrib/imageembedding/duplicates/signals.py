"""How alike two images are: by what a network sees, and by their lowest frequencies.

Neither suffices. A network takes two photos of one kind of bird for alike, and a hash takes
crops for different images. So the similarity of vectors counts only by how far it is above that
to other images (score normalization, as in Douze et al. 2021, "The 2021 Image Similarity
Dataset and Challenge"), and a hash that agrees adds to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.duplicates.hashes import MIN_QUALITY, N_BITS
from orangecontrib.imageembedding.progress import Progress, silent

BLOCK_NUMBERS = 1 << 25  # similarities at a time: 128 MB
MAX_PAIRS_AT_ONCE = 1 << 16

# Fitted on 300 photos, drawings and icons with eleven changes each, beside textures, bursts,
# scanned texts and blank pages; `bench_duplicates.py` tests them on others.
SURE_SIMILARITY, SURE_HASH = 0.8, 0.5  # copies, which do not tell how common an image is
MOST_COPIES = 3
N_NEAREST = 3
N_LOOKED_AT = 40  # of the nearest, some may be copies
# Agreement of hashes beyond each bound counts so much; similarity beyond another counts twice.
HASH_WEIGHTS = ((0.3, 0.4), (0.6, 0.8), (0.85, 4.0))
MOST_BY_HASH = sum(weight * (1 - bound) for bound, weight in HASH_WEIGHTS)
VERY_SIMILAR = 0.85
LEAST_SIMILARITY = 0.1  # whatever the hashes say
DEFAULT_SCORE = 0.6

N_SAMPLED = 4096  # images by which it is measured how common one is
N_EXAMPLES = 1500
EXAMPLE_STEP = 5  # percent
MIN_IMAGES = 24  # of fewer, neither the mean nor the nearest others tell anything
USUAL_SIMILARITY = 0.55  # then: of two images, by vectors that are not centered

_ones = np.array([bin(byte).count("1") for byte in range(256)], dtype=np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Images that are alike.

    Attributes
    ----------
    rows : ndarray of shape (n_pairs, 2), dtype int
        The smaller row first.
    scores : ndarray of shape (n_pairs,), dtype float32
        How sure it is that one is a copy of the other; see `DEFAULT_SCORE`.
    similarities : ndarray of shape (n_pairs,), dtype float32
        Cosine of their vectors.
    """

    rows: NDArray[np.intp]
    scores: NDArray[np.float32]
    similarities: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """What is compared of each image.

    Attributes
    ----------
    vectors : ndarray of shape (n, n_features), dtype float32
        Of length 1.
    words : ndarray of shape (8, 4, n), dtype uint64
        The hashes of `hash_turns`, in the order in which they are compared fastest.
    is_flat : ndarray of shape (n,), dtype bool
        Where the hash tells nothing.
    common : ndarray of shape (n,), dtype float32
        Similarity to the nearest images that are not copies.
    """

    vectors: NDArray[np.float32]
    words: NDArray[np.uint64]
    is_flat: NDArray[np.bool_]
    common: NDArray[np.float32]


def signals_of(
    vectors: NDArray[np.floating],
    hashes: NDArray[np.uint8],
    qualities: NDArray[np.floating],
    progress: Progress = silent,
) -> Signals:
    """Get what is compared, from embeddings and hashes of all images.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_features), dtype float32 or float64
        Embeddings; NaN where there is none.
    hashes : ndarray of shape (n, 8, 32), dtype uint8
        Perceptual hashes of each image, as it is and turned or mirrored.
    qualities : ndarray of shape (n,), dtype float32 or float64
        How much there is to be compared in each image; flat ones are not compared by hashes.
    progress : Progress, optional
        Told the part that is done.
    """
    is_flat = np.asarray(qualities) < MIN_QUALITY
    rows = np.asarray(vectors, dtype=np.float32)
    is_small = len(rows) < MIN_IMAGES
    if not is_small:
        rows = rows - rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    rows = (rows / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    # Among few, nothing but the pixels tells whether flat pictures are copies.
    usual = np.where(is_flat, 1, USUAL_SIMILARITY).astype(np.float32)
    signals = Signals(rows, _words(hashes), is_flat, usual)
    return signals if is_small else _with_common(signals, progress)


def _with_common(signals: Signals, progress: Progress) -> Signals:
    """Measure how common each image is, by a sample of all."""
    n = len(signals.vectors)
    sample = np.unique(np.linspace(0, n - 1, min(n, N_SAMPLED)).astype(int))
    others = signals.vectors[sample].T
    common = np.empty(n, dtype=np.float32)
    for rows in _blocks(n, len(sample)):
        block = np.arange(rows.start, rows.stop)
        similar = signals.vectors[block] @ others
        similar[block[:, None] == sample] = -1
        # Copies that only the hash knows are among the nearest, if anywhere.
        n_looked_at = min(N_LOOKED_AT, similar.shape[1])
        nearest = np.argpartition(similar, -n_looked_at, axis=1)[:, -n_looked_at:]
        values = np.take_along_axis(similar, nearest, axis=1)
        first = np.repeat(block, nearest.shape[1])
        agree = hash_agreement(signals, first, sample[nearest.ravel()]).reshape(values.shape)
        values[agree > SURE_HASH] = -1
        values.sort(axis=1)
        for n_sure in range(MOST_COPIES + 1):  # of more, each is one of many of a kind
            n_copies = np.minimum((values > SURE_SIMILARITY).sum(axis=1), MOST_COPIES)
            chosen = n_copies == n_sure
            end = values.shape[1] - n_sure
            common[block[chosen]] = values[chosen, max(end - N_NEAREST, 0) : end].mean(axis=1)
        progress(rows.stop / n)
    return Signals(signals.vectors, signals.words, signals.is_flat, np.maximum(common, 0))


def _words(hashes: NDArray[np.uint8]) -> NDArray[np.uint64]:
    words = np.ascontiguousarray(hashes).view(np.uint64)
    return np.ascontiguousarray(words.transpose(1, 2, 0))


def _n_ones(words: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """Count the bits that are set in each word, shape (n,)."""
    counts: NDArray[np.uint8]
    if hasattr(np, "bitwise_count"):  # from NumPy 2 on
        counts = np.bitwise_count(words)
    else:
        counts = _ones[words.view(np.uint8)].reshape(-1, 8).sum(axis=1, dtype=np.uint8)
    return counts


def hash_agreement(
    signals: Signals, first: NDArray[np.intp], second: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Get how well the hashes of pairs agree, turned and mirrored as suits best.

    Parameters
    ----------
    signals : Signals
        Of all images.
    first, second : ndarray of shape (n_pairs,), dtype int
        The images of each pair.

    Returns
    -------
    agreement : ndarray of shape (n_pairs,), dtype float32
        1 if all bits agree, 0 as by chance.
    """
    agree = np.empty(len(first), dtype=np.float32)
    for start in range(0, len(first), MAX_PAIRS_AT_ONCE):
        part = slice(start, start + MAX_PAIRS_AT_ONCE)
        upright = [word[second[part]] for word in signals.words[0]]
        fewest = np.full(len(upright[0]), N_BITS, dtype=np.uint16)
        for turn in signals.words:
            n_bits = np.zeros_like(fewest)
            for word, other in zip(turn, upright, strict=True):
                n_bits += _n_ones(word[first[part]] ^ other)
            np.minimum(fewest, n_bits, out=fewest)
        agree[part] = 1 - fewest * (2 / N_BITS)
    agree[signals.is_flat[first] | signals.is_flat[second]] = 0
    return agree


def find_pairs(
    signals: Signals,
    least_score: float = DEFAULT_SCORE,
    least_similarity: float | None = None,
    n_first: int | None = None,
    progress: Progress = silent,
) -> Pairs:
    """Find the pairs of images that are alike, among all; in blocks, exactly.

    Parameters
    ----------
    signals : Signals
        Of all images.
    least_score : float
        Pairs with so high a score are copies.
    least_similarity : float, optional
        Also pairs whose vectors are so similar are taken.
    n_first : int, optional
        Only pairs of one of the first `n_images` images and one of the remaining ones.
    progress : Progress, optional
        Told the part that is done.
    """
    n = len(signals.vectors)
    found: list[tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]]] = []
    n_rows = n if n_first is None else n_first
    enough = np.inf if least_similarity is None else least_similarity
    floor = least_score - MOST_BY_HASH + signals.common.min(initial=1)
    floor = min(max(floor, LEAST_SIMILARITY), enough, VERY_SIMILAR)
    for block in _blocks(n_rows, n):
        left = block.start if n_first is None else n_first
        similar = signals.vectors[block.start : block.stop] @ signals.vectors[left:].T
        rows, columns = np.nonzero(similar >= floor)
        first, second, likeness = rows + block.start, columns + left, similar[rows, columns]
        above = likeness + np.maximum(likeness - VERY_SIMILAR, 0)
        above -= np.minimum(signals.common[first], signals.common[second])
        is_near = (above >= least_score - MOST_BY_HASH) & (likeness >= LEAST_SIMILARITY)
        is_near |= likeness >= enough
        is_near &= first < second
        first, second, likeness = first[is_near], second[is_near], likeness[is_near]
        agree = hash_agreement(signals, first, second)
        by_hash = sum(weight * np.maximum(agree - bound, 0) for bound, weight in HASH_WEIGHTS)
        scores = above[is_near] + by_hash
        wanted = (scores >= least_score) | (likeness >= enough)
        found.append((np.column_stack([first, second])[wanted], scores[wanted], likeness[wanted]))
        left_over = 1 - block.stop / n_rows
        progress(1 - (left_over**2 if n_first is None else left_over))
    if not found:
        return Pairs(np.empty((0, 2), np.intp), *(np.empty(0, np.float32) for _ in range(2)))
    return Pairs(*(np.concatenate(part) for part in zip(*found, strict=True)))


def example_pairs(signals: Signals, n_each: int = 2) -> dict[int, list[tuple[int, int]]]:
    """Get a few pairs of images for each strength of similarity, of a sample.

    Returns
    -------
    examples : dict of int to list of (int, int)
        Cosine in percent, in steps of `EXAMPLE_STEP` → the pairs that are nearest above it.
    """
    n = len(signals.vectors)
    sample = np.unique(np.linspace(0, n - 1, min(n, N_EXAMPLES)).astype(int))
    some = signals.vectors[sample]
    rows, columns = np.triu_indices(len(sample), 1)
    values = (some @ some.T)[rows, columns]
    order = np.argsort(values)
    examples = {}
    for percent in range(0, 100, EXAMPLE_STEP):
        start, end = np.searchsorted(values[order], [percent / 100, (percent + EXAMPLE_STEP) / 100])
        chosen = order[start : min(start + n_each, end)]
        pairs = zip(sample[rows[chosen]].tolist(), sample[columns[chosen]].tolist(), strict=True)
        examples[percent] = list(pairs)
    return examples


def _blocks(n_rows: int, n_columns: int) -> list[range]:
    """Cut rows into blocks whose similarities to all columns stay small."""
    step = max(1, BLOCK_NUMBERS // max(1, n_columns))
    return [range(start, min(start + step, n_rows)) for start in range(0, n_rows, step)]
