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


def edge_attacks(dataset, classifier):
    """Names of the attacks on each method's networks of one size."""
    return {
        name: attacks_on(PARAMS, "edge", dataset, os.path.join(classifier, name))
        for name in edge_methods(PARAMS)
    }


def attacks_on_size(w):
    """Names of the attacks on any of them."""
    found = edge_attacks(w.dataset, w.classifier).values()
    return [n for n in PARAMS.chosen("attacks") if any(n in own for own in found)]


def on_edge(w):
    """code: their kinds, and the Square attack that watches over them."""
    return [*modules("attacks", attacks_on_size(w)), module_of("attacks", "square")]


def attacked_edge(pattern, datasets=PARAMS.study.edge):
    """Paths for every size that there are attacks on."""
    return [
        path
        for dataset in datasets
        for classifier in PARAMS.edge.sizes
        if any(edge_attacks(dataset, classifier).values())
        for path in expand(pattern, dataset=dataset, classifier=classifier, seeds=SEEDS)
    ]


def attacks_on_decks(dataset):
    """Names of the attacks on every deck behind a gate, and on every card by itself, that there are any on."""
    found = {
        model: attacks_on(PARAMS, "decks", dataset, model)
        for model in (models_of(PARAMS)["decks"] if dataset in DECKED else [])
    }
    return {model: names for model, names in found.items() if names}


def decks_under_attack(w):
    """params: the decks that these are, or that hold these cards."""
    models = attacks_on_decks(w.dataset)
    return {
        name: deck.model_dump()
        for name, deck in DECKS.items()
        if {f"{name}/{gate}" for gate in PARAMS.chosen("gates")} & set(models)
        or {member.key for member in deck.members} & set(models)
    }


def gates_under_attack(w):
    """params: the gates of these decks."""
    parts = [model.split("/") for model in attacks_on_decks(w.dataset)]
    names = [words[1] for words in parts if len(words) == 2]
    return {name: PARAMS.gates[name].model_dump() for name in dict.fromkeys(names)}


def on_decks(w):
    """code: all that decks are made of, their gates, the attacks on them, and the Square attack."""
    attacks = {name for names in attacks_on_decks(w.dataset).values() for name in names}
    return [
        *deck_modules("classifiers"),
        *deck_modules("augmentations"),
        *modules("gates", gates_under_attack(w)),
        *modules("attacks", sorted(attacks)),
        module_of("attacks", "square"),
    ]


def attack_entries_on_decks(w):
    """params: how to build these attacks."""
    names = [name for own in attacks_on_decks(w.dataset).values() for name in own]
    return {name: PARAMS.attacks[name].model_dump() for name in dict.fromkeys(names)}


def attacked_decks(pattern):
    """Paths for every dataset on which there are attacks on decks."""
    datasets = [dataset for dataset in DECKED if attacks_on_decks(dataset)]
    return expand(pattern, dataset=datasets, seeds=SEEDS)


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


rule attack_edge:
    input:
        code=code("attack_edge", "classifiers", also=on_edge),
        test=ancient(paths.TEST),
        test_digest=sidecar(paths.TEST),
        networks=lambda w: [*map(ancient, edge_files(w))],
        network_digests=lambda w: [*map(sidecar, edge_files(w))],
    output:
        records=paths.EDGE_ATTACK_RECORDS,
        images=paths.EDGE_ATTACK_IMAGES,
        digests=[
            sidecar(paths.EDGE_ATTACK_RECORDS),
            sidecar(paths.EDGE_ATTACK_IMAGES),
        ],
    log:
        "<logs>/attack_edge/{dataset}/{classifier}/seeds{seeds}.log",
    benchmark:
        "<benchmarks>/attack_edge/{dataset}/{classifier}/seeds{seeds}.tsv"
    params:
        attacks=lambda w: {
            n: PARAMS.attacks[n].model_dump() for n in attacks_on_size(w)
        },
        methods=lambda w: edge_attacks(w.dataset, w.classifier),
        plan=EDGE_ROUNDED,
        robustness=PARAMS.robustness.model_dump(),
    message:
        "Attacking {wildcards.classifier} and what it was made into, seeds {wildcards.seeds}"
    script:
        "../scripts/attack_edge.py"


rule attack_decks:
    input:
        code=code("attack_decks", also=on_decks),
        test=ancient(paths.TEST),
        test_digest=sidecar(paths.TEST),
        train=ancient(paths.TRAIN),
        train_digest=sidecar(paths.TRAIN),
        packed=ancient(paths.PACKED),
        packed_digest=sidecar(paths.PACKED),
    output:
        records=paths.DECK_ATTACK_RECORDS,
        images=paths.DECK_ATTACK_IMAGES,
        digests=[
            sidecar(paths.DECK_ATTACK_RECORDS),
            sidecar(paths.DECK_ATTACK_IMAGES),
        ],
    log:
        "<logs>/attack_decks/{dataset}/seeds{seeds}.log",
    benchmark:
        "<benchmarks>/attack_decks/{dataset}/seeds{seeds}.tsv"
    params:
        models=lambda w: attacks_on_decks(w.dataset),
        decks=decks_under_attack,
        gates=gates_under_attack,
        augmentations=deck_entries("augmentations", MEMBERS),
        attacks=attack_entries_on_decks,
        robustness=PARAMS.deck_robustness.model_dump(),
        gate_images=PARAMS.analysis.gate_images,
    message:
        "Attacking decks, seeds {wildcards.seeds}"
    script:
        "../scripts/attack_decks.py"


ATTACK_RECORDS = [
    *attacked_cards(paths.ATTACK_RECORDS),
    *attacked_decks(paths.DECK_ATTACK_RECORDS),
    *attacked_atmc(paths.ATMC_ATTACK_RECORDS),
    *attacked_edge(paths.EDGE_ATTACK_RECORDS),
]
ATTACK_IMAGES = [
    *attacked_cards(paths.ATTACK_IMAGES),
    *attacked_decks(paths.DECK_ATTACK_IMAGES),
    *attacked_atmc(paths.ATMC_ATTACK_IMAGES),
    *attacked_edge(paths.EDGE_ATTACK_IMAGES),
]


rule attacks:
    input:
        with_sidecars(ATTACK_RECORDS),
        with_sidecars(ATTACK_IMAGES),
