"""Names of attacks on networks of every phase. Defines no rule."""

@cache
def attacks_against(phase, dataset, model):
    """Names of the study's attacks on a network."""
    return attacks_on(PARAMS, phase, dataset, model)


def attacks_of(phase):
    """The study's attacks on the wildcards' network."""
    parts = {
        "cards": ["classifier", "augmentation", "pruner"],
        "atmc": ["classifier", "compressor"],
    }[phase]
    return lambda w: attacks_against(
        phase, w.dataset, os.path.join(*(w[part] for part in parts))
    )


def attack_entries(phase):
    """params: how to build them."""
    names = attacks_of(phase)
    return signed(lambda w: {n: PARAMS.attacks[n].model_dump() for n in names(w)})


def attack_modules(phase):
    """code: their kinds, and the Square attack that watches over them."""
    return lambda w: [
        *modules("attacks", attacks_of(phase)(w)),
        module_of("attacks", "square"),
    ]


on_cards, on_atmc = attack_modules("cards"), attack_modules("atmc")


def attacked_cards(pattern):
    """Paths for every card that there are attacks on."""
    return [
        path
        for dataset in PARAMS.datasets_of("cards")
        for classifier, augmentation, pruner in CARDS
        if attacks_against(
            "cards", dataset, os.path.join(classifier, augmentation, pruner)
        )
        for path in expand(
            pattern,
            dataset=dataset,
            classifier=classifier,
            augmentation=augmentation,
            pruner=pruner,
            seeds=SEEDS,
        )
    ]


def attacked_atmc(pattern, compressed=COMPRESSED, seeds=SEEDS):
    """Paths for every compressed network that there are attacks on."""
    return [
        path
        for dataset, classifier, compressor in compressed
        if attacks_against("atmc", dataset, os.path.join(classifier, compressor))
        for path in expand(
            pattern,
            dataset=dataset,
            classifier=classifier,
            compressor=compressor,
            seeds=seeds,
        )
    ]


@cache
def edge_attacks(dataset, classifier):
    """Names of the attacks on each method's networks of one size."""
    return {
        name: attacks_against("edge", dataset, os.path.join(classifier, name))
        for name in edge_methods(PARAMS)
    }


def attacks_on_size(w):
    """Names of the attacks on any of them."""
    found = edge_attacks(w.dataset, w.classifier).values()
    return [n for n in PARAMS.chosen("attacks") if any(n in own for own in found)]


def on_edge(w):
    """code: their kinds, and the Square attack that watches over them."""
    return [*modules("attacks", attacks_on_size(w)), module_of("attacks", "square")]


def attacked_edge(pattern, datasets=PARAMS.datasets_of("edge")):
    """Paths for every size that there are attacks on."""
    return [
        path
        for dataset in datasets
        for classifier in PARAMS.edge.sizes
        if any(edge_attacks(dataset, classifier).values())
        for path in expand(pattern, dataset=dataset, classifier=classifier, seeds=SEEDS)
    ]


@cache
def attacks_on_decks(dataset):
    """Names of the attacks on every deck behind a gate, and on every card by itself, that there are any on."""
    found = {
        model: attacks_against("decks", dataset, model)
        for model in (models_of(PARAMS)["decks"] if dataset in DECKED else [])
    }
    return {model: names for model, names in found.items() if names}


def decks_under_attack(w):
    """params: the decks that these are, or that hold these cards."""
    models = attacks_on_decks(w.dataset)
    return {
        name: deck.model_dump()
        for name, deck in DECKS.items()
        if {f"{name}/{gate}" for gate in PARAMS.chosen("gates")} & set(models)
        or {member.key for member in deck.members} & set(models)
    }


def gates_under_attack(w):
    """params: the gates of these decks."""
    parts = [model.split("/") for model in attacks_on_decks(w.dataset)]
    names = [words[1] for words in parts if len(words) == 2]
    return {name: PARAMS.gates[name].model_dump() for name in dict.fromkeys(names)}


def on_decks(w):
    """code: all that decks are made of, their gates, the attacks on them, and the Square attack."""
    attacks = {name for names in attacks_on_decks(w.dataset).values() for name in names}
    return [
        *deck_modules("classifiers"),
        *deck_modules("augmentations"),
        *modules("gates", gates_under_attack(w)),
        *modules("attacks", sorted(attacks)),
        module_of("attacks", "square"),
    ]


def attack_entries_on_decks(w):
    """params: how to build these attacks."""
    names = [name for own in attacks_on_decks(w.dataset).values() for name in own]
    return {name: PARAMS.attacks[name].model_dump() for name in dict.fromkeys(names)}


def attacked_decks(pattern):
    """Paths for every dataset on which there are attacks on decks."""
    datasets = [dataset for dataset in DECKED if attacks_on_decks(dataset)]
    return expand(pattern, dataset=datasets, seeds=SEEDS)
