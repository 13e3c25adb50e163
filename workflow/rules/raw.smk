"""Names of raw files, for the rules that obtain and read them. Defines no rule."""


def pointer_of(w):
    """input: the DVC pointer of a kind, if it has one."""
    path = paths.POINTER.format(kind=w.kind)
    return [path] if os.path.exists(path) else []


def raw_of(w):
    """input: what a dataset is read from; if a user's own, its content counts and not its time."""
    files = [str(path) for path in SOURCES[w.dataset].raw]
    return files if SOURCES[w.dataset].fetched else [*map(ancient, files)]


def accepted(w):
    """params: digests that a published file may have."""
    return sorted(PUBLISHED[w.kind][w.file].accepted)


def digest_of_raw(w):
    """params: content of the raw files, as published or as the user brought it."""
    if SOURCES[w.dataset].fetched:
        return [sorted(source.accepted) for source in SOURCES[w.dataset].sources()]
    memory = Path("work/source_digests.json")
    return [remembered_digest(source, memory) for source in SOURCES[w.dataset].raw]


def tracked_raw():
    """Raw files that pointers promise to whoever pulls, of all datasets in params.yaml."""
    defined = [build("datasets", item) for item in PARAMS.datasets.values()]
    found = {
        str(path) for dataset in defined if dataset.fetched for path in dataset.raw
    }
    kinds = {path.stem for path in Path("data/pointers").glob("*.dvc")}
    return sorted(path for path in found if Path(path).parent.name in kinds)


localrules:
    fetch_data,
