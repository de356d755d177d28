"""The client against a real Triton, see `triton_server.py`: ``python check_triton.py URL``."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from pictures import encoded, picture
from server_fixtures import SPEC, TinyEmbedder

import orangecontrib.imageembedding as oie
from orangecontrib.imageembedding.embeddings.backends.base import EncodedImage
from orangecontrib.imageembedding.images.prepare import prepare
from orangecontrib.imageembedding.progress import silent

url = sys.argv[1]
pixels = [picture(seed, 64, 48) for seed in range(40)]
images = [EncodedImage(str(row), encoded(one)) for row, one in enumerate(pixels)]
expected = TinyEmbedder().network(np.stack([prepare(one, SPEC.preparation) for one in pixels]))
sys.stdout.write(f"{oie.probe_server(url)}\n")
backend = oie.Remote(url)
sys.stdout.write(f"{backend.fingerprint(SPEC, silent)}\n")
vectors = np.stack(backend.load(SPEC, silent).embed(images))
sys.stdout.write(f"pixels: largest difference {np.abs(vectors - expected).max():.2g}\n")
spec = backend.embedder("tiny-files")
bad = EncodedImage("bad", b"no image")
results = backend.load(spec, silent).embed([*images, bad])
sys.stdout.write(f"files: {sum(len(v) == 12 for v in results[:-1])} vectors; {results[-1]!r}\n")
