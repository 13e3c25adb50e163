"""Phase attacks: look for changes of test images that make a card err. An empty study.attacks leaves it out."""

ATTACKS = {
    name: build("attacks", PARAMS.attacks[name]) for name in PARAMS.chosen("attacks")
}


def attacks_on(dataset):
    """Names of the study's attacks that are for a dataset."""
    return [
        name
        for name, attack in ATTACKS.items()
        if dataset in (attack.only or [dataset])
    ]


def attack_modules(w):
    """code: their kinds, and the Square attack that watches over the others."""
    return [*modules("attacks", attacks_on(w.dataset)), module_of("attacks", "square")]


def attack_grid(pattern):
    """Paths for every card on the datasets that there are attacks for."""
    kept = {
        path
        for name in PARAMS.datasets_of("cards")
        if attacks_on(name)
        for path in card_grid(pattern.replace("{dataset}", name))
    }
    return sorted(kept)


rule attack_card:
    input:
        code=code("attack_card", "classifiers", also=attack_modules),
        test=ancient(paths.TEST),
        test_digest=sidecar(paths.TEST),
        card=paths.DATA_CARD,
        weights=ancient(paths.CARD),
        weights_digest=sidecar(paths.CARD),
        dense=ancient(paths.DENSE),
        dense_digest=sidecar(paths.DENSE),
    output:
        records=paths.ATTACK_RECORDS,
        images=paths.ATTACK_IMAGES,
        digests=[sidecar(paths.ATTACK_RECORDS), sidecar(paths.ATTACK_IMAGES)],
    log:
        "<logs>/attack_card/{dataset}/{classifier}/{augmentation}/{pruner}/seeds{seeds}.log",
    benchmark:
        "<benchmarks>/attack_card/{dataset}/{classifier}/{augmentation}/{pruner}/seeds{seeds}.tsv"
    params:
        classifier=entry("classifiers"),
        cards=cards_of,
        attacks=lambda w: {
            name: PARAMS.attacks[name].model_dump() for name in attacks_on(w.dataset)
        },
        robustness=PARAMS.robustness.model_dump(),
    message:
        "Attacking {wildcards.classifier}/{wildcards.augmentation}/{wildcards.pruner}, seeds {wildcards.seeds}"
    script:
        "../scripts/attack_card.py"


rule attacks:
    input:
        with_sidecars(attack_grid(paths.ATTACK_RECORDS)),
        with_sidecars(attack_grid(paths.ATTACK_IMAGES)),
