"""Files that are not read: what they are by their first bytes, and what to do."""

from __future__ import annotations

from typing import NamedTuple

from orangecontrib.imageembedding.images.sniff import FORMAT_NAMES, SNIFFED_BYTES, sniff

EXPORT = "is not supported; export it as PNG"
EXPORT_DEEP = "is not supported; export it as TIFF"
RAW = f"raw photo of a camera {EXPORT_DEEP} or JPEG"
MICROSCOPE = f"{EXPORT_DEEP} (OME-TIFF), for example by Fiji"


class Unread(NamedTuple):
    """A kind of file that is not read.

    Attributes
    ----------
    files : str
        What they are, or how they are named, for the page *Supported images*.
    reason : str
        What is told of one.
    starts : tuple of bytes or of (int, bytes)
        Beginnings, or what stands at some place; letters of the former in lower case.
    """

    files: str
    reason: str
    starts: tuple[bytes | tuple[int, bytes], ...]


def _brands(*brands: bytes) -> tuple[tuple[int, bytes], ...]:
    return tuple((4, b"ftyp" + brand) for brand in brands)


UNREAD = (
    Unread("web page", "not an image: HTML page", (b"<!doctype html", b"<html")),
    Unread("SVG", f"SVG {EXPORT}", (b"<svg", b"<!doctype svg")),
    Unread("XML", f"SVG and other XML {EXPORT}", (b"<?xml", b"<!--")),
    Unread("`.svgz`, `.gz`", "compressed files (gzip, SVGZ) are not supported; unpack them",
           (b"\x1f\x8b",)),
    Unread("`.bz2`, `.xz`, `.7z`, `.rar`, `.tar`", "archives are not supported; unpack them",
           (b"bzh", b"\xfd7zxz\0", b"7z\xbc\xaf\x27\x1c", b"rar!", (257, b"ustar"))),
    Unread("`.zip`, `.docx`, `.pptx`, `.kra` …", "not an image: ZIP or Office file",
           (b"pk\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")),
    Unread("PDF", "PDF is not supported; save its pages as PNG", (b"%pdf",)),
    Unread("EPS, PostScript, Illustrator", f"PostScript (EPS) {EXPORT}",
           (b"%!ps", b"\xc5\xd0\xd3\xc6")),
    Unread("DjVu", "DjVu is not supported; save its pages as PNG", (b"at&tform",)),
    Unread("WMF, EMF", "Windows metafiles (WMF, EMF) are not supported; export them as PNG",
           (b"\xd7\xcd\xc6\x9a", (40, b" EMF"))),
    Unread("GIMP (`.xcf`)", f"GIMP's format XCF {EXPORT}", (b"gimp xcf",)),
    Unread("large Photoshop files (`.psb`)", f"Photoshop's format PSB {EXPORT_DEEP}",
           (b"8bps\0\2",)),
    Unread("OpenEXR (`.exr`)", f"OpenEXR {EXPORT_DEEP}", (b"\x76\x2f\x31\x01",)),
    Unread("Radiance HDR (`.hdr`)", f"Radiance HDR {EXPORT_DEEP}", (b"#?radiance", b"#?rgbe")),
    Unread("JPEG XR (`.jxr`, `.wdp`)", f"JPEG XR {EXPORT}", (b"ii\xbc",)),
    Unread("JPEG-LS", f"JPEG-LS {EXPORT}", (b"\xff\xd8\xff\xf7",)),
    Unread("BPG, FLIF, MNG, JBIG2, KTX", f"this rare format {EXPORT}",
           (b"bpg\xfb", b"flif", b"\x8amng", b"\x97jb2", b"\xabktx")),
    Unread("`.cr3`, `.crw`, `.raf`, `.rw2`, `.orf`, `.x3f`, `.mrw`", RAW,
           (*_brands(b"crx "), b"fujifilmccd-raw", b"iiu\0", b"iiro", b"iirs", b"mmor", b"fovb",
            b"\0mrm", b"ii\x1a\0\0\0heapccdr")),
    Unread("Zeiss (`.czi`)", f"Zeiss CZI {MICROSCOPE}", (b"zisrawfile",)),
    Unread("Leica (`.lif`)", f"Leica LIF {MICROSCOPE}", (b"\x70\0\0\0",)),
    Unread("Nikon (`.nd2`)", f"Nikon ND2 {MICROSCOPE}", (b"\xda\xce\xbe\x0a",)),
    Unread("HDF5 (`.h5`, `.ims`), MATLAB", f"HDF5 {EXPORT_DEEP}",
           (b"\x89hdf\r\n\x1a\n", b"matlab 5.0")),
    Unread("NumPy (`.npy`)", "NumPy arrays are not supported; save them as TIFF", (b"\x93numpy",)),
    Unread("NIfTI, MRC, NRRD", f"this format of volumes {EXPORT_DEEP}",
           ((344, b"n+1\0"), (344, b"ni1\0"), (208, b"MAP "), b"nrrd")),
    Unread("`.mp4`, `.mov`, `.mkv`, `.webm`, `.avi` …", "not an image: video",
           (b"\x1ae\xdf\xa3", (8, b"AVI "), b"\0\0\1\xba", b"\0\0\1\xb3", b"flv\1",
            b"0&\xb2u\x8ef\xcf\x11", (4, b"moov"), (4, b"mdat"), (4, b"free"), (4, b"wide"))),
    Unread("`.mp3`, `.wav`, `.ogg`, `.flac`", "not an image: sound",
           (b"id3", (8, b"WAVE"), b"oggs", b"flac", *_brands(b"M4A "))),
)  # fmt: skip

VIDEO = "not an image: video"


def why_no_image(start: bytes) -> str:
    """Say why a file that begins with `start` cannot be read as an image."""
    if not start:
        return "empty file"
    start = start[:SNIFFED_BYTES]
    reason = why_unread(start)
    if reason is not None:
        return reason
    name = sniff(start)
    if name is not None:
        name = FORMAT_NAMES.get(name, name)
        return f"{name} image that is damaged or of a kind that is not supported"
    if start[4:8] == b"ftyp":
        return VIDEO
    if all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in start):
        return "not an image: text"
    return "not an image, or of an unknown format"


def why_unread(start: bytes) -> str | None:
    """Get the reason of `UNREAD` for a file that begins with `start`; None if it is not there."""
    beginning = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for kind in UNREAD:
        for where in kind.starts:
            at, what = where if isinstance(where, tuple) else (None, where)
            if beginning.startswith(what) if at is None else start[at : at + len(what)] == what:
                return SVG if kind.reason == XML and b"<svg" in beginning else kind.reason
    return None


SVG, XML = (kind.reason for kind in UNREAD if kind.files in ("SVG", "XML"))
