"""The file in a form, as browsers and ``curl -F`` send it (RFC 7578)."""

from __future__ import annotations

from email.message import Message

HEAD_END, CRLF = b"\r\n\r\n", b"\r\n"


def file_in(body: bytearray, content_type: str) -> bytes:
    """Get the first file of a form; a body that is not a form is the file itself.

    Parameters
    ----------
    body : bytearray
        Of a request.
    content_type : str
        Its header of that name.

    Returns
    -------
    data : bytes
        Empty if the form holds no file.
    """
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_param("boundary")
    if header.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        return bytes(body)
    mark = CRLF + b"--" + boundary.encode("latin-1", "replace")
    form = CRLF + body  # what precedes the first boundary has no line of its own
    start = form.find(mark)
    while start >= 0:
        head_end = form.find(HEAD_END, start)
        end = form.find(mark, start + len(mark))
        if min(head_end, end) < 0:
            break
        if b"filename" in form[start:head_end].lower():
            return form[head_end + len(HEAD_END) : end]
        start = end
    return b""
