"""What the Image Embedding widget offers to choose from, and says about it."""

from __future__ import annotations

import html
import importlib.util
import re
import sys
from collections.abc import Collection

from orangecontrib.imageembedding.embeddings.backends.remote import trust
from orangecontrib.imageembedding.embeddings.catalogue import embedders_at_hand
from orangecontrib.imageembedding.embeddings.here import has_weights
from orangecontrib.imageembedding.embeddings.models import MODELS
from orangecontrib.imageembedding.embeddings.plugins import backend_names
from orangecontrib.imageembedding.embeddings.spec import EmbedderSpec
from orangecontrib.imageembedding.widgets.embedding.embedderlist import TIMM, Row

OWN_FILE = "own-file"
SERVER = "server"
PLUGIN = "plug-in:"
MB = 1_000_000

BUILT_IN = "Built in"
DOWNLOADED = "On this computer"
TO_DOWNLOAD = "Downloaded on first use"
OWN = "Your own file"
PLUGINS = "From plug-ins"
ON_SERVER = "On the server"
SERVERS_ONLY = "On servers only"
NOT_AVAILABLE = "Not available"
GROUPS = (OWN, BUILT_IN, DOWNLOADED, ON_SERVER, TO_DOWNLOAD, PLUGINS, SERVERS_ONLY, NOT_AVAILABLE)

DEVICES = {
    "auto": "This computer",
    "cpu": "This computer: processor",
    "cuda": "This computer: NVIDIA GPU",
    "mps": "This computer: Apple GPU",
    "openvino": "This computer: OpenVINO",
    SERVER: "A server…",
}


def likely_devices() -> list[str]:
    """Get what may be there, and plug-ins, without importing torch, which takes seconds."""
    is_mac = sys.platform == "darwin"
    has_openvino = importlib.util.find_spec("openvino") is not None
    left_out = {"cuda" if is_mac else "mps"} | (set() if has_openvino else {"openvino"})
    plugins = [f"{PLUGIN}{name}" for name in backend_names()]
    return [device for device in DEVICES if device not in left_out] + plugins


def device_title(device: str) -> str:
    """Get what a device is called."""
    if device.startswith(PLUGIN):
        return f"Plug-in: {device.removeprefix(PLUGIN)}"
    return DEVICES.get(device, device)


def where_images_go(device: str, server: str, n_features: int | None) -> str:
    """Say where images go, and what comes back."""
    if device.startswith(PLUGIN):
        return f"The plug-in {device.removeprefix(PLUGIN)!r} decides where images go."
    if device != SERVER:
        return "Images stay on this computer."
    if not server:
        return "No server is chosen: images stay on this computer."
    verb = "are" if trust.is_remembered(server) else "would be"
    numbers = f" ({n_features:,} numbers come back)" if n_features else ""
    return f"Images {verb} sent to {server}{numbers}."


def embedder_rows(
    weights_folder: str, own_file: str, current: str, on_server: Collection[str] | None
) -> list[Row]:
    """List the embedders under their headings.

    Parameters
    ----------
    weights_folder : str
        Where the user has put weights files; "" is nowhere.
    own_file : str
        The user's own weights; "" if there are none.
    current : str
        The id that is chosen; it is listed, whatever it is.
    on_server : collection of str or None
        What the chosen server offers; None if none is chosen, or this is unknown.
    """
    specs, _ = embedders_at_hand()
    rows = [_row(spec, group_of(spec, weights_folder, on_server)) for spec in specs]
    ids = {row.id for row in rows}
    rows += [Row(name, name, "", "", ON_SERVER, "") for name in on_server or () if name not in ids]
    if own_file:
        file = re.split(r"[/\\]", own_file)[-1]
        rows.append(Row(OWN_FILE, file, "", "", OWN, own_file))
    if current not in {row.id for row in rows}:
        is_timm = current.startswith(TIMM)
        title = current if is_timm else f"{current} (not available)"
        rows.append(Row(current, title, "", "", TO_DOWNLOAD if is_timm else NOT_AVAILABLE, ""))
    return sorted(rows, key=lambda row: GROUPS.index(row.group))


def group_of(spec: EmbedderSpec, weights_folder: str, on_server: Collection[str] | None) -> str:
    """Get the heading of an embedder."""
    if on_server is not None and spec.id in on_server:
        return ON_SERVER
    if spec not in MODELS:
        return PLUGINS
    if spec.is_remote_only:
        return SERVERS_ONLY
    if spec.is_built_in:
        return BUILT_IN
    return DOWNLOADED if has_weights(spec, weights_folder) else TO_DOWNLOAD


def about_html(spec: EmbedderSpec, weights_folder: str, speed: float | None) -> str:
    """Describe an embedder as HTML: what it is; its size, speed, licence and paper."""
    lines = [
        f"{spec.description} {spec.good_for}".strip(),
        f"{spec.n_features:,} numbers from {spec.input_px} × {spec.input_px} pixels. "
        + _how_it_comes(spec, weights_folder),
        f"License: {spec.licence}. {spec.source}",
    ]
    if speed:
        lines[1] += f" {speed:.3g} images per second on this computer when last measured."
    text = "<br>".join(html.escape(line) for line in lines)
    return re.sub(r"(https?://[^\s<]+)", r'<a href="\1">\1</a>', text)


def _how_it_comes(spec: EmbedderSpec, weights_folder: str) -> str:
    if spec.is_remote_only:
        return "Runs on servers only."
    if spec.is_built_in or spec.weights is None:
        return "No download."
    if has_weights(spec, weights_folder):
        return "Its weights are on this computer."
    if weights_folder:
        return f"Its weights {spec.weights.name} are not in {weights_folder}."
    return f"Downloads {spec.weights.n_bytes / MB:.0f} MB once."


def _row(spec: EmbedderSpec, group: str) -> Row:
    size = ""
    if group == TO_DOWNLOAD and spec.weights is not None:
        size = f"{spec.weights.n_bytes / MB:.0f} MB"
    text = f"{spec.description} {spec.good_for}"
    return Row(spec.id, spec.title, size, f"{spec.n_features:,}", group, text)
