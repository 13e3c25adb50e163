"""What the decoder gives back is the model's own reconstruction, in as many bytes as the rate says."""

import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from trained_codecs import FIELDS, stages, trained

from shiftpress.coding import container
from shiftpress.coding.codec import decode, encode, reconstruct
from shiftpress.coding.each import decode_each, encode_each
from shiftpress.coding.model import Model, read_model
from shiftpress.coding.sizes import sizes
from shiftpress.core.catalog import kinds
from shiftpress.core.coding import TABLE_BITS
from shiftpress.core.problems import InputError

EVERY = pytest.mark.parametrize(("kind", "stage"), stages())


def header_size(data: bytes) -> int:
    header, sections = container.read(data)
    return len(data) - len(sections.payload(header.least))


def test_every_kind_of_codec_is_tested_with_every_stage():
    assert sorted(FIELDS) == kinds("codecs")
    assert sorted(stages()) == sorted((kind, stage) for kind in FIELDS for stage in trained(kind).model.net.stages)


ELSEWHERE = """
import sys
from shiftpress.cli import app
for name in sys.argv[1:]:
    app(["codec", "decode", f"{name}.safetensors", f"{name}.spc", "-o", name], standalone_mode=False)
"""


@pytest.fixture(scope="module")
def decoded(tmp_path_factory) -> Path:
    """Folders of the pictures that one other process made of the streams of every kind and stage."""
    folder = tmp_path_factory.mktemp("decoded")
    for kind, stage in stages():
        codec = trained(kind)
        (folder / f"{kind}-{stage}.safetensors").write_bytes(codec.data)
        (folder / f"{kind}-{stage}.spc").write_bytes(encode(codec.model, codec.images, stage))
    words = [sys.executable, "-W", "ignore", "-c", ELSEWHERE, *("-".join(pair) for pair in stages())]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


@EVERY
def test_another_process_decodes_the_pixels_of_the_models_forward_pass(kind, stage, decoded):
    codec = trained(kind)
    found = np.stack([np.array(Image.open(file)) for file in sorted((decoded / f"{kind}-{stage}").iterdir())])
    found = torch.from_numpy(found).view(200, 32, 32, -1).permute(0, 3, 1, 2)
    assert torch.equal(found, reconstruct(codec.model, codec.images, stage))
    with torch.no_grad():
        whole = codec.model.net(codec.images.float() / 255, stage).images
    # one pass over all images: sums may round otherwise, which shows where a pixel lies between two levels
    assert (found - whole * 255).abs().max() < 0.5 + 1e-3


@EVERY
def test_bytes_on_disk_are_what_the_rate_says(kind, stage):
    codec = trained(kind)
    data = encode(codec.model, codec.images, stage)
    header, sections = container.read(data)
    if all(part.levels for part in header.parts):
        values = math.prod(part.levels ** (part.symbols * 200) for part in header.parts)
        assert len(data) == header_size(data) + ((values - 1).bit_length() + 7) // 8
    else:
        with torch.no_grad():
            estimate = float(codec.model.net(codec.images.float() / 255, stage).bits.double().sum()) / 8
        assert abs(len(data) - estimate) <= 0.01 * estimate + 64
    assert header_size(data) <= 80, "two parts with tables take 65 bytes"


@EVERY
def test_an_image_decodes_the_same_whatever_else_is_in_the_file(kind, stage):
    codec = trained(kind)
    whole = decode(codec.model, encode(codec.model, codec.images, stage))
    for rows in ([7], [199, 7, 0], list(range(64)), list(range(199, 99, -1))):
        assert torch.equal(decode(codec.model, encode(codec.model, codec.images[rows], stage)), whole[rows])


@EVERY
def test_streams_for_each_image_are_those_of_lone_images_and_come_back_together(kind, stage):
    codec = trained(kind)
    images = codec.images[:70]
    files = list(encode_each(codec.model, images, stage))
    assert [files[row] for row in (0, 63, 69)] == [encode(codec.model, images[[row]], stage) for row in (0, 63, 69)]
    assert torch.equal(decode_each(codec.model, files), decode(codec.model, encode(codec.model, images, stage)))


def test_streams_that_do_not_belong_together_are_refused():
    codec = trained("nested")
    files = list(encode_each(codec.model, codec.images[:3]))
    others = {
        "one image each": [encode(codec.model, codec.images[:2]), encode(codec.model, codec.images[:1], "prefix")],
        "another model": list(encode_each(trained("angle").model, codec.images[:1])),
        "is damaged": [files[0][:-1] + bytes([files[0][-1] ^ 1])],
    }
    for said, wrong in others.items():
        for file in wrong:
            with pytest.raises(InputError, match=said):
                decode_each(codec.model, [*files, file])


@EVERY
def test_sizes_are_those_of_the_files(kind, stage):
    codec = trained(kind)
    images = codec.images[:70]
    found = sizes(codec.model.net, images.float() / 255, stage, kind)
    assert found.together == 8 * len(encode(codec.model, images, stage)) / 70
    assert found.alone == 8 * sum(len(encode(codec.model, image[None], stage)) for image in images) / 70


@pytest.mark.parametrize("kind", FIELDS)
def test_encoding_again_gives_the_same_bytes_from_a_reloaded_model(kind):
    codec = trained(kind)
    assert encode(read_model(codec.data), codec.images) == encode(codec.model, codec.images)


@pytest.mark.parametrize("kind", ["factorized", "hyperprior"])
def test_integers_beyond_the_tables_come_back(kind):
    codec = trained(kind)
    model = read_model(codec.data)
    with torch.no_grad():
        model.net.analysis[-1].weight.mul_(100)
    model = Model(kind, model.shape, model.net, model.digest)
    data = encode(model, codec.images)
    assert len(container.read(data)[1].escaped) > 1000
    assert torch.equal(decode(model, data), reconstruct(model, codec.images))


def test_a_code_that_says_next_to_nothing_is_filled_up():
    codec = trained("factorized")
    model = read_model(codec.data)
    with torch.no_grad():
        model.net.analysis[-1].weight.zero_()
        model.net.analysis[-1].bias.copy_(model.net.bottleneck._medians().flatten())
        for counts in (model.net.bottleneck.counts,):
            counts.zero_()
            counts[:, 64], counts[:, -1] = (1 << TABLE_BITS) - 1, 1
    data = encode(model, codec.images)
    header, sections = container.read(data)
    assert len(sections.coded) < 100
    assert len(data) - header_size(data) == math.ceil(200 * 3 * 32 * 32 / container.MOST_PER_BYTE)
    assert torch.equal(decode(model, data), reconstruct(model, codec.images))


@pytest.mark.parametrize("kind", ["factorized", "hyperprior"])
def test_numbers_that_are_none_are_not_coded(kind):
    codec = trained(kind)
    model = read_model(codec.data)
    with torch.no_grad():
        model.net.analysis[-1].bias.fill_(float("nan"))
    with pytest.raises(InputError, match="too large to code"):
        encode(model, codec.images)


def test_images_and_stages_that_do_not_fit_are_refused():
    codec = trained("nested")
    for images in (codec.images[:0], codec.images[:, :, :16], codec.images.float(), codec.images.repeat(1, 3, 1, 1)):
        with pytest.raises(InputError, match="The model codes 8-bit images of shape"):
            encode(codec.model, images)
    with pytest.raises(InputError, match="no stage 'prefx'. Did you mean 'prefix'"):
        encode(codec.model, codec.images, "prefx")


def test_a_stream_of_another_model_is_refused():
    nested, angle = trained("nested"), trained("angle")
    data = encode(nested.model, nested.images)
    retrained = replace(nested.model, digest=bytes(16))
    for other in (angle.model, retrained, replace(nested.model, shape=(1, 64, 64))):
        with pytest.raises(InputError, match="another model"):
            decode(other, data)
