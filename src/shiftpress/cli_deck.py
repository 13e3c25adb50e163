"""The verbs of ``shiftpress deck``. Heavy imports happen inside them."""

from pathlib import Path
from typing import Annotated

import typer

from shiftpress.verbs import TIER, params_of, plainly

deck = typer.Typer(help="Trained decks of cards for use elsewhere.", no_args_is_help=True, rich_markup_mode=None)

NAME = Annotated[str, typer.Argument(help="dataset/deck/gate")]
SEED = Annotated[int, typer.Option(help="run seed it was trained with")]


@deck.command()
@plainly
def module(
    name: NAME,
    out: Annotated[Path, typer.Option("-o", "--out", help="Python file to write; the weights go beside it")],
    tier: TIER = "laptop",
    seed: SEED = 0,
) -> None:
    """Write a deck and its gate as a Python module with safetensors weights, which needs torch and safetensors only."""
    from shiftpress.evaluation.exporting import hand
    from shiftpress.packing.module import module, write_module

    found = hand(name, params_of(tier), tier, seed)
    print(write_module(out, module(found.cards, found.gating)))


@deck.command()
@plainly
def unpack(
    name: NAME,
    out: Annotated[Path, typer.Option("-o", "--out", help="folder to write one card file a card to")],
    tier: TIER = "laptop",
    seed: SEED = 0,
) -> None:
    """Write the cards of a deck as card files."""
    from shiftpress.core.files import write_file
    from shiftpress.evaluation.exporting import hand

    found = hand(name, params_of(tier), tier, seed)
    for number, data in enumerate(found.files):
        write_file(out / f"{number}.card", data)
    print(f"{out}: {len(found.files)} cards, {sum(map(len, found.files))} bytes")
