"""Nothing of a library reaches stderr."""

import os
from contextlib import suppress

import numpy as np
import pytest
from pictures import encoded, picture
from PIL import Image
from tiffs import LZW, tiff

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images import quiet as module
from orangecontrib.imageembedding.images.decode import decode
from orangecontrib.imageembedding.images.header import read_header

PIXELS = picture(1)


def noisy_files():
    """Get files at which libtiff has something to say: at strange tags, at data that are cut."""
    whole = tiff(PIXELS, 2, compression=LZW)
    return {
        "cut": whole[:-900],
        "wrong codes": whole[:-2000] + bytes(1500) + whole[-500:],
        "resolution": tiff(PIXELS, 2, compression=LZW, tags={282: [0], 296: [99], 65000: [1]}),
        "fax": encoded(
            np.asarray(Image.fromarray(PIXELS).convert("1")), "TIFF", compression="group4"
        )[:-20],
        "jpeg": encoded(PIXELS, "TIFF", compression="jpeg")[:-300],
    }


@pytest.mark.parametrize("can_take_handlers", [True, False])
def test_libtiff_is_not_heard(can_take_handlers, capfd, monkeypatch, tmp_path):
    if not can_take_handlers:
        monkeypatch.setattr(module, "_has_no_handlers", lambda: False)
    for name, data in noisy_files().items():
        (tmp_path / "file").write_bytes(data)
        for read, argument in ((decode, data), (read_header, None)):
            with suppress(DecodeError):
                read(str(tmp_path / "file")) if argument is None else read(argument, name)
    assert capfd.readouterr() == ("", "")
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"
