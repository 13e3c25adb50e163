"""Phase cards: train every classifier dense, then make cards from it with every pruner."""


rule train_dense:
    input:
        code=code("train_dense", "classifiers", "augmentations"),
        train=ancient(paths.TRAIN),
        train_digest=sidecar(paths.TRAIN),
        val=ancient(paths.VAL),
        val_digest=sidecar(paths.VAL),
        card=paths.DATA_CARD,
    output:
        weights=paths.DENSE,
        digest=sidecar(paths.DENSE),
    log:
        "<logs>/train_dense/{dataset}/{classifier}/{augmentation}/seeds{seeds}.log",
    benchmark:
        "<benchmarks>/train_dense/{dataset}/{classifier}/{augmentation}/seeds{seeds}.tsv"
    priority: AWAITED
    group:
        packed("train_dense")
    threads: 1
    resources:
        **asked_by("train_dense"),
    params:
        classifier=entry("classifiers"),
        augmentation=entry("augmentations"),
        fit=PARAMS.fit.cards.model_dump(),
    message:
        "Training {wildcards.classifier}/{wildcards.augmentation}, seeds {wildcards.seeds}"
    script:
        "../scripts/train_dense.py"


rule prune_card:
    input:
        code=code("prune_card", "classifiers", "augmentations", "pruners"),
        train=ancient(paths.TRAIN),
        train_digest=sidecar(paths.TRAIN),
        val=ancient(paths.VAL),
        val_digest=sidecar(paths.VAL),
        card=paths.DATA_CARD,
        dense=lambda w: [*map(ancient, dense_of(w))],
        dense_digest=lambda w: [*map(sidecar, dense_of(w))],
    output:
        weights=paths.CARD,
        digest=sidecar(paths.CARD),
    log:
        "<logs>/prune_card/{dataset}/{classifier}/{augmentation}/{pruner}/seeds{seeds}.log",
    benchmark:
        "<benchmarks>/prune_card/{dataset}/{classifier}/{augmentation}/{pruner}/seeds{seeds}.tsv"
    wildcard_constraints:
        pruner="|".join(PARAMS.pruners),
    priority: AWAITED
    group:
        packed("prune_card")
    threads: 1
    resources:
        **asked_by("prune_card"),
    params:
        classifier=entry("classifiers"),
        augmentation=entry("augmentations"),
        pruner=entry("pruners"),
        fit=PARAMS.fit.cards.model_dump(),
    message:
        "Pruning {wildcards.classifier}/{wildcards.augmentation} with {wildcards.pruner}, seeds {wildcards.seeds}"
    script:
        "../scripts/prune_card.py"


rule cards:
    input:
        with_sidecars(card_grid(paths.CARD)),
        with_sidecars(deck_cards()),
