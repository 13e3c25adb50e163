"""What all rounds of a classifier have in common."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from shiftpress.augmentations.base import Augmentation
from shiftpress.classifiers.base import Classifier
from shiftpress.core.generators import seed_generators
from shiftpress.core.recipe import CardFit
from shiftpress.core.seeds import seed_for
from shiftpress.core.splits import Split, unit
from shiftpress.core.tensors import State, in_channels_last
from shiftpress.training.batches import steps_per_epoch

CHUNK = 250
"""Images the validation split is looked at in."""


@dataclass(frozen=True)
class Lesson:
    """One classifier, one augmentation, one recipe, one dataset and one run seed.

    Methods are paired: whatever the pruner and the augmentation, networks of one seed share their initial weights, and
    the rounds of one number the order of the images. The validation split is for picking epochs, and the test split is
    not here at all.
    """

    dataset: str
    classifier_name: str
    classifier: Classifier
    augmentation: Augmentation
    recipe: CardFit
    train: Split
    val: Split
    classes: int
    seed: int

    @property
    def steps_per_epoch(self) -> int:
        """Batches of one pass."""
        return steps_per_epoch(len(self.train), self.recipe.batch)

    def seed_of(self, purpose: str, *key: object) -> int:
        """Seed of a stream of random numbers."""
        return seed_for(self.seed, "cards", purpose, self.dataset, *key)

    def untrained(self, *, fitted: bool = True) -> nn.Module:
        """A new network with the first weights of this seed, its normalisation fitted, where the images are.

        Both are made on the CPU: every device starts from the same numbers. The normalisation takes a look at all
        images; a network that is given a state next has no use for it.
        """
        first = seed_for(self.seed, "train_dense", "init", self.dataset, self.classifier_name)
        seed_generators(first, self.train.images.device)
        net = self.classifier.build(tuple(self.train.images.shape[1:]), self.classes)
        if fitted:
            net.normalise.fit(unit(self.train.images.cpu()))
        return in_channels_last(net.to(self.train.images.device), self.train.images[:1])[0]

    def restored(self, state: State) -> nn.Module:
        """A network with the weights of a state."""
        net = self.untrained(fitted=False)
        net.load_state_dict(state)
        return net

    def views(self, positions: Tensor, random: torch.Generator) -> list[Tensor]:
        """The augmented images (N, C, H, W) of a batch."""
        images = unit(self.train.images[positions]).contiguous(memory_format=torch.channels_last)
        return self.augmentation.of(self.dataset, images, random)

    def loss(self, net: nn.Module, views: list[Tensor], labels: Tensor, smooth: bool) -> Tensor:
        """Cross-entropy on the first view, and how differently the views are seen."""
        smoothing = self.recipe.label_smoothing if smooth else 0.0
        logits = net(torch.cat(views) if len(views) > 1 else views[0]).float()
        loss = F.cross_entropy(logits[: len(labels)], labels, label_smoothing=smoothing)
        if len(views) == 1:
            return loss
        return loss + self.augmentation.consistency * divergence(logits.chunk(len(views)))

    @torch.no_grad()
    def validation_accuracy(self, net: nn.Module) -> float:
        """Share of the validation images a network gets right; it is left in training mode."""
        net.eval()
        parts = zip(self.val.images.split(CHUNK), self.val.labels.split(CHUNK), strict=True)
        right = sum(int((net(unit(images)).argmax(1) == labels).sum()) for images, labels in parts)
        net.train()
        return right / len(self.val)


def divergence(logits: tuple[Tensor, ...]) -> Tensor:
    """Jensen-Shannon divergence of several views' logits (N, classes), mean over images."""
    chances = [part.softmax(1) for part in logits]
    mean = torch.stack(chances).mean(0).clamp(1e-7, 1).log()
    return torch.stack([F.kl_div(mean, part, reduction="batchmean") for part in chances]).mean()
