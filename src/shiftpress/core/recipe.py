"""How classifiers are trained; the same for every method."""

from typing import Annotated, Literal

from pydantic import Field

from shiftpress.core.component import Component

Pick = Literal["last", "best"]


class CardFit(Component):
    """How classifiers are trained: a step size per step, by a schedule that starts again with every round."""

    epochs: int = Field(6, ge=1, le=10_000, description="passes per round of training")
    batch: int = Field(64, ge=2, le=65_536, description="images per step")
    optimizer: Literal["sgd", "adam"] = Field("sgd", description="SGD with Nesterov momentum, or Adam")
    lr: float = Field(0.02, gt=0, le=10, description="largest step size")
    momentum: float = Field(0.9, ge=0, lt=1, description="SGD momentum")
    weight_decay: float = Field(5e-4, ge=0, le=1, description="L2 penalty on every weight")
    schedule: Literal["cosine", "step", "one_cycle"] = Field(
        "cosine", description="cosine to zero; drops; or a straight rise over warmup and a straight fall to zero"
    )
    warmup: float = Field(0.0, ge=0, lt=1, description="share of a round over which the step size rises from zero")
    drops: list[Annotated[float, Field(gt=0, lt=1)]] = Field(
        [0.5, 0.75], description="step: shares of a round after which the step size falls to a tenth"
    )
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="never used for edge-popup and biprop")
    ema: float = Field(0.0, ge=0, lt=1, description="decay per step of averaged weights, which become the card; 0: off")
    autocast: bool = Field(False, description="bfloat16 inside the network; other numbers on every kind of processor")
    picks: list[Pick] = Field(
        ["last"], min_length=1, max_length=2, description="epochs that become cards: last, best on the validation split"
    )
