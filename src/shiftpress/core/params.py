"""Typed view of params.yaml: what a study runs, on what, how often."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from shiftpress.core.adversarial import Robustness
from shiftpress.core.component import Choice, Name
from shiftpress.core.decks import Budgets, Deck, Member
from shiftpress.core.edge import Edge
from shiftpress.core.recipe import Fit
from shiftpress.core.seeds import STRIDE

FAMILIES = (
    "datasets",
    "shifts",
    "codecs",
    "objectives",
    "classifiers",
    "augmentations",
    "pruners",
    "compressors",
    "filters",
    "quantizers",
    "gates",
    "attacks",
)
"""Sections of params.yaml that map names to components; each is a package of the same name."""

RESERVED = {"dense": "the unpruned network", "all": "every entry"}


class Section(BaseModel):
    """A part of params.yaml with fixed keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Entry(BaseModel):
    """One named line of a family: a kind, and that kind's fields."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)
    kind: str = Field(description="file name of the component inside its family")

    @property
    def fields(self) -> dict[str, Any]:
        """What the kind is configured with."""
        return dict(self.model_extra or {})


class Run(Section):
    """The run as a whole."""

    tier: Name = Field("laptop", description="names the output folder results/<tier>")
    seeds: list[Annotated[int, Field(ge=0, lt=STRIDE)]] = Field(
        [0, 1, 2],
        min_length=1,
        max_length=1000,
        description="every model is trained once per seed; 3 are needed for an interval",
    )
    seeds_per_job: int = Field(3, ge=1, le=100, description="seeds one job trains in turn; changes no number")
    copies_per_job: int = Field(1, ge=1, le=100, description="further copies of a deck's card likewise")

    @field_validator("seeds")
    @classmethod
    def _unique(cls, seeds: list[int]) -> list[int]:
        if len(set(seeds)) < len(seeds):
            raise ValueError("a seed stands twice in the list")
        return seeds


Some = Literal["all"] | list[Name]  # may be empty

Qualities = list[Annotated[int, Field(ge=1, le=100)]]


class Formats(Section):
    """Image formats that the codecs are compared with, each at some qualities; none leave the format out."""

    jpeg: Qualities = Field([], description="qualities of JPEG")
    webp: Qualities = Field([], description="qualities of WebP")

    @field_validator("jpeg", "webp")
    @classmethod
    def _unique(cls, qualities: list[int]) -> list[int]:
        if len(set(qualities)) < len(qualities):
            raise ValueError("a quality stands twice in the list")
        return qualities


class Analysis(Section):
    """On how many images classifiers, decks, codecs and image formats are looked into; few, as every card is."""

    frequency_step: int = Field(5, ge=1, le=64, description="every so-manyth frequency of the plane is tried")
    frequency_images: int = Field(100, ge=1, le=100_000, description="images under noise of each frequency")
    frequency_norm: float = Field(4.0, gt=0, le=1000, description="length of that noise in each channel")
    slope_images: int = Field(50, ge=1, le=100_000, description="images at which Jacobian and gradient are taken")
    margin_images: int = Field(32, ge=1, le=100_000, description="images of each shift on which logits are compared")
    card_images: int = Field(10_000, ge=1, description="test images of a cell that single classifiers are scored on")
    deck_images: int = Field(10_000, ge=1, description="test images, likewise, that decks are scored on")
    codec_images: int = Field(10_000, ge=1, description="test images, likewise, that codecs and formats are scored on")
    gate_images: int = Field(2000, ge=2, le=100_000, description="training images that gates learn from")
    stream_images: int = Field(2000, ge=10, le=1_000_000, description="images of the mixed and the drifting stream")


class Study(Section):
    """Which defined entries the default target runs: a list of names, or all.

    Lists, because an overlay can replace a list but never remove a key.
    """

    datasets: Choice = Field("all", description="dataset entries to run")
    codecs_on: Choice = Field("all", description="those of study.datasets that codecs are trained on")
    cards_on: Choice = Field("all", description="those of study.datasets that classifiers are trained on")
    shifts: Choice = Field("all", description="shift entries to run")
    codecs: Choice = Field("all", description="codec entries to train")
    objectives: Choice = Field("all", description="objective entries to train each codec with")
    classifiers: Choice = Field("all", description="classifier entries to train")
    augmentations: Choice = Field("all", description="augmentation entries to train each classifier with")
    pruners: Choice = Field("all", description="pruner entries to apply to each classifier")
    cards: Literal["all"] | list[str] = Field("all", description="of these, patterns classifier/augmentation/pruner")
    compressors: Some = Field("all", description="compressor entries to apply; may be empty")
    compressed: list[str] = Field([], description="what compressors work on: dataset/classifier, or */classifier")
    edge: Some = Field([], description="those of study.datasets that the phase edge works on; empty: it is left out")
    filters: Some = Field("all", description="criteria of filters in the phase edge; may be empty")
    quantizers: Some = Field("all", description="quantizers of the phase edge; may be empty")
    compressed_under: Choice = Field("all", description="those of study.shifts that all papers' networks are under")
    gates: Choice = Field("all", description="gate entries to put before each deck")
    decks: Choice = Field("all", description="decks to make, on the datasets of cards_on")
    attacks: Some = Field("all", description="attacks on classifiers; may be empty")
    decks_under: Choice = Field("all", description="those of study.shifts that decks are scored under")


class Params(Section):
    """The whole of params.yaml, laid under a tier's overlay."""

    run: Run = Field(Run(), description="seeds and output folder")
    fit: Fit = Field(Fit(), description="training recipes")
    analysis: Analysis = Field(Analysis(), description="how closely classifiers are looked into")
    robustness: Robustness = Field(Robustness(), description="how classifiers are attacked")
    deck_robustness: Robustness = Field(Robustness(), description="the same of decks, of which each is many networks")
    study: Study = Field(Study(), description="what the default target runs")
    formats: Formats = Field(Formats(), description="image formats to compare codecs with")
    datasets: dict[Name, Entry] = Field(description="image sources", min_length=1)
    shifts: dict[Name, Entry] = Field(description="what happens to an image before use", min_length=1)
    codecs: dict[Name, Entry] = Field(description="learned image codecs", min_length=1)
    objectives: dict[Name, Entry] = Field(description="what a codec minimises", min_length=1)
    classifiers: dict[Name, Entry] = Field(description="network architectures", min_length=1)
    augmentations: dict[Name, Entry] = Field(description="changes of training images", min_length=1)
    pruners: dict[Name, Entry] = Field(description="ways to prune a classifier", min_length=1)
    compressors: dict[Name, Entry] = Field({}, description="ways to compress a classifier under attack")
    filters: dict[Name, Entry] = Field({}, description="criteria by which filters are removed for good")
    quantizers: dict[Name, Entry] = Field({}, description="ways to round a trained classifier to few bits")
    gates: dict[Name, Entry] = Field({}, description="ways to weigh the cards of a deck")
    attacks: dict[Name, Entry] = Field({}, description="ways to look for changes that make a classifier err")
    decks: dict[Name, Deck] = Field({}, description="cards that classify together")
    edge: Edge = Field(Edge(), description="what the phase edge makes small, how and under which shifts")
    budgets: Budgets = Field(Budgets(), description="decks that are put together to fit into so many bytes")

    def effective(self) -> dict[str, Any]:
        """What decides the results: everything but the entries that the study leaves out."""
        whole = self.model_dump()
        used = {family: self.needed(family) for family in FAMILIES} | {"decks": self.chosen("decks")}
        return {**whole, **{f: {name: whole[f][name] for name in names} for f, names in used.items()}}

    def chosen(self, family: str) -> list[str]:
        """Names of the entries of a family that the study runs."""
        choice = getattr(self.study, family)
        return list(getattr(self, family)) if choice == "all" else choice

    def used(self, family: str) -> list[str]:
        """Those, and the entries that only the cards of its decks are made of."""
        named = {"classifiers": "classifier", "augmentations": "augmentation", "pruners": "pruner"}.get(family)
        more = [getattr(member, named) for member in self.members()] if named else []
        return list(dict.fromkeys([*self.chosen(family), *(name for name in more if name in getattr(self, family))]))

    def members(self) -> list[Member]:
        """Every card of the study's decks, each once."""
        return list(dict.fromkeys(member for name in self.chosen("decks") for member in self.decks[name].members))

    def needed(self, family: str) -> list[str]:
        """Those, and the entries that only compressors and the phase edge work with."""
        pairs = self.compressed()
        classifiers, augmentations = [pair[1] for pair in pairs], [self.fit.atmc.augmentation] if pairs else []
        if self.study.edge:
            classifiers, augmentations = [*classifiers, *self.edge.sizes], [*augmentations, self.fit.edge.augmentation]
        more = {"classifiers": classifiers, "augmentations": augmentations}
        return list(dict.fromkeys([*self.used(family), *more.get(family, [])]))

    def compressed(self) -> list[tuple[str, str]]:
        """Names of the datasets and classifiers that compressors are applied to; none if there is no compressor."""
        named, every = [name.partition("/") for name in self.study.compressed], self.chosen("datasets")
        pairs = [(own, net) for dataset, _, net in named for own in (every if dataset == "*" else [dataset])]
        return list(dict.fromkeys(pairs)) if self.chosen("compressors") else []

    def datasets_of(self, phase: Literal["codecs", "cards", "edge"]) -> list[str]:
        """Names of the datasets that the models of a phase are trained on, in the order of study.datasets."""
        choice = self.study.edge if phase == "edge" else getattr(self.study, f"{phase}_on")
        return [name for name in self.chosen("datasets") if choice == "all" or name in choice]
