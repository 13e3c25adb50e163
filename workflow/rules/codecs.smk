"""Phase codecs: train every codec with every objective."""


rule train_codec:
    input:
        code=code("train_codec", "codecs", "objectives"),
        train=ancient(paths.TRAIN),
        train_digest=sidecar(paths.TRAIN),
    output:
        weights=paths.CODEC,
        digest=sidecar(paths.CODEC),
    log:
        "<logs>/train_codec/{dataset}/{codec}/{objective}/seeds{seeds}.log",
    benchmark:
        "<benchmarks>/train_codec/{dataset}/{codec}/{objective}/seeds{seeds}.tsv"
    priority: AWAITED
    group:
        packed("train_codec")
    threads: 1
    resources:
        **asked_by("train_codec"),
    params:
        codec=entry("codecs"),
        objective=entry("objectives"),
        fit=PARAMS.fit.codecs.model_dump(),
    message:
        "Training codec {wildcards.codec} with {wildcards.objective}, seeds {wildcards.seeds}"
    script:
        "../scripts/train_codec.py"


rule codecs:
    input:
        with_sidecars(codec_grid(paths.CODEC)),
