"""Phase cards: train every classifier dense, then make cards from it with every pruner."""


rule train_dense:
    input:
        code=code("train_dense", "classifiers"),
        train=ancient(paths.TRAIN),
        train_digest=sidecar(paths.TRAIN),
        card=paths.DATA_CARD,
    output:
        weights=paths.DENSE,
        digest=sidecar(paths.DENSE),
    log:
        "<logs>/train_dense/{dataset}/{classifier}/seeds{seeds}.log",
    benchmark:
        "<benchmarks>/train_dense/{dataset}/{classifier}/seeds{seeds}.tsv"
    params:
        classifier=entry("classifiers"),
        fit=PARAMS.fit.cards.model_dump(),
    message:
        "Training classifier {wildcards.classifier}, seeds {wildcards.seeds}"
    script:
        "../scripts/train_dense.py"


rule prune_card:
    input:
        code=code("prune_card", "classifiers", "pruners"),
        train=ancient(paths.TRAIN),
        train_digest=sidecar(paths.TRAIN),
        card=paths.DATA_CARD,
        dense=ancient(paths.DENSE),
        dense_digest=sidecar(paths.DENSE),
    output:
        weights=paths.CARD,
        digest=sidecar(paths.CARD),
    log:
        "<logs>/prune_card/{dataset}/{classifier}/{pruner}/seeds{seeds}.log",
    benchmark:
        "<benchmarks>/prune_card/{dataset}/{classifier}/{pruner}/seeds{seeds}.tsv"
    wildcard_constraints:
        pruner="(?!dense).*",
    params:
        classifier=entry("classifiers"),
        pruner=entry("pruners"),
        fit=PARAMS.fit.cards.model_dump(),
    message:
        "Pruning {wildcards.classifier} with {wildcards.pruner}, seeds {wildcards.seeds}"
    script:
        "../scripts/prune_card.py"


rule cards:
    input:
        with_sidecars(grid(paths.CARD, **CARDS)),
