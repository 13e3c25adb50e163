"""All networks of one size and seed in the phase edge: trained, pruned and tuned, or taught."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

from shiftpress.classifiers.base import Classifier
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.diverged import Diverged
from shiftpress.core.edge import DENSE, SPARSE, TUNED, Method, percent
from shiftpress.core.problems import InputError
from shiftpress.core.progress import Progress
from shiftpress.core.recipe import EdgeFit
from shiftpress.core.tensors import State
from shiftpress.filters.base import FilterPruner
from shiftpress.pruners.base import Masks, Span
from shiftpress.training.narrowing import check_equal, choose, member_of_size, parameters, taken_out
from shiftpress.training.rounds import RUNNING, Round, epochs_of
from shiftpress.training.sparse import Masked
from shiftpress.training.taught import Taught
from shiftpress.training.thinning import thinned

Plan = list[tuple[Method, list[float]]]
"""Methods without rounding, each with the shares of parameters that its networks keep; dense networks first."""


@dataclass(frozen=True)
class Made:
    """A trained network: what it is called next to its classifier's name, what it is, and its state."""

    name: str
    classifier: Classifier
    state: State


def epochs_of_plan(plan: Plan, recipe: EdgeFit) -> int:
    """Passes of all networks of one seed, for its progress."""
    tuning = epochs_of(recipe, Span(length=recipe.tuning))
    first = epochs_of(recipe, Span())
    return sum(len(ratios) * _epochs(method, first, tuning) for method, ratios in plan)


def _epochs(method: Method, first: int, tuning: int) -> int:
    return first if method.base == DENSE else tuning if method.whole or method.base not in STUDENTS else first + tuning


def _name(method: Method, ratio: float) -> str:
    return f"{method.name}/{percent(ratio)}"


STUDENTS = ("kd", "no_kd")


@dataclass
class Workshop:
    """Makes the networks of one lesson, whose classifier is the dense one; each is kept once it is finished."""

    lesson: Taught
    pruners: Mapping[str, FilterPruner]
    store: Checkpoints
    progress: Progress
    made: dict[str, Made] = field(default_factory=dict)
    diverged: dict[str, Diverged] = field(default_factory=dict)
    """Networks whose training diverged, or that of one they are made from."""

    def networks(self, plan: Plan) -> Iterator[Made]:
        """Every network of the plan but those of ``diverged``.

        Raises InputError if sizes cannot be had, or those that are to be equal differ.
        """
        for method, ratios in plan:
            for ratio in ratios:
                try:
                    yield self._kept(method, ratio)
                except Diverged as error:
                    self.diverged[_name(method, ratio)] = error
        self._check(plan)

    def _kept(self, method: Method, ratio: float) -> Made:
        name = _name(method, ratio)
        if name in self.diverged:
            raise self.diverged[name]
        if name not in self.made:
            key = name.replace("/", "-")
            done = self.store.read(key)
            if done is None:
                classifier, state = self._train(method, ratio, key)
                done = {"fields": classifier.model_dump_json(), "state": state}
                self.store.write(key, done)
                self.store.forget(RUNNING)
            kind = type(self.lesson.classifier)
            self.made[name] = Made(name, kind.model_validate_json(done["fields"]), done["state"])
        return self.made[name]

    @cached_property
    def _dense(self) -> State:
        return self._kept(Method(DENSE, DENSE), 1.0).state

    @cached_property
    def _taught(self) -> Taught:
        """The lesson with the dense network as its teacher, who says what it says once for all who listen."""
        return self.lesson.by(self._dense)

    def _train(self, method: Method, ratio: float, key: str) -> tuple[Classifier, State]:
        lesson, recipe = self._taught if method.taught else self.lesson, self.lesson.recipe
        tuning = epochs_of(recipe, Span(length=recipe.tuning))
        if method.base == DENSE:
            return lesson.classifier, self._round(lesson, key, None, 0, Span())
        if method.base == TUNED:
            return lesson.classifier, self._round(lesson, key, self._dense, 1, self._tuning(tuning))
        if method.base == SPARSE:
            masks = thinned(lesson.restored(self._dense), ratio)
            return lesson.classifier, self._round(lesson, key, self._dense, 1, self._tuning(tuning), masks)
        if method.base in self.pruners:
            return self._prune(self.pruners[method.base], lesson, ratio, key, tuning)
        student = replace(lesson, classifier=self._student(ratio))
        whole = epochs_of(recipe, Span()) + tuning
        return student.classifier, self._round(student, key, None, 0, Span(length=whole / recipe.epochs))

    def _tuning(self, epochs: int) -> Span:
        recipe = self.lesson.recipe
        return Span(length=epochs / recipe.epochs, lr=recipe.tuning_lr)

    def _round(
        self, lesson: Taught, key: str, state: State | None, number: int, span: Span, masks: Masks | None = None
    ) -> State:
        net = lesson.untrained() if state is None else lesson.restored(state)
        work = Round(key, number, net, Masked(net, masks or {}), lesson, span)
        return work.train(self.store, self.progress)["last"]

    def _prune(self, pruner: FilterPruner, lesson: Taught, ratio: float, key: str, tuning: int):
        """Rounds of removing and tuning; tuned for as many epochs in all, whatever the number of rounds."""
        if tuning < pruner.rounds:
            text = f"{pruner.title}: {pruner.rounds} rounds need as many epochs of tuning, not {tuning}"
            raise InputError(text + "; raise fit.edge.tuning, or lower rounds")
        whole, state = lesson.classifier, self._dense
        ends = [tuning * done // pruner.rounds for done in range(pruner.rounds + 1)]
        for number, (share, (begin, end)) in enumerate(zip(pruner.targets(ratio), pairwise(ends), strict=True), 1):
            part = f"{key}-{number}"
            if (done := self.store.read(part)) is None:
                net = lesson.restored(state)
                kept = choose(pruner, lesson, net, whole, round(share * self._size(whole)), number)
                small = lesson.classifier.narrowed([len(own) for own in kept.values()])
                state = taken_out(net.state_dict(), lesson.classifier.filters, kept)
                lesson = replace(lesson, classifier=small)
                state = self._round(lesson, part, state, number, self._tuning(end - begin))
                self.store.write(part, {"fields": small.model_dump_json(), "state": state})
            else:
                small, state = type(whole).model_validate_json(done["fields"]), done["state"]
                lesson = replace(lesson, classifier=small)
        return lesson.classifier, state

    def _student(self, ratio: float) -> Classifier:
        """As large as what the first pruner of this ratio makes."""
        name = self._measure(ratio)
        target = self._size(self._kept(Method(name, name), ratio).classifier)
        shape = tuple(self.lesson.train.images.shape[1:])
        return member_of_size(self.lesson.classifier, shape, self.lesson.classes, target)

    def _measure(self, ratio: float) -> str:
        """The pruner whose network students of this ratio are measured by: others differ from it by a filter."""
        return next(name for name, pruner in self.pruners.items() if ratio in pruner.ratios)

    def _size(self, classifier: Classifier) -> int:
        return parameters(classifier, tuple(self.lesson.train.images.shape[1:]), self.lesson.classes)

    def _check(self, plan: Plan) -> None:
        """Students are as large as the networks they are measured by, or nothing could be said of both."""
        for student, ratios in ((m, own) for m, own in plan if m.base in STUDENTS):
            for ratio in ratios:
                pruned, share = self._measure(ratio), percent(ratio)
                both = [self.made[name] for end in (student.name, pruned) if (name := f"{end}/{share}") in self.made]
                if len(both) == 2:
                    ours, theirs = (self._size(one.classifier) for one in both)
                    check_equal(ours, theirs, f"{student.name} and {pruned} at {share} %")
