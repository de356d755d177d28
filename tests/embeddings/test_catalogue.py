import dataclasses

import pytest

from orangecontrib.imageembedding.embeddings.catalogue import (
    BUILT_IN_ID,
    DEFAULT_ID,
    get_embedder,
    list_embedders,
)
from orangecontrib.imageembedding.errors import InputError


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
    assert all(getattr(spec, field.name) for field in dataclasses.fields(spec))
    assert spec.weights.sha256_start in spec.weights.name
    assert (spec.weights.url is None) != (spec.weights.package is None)
    assert spec.weights.n_bytes > 10_000_000


def test_an_unknown_id_is_an_error_that_lists_the_known():
    with pytest.raises(InputError, match="'alexnet'.*resnet50, resnet50-v2, efficientnet-lite0"):
        get_embedder("alexnet")


def test_a_description_stands_for_itself():
    spec = dataclasses.replace(get_embedder(DEFAULT_ID), id="mine")
    assert get_embedder(spec) is spec


@pytest.mark.parametrize(
    ("embedder_id", "enum"), [("resnet50", "IMAGENET1K_V1"), ("resnet50-v2", "IMAGENET1K_V2")]
)
def test_weights_and_preparation_are_those_of_torchvision(embedder_id, enum):
    from torchvision.models import ResNet50_Weights

    theirs = ResNet50_Weights[enum]
    spec = get_embedder(embedder_id)
    assert spec.weights.url == theirs.url
    assert abs(spec.weights.n_bytes / 2**20 - theirs.meta["_file_size"]) < 0.01
    preset = theirs.transforms()
    preparation = spec.preparation
    assert [preparation.resize_px] == preset.resize_size
    assert [preparation.crop_px] == preset.crop_size
    assert preparation.interpolation == preset.interpolation.value
    assert preparation.mean == pytest.approx([255 * value for value in preset.mean])
    assert preparation.std == pytest.approx([255 * value for value in preset.std])
