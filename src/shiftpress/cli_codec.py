"""The verbs of ``shiftpress codec``. Heavy imports happen inside them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shiftpress.verbs import TIER, params_of, plainly

if TYPE_CHECKING:
    from collections.abc import Callable

    from shiftpress.coding.model import Model
    from shiftpress.core.splits import Shape

codec = typer.Typer(
    help="Trained codecs as files, and images coded with them.", no_args_is_help=True, rich_markup_mode=None
)

MODEL_FILE = Annotated[Path, typer.Argument(metavar="MODELFILE", help="what export wrote")]


@codec.command()
@plainly
def export(
    model: Annotated[str, typer.Argument(help="dataset/codec/objective, by their names in the params")],
    tier: TIER = "laptop",
    seed: Annotated[int, typer.Option(help="run seed it was trained with")] = 0,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="file to write")] = None,
) -> None:
    """Write a codec that the pipeline trained as one file."""
    from shiftpress.coding.export import exported
    from shiftpress.core.files import write_file

    out = out or Path(f"{model.replace('/', '-')}-seed{seed}.safetensors")
    data = exported(model, params_of(tier), tier, seed)
    write_file(out, data)
    print(f"{out}: {len(data)} bytes")


@codec.command()
@plainly
def encode(
    model_file: MODEL_FILE,
    images: Annotated[list[Path], typer.Argument(help="image files, or folders of them")],
    out: Annotated[Path, typer.Option("-o", "--out", help="stream to write, FILE.spc; with --each a folder")],
    stage: Annotated[str, typer.Option(help="how much of the code to send; full sends all of it")] = "full",
    each: Annotated[bool, typer.Option("--each", help="write a stream for each image, under its name")] = False,
) -> None:
    """Code images; they must have the size the model was trained for."""
    from shiftpress.coding.codec import encode as coded
    from shiftpress.coding.each import encode_each
    from shiftpress.coding.files import image_files, named_after, read_images
    from shiftpress.core.files import write_file

    model = _model(model_file)
    files = image_files(images)
    pixels, progress = read_images(files, model.shape), _progress("encode", len(files), model.shape)
    outs = named_after(files, out, ".spc") if each else [out]
    streams = encode_each(model, pixels, stage, progress) if each else [coded(model, pixels, stage, progress)]
    size = 0
    for path, data in zip(outs, streams, strict=True):
        write_file(path, data)
        size += len(data)
    _, height, width = model.shape
    print(f"{out}: {len(pixels)} images, {size} bytes, {8 * size / len(pixels) / height / width:.4f} bits per pixel")


@codec.command()
@plainly
def decode(
    model_file: MODEL_FILE,
    streams: Annotated[list[Path], typer.Argument(help="what encode wrote; several, if they have one image each")],
    out: Annotated[Path, typer.Option("-o", "--out", help="folder to write PNG files into")],
) -> None:
    """Decode a stream into PNG files, numbered in the order the images were given; of several, under their names."""
    from shiftpress.coding.codec import decode as decoded
    from shiftpress.coding.container import read
    from shiftpress.coding.each import decode_each
    from shiftpress.coding.files import named_after, numbered, write_images
    from shiftpress.core.files import read_file

    model, files = _model(model_file), [read_file(stream) for stream in streams]
    if len(files) > 1:
        paths = named_after(streams, out, ".png")
        images = decode_each(model, files, _progress("decode", len(files), model.shape))
    else:
        header, _ = read(files[0])
        images = decoded(model, files[0], _progress("decode", header.count, header.shape))
        paths = numbered(len(images), out)
    write_images(paths, images)
    print(f"{out}: {len(images)} images")


@codec.command()
@plainly
def info(file: Annotated[Path, typer.Argument(help="a model file or a stream")]) -> None:
    """Say what a model file or a stream is; both are checked as for use."""
    from shiftpress.coding.container import MAGIC
    from shiftpress.coding.listing import model_facts, stream_facts
    from shiftpress.core.files import read_file

    data = read_file(file)
    facts = stream_facts(data) if data.startswith(MAGIC[:4]) else model_facts(data)
    for name, value in facts.items():
        print(f"{name:16} {value}")


def _model(file: Path) -> "Model":
    from shiftpress.coding.model import read_model
    from shiftpress.core.determinism import prepare
    from shiftpress.core.files import read_file

    prepare(threads=1)  # how sums are split over threads would reach the pixels
    return read_model(read_file(file))


def _progress(label: str, count: int, shape: "Shape") -> "Callable[[], None]":
    from shiftpress.coding.parts import chunk_size
    from shiftpress.core.progress import Progress

    chunks = -(-count // chunk_size(shape))
    return Progress(label, chunks).step
