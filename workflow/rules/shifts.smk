"""Phase shifts: every test set under every shift, made once and shared by all models."""


rule shift_images:
    input:
        code=code("shift_images", "shifts"),
        test=ancient(paths.TEST),
        test_digest=sidecar(paths.TEST),
    output:
        images=paths.SHIFTED,
        digest=sidecar(paths.SHIFTED),
    log:
        "<logs>/shift_images/{dataset}/{shift}.log",
    benchmark:
        "<benchmarks>/shift_images/{dataset}/{shift}.tsv"
    params:
        shift=entry("shifts"),
    message:
        "Shifting the test images of {wildcards.dataset}: {wildcards.shift}"
    script:
        "../scripts/shift_images.py"


SHIFTED = expand(paths.SHIFTED, shift=PARAMS.chosen("shifts"), allow_missing=True)


rule shifts:
    input:
        with_sidecars(expand(SHIFTED, dataset=PARAMS.chosen("datasets"))),
