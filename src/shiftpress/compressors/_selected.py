"""Weights of which only the largest are kept."""

from shiftpress.compressors.base import Form, Weights, budget
from shiftpress.core.checkpoints import Tree
from shiftpress.core.projection import Projection, project


class Selected(Form):
    """The largest weights of the whole network, chosen once at the start or anew after every step."""

    def __init__(self, weights: Weights, ratio: float, least: int, *, anew: bool):
        super().__init__(weights)
        sizes = [weight.numel() for weight in self.trained]
        groups = [[place] for place in range(len(sizes))]
        self._projection = Projection(sizes, budget(weights, ratio), groups, least)
        self._anew, self._keeps = anew, None
        if not anew:
            self._keeps = [keep.clone() for keep in self._projection.keep(self.trained)]
            self.after()

    def after(self) -> None:
        keeps = self._projection.keep(self.trained) if self._anew else self._keeps
        project(self.trained, keeps, self._projection.most)

    def state(self) -> Tree:
        return {} if self._anew else {"keeps": self._keeps}

    def load(self, tree: Tree) -> None:
        if not self._anew:
            self._keeps = [keep.to(own.device) for keep, own in zip(tree["keeps"], self.trained, strict=True)]
