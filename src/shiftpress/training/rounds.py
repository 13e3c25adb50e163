"""One round of training: from a state to the end of a schedule, resumable at any step."""

from contextlib import nullcontext
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from shiftpress.core.checkpoints import Checkpoints, Tree, copied, load_optimizer
from shiftpress.core.device import dtype
from shiftpress.core.diverged import Diverged, finite
from shiftpress.core.generators import seed_generators
from shiftpress.core.progress import Progress
from shiftpress.core.recipe import CardFit
from shiftpress.core.tensors import State
from shiftpress.pruners.base import Span
from shiftpress.training.batches import Batches
from shiftpress.training.lessons import Lesson
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

    @property
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
        self._optimizer = _optimizer(recipe, self.sparse.trained, decay)
        self._views = torch.Generator().manual_seed(lesson.seed_of("views", self.number))
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
        load_optimizer(self._optimizer, tree["optimizer"])
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
            "optimizer": self._optimizer.state_dict(),
            "views": self._views.get_state(),
            "mean": self._mean,
            "best": self._best,
            "best_accuracy": self._best_accuracy,
        }

    def step(self) -> None:
        lesson, recipe = self.lesson, self.lesson.recipe
        self.sparse.before(self.taken, self.total)
        for group in self._optimizer.param_groups:
            group["lr"] = step_size(recipe, self.span, self.taken, self.total)
        positions = self._batches.next()
        views = lesson.views(positions, self._views)
        # layers that draw, such as dropout, know no other generator; by name, a resumed step draws the same
        seed_generators(lesson.seed_of("layers", self.number, self.taken), views[0].device)
        rough = recipe.autocast or dtype() == "bfloat16"
        with torch.autocast(views[0].device.type, torch.bfloat16) if rough else nullcontext():
            loss = lesson.loss(self.net, views, lesson.train.labels[positions], self.sparse.smooths)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.sparse.gradients()
        _in_order(self.sparse.trained)
        self._optimizer.step()
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


def _in_order(trained: list[Tensor]) -> None:
    """Bring gradients into the memory order of their weights: a fused optimiser takes both as they lie, and says
    nothing if that is wrong."""
    for weight in trained:
        if weight.grad is not None and weight.grad.stride() != weight.stride():
            weight.grad = torch.empty_like(weight).copy_(weight.grad)


def _optimizer(recipe: CardFit, trained: list[Tensor], weight_decay: float) -> torch.optim.Optimizer:
    # one pass over all weights for the whole step: a fifth to a third of the time
    shared = {"lr": recipe.lr, "weight_decay": weight_decay, "fused": True}
    if recipe.optimizer == "adam":
        return torch.optim.Adam(trained, **shared)
    return torch.optim.SGD(trained, momentum=recipe.momentum, nesterov=recipe.momentum > 0, **shared)
