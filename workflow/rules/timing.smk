"""Names of the jobs whose times are kept. Defines no rule."""

CARD_JOB = "{dataset}/{classifier}/{augmentation}/{pruner}"


def jobs_on_cards():
    """Training, pruning and scoring, of copies in decks too."""
    trained = [
        "train_dense/{dataset}/{classifier}/{augmentation}",
        f"prune_card/{CARD_JOB}",
    ]
    return [
        *card_grid([*trained, f"score_card/{CARD_JOB}"]),
        *(
            pattern.format(
                dataset=dataset,
                classifier=member.classifier,
                augmentation=member.augmentation,
                pruner=member.pruner,
            )
            for dataset in DECKED
            for member in MEMBERS
            for pattern in trained
        ),
        *attacked_cards(f"attack_card/{CARD_JOB}"),
    ]


def jobs_on_shifts():
    """Making them, and training the codecs that they are made with."""
    return [
        *everywhere("shift_images/{dataset}/{shift}"),
        *(
            f"train_codec/{dataset}/{codec}"
            for dataset in DATASETS
            for name in shifts_of(dataset)
            for codec in partners(PARAMS, SHIFTS[name], "codecs")
        ),
    ]


def timed():
    """params: names of the study's benchmark files but for seeds; what else lies there is left over from others."""
    decks = [
        "pack_decks",
        "score_decks",
        *["search_decks"] * bool(PARAMS.budgets.bytes),
    ]
    edge = ["train_edge", "score_edge", *["round_edge"] * bool(EDGE_ROUNDED)]
    found = [
        *expand("prepare_data/{dataset}", dataset=SOURCES),
        *jobs_on_shifts(),
        *codec_grid(
            [
                f"{rule}/{{dataset}}/{{codec}}/{{objective}}"
                for rule in ("train_codec", "score_codec")
            ]
        ),
        *expand(
            "score_formats/{dataset}",
            dataset=PARAMS.datasets_of("codecs") if FORMATS else [],
        ),
        *jobs_on_cards(),
        *deck_grid([f"{rule}/{{dataset}}" for rule in decks]),
        *attacked_decks("attack_decks/{dataset}"),
        *base_grid("train_base/{dataset}/{classifier}/{training}"),
        *atmc_grid(
            [
                f"{rule}/{{dataset}}/{{classifier}}/{{compressor}}"
                for rule in ("train_atmc", "score_atmc")
            ]
        ),
        *attacked_atmc("attack_atmc/{dataset}/{classifier}/{compressor}"),
        *edge_grid([f"{rule}/{{dataset}}/{{classifier}}" for rule in edge]),
        *attacked_edge("attack_edge/{dataset}/{classifier}"),
    ]
    # dense networks are trained and not pruned
    return sorted(
        {name for name in found if not re.fullmatch("prune_card/.*/dense", name)}
    )
