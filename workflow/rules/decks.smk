"""Phase decks: pack the cards that decks are made of; and score decks, and those found within a budget of bytes."""


rule pack_decks:
    input:
        code=code("pack_decks", also=modules_packing),
        cards=lambda w: [*map(ancient, files_packed(w))],
        cards_digests=lambda w: [*map(sidecar, files_packed(w))],
        card=paths.DATA_CARD,
    output:
        packed=paths.PACKED,
        digest=sidecar(paths.PACKED),
    log:
        "<logs>/pack_decks/{dataset}/seeds{seeds}.log",
    benchmark:
        "<benchmarks>/pack_decks/{dataset}/seeds{seeds}.tsv"
    priority: AWAITED
    group:
        packed("pack_decks")
    threads: 1
    resources:
        **asked_by("pack_decks"),
    params:
        networks=networks_of,
        members=[member.key for member in CANDIDATES],
        needed=[member.key for member in MEMBERS],
        largest=max(PARAMS.budgets.bytes, default=0),
        classifiers=deck_entries("classifiers", CANDIDATES),
    message:
        "Packing the cards of decks, seeds {wildcards.seeds}"
    script:
        "../scripts/pack_decks.py"


rule score_decks:
    input:
        code=code("score_decks", also=modules_scoring),
        shifted=deck_images,
        shifted_digests=deck_digests,
        train=ancient(paths.TRAIN),
        train_digest=sidecar(paths.TRAIN),
        packed=ancient(paths.PACKED),
        packed_digest=sidecar(paths.PACKED),
    output:
        records=paths.DECK_RECORDS,
        digest=sidecar(paths.DECK_RECORDS),
    log:
        "<logs>/score_decks/{dataset}/seeds{seeds}.log",
    benchmark:
        "<benchmarks>/score_decks/{dataset}/seeds{seeds}.tsv"
    priority: LONG
    group:
        packed("score_decks")
    threads: 1
    resources:
        **asked_by("score_decks"),
    params:
        decks={name: deck.model_dump() for name, deck in DECKS.items()},
        gates={name: PARAMS.gates[name].model_dump() for name in PARAMS.chosen("gates")},
        augmentations=deck_entries("augmentations", MEMBERS),
        analysis=PARAMS.analysis.model_dump(),
        sources=deck_sources,
    message:
        "Scoring decks, seeds {wildcards.seeds}"
    script:
        "../scripts/score_decks.py"


rule search_decks:
    input:
        code=code("search_decks", also=modules_searching),
        shifted=deck_images,
        shifted_digests=deck_digests,
        val=ancient(paths.VAL),
        val_digest=sidecar(paths.VAL),
        packed=ancient(paths.PACKED),
        packed_digest=sidecar(paths.PACKED),
    output:
        records=paths.BUDGET_RECORDS,
        digest=sidecar(paths.BUDGET_RECORDS),
    log:
        "<logs>/search_decks/{dataset}/seeds{seeds}.log",
    benchmark:
        "<benchmarks>/search_decks/{dataset}/seeds{seeds}.tsv"
    priority: LONG
    group:
        packed("search_decks")
    threads: 1
    resources:
        **asked_by("search_decks"),
    params:
        members=[member.key for member in CANDIDATES],
        budgets=PARAMS.budgets.model_dump(),
        augmentations=deck_entries("augmentations", CANDIDATES),
        analysis=PARAMS.analysis.model_dump(),
        sources=deck_sources,
    message:
        "Searching decks within budgets, seeds {wildcards.seeds}"
    script:
        "../scripts/search_decks.py"


rule decks:
    input:
        with_sidecars(deck_grid(paths.PACKED)),
