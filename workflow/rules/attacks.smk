"""Attacks: look for changes of test images that make a network err. An empty study.attacks leaves them out."""


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
    group:
        packed("attack_card")
    threads: 1
    resources:
        **asked_by("attack_card"),
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
    priority: LONG
    group:
        packed("attack_atmc")
    threads: 1
    resources:
        **asked_by("attack_atmc"),
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
    priority: LONG
    group:
        packed("attack_edge")
    threads: 1
    resources:
        **asked_by("attack_edge"),
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
    priority: LONG
    group:
        packed("attack_decks")
    threads: 1
    resources:
        **asked_by("attack_decks"),
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
