"""Attacks: look for changes of test images that make a network err. An empty study.attacks leaves them out."""


def attacks_of(phase):
    """The study's attacks on the wildcards' network."""
    parts = {
        "cards": ["classifier", "augmentation", "pruner"],
        "atmc": ["classifier", "compressor"],
    }[phase]
    return lambda w: attacks_on(
        PARAMS, phase, w.dataset, os.path.join(*(w[part] for part in parts))
    )


def attack_entries(phase):
    """params: how to build them."""
    return lambda w: {
        name: PARAMS.attacks[name].model_dump() for name in attacks_of(phase)(w)
    }


def attack_modules(phase):
    """code: their kinds, and the Square attack that watches over them."""
    return lambda w: [
        *modules("attacks", attacks_of(phase)(w)),
        module_of("attacks", "square"),
    ]


on_cards, on_atmc = attack_modules("cards"), attack_modules("atmc")


def attacked_cards(pattern):
    """Paths for every card that there are attacks on."""
    return [
        path
        for dataset in PARAMS.datasets_of("cards")
        for classifier, pruner in CARDS
        for augmentation in PARAMS.chosen("augmentations")
        if attacks_on(
            PARAMS,
            "cards",
            dataset,
            os.path.join(classifier, augmentation, pruner),
        )
        for path in expand(
            pattern,
            dataset=dataset,
            classifier=classifier,
            augmentation=augmentation,
            pruner=pruner,
            seeds=SEEDS,
        )
    ]


def attacked_atmc(pattern, compressed=COMPRESSED, seeds=SEEDS):
    """Paths for every compressed network that there are attacks on."""
    return [
        path
        for dataset, classifier, compressor in compressed
        if attacks_on(PARAMS, "atmc", dataset, os.path.join(classifier, compressor))
        for path in expand(
            pattern,
            dataset=dataset,
            classifier=classifier,
            compressor=compressor,
            seeds=seeds,
        )
    ]


rule attack_card:
    input:
        code=code("attack_card", "classifiers", also=on_cards),
        test=ancient(paths.TEST),
        test_digest=sidecar(paths.TEST),
        card=paths.DATA_CARD,
        weights=ancient(paths.CARD),
        weights_digest=sidecar(paths.CARD),
        dense=ancient(paths.DENSE),
        dense_digest=sidecar(paths.DENSE),
    output:
        records=paths.ATTACK_RECORDS,
        images=paths.ATTACK_IMAGES,
        digests=[sidecar(paths.ATTACK_RECORDS), sidecar(paths.ATTACK_IMAGES)],
    log:
        "<logs>/attack_card/{dataset}/{classifier}/{augmentation}/{pruner}/seeds{seeds}.log",
    benchmark:
        "<benchmarks>/attack_card/{dataset}/{classifier}/{augmentation}/{pruner}/seeds{seeds}.tsv"
    params:
        classifier=entry("classifiers"),
        cards=cards_of,
        attacks=attack_entries("cards"),
        robustness=PARAMS.robustness.model_dump(),
    message:
        "Attacking {wildcards.classifier}/{wildcards.augmentation}/{wildcards.pruner}, seeds {wildcards.seeds}"
    script:
        "../scripts/attack_card.py"


rule attack_atmc:
    input:
        code=code("attack_atmc", "classifiers", "compressors", also=on_atmc),
        test=ancient(paths.TEST),
        test_digest=sidecar(paths.TEST),
        card=paths.DATA_CARD,
        weights=ancient(paths.COMPRESSED),
        weights_digest=sidecar(paths.COMPRESSED),
        base=lambda w: [*map(ancient, base_of(w))],
        base_digest=lambda w: [*map(sidecar, base_of(w))],
    output:
        records=paths.ATMC_ATTACK_RECORDS,
        images=paths.ATMC_ATTACK_IMAGES,
        digests=[
            sidecar(paths.ATMC_ATTACK_RECORDS),
            sidecar(paths.ATMC_ATTACK_IMAGES),
        ],
    log:
        "<logs>/attack_atmc/{dataset}/{classifier}/{compressor}/seeds{seeds}.log",
    benchmark:
        "<benchmarks>/attack_atmc/{dataset}/{classifier}/{compressor}/seeds{seeds}.tsv"
    params:
        classifier=entry("classifiers"),
        compressor=entry("compressors"),
        attacks=attack_entries("atmc"),
        robustness=PARAMS.robustness.model_dump(),
    message:
        "Attacking {wildcards.classifier}/{wildcards.compressor}, seeds {wildcards.seeds}"
    script:
        "../scripts/attack_atmc.py"


ATTACK_RECORDS = [
    *attacked_cards(paths.ATTACK_RECORDS),
    *attacked_atmc(paths.ATMC_ATTACK_RECORDS),
]
ATTACK_IMAGES = [
    *attacked_cards(paths.ATTACK_IMAGES),
    *attacked_atmc(paths.ATMC_ATTACK_IMAGES),
]


rule attacks:
    input:
        with_sidecars(ATTACK_RECORDS),
        with_sidecars(ATTACK_IMAGES),
