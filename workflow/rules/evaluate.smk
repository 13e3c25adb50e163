"""Phase evaluate: score every model under every shift, and collect the records."""


rule score_codec:
    input:
        code=code("score_codec", "codecs"),
        shifted=map(ancient, SHIFTED),
        shifted_digests=map(sidecar, SHIFTED),
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
    params:
        codec=entry("codecs"),
        shifts=PARAMS.chosen("shifts"),
    message:
        "Scoring codec {wildcards.codec}/{wildcards.objective}, seeds {wildcards.seeds}"
    script:
        "../scripts/score_codec.py"


rule score_card:
    input:
        code=code("score_card", "classifiers"),
        shifted=map(ancient, SHIFTED),
        shifted_digests=map(sidecar, SHIFTED),
        test=ancient(paths.TEST),
        test_digest=sidecar(paths.TEST),
        card=paths.DATA_CARD,
        weights=ancient(paths.CARD),
        weights_digest=sidecar(paths.CARD),
    output:
        records=paths.CARD_RECORDS,
        digest=sidecar(paths.CARD_RECORDS),
    log:
        "<logs>/score_card/{dataset}/{classifier}/{pruner}/seeds{seeds}.log",
    benchmark:
        "<benchmarks>/score_card/{dataset}/{classifier}/{pruner}/seeds{seeds}.tsv"
    params:
        classifier=entry("classifiers"),
        levels=levels_of_card,
        shifts=PARAMS.chosen("shifts"),
    message:
        "Scoring {wildcards.classifier}/{wildcards.pruner}, seeds {wildcards.seeds}"
    script:
        "../scripts/score_card.py"


EXAMPLES = grid(
    paths.CODEC_EXAMPLES,
    codec=PARAMS.chosen("codecs"),
    objective=PARAMS.chosen("objectives"),
)
RECORDS = [
    *grid(
        paths.CODEC_RECORDS,
        codec=PARAMS.chosen("codecs"),
        objective=PARAMS.chosen("objectives"),
    ),
    *grid(
        paths.CARD_RECORDS,
        classifier=PARAMS.chosen("classifiers"),
        pruner=["dense", *PARAMS.chosen("pruners")],
    ),
]


rule collect_scores:
    input:
        code=code("collect_scores"),
        records=RECORDS,
    output:
        csv=paths.SCORES_CSV,
        parquet=paths.SCORES_PARQUET,
        digests=[sidecar(paths.SCORES_CSV), sidecar(paths.SCORES_PARQUET)],
    log:
        "<logs>/collect_scores.log",
    message:
        "Collecting the records into {output.csv}"
    script:
        "../scripts/collect_scores.py"


rule evaluate:
    input:
        rules.collect_scores.output,
        with_sidecars(EXAMPLES),
