"""Names of the phases atmc and edge. Defines no rule."""

COMPRESSORS = {
    name: build("compressors", PARAMS.compressors[name])
    for name in PARAMS.chosen("compressors")
}
COMPRESSED = compressed_classifiers(PARAMS)


def training_of(compressor):
    """What the base network of a compressor minimises."""
    return COMPRESSORS[compressor].objective_of(PARAMS.fit.atmc)


def base_of(w):
    """input: the base network that a compressor starts from, if it starts from one."""
    if COMPRESSORS[w.compressor].from_scratch:
        return []
    return expand(paths.BASE, training=training_of(w.compressor), **w)


def atmc_modules(w):
    """code: the augmentation of the training images."""
    return modules("augmentations", [PARAMS.fit.atmc.augmentation])


def atmc_augmentation(w):
    """params: how to build it."""
    return PARAMS.augmentations[PARAMS.fit.atmc.augmentation].model_dump()


def atmc_grid(pattern):
    """Paths for every classifier and dataset with each compressor that is for it."""
    return [
        path
        for dataset, classifier, compressor in COMPRESSED
        for path in expand(
            pattern,
            dataset=dataset,
            classifier=classifier,
            compressor=compressor,
            seeds=SEEDS,
        )
    ]


def base_grid(pattern):
    """Paths for all base networks that compressors start from."""
    started = [each for each in COMPRESSED if not COMPRESSORS[each[2]].from_scratch]
    return sorted(
        {
            path
            for dataset, classifier, compressor in started
            for path in expand(
                pattern,
                dataset=dataset,
                classifier=classifier,
                training=training_of(compressor),
                seeds=SEEDS,
            )
        }
    )


def records_of_atmc(w):
    """input: records of every compressor of a classifier and dataset, and of attacks on them."""
    own = [each for each in COMPRESSED if each[:2] == (w.dataset, w.classifier)]
    return [
        *expand(paths.ATMC_RECORDS, compressor=[each[2] for each in own], **w),
        *attacked_atmc(paths.ATMC_ATTACK_RECORDS, own, w.seeds),
    ]


def order_grid():
    """Paths of the comparisons of all compressed classifiers."""
    return [
        path
        for dataset, classifier in PARAMS.compressed()
        for path in expand(
            paths.ORDER_RECORDS, dataset=dataset, classifier=classifier, seeds=SEEDS
        )
    ]


EDGE_FILTERS = PARAMS.chosen("filters")
# those that networks are rounded by: a name behind a + is one of them
EDGE_QUANTIZERS = sorted({quantizer for _, quantizer in EDGE_ROUNDED.values()})


def edge_grid(pattern, datasets=PARAMS.datasets_of("edge")):
    """Paths for every size on every dataset of the phase."""
    return expand(pattern, dataset=datasets, classifier=PARAMS.edge.sizes, seeds=SEEDS)


def edge_modules(w):
    """code: the criteria, and the augmentation of the training images."""
    return [
        *modules("filters", EDGE_FILTERS),
        *modules("augmentations", [PARAMS.fit.edge.augmentation]),
    ]


def edge_quantizers(w):
    """code: the quantizers."""
    return modules("quantizers", EDGE_QUANTIZERS)


def edge_files(w):
    """input: the files that networks are in."""
    return expand([paths.EDGE, paths.EDGE_ROUNDED][: 2 if EDGE_ROUNDED else 1], **w)
