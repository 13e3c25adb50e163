"""Robust accuracies of a network: every attack at every strength, the worst of all, and what the gates say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from shiftpress.attacks.base import Attack, BallAttack
from shiftpress.core.adversarial import BESIDE, ROBUST, THROUGH, UNRELIABLE, WORST, Robustness
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.records import Record
from shiftpress.core.seeds import seed_for
from shiftpress.core.tensors import State
from shiftpress.evaluation.adversarial import OWN, Shown, Target, Trial, attacked, correct
from shiftpress.evaluation.sanity import GATES, failed, masked, room, zero_gradients


@dataclass
class Siege:
    """All attacks on one network. ``seed`` is that of the run; images of one seed see the same random numbers.

    ``probes`` are Square attacks by norm, for the gate that looks for masked gradients.
    """

    attacks: Mapping[str, Attack]
    probes: Mapping[str, Attack]
    target: Target
    shown: Shown
    settings: Robustness
    seed: int
    store: Checkpoints
    trials: dict[str, dict[float, Trial]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clean = correct(self.target.net, self.shown, self.settings.batch)

    def run(self) -> None:
        """Every attack at every strength on all images."""
        for name, attack in self.attacks.items():
            self.trials[name] = {s: self._trial(name, attack, s, self.shown) for s in attack.strengths}

    def _trial(self, name: str, attack: Attack, strength: float, shown: Shown, what: str = "all") -> Trial:
        batch, clean = self.settings.batch, self.clean[: len(shown)]
        seed = seed_for(self.seed, "attack", name, strength)
        key = f"{name}-{what}-{strength}"
        return attacked(attack, strength, self.target, shown, clean, seed, batch, self.store, key)

    def records(self, **shared: Any) -> list[Record]:
        """What was found, and whether it can be trusted."""
        found, failures, slopes = [], {}, {}
        hidden = {norm: self._hidden(norm) for norm in self.probes}
        for name, attack in self.attacks.items():
            if (alike := (attack.follows, attack.routes)) not in slopes:
                slopes[alike] = zero_gradients(attack, self.target, self.shown, self.clean, self.settings.batch)
            flat = slopes[alike]
            own = self._failed(name, attack, flat)
            if isinstance(attack, BallAttack):
                found += self._of(name, 0.0, _untouched(self.clean), own, shared)
            for strength, trial in self.trials[name].items():
                masks = isinstance(attack, BallAttack) and strength in hidden[attack.norm]
                failures[name, strength] = [*own, *(["masking"] if masks else [])]
                found += self._of(name, strength, trial, failures[name, strength], shared)
                found.append(self._record(name, strength, "zero_gradients", flat, shared))
        for norm, eps, robust, names in self.worst():
            # it is no milder than the best of them: it fails what all of them fail
            whose = [g for g in GATES if all(g in failures[name, eps] for name in names)]
            found += self._of(f"{WORST}{norm}", eps, _untouched(robust), whose, shared)
        return found

    def tensors(self) -> State:
        """Of every image whether it withstood, bool (N,) as ``<attack>/<strength>``; ``clean``, ``ids``, ``labels``."""
        found = {f"{name}/{s}": t.robust for name, trials in self.trials.items() for s, t in trials.items()}
        for name, trials in self.trials.items():
            for s, t in trials.items():
                found |= {f"{name}/{s}/through/{route}": withstood for route, withstood in t.through.items()}
        found |= {f"{WORST}{norm}/{eps}": robust for norm, eps, robust, _ in self.worst()}
        found |= {"clean": self.clean, "ids": self.shown.ids, "labels": self.shown.labels}
        return {name: tensor.clone() for name, tensor in found.items()}  # one file holds those of many networks

    def worst(self) -> list[tuple[str, float, Tensor, list[str]]]:
        """Norm, radius, the images (N,) that withstand every attack of both, and the attacks' names."""
        alike: dict[tuple[str, float], list[str]] = {}
        for name, attack in self.attacks.items():
            for eps in attack.strengths if isinstance(attack, BallAttack) else []:
                alike.setdefault((attack.norm, eps), []).append(name)
        return [
            (norm, eps, self.clean & torch.stack([self.trials[name][eps].robust for name in names]).all(0), names)
            for (norm, eps), names in sorted(alike.items())
        ]

    def _failed(self, name: str, attack: Attack, flat: float) -> list[str]:
        still = large = None
        if isinstance(attack, BallAttack):
            few = self.shown[: self.settings.gate_images]
            still = self._trial(name, attack, 0.0, few, "gate")
            large = self._trial(name, attack, room(few.images, attack.norm), few, "gate"), few.labels
        return failed(attack, self.clean, self.trials[name], still, large, flat)

    def _hidden(self, norm: str) -> set[float]:
        """The radii at which the probe is stronger than all attacks along gradients together."""
        few, found = self.shown[: self.settings.gate_images], {}
        for name, attack in self.attacks.items():
            if isinstance(attack, BallAttack) and attack.norm == norm and attack.follows != "nothing":
                for eps, trial in self.trials[name].items():
                    found.setdefault(eps, []).append(_along_gradients(attack, trial)[: len(few)])
        probe = self.probes[norm]
        return {eps for eps, all_ in found.items() if masked(self._trial("probe", probe, eps, few, norm), all_)}

    def _of(self, name: str, strength: float, trial: Trial, gates: list[str], shared: dict[str, Any]) -> list[Record]:
        values = {ROBUST: trial.accuracy, UNRELIABLE: float(bool(gates))}
        values |= {f"{UNRELIABLE}/{gate}": 1.0 for gate in gates}
        if name in self.attacks and strength:
            values["moved"] = float(trial.moved.double().mean())
            parts = self.attacks[name].parts
            for number, part in enumerate(parts if len(parts) > 1 else [], 1):
                values[f"lost_in/{part.title}"] = float((trial.part == number).double().mean())
            values |= {f"{THROUGH}{route}": float(left.double().mean()) for route, left in trial.through.items()}
            values |= {f"{BESIDE}{r}": float(left.double().mean()) for r, left in trial.beside.items() if r != OWN}
        return [self._record(name, strength, metric, value, shared) for metric, value in values.items()]

    def _record(self, name: str, strength: float, metric: str, value: float, shared: dict[str, Any]) -> Record:
        place = {"shift": name, "severity": strength, "source": "regenerated", "n": len(self.shown)}
        return Record(metric=metric, value=value, **place, **shared)


def _along_gradients(attack: Attack, trial: Trial) -> Tensor:
    """Which images (N,) are left by the parts of an attack that follow gradients."""
    blind = [number for number, part in enumerate(attack.parts, 1) if part.follows == "nothing"]
    return trial.robust | torch.isin(trial.part, torch.tensor(blind))


def _untouched(robust: Tensor) -> Trial:
    """Of which only counts what is left."""
    return Trial(robust, torch.zeros(len(robust)), robust.long())
