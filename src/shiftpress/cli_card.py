"""The verbs of ``shiftpress card``. Heavy imports happen inside them."""

from pathlib import Path
from typing import Annotated

import typer

from shiftpress.verbs import TIER, params_of, plainly

card = typer.Typer(help="Trained classifiers as small files.", no_args_is_help=True, rich_markup_mode=None)

CARD_FILES = Annotated[
    list[Path], typer.Argument(metavar="CARDFILE...", help="what pack wrote: one, or those of a deck")
]
CARD_FILE = Annotated[Path, typer.Argument(metavar="CARDFILE", help="what pack wrote")]


@card.command()
@plainly
def pack(
    name: Annotated[
        str,
        typer.Argument(
            help="dataset/classifier/augmentation/pruner/percent, dataset/classifier/augmentation/dense, "
            "dataset/classifier/compressor/percent, or dataset/classifier/method/percent of the phase edge"
        ),
    ],
    tier: TIER = "laptop",
    seed: Annotated[int, typer.Option(help="run seed it was trained with")] = 0,
    bits: Annotated[int | None, typer.Option(help="32, 16 or 1 a weight; if left out, what loses nothing")] = None,
    fold: Annotated[bool, typer.Option("--fold", help="fold normalisations; logits then differ by rounding")] = False,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="file to write")] = None,
) -> None:
    """Write a trained card of a tier's results as one file."""
    from shiftpress.core.files import write_file
    from shiftpress.core.problems import InputError
    from shiftpress.packing.compressed import names_compressed, packed_compressed
    from shiftpress.packing.edge import names_edge, packed_edge
    from shiftpress.packing.trained import packed

    if bits not in (None, 1, 16, 32):
        raise InputError(f"A weight has 32, 16 or 1 bits, not {bits}.")
    out = out or Path(f"{name.replace('/', '-')}-seed{seed}.card.safetensors")
    params = params_of(tier)
    whole = {packed_compressed: names_compressed(name, params), packed_edge: names_edge(name, params)}
    if pack_whole := next((make for make, is_its in whole.items() if is_its), None):
        if bits or fold:
            raise InputError("A compressed network is packed as it was trained: leave out --bits and --fold.")
        data = pack_whole(name, params, tier, seed)
    else:
        data = packed(name, params, tier, seed, bits=bits, fold=fold)
    write_file(out, data)
    print(f"{out}: {len(data)} bytes")


@card.command()
@plainly
def unpack(
    card_file: CARD_FILE,
    out: Annotated[Path, typer.Option("-o", "--out", help="safetensors file of plain weights to write")],
) -> None:
    """Write the weights of a card as a plain safetensors file, zeros where they were removed."""
    from safetensors.torch import save

    from shiftpress.core.files import read_file, write_file
    from shiftpress.packing.compressed import plain_state, unpack_any

    state = plain_state(unpack_any(read_file(card_file)))
    write_file(out, save({name: state[name].contiguous() for name in sorted(state)}))
    print(f"{out}: {len(state)} tensors")


FACTS = (
    *("format", "origin", "kind", "fields", "shape", "classes", "bits", "folded", "form", "free"),
    *("weight_bits", "activation_bits", "ends", "digest"),
)
"""What is told about a card, as far as it has it."""


@card.command()
@plainly
def info(
    card_file: CARD_FILE,
    latency: Annotated[bool, typer.Option("--latency", help="also measure time per image on this machine")] = False,
) -> None:
    """Print what a card is, how its file's bytes compare with the usual ways of counting, and how fast it is here."""
    from shiftpress.core.files import read_file
    from shiftpress.core.problems import printable
    from shiftpress.packing.card import Card
    from shiftpress.packing.compressed import unpack_any
    from shiftpress.packing.integer import deployed
    from shiftpress.packing.latency import latency as measured
    from shiftpress.packing.quantised import QuantisedCard
    from shiftpress.packing.sizes import sizes

    data = read_file(card_file)
    found = unpack_any(data)
    facts = found.facts.model_dump()
    for key in FACTS:
        if key in facts:
            print(f"{key:15} {printable(str(facts[key]))}")
    counted = sizes(data) if isinstance(found, Card) else {"disk_bytes": len(data)}
    for key, value in counted.items():
        print(f"{key:15} {value:.0f}")
    if latency:
        net = deployed(found.quantised) if isinstance(found, QuantisedCard) else found.net()
        for batch, milliseconds in measured(net, tuple(found.facts.shape)).items():
            print(f"{f'ms, batch {batch}':15} {milliseconds:.4f} per image, one thread, median")


@card.command()
@plainly
def export(card_file: CARD_FILE, out: Annotated[Path, typer.Option("-o", "--out", help="ONNX file to write")]) -> None:
    """Write a card as ONNX, images in [0, 1] to logits, for any batch size."""
    from shiftpress.core.files import read_file, write_file
    from shiftpress.packing.card import unpack as opened
    from shiftpress.packing.onnx import onnx_bytes

    found = opened(read_file(card_file))
    data = onnx_bytes(found.net(), tuple(found.facts.shape))
    write_file(out, data)
    print(f"{out}: {len(data)} bytes")


@card.command()
@plainly
def module(
    card_files: CARD_FILES,
    out: Annotated[Path, typer.Option("-o", "--out", help="Python file to write; the weights go beside it")],
    average: Annotated[str, typer.Option(help="of several cards: probabilities or logits")] = "probabilities",
) -> None:
    """Write a card or a deck as a Python module with safetensors weights, which needs torch and safetensors only."""
    from shiftpress.core.files import read_file
    from shiftpress.packing.card import unpack as opened
    from shiftpress.packing.gating import agnostic
    from shiftpress.packing.module import module, write_module

    cards = [opened(read_file(path)) for path in card_files]
    print(write_module(out, module(cards, agnostic(len(cards), average) if len(cards) > 1 else None)))


@card.command()
@plainly
def entry(
    card_files: CARD_FILES,
    facts: Annotated[
        Path, typer.Option(help="YAML file with what only its author knows; docs/robustbench.md says what")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="model_info file to write, NameYearFirstword.json")],
) -> None:
    """Write the model_info file that RobustBench's leaderboard wants of a card or deck."""
    from shiftpress.core.files import read_file, write_file
    from shiftpress.packing.card import unpack as opened
    from shiftpress.packing.leaderboard import check_model_name, model_info, read_entry

    check_model_name(out.stem)
    found = [opened(read_file(path)).facts for path in card_files]
    write_file(out, model_info(found, read_entry(facts)))
    print(f"{out}: {len(found)} cards")


@card.command(name="import")
@plainly
def import_(
    checkpoint: Annotated[
        Path, typer.Argument(metavar="FILE", help="a .pt file of RobustBench's Diffenderfer2021Winning")
    ],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="card file to write")] = None,
) -> None:
    """Write a card that Diffenderfer et al. 2021 released as a card file. Nothing in the checkpoint is ever run."""
    from shiftpress.core.files import write_file
    from shiftpress.packing.released import released_card

    out = out or Path(f"{checkpoint.name}.card.safetensors")
    data = released_card(checkpoint)
    write_file(out, data)
    print(f"{out}: {len(data)} bytes")
