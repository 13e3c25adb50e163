"""Phase data: obtain the raw files, prepare fixed splits."""


rule fetch_data:
    input:
        # no code: whatever fetches the file, its digest says which bytes it must be
        pointer=pointer_of,
    output:
        raw=paths.RAW,
    log:
        "<logs>/fetch_data/{kind}/{file}.log",
    priority: AWAITED
    threads: 1
    resources:
        **asked_by("fetch_data"),
    params:
        accepted=accepted,
    message:
        "Obtaining {output.raw}"
    script:
        "../scripts/fetch_data.py"


rule prepare_data:
    input:
        code=code("prepare_data", "datasets"),
        raw=raw_of,
    output:
        train=paths.TRAIN,
        val=paths.VAL,
        test=paths.TEST,
        card=paths.DATA_CARD,
        digests=[
            sidecar(path)
            for path in (paths.TRAIN, paths.VAL, paths.TEST, paths.DATA_CARD)
        ],
    log:
        "<logs>/prepare_data/{dataset}.log",
    benchmark:
        "<benchmarks>/prepare_data/{dataset}.tsv"
    priority: AWAITED
    group:
        packed("prepare_data")
    threads: 1
    resources:
        **asked_by("prepare_data"),
    params:
        dataset=entry("datasets"),
        source=digest_of_raw,
    message:
        "Preparing dataset {wildcards.dataset}"
    script:
        "../scripts/prepare_data.py"


rule data:
    input:
        # raw files of all defined datasets, so that whoever pulls from a DVC remote finds what the pointers promise
        tracked_raw(),
        with_sidecars(
            expand(
                [paths.TRAIN, paths.VAL, paths.TEST, paths.DATA_CARD], dataset=SOURCES
            )
        ),
