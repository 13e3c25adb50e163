"""Phase atmc: train base networks under attack, and compress them while training goes on."""


rule train_base:
    input:
        code=code("train_base", "classifiers", also=atmc_modules),
        train=ancient(paths.TRAIN),
        train_digest=sidecar(paths.TRAIN),
        val=ancient(paths.VAL),
        val_digest=sidecar(paths.VAL),
        card=paths.DATA_CARD,
    output:
        weights=paths.BASE,
        digest=sidecar(paths.BASE),
    log:
        "<logs>/train_base/{dataset}/{classifier}/{training}/seeds{seeds}.log",
    benchmark:
        "<benchmarks>/train_base/{dataset}/{classifier}/{training}/seeds{seeds}.tsv"
    wildcard_constraints:
        training="natural|adversarial|mixed|trades",
    priority: AWAITED
    group:
        packed("train_base")
    threads: 1
    resources:
        **asked_by("train_base"),
    params:
        classifier=entry("classifiers"),
        augmentation=atmc_augmentation,
        fit=PARAMS.fit.atmc.model_dump(),
    message:
        "Training {wildcards.classifier}, {wildcards.training}, seeds {wildcards.seeds}"
    script:
        "../scripts/train_base.py"


rule train_atmc:
    input:
        code=code("train_atmc", "classifiers", "compressors", also=atmc_modules),
        train=ancient(paths.TRAIN),
        train_digest=sidecar(paths.TRAIN),
        val=ancient(paths.VAL),
        val_digest=sidecar(paths.VAL),
        card=paths.DATA_CARD,
        base=lambda w: [*map(ancient, base_of(w))],
        base_digest=lambda w: [*map(sidecar, base_of(w))],
    output:
        weights=paths.COMPRESSED,
        digest=sidecar(paths.COMPRESSED),
    log:
        "<logs>/train_atmc/{dataset}/{classifier}/{compressor}/seeds{seeds}.log",
    benchmark:
        "<benchmarks>/train_atmc/{dataset}/{classifier}/{compressor}/seeds{seeds}.tsv"
    priority: AWAITED
    group:
        packed("train_atmc")
    threads: 1
    resources:
        **asked_by("train_atmc"),
    params:
        classifier=entry("classifiers"),
        compressor=entry("compressors"),
        augmentation=atmc_augmentation,
        fit=PARAMS.fit.atmc.model_dump(),
    message:
        "Compressing {wildcards.classifier} with {wildcards.compressor}, seeds {wildcards.seeds}"
    script:
        "../scripts/train_atmc.py"


rule score_atmc:
    input:
        code=code("score_atmc", "classifiers", "compressors"),
        shifted=compared_images,
        shifted_digests=compared_digests,
        test=ancient(paths.TEST),
        test_digest=sidecar(paths.TEST),
        card=paths.DATA_CARD,
        weights=ancient(paths.COMPRESSED),
        weights_digest=sidecar(paths.COMPRESSED),
    output:
        records=paths.ATMC_RECORDS,
        digest=sidecar(paths.ATMC_RECORDS),
    log:
        "<logs>/score_atmc/{dataset}/{classifier}/{compressor}/seeds{seeds}.log",
    benchmark:
        "<benchmarks>/score_atmc/{dataset}/{classifier}/{compressor}/seeds{seeds}.tsv"
    group:
        packed("score_atmc")
    threads: 1
    resources:
        **asked_by("score_atmc"),
    params:
        classifier=entry("classifiers"),
        compressor=entry("compressors"),
        most=PARAMS.analysis.card_images,
        sources=lambda w: {n: SHIFTS[n].source for n in compared_under(w.dataset)},
    message:
        "Scoring {wildcards.classifier}/{wildcards.compressor}, seeds {wildcards.seeds}"
    script:
        "../scripts/score_atmc.py"


rule compare_atmc:
    input:
        code=code("compare_atmc"),
        records=records_of_atmc,
    output:
        records=paths.ORDER_RECORDS,
        digest=sidecar(paths.ORDER_RECORDS),
    log:
        "<logs>/compare_atmc/{dataset}/{classifier}/seeds{seeds}.log",
    group:
        packed("compare_atmc")
    threads: 1
    resources:
        **asked_by("compare_atmc"),
    params:
        metrics=["accuracy", "robust_accuracy"],
        robust="robust_accuracy",
        references=["paper", "paper_fashion", "paper_cifar"],
        radius=lambda w: PARAMS.fit.atmc.radius_on(w.dataset),
    message:
        "Comparing compressed networks of {wildcards.classifier}, seeds {wildcards.seeds}"
    script:
        "../scripts/compare_atmc.py"


rule atmc:
    input:
        with_sidecars(base_grid(paths.BASE)),
        with_sidecars(atmc_grid(paths.COMPRESSED)),
