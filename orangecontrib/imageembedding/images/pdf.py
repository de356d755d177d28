"""Pictures → a PDF file, one on each page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

PICTURE = (
    b"/Type /XObject /Subtype /Image /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode "
)


@dataclass(frozen=True, slots=True)
class Page:
    """A page that one picture fills.

    Attributes
    ----------
    jpeg : bytes
        The picture, in RGB.
    width_px, height_px : int
        Its size.
    width_pt, height_pt : float
        Size of the page in points, of which 72 are an inch.
    """

    jpeg: bytes
    width_px: int
    height_px: int
    width_pt: float
    height_pt: float


def pdf_of_pages(pages: Iterable[Page]) -> bytes:
    """Write a PDF file; the same pages give the same bytes."""
    parts = [b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"]
    places: dict[int, int] = {}
    n_written = len(parts[0])

    def write(number: int, body: bytes) -> None:
        nonlocal n_written
        places[number] = n_written
        parts.append(b"%d 0 obj\n%s\nendobj\n" % (number, body))
        n_written += len(parts[-1])

    page_numbers = []
    for i, page in enumerate(pages):
        number = 3 + 3 * i  # 1 is the catalog, 2 the list of pages
        page_numbers.append(number)
        draw = f"q {page.width_pt:.3f} 0 0 {page.height_pt:.3f} 0 0 cm /P Do Q".encode()
        box = f"[0 0 {page.width_pt:.3f} {page.height_pt:.3f}]".encode()
        refers = number + 1, number + 2
        resources = b"/Contents %d 0 R /Resources << /XObject << /P %d 0 R >> >>" % refers
        write(number, b"<< /Type /Page /Parent 2 0 R /MediaBox %s %s >>" % (box, resources))
        write(number + 1, _stream(b"", draw))
        size = b"/Width %d /Height %d" % (page.width_px, page.height_px)
        write(number + 2, _stream(PICTURE + size, page.jpeg))
    kids = b" ".join(b"%d 0 R" % number for number in page_numbers)
    write(1, b"<< /Type /Catalog /Pages 2 0 R >>")
    write(2, b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(page_numbers)))
    n_objects = len(places) + 1
    rows = b"".join(b"%010d 00000 n \n" % places[number] for number in range(1, n_objects))
    parts.append(
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (n_objects, rows, n_objects, n_written)
    )
    return b"".join(parts)


def _stream(entries: bytes, content: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(content), content)
