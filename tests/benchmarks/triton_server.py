"""A real Triton on the CPU with two models, for `check_triton.py`.

Run it in an environment of the system's Python with nvidia-pytriton:
``python triton_server.py 8777``.
"""

import io
import sys

import numpy as np
from PIL import Image
from pytriton.decorators import batch
from pytriton.model_config import ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig


def means(pixels):
    """Get the means of the quarters: (n, 3, 32, 32) -> (n, 12)."""
    return pixels.reshape(-1, 3, 2, 16, 2, 16).mean(axis=(3, 5)).reshape(-1, 12)


@batch
def of_pixels(pixels):
    return [means(pixels).astype(np.float32)]


@batch
def of_files(files):
    images = [Image.open(io.BytesIO(data)).convert("RGB").resize((32, 32)) for (data,) in files]
    pixels = np.stack([np.asarray(image, np.float32).transpose(2, 0, 1) for image in images])
    return [means(pixels).astype(np.float32)]


port = int(sys.argv[1])
with Triton(
    config=TritonConfig(http_port=port, grpc_port=port + 1, metrics_port=port + 2)
) as triton:
    output = [Tensor(name="vector", dtype=np.float32, shape=(12,))]
    pixels = Tensor(name="pixels", dtype=np.float32, shape=(3, 32, 32))
    files = Tensor(name="files", dtype=bytes, shape=(1,))
    config = ModelConfig(max_batch_size=8)
    triton.bind("tiny", of_pixels, inputs=[pixels], outputs=output, config=config)
    triton.bind("tiny-files", of_files, inputs=[files], outputs=output, config=config)
    triton.serve()
