"""Cards that decks are made of, and where they are, for the rule files. Defines no rule."""

from shiftpress.core.decks import Member
from shiftpress.core.seeds import STRIDE, blocks_of_copies, seeds_of

DECKS = {name: PARAMS.decks[name] for name in PARAMS.chosen("decks")}
DECKED = PARAMS.datasets_of("cards") if DECKS else []
MEMBERS = PARAMS.members()
# what a deck within a budget may be made of
ALL_CARDS = (
    [
        Member("/".join([classifier, augmentation, *words]), 0)
        for classifier, augmentation, pruner in CARDS
        for words in (
            [[pruner]]
            if pruner == "dense"
            else [[pruner, f"{100 * s:g}"] for s in PRUNERS[pruner].sparsities]
        )
    ]
    if PARAMS.budgets.bytes
    else []
)
CANDIDATES = list(dict.fromkeys([*MEMBERS, *ALL_CARDS]))


@cache
def labels_of(classifier, augmentation, block):
    """Labels of the blocks that hold the copies of a classifier and augmentation for the seeds of a block.

    Copies beyond the study's own card are trained together, as many as a deck asks of a classifier and augmentation, so
    that every pruner finds the dense networks it begins with.
    """
    alike = [
        other.copy
        for other in MEMBERS
        if (other.classifier, other.augmentation) == (classifier, augmentation)
    ]
    return blocks_of_copies(block, max([0, *alike]) + 1, PARAMS.run.copies_per_job)


@cache
def file_of(member, dataset, block):
    """The file that holds a member for the seeds of a block."""
    labels = labels_of(member.classifier, member.augmentation, block)
    first = seeds_of(block)[0] + STRIDE * member.copy
    return paths.CARD.format(
        dataset=dataset,
        classifier=member.classifier,
        augmentation=member.augmentation,
        pruner=member.pruner,
        seeds=next(label for label in labels if first in seeds_of(label)),
    )


def deck_cards():
    """Files of all cards of the study's decks."""
    return list(
        dict.fromkeys(
            file_of(member, dataset, block)
            for dataset in DECKED
            for block in SEEDS
            for member in MEMBERS
        )
    )


def copied_blocks():
    """Labels of the blocks that hold copies."""
    names = {
        Path(path).name.removeprefix("seeds").split(".")[0] for path in deck_cards()
    }
    return sorted(names - set(SEEDS))


def networks_of(w):
    """params: what each of the files below holds."""
    pairs = {
        file_of(member, w.dataset, w.seeds): member.network for member in CANDIDATES
    }
    return list(pairs.values())


def files_packed(w):
    """input: files of everything that is packed for a block."""
    return list(
        dict.fromkeys(file_of(member, w.dataset, w.seeds) for member in CANDIDATES)
    )


def deck_grid(pattern):
    """Paths for every seed block on the datasets that decks are made on."""
    return expand(pattern, dataset=DECKED, seeds=SEEDS)


def deck_shifts(dataset):
    """Names of the shifts that decks are scored under."""
    under = PARAMS.study.decks_under
    return [name for name in shifts_of(dataset) if under == "all" or name in under]


@cache
def deck_shifted(dataset):
    """Paths of the images of those shifts."""
    return expand(paths.SHIFTED, dataset=dataset, shift=deck_shifts(dataset))


@signed
def deck_images(w):
    """input: those images."""
    return [*map(marked, deck_shifted(w.dataset))]


@signed
def deck_digests(w):
    """input: their digests."""
    return [*map(sidecar, deck_shifted(w.dataset))]


def deck_sources(w):
    """params: where the images of each shift come from, in the order of the inputs."""
    return {name: SHIFTS[name].source for name in deck_shifts(w.dataset)}


def deck_modules(family):
    """Kinds of the entries of a family that candidates are made of."""
    names = {getattr(member, family.removesuffix("s")) for member in CANDIDATES}
    return modules(family, sorted(names))


def modules_packing(w):
    """code: kinds of the classifiers."""
    return deck_modules("classifiers")


def modules_scoring(w):
    """code: those, the augmentations that gates learn from, and the gates."""
    return [
        *deck_modules("classifiers"),
        *deck_modules("augmentations"),
        *modules("gates", PARAMS.chosen("gates")),
    ]


def modules_searching(w):
    """code: the classifiers, the augmentations of validation images, and the even gate."""
    return [
        *deck_modules("classifiers"),
        *deck_modules("augmentations"),
        module_of("gates", "uniform"),
    ]


def deck_entries(family, members):
    """params: how to build what the members are made of."""
    names = {getattr(member, family.removesuffix("s")) for member in members}
    return {name: getattr(PARAMS, family)[name].model_dump() for name in sorted(names)}
