"""Phase evaluate: score every model under every shift, and collect the records."""


rule score_codec:
    input:
        code=code("score_codec", "codecs", also=white_box_modules),
        shifted=shifted_images,
        shifted_digests=shifted_digests,
        test=ancient(paths.TEST),
        test_digest=sidecar(paths.TEST),
        weights=ancient(paths.CODEC),
        weights_digest=sidecar(paths.CODEC),
    output:
        records=paths.CODEC_RECORDS,
        examples=paths.CODEC_EXAMPLES,
        digests=[sidecar(paths.CODEC_RECORDS), sidecar(paths.CODEC_EXAMPLES)],
    log:
        "<logs>/score_codec/{dataset}/{codec}/{objective}/seeds{seeds}.log",
    benchmark:
        "<benchmarks>/score_codec/{dataset}/{codec}/{objective}/seeds{seeds}.tsv"
    group:
        packed("score_codec")
    threads: 1
    resources:
        **asked_by("score_codec"),
    params:
        codec=entry("codecs"),
        most=PARAMS.analysis.codec_images,
        sources=sources_of_shifts,
        white_box=white_box_of,
    message:
        "Scoring codec {wildcards.codec}/{wildcards.objective}, seeds {wildcards.seeds}"
    script:
        "../scripts/score_codec.py"


rule score_formats:
    input:
        code=code("score_formats"),
        shifted=shifted_images,
        shifted_digests=shifted_digests,
    output:
        records=paths.FORMAT_RECORDS,
        digest=sidecar(paths.FORMAT_RECORDS),
    log:
        "<logs>/score_formats/{dataset}.log",
    benchmark:
        "<benchmarks>/score_formats/{dataset}.tsv"
    priority: LONG
    group:
        packed("score_formats")
    threads: 1
    resources:
        **asked_by("score_formats"),
    params:
        formats=FORMATS,
        most=PARAMS.analysis.codec_images,
        sources=sources_of_shifts,
    message:
        "Scoring image formats on {wildcards.dataset}"
    script:
        "../scripts/score_formats.py"


rule score_card:
    input:
        code=code("score_card", "classifiers", also=white_box_modules),
        shifted=shifted_images,
        shifted_digests=shifted_digests,
        test=ancient(paths.TEST),
        test_digest=sidecar(paths.TEST),
        card=paths.DATA_CARD,
        weights=ancient(paths.CARD),
        weights_digest=sidecar(paths.CARD),
        dense=ancient(paths.DENSE),
        dense_digest=sidecar(paths.DENSE),
    output:
        records=paths.CARD_RECORDS,
        digest=sidecar(paths.CARD_RECORDS),
    log:
        "<logs>/score_card/{dataset}/{classifier}/{augmentation}/{pruner}/seeds{seeds}.log",
    benchmark:
        "<benchmarks>/score_card/{dataset}/{classifier}/{augmentation}/{pruner}/seeds{seeds}.tsv"
    group:
        packed("score_card")
    threads: 1
    resources:
        **asked_by("score_card"),
    params:
        classifier=entry("classifiers"),
        cards=cards_of,
        analysis=PARAMS.analysis.model_dump(),
        sources=sources_of_shifts,
        white_box=white_box_of,
    message:
        "Scoring {wildcards.classifier}/{wildcards.augmentation}/{wildcards.pruner}, seeds {wildcards.seeds}"
    script:
        "../scripts/score_card.py"


EXAMPLES = codec_grid(paths.CODEC_EXAMPLES)
SHEETS = everywhere(paths.SHEET)
RECORDS = [
    *everywhere(paths.SHIFT_RECORDS),
    *codec_grid(paths.CODEC_RECORDS),
    *expand(
        paths.FORMAT_RECORDS, dataset=PARAMS.datasets_of("codecs") if FORMATS else []
    ),
    *card_grid(paths.CARD_RECORDS),
    *ATTACK_RECORDS,
    *deck_grid(paths.DECK_RECORDS),
    *atmc_grid(paths.ATMC_RECORDS),
    *order_grid(),
    *edge_grid(paths.EDGE_RECORDS),
    *expand(paths.EDGE_LOSSES, dataset=PARAMS.datasets_of("edge")),
    *(deck_grid(paths.BUDGET_RECORDS) if PARAMS.budgets.bytes else []),
]


rule collect_scores:
    input:
        code=code("collect_scores"),
        records=RECORDS,
    output:
        csv=paths.SCORES_CSV,
        parquet=paths.SCORES_PARQUET,
        made=paths.MADE,
        digests=[
            sidecar(path)
            for path in (paths.SCORES_CSV, paths.SCORES_PARQUET, paths.MADE)
        ],
    log:
        "<logs>/collect_scores.log",
    group:
        packed("collect_scores")
    threads: 1
    resources:
        **asked_by("collect_scores"),
    message:
        "Collecting the records into {output.csv}"
    script:
        "../scripts/collect_scores.py"


rule evaluate:
    input:
        rules.collect_scores.output,
        with_sidecars(EXAMPLES),
