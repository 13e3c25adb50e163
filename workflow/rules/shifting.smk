"""Names shared by the rules that make shifted images and those that read them. Defines no rule."""

@cache
def shifts_of(dataset, white_box=False):
    """Names of the study's shifts that are for a dataset."""
    return [
        name
        for name, shift in SHIFTS.items()
        if dataset in (shift.only or [dataset]) and shift.white_box == white_box
    ]


@cache
def shifted(dataset, pattern):
    """Paths for every shift of a dataset whose images are made beforehand."""
    return expand(pattern, dataset=dataset, shift=shifts_of(dataset))


def everywhere(pattern):
    """The same for all datasets of the study."""
    return [path for dataset in DATASETS for path in shifted(dataset, pattern)]


def compared_under(dataset):
    """Names of the shifts that compressed classifiers of all papers are compared under."""
    under = PARAMS.study.compressed_under
    return [name for name in shifts_of(dataset) if under == "all" or name in under]


@cache
def compared_shifted(dataset):
    """Paths of the images of those shifts."""
    return expand(paths.SHIFTED, dataset=dataset, shift=compared_under(dataset))


@signed
def shifted_images(w):
    """input: images of the shifts of a dataset."""
    return [*map(marked, shifted(w.dataset, paths.SHIFTED))]


@signed
def shifted_digests(w):
    """input: their digests."""
    return [*map(sidecar, shifted(w.dataset, paths.SHIFTED))]


@signed
def compared_images(w):
    """input: images of the shifts that compressed classifiers are compared under."""
    return [*map(marked, compared_shifted(w.dataset))]


@signed
def compared_digests(w):
    """input: their digests."""
    return [*map(sidecar, compared_shifted(w.dataset))]


@signed
def sources_of_shifts(w):
    """params: where the images of each shift come from, in the order of the inputs."""
    return {name: SHIFTS[name].source for name in shifts_of(w.dataset)}


@signed
def white_box_of(w):
    """params: the shifts that are made against this model anew."""
    codec, card = ["codec", "objective"], ["classifier", "augmentation", "pruner"]
    model = os.path.join(
        *(w[part] for part in (codec if "codec" in w.keys() else card))
    )
    return {
        name: PARAMS.shifts[name].model_dump()
        for name in shifts_of(w.dataset, white_box=True)
        if model in ATTACKED[name]
    }


def white_box_modules(w):
    """code: their kinds."""
    return modules("shifts", white_box_of(w))


def needs(family):
    """params: the partners of the wildcard's shift."""
    return lambda w: partners(PARAMS, SHIFTS[w.shift], family)


def needed_tests(w):
    """input: test splits of other datasets."""
    return [paths.TEST.format(dataset=name) for name in needs("datasets")(w)]


def needed_codecs(w):
    """input: trained codecs, of the first seeds."""
    pairs = [os.path.split(name) for name in needs("codecs")(w)]
    return [
        paths.CODEC.format(
            dataset=w.dataset, codec=codec, objective=objective, seeds=SEEDS[0]
        )
        for codec, objective in pairs
    ]


def needed_codec_entries(w):
    """params: how to build them."""
    return {
        name: {
            "codec": PARAMS.codecs[name.split("/")[0]].model_dump(),
            "seeds": SEEDS[0],
        }
        for name in needs("codecs")(w)
    }


def needed_modules(w):
    """code: kinds of the shifts and codecs a shift is made with."""
    codecs = [os.path.dirname(name) for name in needs("codecs")(w)]
    return [*modules("shifts", needs("shifts")(w)), *modules("codecs", codecs)]
