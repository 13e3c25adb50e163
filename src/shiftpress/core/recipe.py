"""How codecs and classifiers are trained; the same for every method."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shiftpress.core.component import Component, Name

Pick = Literal["last", "best"]


class CodecFit(Component):
    """How codecs are trained: Adam, the rate dropped at milestones (Lei et al. 2021, our CPU recipe)."""

    epochs: int = Field(15, ge=1, le=10_000, description="passes over the training images")
    batch: int = Field(64, ge=2, le=65_536, description="images per step")
    lr: float = Field(1e-3, gt=0, le=1, description="Adam step size at the start")
    drops: list[Annotated[float, Field(gt=0, lt=1)]] = Field(
        [0.6, 0.85], description="fractions of the training after which the step size falls"
    )
    drop_factor: float = Field(0.2, gt=0, le=1, description="what the step size is multiplied by")


class Schedule(Component):
    """Steps of an optimiser, their size by a schedule that starts again with every round."""

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


class CardFit(Schedule):
    """How classifiers are trained: a step size per step, by a schedule that starts again with every round."""

    label_smoothing: float = Field(0.0, ge=0, lt=1, description="never used for edge-popup and biprop")
    ema: float = Field(0.0, ge=0, lt=1, description="decay per step of averaged weights, which become the card; 0: off")
    autocast: bool = Field(False, description="bfloat16 inside the network; other numbers on every kind of processor")
    picks: list[Pick] = Field(
        ["last"], min_length=1, max_length=2, description="epochs that become cards: last, best on the validation split"
    )


Objective = Literal["natural", "adversarial", "mixed", "trades"]
"""Loss on clean images; on attacked ones; half of each; on clean ones, and how differently attacked ones are seen."""


class AtmcFit(Schedule):
    """How classifiers are trained against attacks, and compressed under them: alike for every method.

    A base network is trained first; every method then goes on from it for as long as every other.
    """

    ema: ClassVar[float] = 0.0
    autocast: ClassVar[bool] = False
    picks: ClassVar[tuple[Pick, ...]] = ("last",)
    """Epochs are not picked. The paper's code picks them on the test set, under the attack that it then reports."""

    tuning: float = Field(1.0, gt=0, le=100, description="epochs of compression, as a multiple of the base network's")
    tuning_lr: float = Field(0.2, gt=0, le=10, description="step size of compression, as a multiple of the base's")
    lrs: dict[Name, Annotated[float, Field(gt=0, le=10)]] = Field({}, description="by dataset, in place of lr")
    objective: Objective = Field("adversarial", description="what is minimised: the loss on attacked images, or mixed")
    trades_weight: float = Field(6.0, gt=0, le=1000, description="trades: weight of how differently images are seen")
    radius: float = Field(0.01569, ge=0, le=1, description="largest change of a pixel, in units of its range")
    radii: dict[Name, Annotated[float, Field(ge=0, le=1)]] = Field({}, description="by dataset, in place of radius")
    ramp: float = Field(0.0, ge=0, lt=1, description="share of the base training over which the radius grows from 0")
    attack_steps: int = Field(7, ge=1, le=1000, description="steps of the attack that training images are under")
    steps: dict[Name, Annotated[int, Field(ge=1, le=1000)]] = Field(
        {}, description="by dataset, in place of attack_steps"
    )
    reach: float = Field(2.5, gt=0, le=100, description="length of all its steps together, in radii")
    random_start: bool = Field(True, description="whether it starts anywhere in the ball instead of at the image")
    crafted_in: Literal["eval", "train"] = Field(
        "eval", description="mode of the network under attack; train also moves batch statistics with every step"
    )
    augmentation: Name = Field("clean", description="augmentation entry of the training images")

    def on(self, dataset: str) -> "AtmcFit":
        """The recipe as it is for a dataset."""
        return self.model_copy(update={"lr": self.lrs.get(dataset, self.lr), "lrs": {}})

    def radius_on(self, dataset: str) -> float:
        """The one that networks of a dataset are trained under."""
        return self.radii.get(dataset, self.radius)

    def steps_on(self, dataset: str) -> int:
        """Of the attack that networks of a dataset are trained under."""
        return self.steps.get(dataset, self.attack_steps)


class EdgeFit(Schedule):
    """How classifiers are trained, made small and taught, in the phase edge. Every choice is ours: none is published.

    Networks that are pruned are tuned after training; students, who have nothing to be tuned, train for as long as both
    together.
    """

    ema: ClassVar[float] = 0.0
    autocast: ClassVar[bool] = False
    label_smoothing: ClassVar[float] = 0.0
    picks: ClassVar[tuple[Pick, ...]] = ("last",)
    """Epochs are not picked: what is picked on validation images looks better on source images than on shifted ones."""

    tuning: float = Field(
        0.5, gt=0, le=100, description="epochs of tuning, as a multiple of those before; as many as others tune for"
    )
    tuning_lr: float = Field(
        0.1, gt=0, le=10, description="step size of tuning, as a multiple; small, to keep what was learned"
    )
    temperature: float = Field(
        4.0, gt=0, le=1000, description="of distillation; the most usual since Hinton et al. 2015, 1 and 10 are tried"
    )
    alpha: float = Field(
        0.9, ge=0, le=1, description="weight of the teacher beside the labels; most of it, so that it is distillation"
    )
    augmentation: Name = Field("clean", description="augmentation entry of teachers' and students' images")


class Fit(Component):
    """Training recipes."""

    codecs: CodecFit = Field(CodecFit(), description="recipe for codecs")
    cards: CardFit = Field(CardFit(), description="recipe for classifiers, dense and pruned")
    atmc: AtmcFit = Field(AtmcFit(), description="recipe for classifiers under attack, dense and compressed")
    edge: EdgeFit = Field(EdgeFit(), description="recipe for classifiers that are made small for the edge")
