"""One round of training: from a state to the end of a schedule, resumable at any step."""

from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor, nn

from shiftpress.core.checkpoints import Checkpoints, Tree, copied
from shiftpress.core.device import dtype
from shiftpress.core.diverged import Diverged, finite
from shiftpress.core.generators import seed_generators
from shiftpress.core.progress import Progress
from shiftpress.core.recipe import CardFit
from shiftpress.core.tensors import State
from shiftpress.pruners.base import Span
from shiftpress.training.batches import Batches
from shiftpress.training.lessons import Lesson
from shiftpress.training.optimisers import SGD, Adam, Optimiser
from shiftpress.training.popup import Popup
from shiftpress.training.schedules import step_size
from shiftpress.training.sparse import Masked, state_of

RUNNING = "running"
"""Name of the checkpoint of the round that is under way."""


@dataclass
class Round:
    """What is trained, how long, and where its progress is kept."""

    key: str
    number: int
    net: nn.Module
    sparse: Masked | Popup
    lesson: Lesson
    span: Span = field(default_factory=Span)
    until: int | None = None
    """Stop before this step; the schedule is that of the whole round."""

    @property
    def epochs(self) -> int:
        """Passes of the whole schedule, at least one."""
        return epochs_of(self.lesson.recipe, self.span)

    @cached_property
    def total(self) -> int:
        """Steps of the whole schedule."""
        return self.epochs * self.lesson.steps_per_epoch

    def train(self, store: Checkpoints, progress: Progress) -> dict[str, State]:
        """The state at the end, ``last``, and the ``best`` on the validation split if the recipe picks it.

        Raises Diverged if loss or weights are not finite, and are not again after going back to the last good state.
        """
        recipe, last = self.lesson.recipe, self.until if self.until is not None else self.total
        self.begin(store)
        good, again = copied(self._tree()), False
        while self.taken < last:
            self.step()
            if not finite(self._loss) or (self.taken == last and not self._sound()):
                if again:
                    raise Diverged(self.key, self.taken)
                again = True
                self._load(good)
                continue
            self._losses.append(self._loss)
            if self.taken % self.lesson.steps_per_epoch == 0:
                if "best" in recipe.picks and self.until is None:
                    self._compare()
                progress.step(f"loss {torch.stack(self._losses).mean():.4f}")
                self._losses = []
            if store.due() and self._sound():
                good = copied(self._tree())
                store.write(RUNNING, good)
        return {"last": self._result(), **({"best": self._best} if self._best else {})}

    def begin(self, store: Checkpoints) -> None:
        """Everything as at the first step, or as at the last checkpoint of this round."""
        lesson, recipe, weight_decay = self.lesson, self.lesson.recipe, self.span.weight_decay
        decay = recipe.weight_decay if weight_decay is None else weight_decay
        averages = recipe.ema and self.until is None  # what is gone back to is a step of the training, not a mean
        self.net.train()
        self._optimiser = _optimiser(recipe, self.sparse.trained, decay)
        self._views = torch.Generator().manual_seed(lesson.seed_of("views", self.number))
        self._layers_seed = lesson.seed_of("layers", self.number)
        self.taken, self._best_accuracy, self._best, self._losses = self.span.first, -1.0, {}, []
        self._mean = [tensor.detach().clone() for tensor in self.sparse.trained] if averages else []
        if (tree := store.read(RUNNING)) and tree["key"] == self.key:
            self._load(tree)
        else:
            self._order()

    def _order(self) -> None:
        """The batches from this step on."""
        seed = self.lesson.seed_of("order", self.number)
        self._batches = Batches(len(self.lesson.train), self.lesson.recipe.batch, seed, self.taken)

    def _load(self, tree: Tree) -> None:
        """Everything as it was when this was kept."""
        self.net.load_state_dict(tree["net"])
        self.sparse.load(tree["sparse"])
        self._optimiser.load(tree["optimizer"])
        self._views.set_state(tree["views"])
        self.taken, self._best_accuracy, self._best = tree["step"], tree["best_accuracy"], tree["best"]
        for mean, kept in zip(self._mean, tree["mean"], strict=True):
            mean.copy_(kept)
        self._losses = []
        self._order()

    def _sound(self) -> bool:
        return finite(*self.sparse.trained, *(b for b in self.net.buffers() if b.is_floating_point()))

    def _tree(self) -> Tree:
        return {
            "key": self.key,
            "step": self.taken,
            "net": self.net.state_dict(),
            "sparse": self.sparse.state(),
            "optimizer": self._optimiser.state(),
            "views": self._views.get_state(),
            "mean": self._mean,
            "best": self._best,
            "best_accuracy": self._best_accuracy,
        }

    def step(self) -> None:
        lesson, recipe = self.lesson, self.lesson.recipe
        self.sparse.before(self.taken, self.total)
        self._optimiser.lr = step_size(recipe, self.span, self.taken, self.total)
        positions = self._batches.next()
        views = lesson.views(positions, self._views)
        # layers that draw, such as dropout, know no other generator; by the step, a resumed one draws the same
        seed_generators(self._layers_seed + self.taken, views[0].device)
        rough = recipe.autocast or dtype() == "bfloat16"
        with torch.autocast(views[0].device.type, torch.bfloat16) if rough else nullcontext():
            loss = lesson.loss(self.net, views, lesson.train.labels[positions], self.sparse.smooths)
        self._optimiser.zero_grad()
        loss.backward()
        self.sparse.gradients()
        self._optimiser.step()
        self.sparse.after()
        if self._mean:
            torch._foreach_lerp_(self._mean, [t.detach() for t in self.sparse.trained], 1 - recipe.ema)
        self.taken, self._loss = self.taken + 1, loss.detach()

    def _result(self) -> State:
        """The state as a card has it: averaged if the recipe averages, sparse, its own gradients nobody's."""
        trained = [tensor.detach() for tensor in self.sparse.trained]
        kept = [tensor.clone() for tensor in trained]
        if self._mean:
            torch._foreach_copy_(trained, self._mean)
        self.sparse.apply()
        found = state_of(self.net)
        if self._mean:
            torch._foreach_copy_(trained, kept)
            self.sparse.apply()
        return found

    def _compare(self) -> None:
        """Keep this epoch if it is the best so far of those at the level's sparsity."""
        if not self.sparse.reached:
            return
        found = self._result()
        current = state_of(self.net)
        self.net.load_state_dict(found)
        accuracy = self.lesson.validation_accuracy(self.net)
        self.net.load_state_dict(current)
        if accuracy > self._best_accuracy:
            self._best_accuracy, self._best = accuracy, found


def epochs_of(recipe: CardFit, span: Span) -> int:
    """Passes of a round, at least one."""
    return max(1, round(recipe.epochs * span.length))


def _optimiser(recipe: CardFit, trained: list[Tensor], weight_decay: float) -> Optimiser:
    if recipe.optimizer == "adam":
        return Adam(trained, recipe.lr, weight_decay)
    return SGD(trained, recipe.lr, weight_decay, recipe.momentum)
