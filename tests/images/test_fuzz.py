"""Thousands of damaged files of every format: a picture, or the reason why not, and nothing else.

They are decoded in a process of its own, this module run as a script: a crash there fails the
test, and the file that caused it is named. By hand, with other seeds and more of them::

    PYTHONPATH=tests python tests/images/test_fuzz.py FOLDER SEED MUTANTS_OF_EACH_FILE [MORE_FILES]
"""

import contextlib
import io
import json
import os
import random
import struct
import subprocess
import sys
import time
import traceback
import zlib
from pathlib import Path

import numpy as np
from pictures import encoded, picture
from PIL import Image

TESTS = Path(__file__).parents[1]
SEED = 20240607
MUTANTS_OF_EACH_FILE = 85
MIN_MUTANTS = 3000
RUN_LIMIT_S = 180  # a run takes a tenth of it: this is for an endless loop
FILE_LIMIT_S = 2
SPARE_BYTES = 600 << 20
MAX_REASON_CHARACTERS = 300
AT_LEAST_PX = (None, None, 8)
EXTREMES = (0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFF, 0x10000, 60000, 8000)
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def test_a_mutated_file_gives_a_picture_or_the_reason_why_not_and_nothing_else(tmp_path):
    command = [sys.executable, __file__, str(tmp_path), str(SEED), str(MUTANTS_OF_EACH_FILE)]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join((str(TESTS), str(TESTS.parent))),
        "OMP_NUM_THREADS": "1",
    }
    now, found = tmp_path / "now", tmp_path / "found"
    try:
        done = subprocess.run(
            command, env=environment, timeout=RUN_LIMIT_S, capture_output=True, check=False
        )
    except subprocess.TimeoutExpired:
        raise AssertionError(f"never ends: {now.read_text()}") from None
    said = (done.stdout + done.stderr).decode(errors="replace")
    assert done.returncode == 0, f"crash: {now.read_text()}\n{said}"
    assert said == ""
    n_mutants, *violations = map(json.loads, found.read_text().splitlines())
    assert violations == []
    assert n_mutants >= MIN_MUTANTS


def test_mutants_are_the_same_in_every_run():
    first, second = (
        [data for _, data in mutants({"png": encoded(picture())}, seed=1, n_each=30)]
        for _ in range(2)
    )
    assert first == second
    assert len(set(first)) >= 25


def originals():
    """Get sound files: name -> bytes."""
    return {**pillow_files(), **rare_files(), **tiff_files(), **other_files()}


def pillow_files():
    rgb = picture(3)
    image, gray = Image.fromarray(rgb), rgb[..., 0]
    rgba = np.dstack([rgb, 255 - gray])
    frames = [Image.fromarray(picture(i)) for i in range(3)]
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "a photo"
    exif.get_ifd(0x8769)[0x9003] = "2024:01:02 03:04:05"
    profile = srgb_profile()
    several = {"save_all": True, "append_images": frames[1:], "duration": 50}

    def saved(image, image_format, **options):
        buffer = io.BytesIO()
        image.save(buffer, image_format, **options)
        return buffer.getvalue()

    files = {
        "png rgb exif icc": encoded(rgb, "PNG", exif=exif, icc_profile=profile),
        "png gray 16": encoded(gray.astype(np.uint16) * 257),
        "png rgb 16": png_of_16_bits(rgb),
        "png palette": saved(image.quantize(16), "PNG", transparency=3),
        "png gray alpha": encoded(np.dstack([gray, gray])),
        "png rgba": encoded(rgba),
        "png bits": saved(image.convert("1"), "PNG"),
        "apng": saved(frames[0], "PNG", **several),
        "jpeg": encoded(rgb, "JPEG", quality=90),
        "jpeg progressive": encoded(rgb, "JPEG", progressive=True),
        "jpeg gray": encoded(gray, "JPEG"),
        "jpeg cmyk": saved(image.convert("CMYK"), "JPEG"),
        "jpeg exif icc": encoded(rgb, "JPEG", exif=exif, icc_profile=profile),
        "jpeg mpo": saved(frames[0], "MPO", save_all=True, append_images=frames[1:]),
        "gif": saved(frames[0], "GIF", **several),
        "gif transparent": saved(image.quantize(8), "GIF", transparency=2),
        "bmp": encoded(rgb, "BMP"),
        "bmp palette": saved(image.quantize(16), "BMP"),
        "dib": encoded(rgb, "DIB"),
        "webp lossy": encoded(rgb, "WEBP", exif=exif),
        "webp lossless": encoded(rgba, "WEBP", lossless=True, icc_profile=profile),
        "webp animated": saved(frames[0], "WEBP", **several),
        "avif": encoded(rgb, "AVIF", exif=exif, speed=10),
        "avif animated": saved(frames[0], "AVIF", speed=10, **several),
        "jpeg2000": encoded(rgb, "JPEG2000"),
        "jpeg2000 raw": encoded(rgb, "JPEG2000", no_jp2=True),
        "ico": saved(image, "ICO", sizes=[(16, 16), (32, 32)]),
        "ico bmp": saved(image, "ICO", sizes=[(16, 16)], bitmap_format="bmp"),
        "icns": saved(image.resize((32, 32)), "ICNS"),
        "ppm": encoded(rgb, "PPM"),
        "pgm 16": encoded(gray.astype(np.uint16) * 257, "PPM"),
        "ppm text": b"P3 4 2 255\n" + b" ".join(b"%d" % value for value in rgb.ravel()[:24]),
        "pfm": saved(Image.fromarray(gray.astype(np.float32)), "PPM"),
        "tga": encoded(rgb, "TGA"),
        "tga rle": encoded(rgba, "TGA", compression="tga_rle"),
        "pcx": encoded(rgb, "PCX"),
        "sgi": encoded(rgb, "SGI"),
        "dds": encoded(rgba, "DDS"),
        "im": encoded(rgb, "IM"),
        "xbm": saved(image.convert("1"), "XBM"),
        "xpm": b'/* XPM */\nstatic char *x[] = {\n"4 2 2 1",\n"a c #ff0000",\n"b c #00ff00",\n'
        b'"abab",\n"baba",\n};\n',
        "msp": saved(image.convert("1"), "MSP"),
        "qoi": saved(image, "QOI"),
        "blp": saved(image.quantize(16), "BLP"),
        "blp 1": saved(image.quantize(16), "BLP", blp_version="BLP1"),
    }
    # What phones and cameras put behind a picture.
    files["jpeg with a video"] = files["jpeg"] + b"\0\0\0\x18ftypmp42" + b"\xff\xda\0\1" * 300
    files["png with another"] = files["png rgba"] + files["jpeg"]
    # A JPEG of more blocks, which `at_least_px` reduces.
    files["jpeg larger"] = encoded(picture(4, 160, 120), "JPEG", exif=exif)
    return files


def rare_files():
    """Get files that Pillow reads and does not write."""
    cards = ("SIMPLE  =                    T", "BITPIX  =                    8", "NAXIS   = 2")
    cards = (*cards, "NAXIS1  = 6", "NAXIS2  = 4", "END")
    levels = bytes(range(24))
    fli_header = struct.pack("<IHHHHHHI", 1000, 0xAF12, 1, 6, 4, 8, 3, 0) + bytes(108)
    fli_frame = struct.pack("<IHH", 16 + 6 + 24, 0xF1FA, 1) + bytes(8)
    return {
        "fits": "".join(card.ljust(80) for card in cards).ljust(2880).encode() + levels,
        "fli": fli_header + fli_frame + struct.pack("<IH", 6 + 24, 16) + levels,
        "psd": b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 1, 4, 6, 8, 1) + bytes(14) + levels,
        "sun": struct.pack(">8I", 0x59A66A95, 6, 4, 8, 24, 1, 0, 0) + levels,
        "dcx": struct.pack("<3I", 0x3ADE68B1, 12, 0) + encoded(picture(9), "PCX"),
        "cur": struct.pack("<3H4B2H2I", 0, 2, 1, 48, 32, 0, 0, 0, 0, 4700, 22)
        + encoded(np.tile(picture(9), (2, 1, 1)), "DIB"),
    }


def tiff_files():
    import tifffile

    rgb = picture(5)
    gray, deep = rgb[..., 0], rgb.astype(np.uint16) * 257

    def tiff(values, **options):
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, values, metadata=None, **options)
        return buffer.getvalue()

    color, plain = {"photometric": "rgb"}, {"photometric": "minisblack"}
    alpha = np.dstack([deep, deep[..., 0]])
    return {
        "tiff": tiff(rgb, **color),
        "tiff lzw": encoded(rgb, "TIFF", compression="tiff_lzw"),
        "tiff deflate": tiff(rgb, **color, compression="zlib", predictor=True),
        "tiff jpeg": encoded(rgb, "TIFF", compression="jpeg"),
        "tiff tiled": tiff(rgb, **color, tile=(16, 16)),
        "tiff 16 bit": tiff(deep, **color),
        "tiff 16 bit deflate": tiff(deep, **color, compression="zlib"),
        "tiff 16 bit alpha": tiff(alpha, **color, extrasamples=["unassalpha"]),
        "tiff float": tiff(gray.astype(np.float32), **plain),
        "tiff double planar": tiff(
            rgb.transpose(2, 0, 1).astype(float), **color, planarconfig="separate"
        ),
        "tiff int16 bands": tiff(
            np.dstack([deep, deep]).astype(np.int16), **plain, planarconfig="contig"
        ),
        "tiff pages": tiff(np.stack([gray, gray, gray]), **plain),
        "tiff big": tiff(rgb, **color, bigtiff=True),
        "tiff big 32 bit": tiff(gray.astype(np.uint32), **plain, bigtiff=True, byteorder=">"),
        "tiff fax": encoded_bits(gray, "group4"),
    }


def encoded_bits(gray, compression):
    buffer = io.BytesIO()
    Image.fromarray(gray).convert("1").save(buffer, "TIFF", compression=compression)
    return buffer.getvalue()


def other_files():
    """Get what optional packages read, as far as they are installed and can write."""
    files = {}
    with contextlib.suppress(Exception):
        import pillow_heif

        for name, pixels in {
            "heic": picture(6, 64, 48),
            "heic alpha": np.dstack([picture(6, 64, 48), picture(7, 64, 48)[..., 0]]),
        }.items():
            buffer = io.BytesIO()
            pillow_heif.from_pillow(Image.fromarray(pixels)).save(buffer, quality=50)
            files[name] = buffer.getvalue()
    with contextlib.suppress(ImportError):
        import pillow_jxl  # noqa: F401

        files["jxl"] = encoded(picture(6, 64, 48), "JXL", effort=1)
        files["jxl container"] = encoded(picture(6, 64, 48), "JXL", effort=1, use_container=True)
    with contextlib.suppress(ImportError):
        files["dicom"] = dicom(16, 12, "MONOCHROME2")
        files["dicom rgb"] = dicom(8, 8, "RGB")
        files["dicom rle"] = dicom(16, 16, "MONOCHROME1", is_compressed=True)
    return files


def dicom(bits_allocated, bits_stored, kind, is_compressed=False):
    import pydicom
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, RLELossless

    rgb = picture(8)
    values = rgb if kind == "RGB" else rgb[..., 0].astype(np.uint16) * 16
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset = FileDataset("x", {}, file_meta=meta, preamble=bytes(128))
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.3", "1.2.3"
    dataset.Rows, dataset.Columns = values.shape[:2]
    dataset.SamplesPerPixel = 3 if kind == "RGB" else 1
    dataset.PhotometricInterpretation = kind
    if kind == "RGB":
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated, dataset.BitsStored = bits_allocated, bits_stored
    dataset.HighBit, dataset.PixelRepresentation = bits_stored - 1, 0
    dataset.PixelData = values.tobytes()
    if is_compressed:
        dataset.compress(RLELossless, generate_instance_uid=False)
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset)
    return buffer.getvalue()


def srgb_profile():
    """Get a valid profile that is not taken for sRGB, so that it is applied."""
    from PIL import ImageCms

    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name in (b"s\0R\0G\0B", b"sRGB"):
        data = data.replace(name, name.replace(b"R", b"X"))
    return data


def png_of_16_bits(rgb):
    height, width, _ = rgb.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in rgb)
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([16, 2, 0, 0, 0])
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return PNG_SIGNATURE + b"".join(png_chunk(kind, body) for kind, body in chunks)


def png_chunk(kind, body):
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def mutants(files, seed, n_each):
    """Yield (description, bytes), `n_each` of each file; the same ones for the same seed."""
    for name, data in files.items():
        for i in range(n_each):
            rng = random.Random(f"{seed} {name} {i}")
            description, mutant = f"{name} #{i}", data
            for _ in range(rng.choice((1, 1, 1, 2, 3))):
                mutate = rng.choice(MUTATIONS)
                mutant, what = mutate(mutant, rng, files)
                description += f", {what}"
            # Its checksums would reveal any damage before the decoder sees it.
            if mutant.startswith(PNG_SIGNATURE) and rng.random() < 0.7:
                mutant, description = with_right_checksums(mutant), f"{description}, checksums"
            yield description, mutant


def place(data, rng):
    """Choose a place: as often in the first bytes, where sizes are, as anywhere."""
    reach = rng.choice((64, 256, len(data), len(data)))
    return rng.randrange(max(1, min(reach, len(data))))


def flip_bits(data, rng, _):
    damaged, places = bytearray(data), [place(data, rng) for _ in range(rng.choice((1, 1, 4, 16)))]
    for at in places[: len(data)]:
        damaged[at] ^= 1 << rng.randrange(8)
    return bytes(damaged), f"bits flipped at {places}"


def overwrite(data, rng, _):
    at, n = place(data, rng), rng.choice((1, 2, 4, 16, 200))
    n = min(n, len(data) - at)
    return data[:at] + rng.randbytes(n) + data[at + n :], f"{n} bytes overwritten at {at}"


def set_field(data, rng, _):
    at, value, n = place(data, rng), rng.choice(EXTREMES), rng.choice((2, 4, 4, 4, 8))
    order = rng.choice(("little", "big"))
    field = (value & (1 << 8 * n) - 1).to_bytes(n, order)
    return data[:at] + field + data[at + n :], f"{value:#x} ({n} bytes, {order}) at {at}"


def delete(data, rng, _):
    at, n = place(data, rng), rng.choice((1, 4, 12, 100, 1000))
    return data[:at] + data[at + n :], f"{n} bytes deleted at {at}"


def duplicate(data, rng, _):
    at, n = place(data, rng), rng.choice((1, 4, 12, 100, 1000))
    times = rng.choice((1, 1, 30))
    piece = data[at : at + n] * times
    return data[: at + n] + piece + data[at + n :], f"{n} bytes duplicated at {at} × {times}"


def insert(data, rng, _):
    at, n = place(data, rng), rng.choice((1, 3, 16, 300))
    piece = rng.choice((bytes(n), b"\xff" * n, rng.randbytes(n)))
    return data[:at] + piece + data[at:], f"{n} bytes inserted at {at}"


def cut(data, rng, _):
    at = rng.choice((place(data, rng), max(0, len(data) - 1 - rng.randrange(40))))
    return data[:at], f"cut at {at}"


def splice(data, rng, files):
    name = rng.choice(sorted(files))
    other = files[name]
    at, there = place(data, rng), place(other, rng)
    return data[:at] + other[there:], f"from {at} as {name} from {there}"


def rearrange_chunks(data, rng, files):
    """Delete, double, exchange or resize chunks of a PNG file; of another, overwrite bytes."""
    chunks = [(kind, bytes(body)) for kind, body in png_chunks(data)]
    if len(chunks) < 2:
        return overwrite(data, rng, files)
    i, j = rng.randrange(len(chunks)), rng.randrange(len(chunks))
    match rng.randrange(4):
        case 0:
            del chunks[i]
        case 1:
            chunks[i:i] = [chunks[j]] * rng.choice((1, 1, 20))
        case 2:
            chunks[i], chunks[j] = chunks[j], chunks[i]
        case _:
            kind, body = chunks[i]
            chunks[i] = (
                kind,
                body[: rng.randrange(len(body) + 1)] + rng.randbytes(rng.choice((0, 9))),
            )
    whole = PNG_SIGNATURE + b"".join(png_chunk(kind, body) for kind, body in chunks)
    return whole, f"chunks {i} and {j} rearranged"


MUTATIONS = (
    flip_bits, overwrite, set_field, set_field, delete, duplicate, insert, cut, splice,
    rearrange_chunks,
)  # fmt: skip


def png_chunks(data):
    """Yield (kind, body) of each whole chunk of a PNG file, nothing of another file."""
    at = len(PNG_SIGNATURE)
    while data.startswith(PNG_SIGNATURE) and at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if at + 12 + length > len(data):
            return
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length


def with_right_checksums(data):
    chunks = list(png_chunks(data))
    n_bytes = len(PNG_SIGNATURE) + sum(12 + len(body) for _, body in chunks)
    return PNG_SIGNATURE + b"".join(png_chunk(*chunk) for chunk in chunks) + data[n_bytes:]


class Watch:
    """Decodes files and notes what must not happen."""

    def __init__(self, folder):
        self.path = folder / "mutant"
        self.now = (folder / "now").open("w", encoding="utf-8")
        self.violations = []
        # What C libraries write to the descriptors is looked at when all are done.
        self.printed = sys.stdout = sys.stderr = io.StringIO()

    def look_at(self, description, data, at_least_px):
        """Decode it; a second time if it took long, as the first of a kind may."""
        self.now.seek(0)
        self.now.truncate()
        self.now.write(description)
        self.now.flush()
        self.path.write_bytes(data)
        for seconds_before in (0.0, FILE_LIMIT_S):
            start = time.process_time()
            problem = self.problem(data, at_least_px)
            took_s = time.process_time() - start
            if took_s <= FILE_LIMIT_S:
                break
            if seconds_before:
                problem = problem or f"took {took_s:.1f} s of CPU"
        if printed := self.printed.getvalue():
            self.printed.seek(0)
            self.printed.truncate()
            problem = problem or f"printed: {printed[:300]}"
        if problem:
            self.violations.append({"mutant": description, "problem": problem})

    def problem(self, data, at_least_px):
        from orangecontrib.imageembedding.images.decode import decode
        from orangecontrib.imageembedding.images.header import read_header

        return problem_of(lambda: decode(data, "x", at_least_px), is_picture) or problem_of(
            lambda: read_header(str(self.path)), lambda header: min(header) > 0
        )


def problem_of(call, is_proper):
    """Say what is wrong with what a call gives or raises; None if nothing is."""
    from orangecontrib.imageembedding.errors import ImageError

    try:
        result = call()
    except ImageError as error:
        is_short_line = 0 < len(error.reason) <= MAX_REASON_CHARACTERS and "\n" not in error.reason
        return None if is_short_line else f"no short reason: {error.reason!r}"
    except BaseException:  # noqa: BLE001 - any other is what is looked for
        return traceback.format_exc()
    return None if is_proper(result) else f"no proper result: {result!r:.200}"


def is_picture(pixels):
    return pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.size


def limit_memory():
    """Allow `SPARE_BYTES` more than is used now, where the system can do that."""
    try:
        import resource

        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + SPARE_BYTES,) * 2)
    except (ImportError, OSError, ValueError):
        pass


def main(folder, seed, n_each, *more_files):
    import warnings

    files = originals()
    warnings.simplefilter("always")
    warnings.simplefilter("ignore", DeprecationWarning)  # IM is read as long as Pillow does
    watch = Watch(Path(folder))
    for name, data in files.items():
        for at_least_px in set(AT_LEAST_PX):
            watch.look_at(name, data, at_least_px)
    for path in more_files:
        files[path] = Path(path).read_bytes()
    limit_memory()
    n_mutants = 0
    for description, data in mutants(files, seed, int(n_each)):
        watch.look_at(description, data, AT_LEAST_PX[n_mutants % len(AT_LEAST_PX)])
        n_mutants += 1
    found = [json.dumps(line) for line in (n_mutants, *watch.violations)]
    (Path(folder) / "found").write_text("\n".join(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
