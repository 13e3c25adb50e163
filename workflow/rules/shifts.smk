"""Phase shifts: every test set under every shift, made once and shared by all models."""


rule shift_images:
    input:
        code=code("shift_images", "shifts", also=needed_modules),
        test=ancient(paths.TEST),
        test_digest=sidecar(paths.TEST),
        datasets=lambda w: [*map(ancient, needed_tests(w))],
        dataset_digests=lambda w: [*map(sidecar, needed_tests(w))],
        codecs=lambda w: [*map(ancient, needed_codecs(w))],
        codec_digests=lambda w: [*map(sidecar, needed_codecs(w))],
    output:
        images=paths.SHIFTED,
        records=paths.SHIFT_RECORDS,
        sheet=paths.SHEET,
        digests=[
            sidecar(path) for path in (paths.SHIFTED, paths.SHIFT_RECORDS, paths.SHEET)
        ],
    log:
        "<logs>/shift_images/{dataset}/{shift}.log",
    benchmark:
        "<benchmarks>/shift_images/{dataset}/{shift}.tsv"
    priority: AWAITED
    group:
        packed("shift_images")
    threads: 1
    resources:
        **asked_by("shift_images"),
    params:
        shift=entry("shifts"),
        datasets=needs("datasets"),
        shifts=lambda w: {n: PARAMS.shifts[n].model_dump() for n in needs("shifts")(w)},
        codecs=needed_codec_entries,
    message:
        "Shifting the test images of {wildcards.dataset}: {wildcards.shift}"
    script:
        "../scripts/shift_images.py"


rule shifts:
    input:
        with_sidecars(everywhere(paths.SHIFTED)),
