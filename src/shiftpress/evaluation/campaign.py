"""The same attacks on many networks, one after the other; a killed job goes on where it was."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from shiftpress.attacks.base import Attack
from shiftpress.core.adversarial import Robustness
from shiftpress.core.catalog import component
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.records import Record
from shiftpress.core.splits import Split
from shiftpress.core.storage import fingerprint
from shiftpress.core.tensors import State, with_prefix
from shiftpress.evaluation.adversarial import Shown, Target
from shiftpress.evaluation.robustness import Siege


@dataclass
class Campaign:
    """What attacks do to networks of one phase and dataset. ``made_by`` is the fingerprint of its records."""

    attacks: Mapping[str, Attack]
    settings: Robustness
    test: Split
    phase: str
    dataset: str
    made_by: str
    records: list[Record] = field(default_factory=list)
    tensors: State = field(default_factory=dict)
    stores: list[Checkpoints] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.shown = Shown.of(self.test, self.settings.images)
        probe = component("attacks", "square")  # its radius is that of the attacks which it watches over
        self.probes = {n: probe(eps=[0.5], queries=self.settings.probe_queries, norm=n) for n in ("linf", "l2")}

    def against(self, target: Target, model: str, seed: int, only: Collection[str] | None = None) -> None:
        """All attacks on one network, or those of these names.

        Which images withstood is kept as ``<phase>/<dataset>/<seed>/<model>/<attack>/<strength>``, bool (N,).
        """
        attacks = {name: attack for name, attack in self.attacks.items() if only is None or name in only}
        store = Checkpoints(fingerprint(self.made_by, self.phase, self.dataset, model, seed))
        self.stores.append(store)
        siege = Siege(attacks, self.probes, target, self.shown, self.settings, seed, store)
        siege.run()
        own = {"phase": self.phase, "dataset": self.dataset, "model": model, "seed": seed}
        self.records += siege.records(**own, fingerprint=self.made_by)
        self.tensors |= with_prefix(f"{self.phase}/{self.dataset}/{seed}/{model}", siege.tensors())

    def discard(self) -> None:
        """Forget what a killed job would have gone on from, once everything is written."""
        for store in self.stores:
            store.discard()
