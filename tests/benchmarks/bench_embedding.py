"""Images per second against other ways to get 2048 numbers from ResNet-50: ``make bench``.

Every contestant is a process of its own that gets the same files and the same (random) weights;
they take turns, so that whatever else the machine does falls on all alike. Printed are medians:
images per second, and each one's ratio to the plain torchvision loop of the same round.
"""

import argparse
import importlib.util
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

COLUMNS = {
    "640x480 JPEG": (640, 480, ".jpg", 48),
    "12 Mpx JPEG": (4000, 3000, ".jpg", 12),
    "1024x768 PNG": (1024, 768, ".png", 32),
}
PEERS = ("loop", "timm", "img2vec", "onnxruntime", "fastembed", "openvino")
OURS = ("ours", "ours-fast", "ours-openvino", "ours-openvino-fast")
ALONE = "ours, the network alone"
NEEDS = {
    "img2vec": "img2vec_pytorch",
    "onnxruntime": "onnxruntime",
    "fastembed": "fastembed",
    "openvino": "openvino",
    "ours-openvino": "openvino",
    "ours-openvino-fast": "openvino",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", help="contestants")
    parser.add_argument("--contestant", help=argparse.SUPPRESS)
    parser.add_argument("folder", nargs="?", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contestant:
        compete(options.contestant, Path(options.folder))
        return
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), options.rounds, options.only)


def run(folder, rounds, only):
    prepare(folder)
    wanted = only or [*PEERS, *OURS]
    names = [name for name in wanted if importlib.util.find_spec(NEEDS.get(name, "torch"))]
    for name in set(wanted) - set(names):
        print(f"{name}: not installed, left out", file=sys.stderr)
    contestants = {name: start(name, folder) for name in names}
    rates = {name: {column: [] for column in COLUMNS} for name in (*names, ALONE)}
    limits = {column: [] for column in COLUMNS}
    for turn in range(rounds + 1):  # the first one warms up
        for column in COLUMNS:
            answers = {name: ask(contestants[name], column) for name in names}
            if turn == 0:
                continue
            for name, answer in answers.items():
                rates[name][column].append(answer["rate"])
            if "ours" in answers:
                rates[ALONE][column].append(answers["ours"]["forward"])
                limits[column].append(answers["ours"]["rate"] / answers["ours"]["limit"])
    for contestant in contestants.values():
        contestant.stdin.close()
        contestant.wait(60)
    show(rates if "ours" in names else {name: rates[name] for name in names}, limits)


def prepare(folder):
    """Make the pictures, the weights and the ONNX file."""
    for column, (width, height, suffix, n) in COLUMNS.items():
        (folder / column).mkdir()
        for i in range(n):
            picture(i, width, height).save(folder / column / f"{i:03}{suffix}", quality=90)
    import torch
    import torchvision

    torch.manual_seed(0)
    network = torchvision.models.resnet50(weights=None).eval()
    torch.save(network.state_dict(), folder / "weights.pth")
    if importlib.util.find_spec("onnx"):
        network.fc = torch.nn.Identity()
        (folder / "onnx").mkdir()
        torch.onnx.export(
            network, torch.zeros(1, 3, 224, 224), str(folder / "onnx" / "model.onnx"),
            dynamo=False, input_names=["pixel_values"], output_names=["image_embeds"],
            dynamic_axes={"pixel_values": {0: "n"}, "image_embeds": {0: "n"}},
        )  # fmt: skip
        config = {
            "do_resize": True, "size": {"shortest_edge": 256}, "do_center_crop": True,
            "crop_size": {"height": 224, "width": 224}, "do_normalize": True,
            "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225],
            "do_rescale": True, "rescale_factor": 1 / 255, "resample": 2,
            "image_processor_type": "CLIPImageProcessor",
        }  # fmt: skip
        (folder / "onnx" / "preprocessor_config.json").write_text(json.dumps(config))


def picture(seed, width, height):
    """Make a picture with large shapes and some texture, as photographs have."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8))
    large = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), dtype=np.int16)
    grain = rng.integers(-12, 12, (height // 2, width // 2, 1), dtype=np.int16)
    grain = np.kron(grain, np.ones((2, 2, 1), dtype=np.int16))
    pixels = np.clip(large + grain, 0, 255).astype(np.uint8)
    return Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(0.6))


def start(name, folder):
    command = [sys.executable, __file__, "--contestant", name, str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ask(contestant, column):
    contestant.stdin.write(column + "\n")
    contestant.stdin.flush()
    return json.loads(contestant.stdout.readline())


def compete(name, folder):
    """Answer the columns on stdin with images per second."""
    answers, sys.stdout = sys.stdout, sys.stderr  # libraries print, too
    embed = ours(folder, name) if name.startswith("ours") else globals()[name](folder)
    for line in sys.stdin:
        files = sorted((folder / line.strip()).iterdir())
        begun = time.perf_counter()
        vectors = embed(files)
        rate = len(files) / (time.perf_counter() - begun)
        assert np.asarray(vectors).shape == (len(files), 2048), np.asarray(vectors).shape
        answer = {"rate": rate}
        if name == "ours":
            answer["limit"], answer["forward"] = limits_of(embed.loaded, files)
        print(json.dumps(answer), file=answers, flush=True)


def torchvision_network(folder):
    import torch
    import torchvision

    network = torchvision.models.resnet50(weights=None)
    network.load_state_dict(torch.load(folder / "weights.pth", weights_only=True))
    network.fc = torch.nn.Identity()
    return network.eval()


def loop(folder):
    import torch
    from torchvision import transforms

    network = torchvision_network(folder)
    prepare = transforms.Compose(
        [
            transforms.Resize(256),
            transforms.CenterCrop(224),
            transforms.ToTensor(),
            transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )

    def embed(files):
        vectors = []
        with torch.no_grad():
            for file in files:
                image = Image.open(file).convert("RGB")
                vectors.append(network(prepare(image)[None])[0].numpy())
        return vectors

    return embed


def timm(folder):
    import timm
    import torch

    network = timm.create_model("resnet50", pretrained=False, num_classes=0).eval()
    config = timm.data.resolve_model_data_config(network)
    prepare = timm.data.create_transform(**config, is_training=False)

    def embed(files):
        with torch.no_grad():
            return [
                network(prepare(Image.open(file).convert("RGB")).unsqueeze(0))[0].numpy()
                for file in files
            ]

    return embed


def img2vec(folder):
    import os

    os.environ["TORCH_HOME"] = str(folder)  # it downloads nothing that is there
    from img2vec_pytorch import Img2Vec
    from torchvision.models import ResNet50_Weights

    (folder / "hub" / "checkpoints").mkdir(parents=True)
    file = ResNet50_Weights.DEFAULT.url.rpartition("/")[2]
    (folder / "hub" / "checkpoints" / file).symlink_to(folder / "weights.pth")
    extractor = Img2Vec(cuda=False, model="resnet50", layer_output_size=2048)
    return lambda files: [extractor.get_vec(Image.open(file).convert("RGB")) for file in files]


def onnxruntime(folder):
    import onnxruntime

    from orangecontrib.imageembedding.images.prepare import Preparation, prepare

    session = onnxruntime.InferenceSession(folder / "onnx" / "model.onnx")

    def embed(files):
        vectors = []
        for start in range(0, len(files), 8):
            pixels = [np.asarray(Image.open(f).convert("RGB")) for f in files[start : start + 8]]
            batch = np.stack([prepare(image, Preparation()) for image in pixels])
            vectors.extend(session.run(None, {"pixel_values": batch})[0])
        return vectors

    return embed


def openvino(folder):
    import openvino

    from orangecontrib.imageembedding.images.prepare import Preparation, prepare

    model = openvino.convert_model(folder / "onnx" / "model.onnx")
    options = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = openvino.Core().compile_model(model, "CPU", options)

    def embed(files):
        vectors = []
        for start in range(0, len(files), 8):
            pixels = [np.asarray(Image.open(f).convert("RGB")) for f in files[start : start + 8]]
            batch = np.stack([prepare(image, Preparation()) for image in pixels])
            vectors.extend(compiled(batch)[0])
        return vectors

    return embed


def fastembed(folder):
    from fastembed import ImageEmbedding

    model = ImageEmbedding("Qdrant/resnet50-onnx", specific_model_path=str(folder / "onnx"))
    return lambda files: list(model.embed([str(file) for file in files], batch_size=8))


def ours(folder, name):
    import orangecontrib.imageembedding as oie
    from orangecontrib.imageembedding.progress import silent

    device = "openvino" if "openvino" in name else "cpu"
    precision = "fast" if name.endswith("fast") else "exact"
    backend = oie.Local(device=device, precision=precision)
    loaded = backend.load(oie.own_embedder(folder / "weights.pth", "resnet50"), silent)

    class Ready:  # the network is in memory before the clock runs, as for all others
        def fingerprint(self, spec, progress):
            return None

        def load(self, spec, progress):
            return loaded

    def embed(files):
        return oie.embed_files(files, "resnet50", backend=Ready(), cache=False).vectors

    embed.loaded = loaded
    return embed


def limits_of(loaded, files):
    """Get the rate of decoding and forward passes alone, one after the other, and of the latter."""
    from concurrent.futures import ThreadPoolExecutor

    from orangecontrib.imageembedding.images.decode import decode
    from orangecontrib.imageembedding.images.prepare import Preparation, prepare

    def prepared(file):
        return prepare(decode(file.read_bytes(), str(file), 512), Preparation())

    n_batches = max(2 * loaded.n_workers, len(files) // 8)
    with ThreadPoolExecutor(loaded.n_workers) as pool:
        begun = time.perf_counter()
        inputs = list(pool.map(prepared, files))
        decode_s = (time.perf_counter() - begun) / len(files)
        batch = np.stack((inputs * 8)[:8])
        begun = time.perf_counter()
        list(pool.map(loaded.network, [batch] * n_batches))
        forward_s = (time.perf_counter() - begun) / (8 * n_batches)
    return 1 / (decode_s + forward_s), 1 / forward_s


def show(rates, limits):
    import torch

    print(f"\n{platform.processor() or platform.machine()}, {torch.get_num_threads()} cores, "
          f"Python {platform.python_version()}, torch {torch.__version__}\n")  # fmt: skip
    print("| images per second (ratio to the loop) | " + " | ".join(COLUMNS) + " |")
    print("|---|" + "---|" * len(COLUMNS))
    for name, columns in rates.items():
        cells = []
        for column, values in columns.items():
            cell = f"{statistics.median(values):.1f}"
            if "loop" in rates:
                pairs = zip(values, rates["loop"][column], strict=True)
                cell += f" ({statistics.median(a / b for a, b in pairs):.2f})"
            cells.append(cell)
        print(f"| {name} | " + " | ".join(cells) + " |")
    if limits and all(limits.values()):
        parts = [f"{statistics.median(values):.2f}" for values in limits.values()]
        print("| ours as a part of its limit | " + " | ".join(parts) + " |")


if __name__ == "__main__":
    main()
