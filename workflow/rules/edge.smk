"""Phase edge: make classifiers small by pruning, distillation and rounding. An empty study.edge leaves it out."""


rule train_edge:
    input:
        code=code("train_edge", "classifiers", also=edge_modules),
        train=ancient(paths.TRAIN),
        train_digest=sidecar(paths.TRAIN),
        val=ancient(paths.VAL),
        val_digest=sidecar(paths.VAL),
        card=paths.DATA_CARD,
    output:
        networks=paths.EDGE,
        digest=sidecar(paths.EDGE),
    log:
        "<logs>/train_edge/{dataset}/{classifier}/seeds{seeds}.log",
    benchmark:
        "<benchmarks>/train_edge/{dataset}/{classifier}/seeds{seeds}.tsv"
    priority: AWAITED
    group:
        packed("train_edge")
    threads: 1
    resources:
        **asked_by("train_edge"),
    params:
        classifier=entry("classifiers"),
        augmentation=PARAMS.augmentations[PARAMS.fit.edge.augmentation].model_dump(),
        filters={n: PARAMS.filters[n].model_dump() for n in EDGE_FILTERS},
        plan=[[method.name, ratios] for method, ratios in EDGE_TRAINED],
        fit=PARAMS.fit.edge.model_dump(),
    message:
        "Making {wildcards.classifier} small, seeds {wildcards.seeds}"
    script:
        "../scripts/train_edge.py"


rule round_edge:
    input:
        code=code("round_edge", "classifiers", also=edge_quantizers),
        train=ancient(paths.TRAIN),
        train_digest=sidecar(paths.TRAIN),
        networks=ancient(paths.EDGE),
        networks_digest=sidecar(paths.EDGE),
    output:
        networks=paths.EDGE_ROUNDED,
        digest=sidecar(paths.EDGE_ROUNDED),
    log:
        "<logs>/round_edge/{dataset}/{classifier}/seeds{seeds}.log",
    benchmark:
        "<benchmarks>/round_edge/{dataset}/{classifier}/seeds{seeds}.tsv"
    priority: AWAITED
    group:
        packed("round_edge")
    threads: 1
    resources:
        **asked_by("round_edge"),
    params:
        quantizers={n: PARAMS.quantizers[n].model_dump() for n in EDGE_QUANTIZERS},
        plan=EDGE_ROUNDED,
    message:
        "Rounding {wildcards.classifier} and what it was made into, seeds {wildcards.seeds}"
    script:
        "../scripts/round_edge.py"


rule score_edge:
    input:
        code=code("score_edge", "classifiers"),
        shifted=compared_images,
        shifted_digests=compared_digests,
        test=ancient(paths.TEST),
        test_digest=sidecar(paths.TEST),
        card=paths.DATA_CARD,
        networks=lambda w: [*map(ancient, edge_files(w))],
        network_digests=lambda w: [*map(sidecar, edge_files(w))],
    output:
        records=paths.EDGE_RECORDS,
        latency=paths.EDGE_LATENCY,
        digests=[sidecar(paths.EDGE_RECORDS), sidecar(paths.EDGE_LATENCY)],
    log:
        "<logs>/score_edge/{dataset}/{classifier}/seeds{seeds}.log",
    benchmark:
        "<benchmarks>/score_edge/{dataset}/{classifier}/seeds{seeds}.tsv"
    group:
        packed("score_edge")
    threads: 1
    resources:
        **asked_by("score_edge"),
    params:
        most=PARAMS.analysis.card_images,
        sources=lambda w: {n: SHIFTS[n].source for n in compared_under(w.dataset)},
        repeats=PARAMS.edge.latency_repeats,
    message:
        "Scoring {wildcards.classifier} and what it was made into, seeds {wildcards.seeds}"
    script:
        "../scripts/score_edge.py"


rule compare_edge:
    input:
        code=code("compare_edge"),
        records=lambda w: [
            *edge_grid(paths.EDGE_RECORDS, [w.dataset]),
            *attacked_edge(paths.EDGE_ATTACK_RECORDS, [w.dataset]),
        ],
    output:
        records=paths.EDGE_LOSSES,
        digest=sidecar(paths.EDGE_LOSSES),
    log:
        "<logs>/compare_edge/{dataset}.log",
    group:
        packed("compare_edge")
    threads: 1
    resources:
        **asked_by("compare_edge"),
    message:
        "Comparing what networks for the edge lose on {wildcards.dataset}"
    script:
        "../scripts/compare_edge.py"


rule edge:
    input:
        with_sidecars(edge_grid(paths.EDGE)),
        with_sidecars(edge_grid(paths.EDGE_ROUNDED) if EDGE_ROUNDED else []),
