# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw the example set: hand-drawn-looking sketches of domestic animals.

Forty-eight pictures, six of each of eight animals, for a lecture on image
clustering. Every picture is drawn from nothing but the curves in this folder::

    python doc/sketches/draw.py [FOLDER]

writes FOLDER/cat/cat-01.png and so on. The same program draws the same files.
"""

import argparse
import io
import sys
from pathlib import Path

from animals.cat import cat
from animals.cow import cow
from animals.dog import dog
from animals.hen import hen
from animals.horse import horse
from animals.pig import pig
from animals.rabbit import rabbit
from animals.sheep import sheep
from pens import PENS
from sketch import SIZE, Sketch

PACKAGE = Path(__file__).resolve().parents[2] / "orangecontrib" / "imageembedding"

# pose, pen, and whether the animal is turned to look to the right
DRAWINGS = {
    cat: [
        ("sitting", "brush", False),
        ("standing", "ballpoint", True),
        ("head", "fineliner", False),
        ("curled", "pencil", False),
        ("facing", "marker", True),
        ("arched", "fineliner", True),
    ],
    dog: [
        ("standing", "fineliner", False),
        ("sitting", "marker", True),
        ("head", "brush", False),
        ("running", "brush", True),
        ("lying", "pencil", False),
        ("facing", "ballpoint", False),
    ],
    cow: [
        ("standing", "marker", False),
        ("grazing", "brush", True),
        ("head", "brush", False),
        ("looking", "ballpoint", True),
        ("lying", "fineliner", False),
        ("facing", "pencil", False),
    ],
    horse: [
        ("standing", "fineliner", False),
        ("galloping", "brush", True),
        ("head", "ballpoint", False),
        ("grazing", "marker", False),
        ("rearing", "fineliner", True),
        ("trotting", "pencil", False),
    ],
    pig: [
        ("standing", "brush", False),
        ("head", "marker", False),
        ("looking", "fineliner", True),
        ("sitting", "pencil", False),
        ("running", "ballpoint", True),
        ("facing", "fineliner", False),
    ],
    sheep: [
        ("standing", "fineliner", False),
        ("facing", "brush", False),
        ("grazing", "ballpoint", True),
        ("head", "marker", False),
        ("lying", "pencil", False),
        ("looking", "brush", True),
    ],
    hen: [
        ("standing", "fineliner", False),
        ("pecking", "brush", True),
        ("head", "ballpoint", False),
        ("nesting", "pencil", True),
        ("running", "fineliner", False),
        ("calling", "marker", True),
    ],
    rabbit: [
        ("sitting", "brush", False),
        ("head", "fineliner", False),
        ("leaping", "pencil", True),
        ("eating", "fineliner", False),
        ("upright", "marker", True),
        ("behind", "ballpoint", False),
    ],
}


def draw_all():
    """Draw the set.

    Yields
    ------
    str
        Path of a picture inside the set's folder.
    bytes
        What its file holds.
    """
    for index, (animal, drawings) in enumerate(DRAWINGS.items()):
        name = animal.__name__
        for number, (pose, pen, turned) in enumerate(drawings, start=1):
            sketch = Sketch(PENS[pen], seed=[index, number])
            with sketch.at(x=SIZE if turned else 0, scale=(-1 if turned else 1, 1)):
                animal(sketch, pose)
            # a head alone is drawn smaller, lest its lines be much finer than in other pictures
            picture = sketch.finished(margin=34 if pose == "head" else 14)
            encoded = io.BytesIO()
            picture.save(encoded, format="PNG", optimize=True)
            yield f"{name}/{name}-{number:02}.png", encoded.getvalue()


def main(arguments=None):
    """Run the program.

    Parameters
    ----------
    arguments : list of str, optional
        Command line; by default that of the process.

    Returns
    -------
    int
        Exit status.
    """
    parser = argparse.ArgumentParser(description="Draw sketches of domestic animals.")
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=PACKAGE / "examples" / "sketches",
        help="where to write the pictures (default: the example set of the package)",
    )
    parser.add_argument("--force", action="store_true", help="replace files of other content")
    options = parser.parse_args(arguments)

    pictures = {options.folder / path: content for path, content in draw_all()}
    missing = [path for path in pictures if not path.exists()]
    differing = [p for p, data in pictures.items() if p.exists() and p.read_bytes() != data]
    if differing and not options.force:
        sys.stderr.write(f"{differing[0]} exists and differs; --force replaces it\n")
        return 1
    for path in missing + differing:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pictures[path])
    written = len(missing) + len(differing)
    as_drawn = len(pictures) - written
    sys.stdout.write(f"{options.folder}: {written} written, {as_drawn} were as they should be\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
