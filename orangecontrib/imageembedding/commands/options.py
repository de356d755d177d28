"""Options of the command line that several commands share, and those of the server."""

from __future__ import annotations

import argparse


def add_source(parser: argparse.ArgumentParser) -> None:
    """Add where the images come from, and how they are read."""
    parser.add_argument(
        "source",
        metavar="FOLDER_OR_TABLE",
        help="a folder with images, whose sub-folders are the classes, or an archive of images, "
        "or the URL of one; or a table with a column of paths or URLs",
    )
    parser.add_argument(
        "--image-column",
        metavar="NAME",
        help="column of the table with paths or URLs (default: it is found by what is in it)",
    )
    parser.add_argument(
        "--images-folder",
        metavar="DIR",
        help="folder of the images, if the paths in the table do not lead to them",
    )
    parser.add_argument(
        "--max-megapixels",
        metavar="N",
        type=megapixels,
        help="skip images larger than that (default: 64)",
    )
    parser.add_argument(
        "--channels",
        metavar="R,G,B",
        type=channels,
        help="numbers of the channels shown as red, green and blue, for images with several "
        "channels; 0 for none (default: as ImageJ shows them)",
    )


def add_photo_data(parser: argparse.ArgumentParser) -> None:
    """Add whether the data of cameras is read."""
    parser.add_argument(
        "--photo-data",
        action="store_true",
        help="add what cameras have noted: date taken, camera, latitude, longitude",
    )


def megapixels(text: str) -> float:
    """Read the value of an option; argparse names this function in its error."""
    from orangecontrib.imageembedding.images.options import ReadOptions

    return ReadOptions(max_megapixels=float(text)).max_megapixels or 0


def number_or_auto(text: str) -> int | None:
    """Read a number of clusters; None for auto. argparse names this function in its error."""
    return None if text == "auto" else int(text)


def channels(text: str) -> tuple[int, ...]:
    """Read the value of an option; argparse names this function in its error."""
    from orangecontrib.imageembedding.images.options import parsed_channels

    return parsed_channels(text)


def add_output(
    parser: argparse.ArgumentParser,
    metavar: str = "OUT",
    text: str = "table to write: .tab, .csv, .xlsx, .pkl (Orange), .npz (NumPy) or .parquet",
) -> None:
    """Add where the result is written."""
    parser.add_argument("-o", "--output", required=True, metavar=metavar, help=text)
    parser.add_argument(
        "--force", action="store_true", help="replace the files to be written where they exist"
    )


def add_embedder(parser: argparse.ArgumentParser) -> None:
    """Add what embeds, and where it is computed."""
    parser.add_argument(
        "--embedder",
        metavar="ID",
        help="see the command embedders (default: resnet50)",
    )
    parser.add_argument(
        "--weights",
        metavar="FILE",
        help="your own weights for the embedder (a state_dict or safetensors), or your own "
        "network (TorchScript or ONNX)",
    )
    parser.add_argument(
        "--server",
        metavar="URL",
        help="compute on an embedding server: images are sent there, without EXIF and "
        'comments. The API key is read from IMAGE_EMBEDDING_API_KEY="URL KEY"',
    )
    add_computing(parser)


def add_computing(parser: argparse.ArgumentParser, has_many_devices: bool = False) -> None:
    """Add device, precision and the folder of weights."""
    parser.add_argument(
        "--weights-folder",
        metavar="DIR",
        help="folder with weights files that you have downloaded yourself",
    )
    devices = ("auto", "cpu", "cuda", "mps", "openvino")
    several = "; several (cuda:0,cuda:1) or all get a process each" if has_many_devices else ""
    parser.add_argument(
        "--device",
        choices=None if has_many_devices else devices,
        metavar=f"{{{','.join(devices)}}}",
        help=f"where to compute (default: auto: a GPU if there is one){several}",
    )
    parser.add_argument(
        "--precision",
        choices=("exact", "fast"),
        help="fast computes in 16 bits where the hardware can (default: exact)",
    )


def add_serving(parser: argparse.ArgumentParser) -> None:
    """Add the options of a server."""
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="where to listen (default: %(default)s: this computer only; 0.0.0.0: everywhere)",
    )
    parser.add_argument("--port", type=int, default=8000, help="default: %(default)s")
    parser.add_argument(
        "--embedders",
        default="resnet50",
        metavar="ID,...",
        help="what to serve, see the command embedders; NAME=FILE or NAME=ID:FILE is a network of "
        "your own, or weights for that of the embedder ID (default: %(default)s)",
    )
    add_computing(parser, has_many_devices=True)
    parser.add_argument(
        "--api-key-file",
        metavar="FILE",
        help="require one of the API keys in this file: a name and a key on each line, read "
        "again on SIGHUP",
    )
    parser.add_argument("--certfile", metavar="FILE", help="certificate (PEM), for https")
    parser.add_argument("--keyfile", metavar="FILE", help="its key (PEM)")
    parser.add_argument(
        "--max-queue",
        type=int,
        default=512,
        metavar="N",
        help="images accepted at the same time (default: %(default)s)",
    )
    parser.add_argument(
        "--max-image-mb",
        type=int,
        default=32,
        metavar="N",
        help="size of the largest image file accepted (default: %(default)s)",
    )
    parser.add_argument(
        "--no-cache", action="store_true", help="do not cache vectors; images are never cached"
    )
    parser.add_argument(
        "--ray",
        nargs="?",
        const="auto",
        metavar="ADDRESS",
        help="run on the Ray cluster at this address, or on the one found from here",
    )
