import dataclasses
import sys
from pathlib import Path

import pytest

from orangecontrib.imageembedding.embeddings.catalogue import (
    BUILT_IN_ID,
    DEFAULT_ID,
    get_embedder,
    list_embedders,
)
from orangecontrib.imageembedding.embeddings.spec import SPEEDS, USES
from orangecontrib.imageembedding.errors import BackendError, InputError
from orangecontrib.imageembedding.progress import silent


def test_ids_are_unique():
    ids = [spec.id for spec in list_embedders()]
    assert len(ids) == len(set(ids))


def test_the_default_has_2048_features_and_the_built_in_one_1280():
    assert get_embedder(DEFAULT_ID).n_features == 2048
    assert get_embedder(BUILT_IN_ID).n_features == 1280
    assert get_embedder(BUILT_IN_ID).is_built_in
    assert not get_embedder(DEFAULT_ID).is_built_in


@pytest.mark.parametrize("spec", list_embedders(), ids=lambda spec: spec.id)
def test_every_description_is_complete(spec):
    optional = {"weights", "version", *(["speed"] if spec.is_remote_only else ())}
    assert set(spec.uses) <= USES.keys()
    assert spec.speed in SPEEDS or spec.is_remote_only
    for field in dataclasses.fields(spec):
        assert getattr(spec, field.name) or field.name in optional, field.name
    assert spec.input_px >= 64
    if spec.is_remote_only:
        assert spec.weights is None
        return
    assert (spec.weights.url is None) != (spec.weights.package is None)
    assert spec.weights.n_bytes > 4_000_000
    assert spec.weights.sha256_start in spec.weights.name
    # What is not told here is told by the server: Hugging Face; of SSCD nobody tells it.
    is_told = spec.weights.sha256_start or spec.weights.url.startswith("https://huggingface.co/")
    assert is_told or spec.id == "sscd"


def test_an_unknown_id_is_an_error_that_lists_the_known():
    with pytest.raises(InputError, match="'alexnet'.*resnet50, resnet50-v2, efficientnet-lite0"):
        get_embedder("alexnet")


def test_a_description_stands_for_itself():
    spec = dataclasses.replace(get_embedder(DEFAULT_ID), id="mine")
    assert get_embedder(spec) is spec


def test_the_page_about_choosing_has_the_tables_of_the_catalogue():
    folder = Path(__file__).parents[2] / "doc"
    page = (folder / "choosing-an-embedder.md").read_text(encoding="utf-8")
    sys.path.insert(0, str(folder))
    try:
        from write_embedders import TABLES, with_tables
    finally:
        del sys.path[0]
    assert with_tables(page, TABLES) == page


TORCHVISION = [spec for spec in list_embedders() if spec.network.startswith("torchvision:")]
TIMM = [spec for spec in list_embedders() if spec.network.startswith("timm:")]


@pytest.mark.parametrize("spec", TORCHVISION, ids=lambda spec: spec.id)
def test_weights_and_preparation_are_those_of_torchvision(spec):
    from torchvision.models import get_model_weights

    name = spec.network.partition(":")[2]
    (theirs,) = [weights for weights in get_model_weights(name) if weights.url == spec.weights.url]
    assert abs(spec.weights.n_bytes / 2**20 - theirs.meta["_file_size"]) < 0.01
    preset = theirs.transforms()
    preparation = spec.preparation
    assert [preparation.resize_px] == preset.resize_size
    assert [preparation.crop_px] == preset.crop_size
    assert preparation.interpolation == preset.interpolation.value
    assert preparation.mean == pytest.approx([255 * value for value in preset.mean])
    assert preparation.std == pytest.approx([255 * value for value in preset.std])


@pytest.mark.parametrize("spec", TIMM, ids=lambda spec: spec.id)
def test_weights_and_levels_are_those_of_timm(spec):
    import timm

    cfg = timm.models.get_pretrained_cfg(spec.network.partition(":")[2])
    if spec.weights.package is None:
        assert f"/{cfg.hf_hub_id}/" in spec.weights.url
        assert spec.preparation.mean == pytest.approx([255 * value for value in cfg.mean])
        assert spec.preparation.std == pytest.approx([255 * value for value in cfg.std])
    assert spec.preparation.interpolation == cfg.interpolation


def test_any_model_of_timm_is_described_by_its_name():
    spec = get_embedder("timm:resnet18")
    assert spec.id == "timm:resnet18.a1_in1k"  # the tag is part of what it is
    assert spec.n_features == 512
    assert (spec.preparation.resize_px, spec.preparation.crop_px) == (235, 224)
    assert spec.weights.url == (
        "https://huggingface.co/timm/resnet18.a1_in1k/resolve/main/model.safetensors"
    )
    assert get_embedder("timm:mobilenetv3_small_100.lamb_in1k").n_features == 1024
    assert get_embedder("timm:coat_lite_medium_384.in1k").preparation.fit == "squash"


@pytest.mark.parametrize("name", ["resnet1", "", "resnet18.nobody"])
def test_an_unknown_model_of_timm_is_an_error(name):
    with pytest.raises(InputError, match="no model"):
        get_embedder(f"timm:{name}")


def test_what_only_servers_have_says_so():
    from orangecontrib.imageembedding.embeddings.backends.local.backend import Local

    spec = get_embedder("painters")
    assert spec.is_remote_only
    assert not spec.is_built_in
    for use in (Local().load, Local().fingerprint):
        with pytest.raises(BackendError, match="Painters runs on embedding servers only"):
            use(spec, silent)
