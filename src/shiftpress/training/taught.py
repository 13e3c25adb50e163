"""Distillation: classifiers that learn from labels and from what another says (Hinton et al. 2015)."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from shiftpress.core.recipe import EdgeFit
from shiftpress.core.seeds import seed_for
from shiftpress.core.tensors import State
from shiftpress.training.lessons import CHUNK, Lesson


@dataclass(frozen=True)
class Taught(Lesson):
    """A lesson of the phase edge, with or without a teacher.

    Only the first view of an image counts. Networks of one seed share the order of their images.
    """

    recipe: EdgeFit
    teacher: nn.Module | None = None
    """In evaluation mode; it is not trained."""
    said: Tensor | None = None
    """What it says of every training image, if its view never changes: log-probabilities at the temperature, (M, K)."""

    def seed_of(self, purpose: str, *key: object) -> int:
        return seed_for(self.seed, "edge", purpose, self.dataset, *key)

    def by(self, state: State) -> "Taught":
        """The lesson with the network of the lesson's classifier in this state as its teacher."""
        taught = replace(self, teacher=self.restored(state).eval(), said=None)
        if not self.augmentation.still(self.dataset):
            return taught
        random = torch.Generator()  # a still view draws nothing
        chunks = torch.arange(len(self.train)).split(CHUNK)
        return replace(taught, said=torch.cat([taught.views(chunk, random)[1] for chunk in chunks]))

    def views(self, positions: Tensor, random: torch.Generator) -> list[Tensor]:
        """The images of a batch, and what the teacher says of them if there is one."""
        images = super().views(positions, random)[0]
        if self.teacher is None:
            return [images]
        if self.said is not None:
            return [images, self.said[positions]]
        with torch.no_grad():
            return [images, (self.teacher(images) / self.recipe.temperature).log_softmax(1)]

    def loss(self, net: nn.Module, views: list[Tensor], labels: Tensor, smooth: bool) -> Tensor:
        """(1 - alpha) CE + alpha T² KL(teacher || student), both at temperature T; cross-entropy without a teacher."""
        logits = net(views[0])
        right = F.cross_entropy(logits, labels)
        if self.teacher is None:
            return right
        warm, share = self.recipe.temperature, self.recipe.alpha
        unlike = F.kl_div((logits / warm).log_softmax(1), views[1], reduction="batchmean", log_target=True)
        return (1 - share) * right + share * warm**2 * unlike
