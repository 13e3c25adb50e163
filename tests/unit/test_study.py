"""A study is checked whole: every mistake at once, with its file, line and likely remedy."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from shiftpress.assembly import attacked, attacks_on, datasets_read, trained_cards
from shiftpress.core.problems import InputError
from shiftpress.loading import load_study

ROOT = Path(__file__).parents[2]
STUDY = str(ROOT / "params.yaml")
PARAMS = Path(STUDY).read_text()


@pytest.fixture
def complaints(tmp_path):
    def _complaints(text: str = PARAMS, overlay: str | None = None, overrides: dict | None = None) -> list[str]:
        files = [tmp_path / "params.yaml"]
        files[0].write_text(text)
        if overlay is not None:
            files.append(tmp_path / "tier.yaml")
            files[1].write_text(overlay)
        try:
            load_study([str(file) for file in files], overrides)
        except InputError as error:
            return [line.removeprefix(f"{tmp_path}/") for line in str(error).splitlines()[:-1]]
        return []

    return _complaints


def line_of(text: str, words: str) -> int:
    return 1 + next(n for n, line in enumerate(text.splitlines()) if words in line)


def test_the_shipped_params_are_sound(complaints):
    assert complaints() == []


@pytest.mark.parametrize("tier", sorted((ROOT / "tiers").glob("*.yaml")), ids=lambda p: p.stem)
def test_every_tier_is_sound_and_has_its_own_folder(tier):
    assert load_study([str(ROOT / "params.yaml"), str(tier)]).run.tier == tier.stem


@pytest.mark.parametrize("tier", ["standard", "paper"])
def test_larger_tiers_look_at_frequencies_slopes_and_margins_on_a_thousand_images(tier):
    settings = load_study([STUDY, str(ROOT / f"tiers/{tier}.yaml")]).analysis
    assert min(settings.frequency_images, settings.slope_images, settings.margin_images) >= 1000
    assert settings.frequency_step <= 2


def test_a_study_is_checked_without_packages_that_take_long_to_import():
    code = f"""if True:
        import sys
        from shiftpress.assembly import trained_cards, trained_codecs
        from shiftpress.loading import load_study
        params = load_study([{STUDY!r}, {str(ROOT / "tiers/paper.yaml")!r}])
        assert trained_codecs(params) and trained_cards(params)
        print(sorted({{"torchvision", "compressai", "torch._dynamo", "matplotlib", "pandas"}} & set(sys.modules)))
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_all_mistakes_are_named_at_once(complaints):
    text = (
        PARAMS.replace("latents: 10", "latent: 10")
        .replace("kind: erm", "kind: er")
        .replace("codecs: {epochs: 4,", "codecs: {epochs: -1,")
    )
    found = complaints(text)
    assert len(found) == 3
    assert all(re.match(r"params\.yaml:\d+: ", line) for line in found)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("latents: 10", "latens: 10", "codecs.fixed10.latens: unknown key. Did you mean 'latents'?"),
        ("kind: awgn", "kind: awng", "Did you mean 'awgn'?"),
        (
            "codecs: {epochs: 4,",
            "codecs: {epochs: twelve,",
            "fit.codecs.epochs: input should be a valid integer, not 'twelve'",
        ),
        ("width: 8}", "width: 0}", "codecs.fixed10.width: input should be greater than or equal to 1, not 0"),
        ("  erm: {kind: erm}", "  erm: {}", "objectives.erm.kind: missing"),
        ("  fixed10:", "  Fixed-10:", "is no name"),
        ("  lrr:", "  dense:", "reserved"),
        ("datasets: [mnist5k]", "datasets: [mnist5]", "no entry 'mnist5' in datasets. Did you mean 'mnist5k'?"),
        ("datasets: [mnist5k]", "datasets: []", "study.datasets"),
        ("sparsities: [0.8, 0.95]", "sparsities: [0.8, 0.5]", "sparsities must rise"),
        ("seeds: [0, 1, 2]", "seeds: [0, 0]", "a seed stands twice"),
        ("size: 32, test_fraction: 0.1}\n  uci", "size: 20}\n  uci", "not 20x20; set size on the dataset"),
        ("datasets: [mnist5k]", "datasets: [mine]", "neither a folder nor"),
        ("kind: erm", "kind: 5", "objectives.erm.kind"),
        ("momentum: 0.9", "momentum: .nan", "fit.cards.momentum: input should be a finite number"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_remedy(complaints, old, new, words):
    assert old in PARAMS
    text = PARAMS.replace(old, new, 1)
    found = complaints(text)
    assert any(words in line for line in found), found


def test_the_line_is_that_of_the_file_that_said_it_last(complaints):
    overlay = "run:\n  tier: mine\ncodecs:\n  fixed10:\n    width: wide\n"
    assert complaints(overlay=overlay) == [
        "tier.yaml:5: codecs.fixed10.width: input should be a valid integer, not 'wide'"
    ]


def test_a_mistake_on_the_command_line_is_said_to_be_there(complaints):
    (line,) = complaints(overrides={"run": {"seeds": []}})
    assert line.startswith("--config:1: run.seeds: ")


def test_a_kind_whose_package_is_missing_matters_only_if_the_study_runs_it(complaints, tmp_path, monkeypatch):
    import shiftpress.objectives as family

    (tmp_path / "exotic.py").write_text("import no_such_package\n")
    monkeypatch.setattr(family, "__path__", [*family.__path__, str(tmp_path)])
    text = PARAMS.replace("  erm: {kind: erm}", "  erm: {kind: erm}\n  strange: {kind: exotic}")
    assert complaints(text) == []
    chosen = text.replace("objectives: [erm,", "objectives: [erm, strange,")
    assert any("needs the package 'no_such_package'" in line for line in complaints(chosen))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("wdro20, nested20,", "wdro20,", "codecs.nested64: no objective of the study can train it"),
        ("codecs: [fixed10, nested64,", "codecs: [fixed10,", "objectives.nested20: no codec of the study fits it"),
        ("noise20: {kind: noise_augmentation, radius: 20.1, only: [fixed10]}",
         "noise20: {kind: noise_augmentation, radius: 20.1, only: [fixed01]}",
         "objectives.noise20.only: no entry 'fixed01' in codecs. Did you mean"),
    ],
)  # fmt: skip
def test_a_codec_and_an_objective_must_find_each_other(complaints, old, new, expected):
    assert old in PARAMS
    assert any(expected in line for line in complaints(PARAMS.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("step: 20}", "step: 20, only: [convz]}", "pruners.lth.only: no entry 'convz' in classifiers. Did you mean"),
        ("step: 20}", "step: 20, only: [vgg16]}", "pruners.lth: no classifier of the study is one it is for"),
        ("kind: gaussian, natural: [fashion,", "kind: gaussian, natural: [fashio,",
         "augmentations.gaussian.natural: no entry 'fashio' in datasets. Did you mean 'fashion'?"),
    ],
)  # fmt: skip
def test_names_inside_pruners_and_augmentations_must_be_there(complaints, old, new, expected):
    assert old in PARAMS
    assert any(expected in line for line in complaints(PARAMS.replace(old, new)))


def test_a_white_box_shift_is_made_against_the_models_it_names_and_there_must_be_some(complaints):
    params = load_study([STUDY])
    assert attacked(params, "ball") == ["fixed10/erm", "fixed10/noise20", "fixed10/wdro20", "nested64/nested20"]
    anybody = load_study([STUDY], {"shifts": {"ball": {"phases": ["codecs", "cards"], "models": ["*/erm", "*/dense"]}}})
    dense = ["convs/clean/dense", "convs/gaussian/dense"]
    assert attacked(anybody, "ball") == ["fixed10/erm", "factorized/erm", *dense]
    text = PARAMS.replace('models: ["fixed*/erm"', 'models: ["mixed*/erm"').replace(
        '"fixed*/noise*", "fixed*/wdro*", "nested*", ', ""
    )
    assert any("shifts.ball.models: the study trains no model like these" in line for line in complaints(text))


def test_every_classifier_meets_dense_and_the_pruners_that_are_for_it():
    overrides = {"study": {"classifiers": ["convs", "lenet"]}, "pruners": {"lth": {"only": ["lenet"]}}}
    params = load_study([STUDY], overrides)
    cards, both = trained_cards(params), params.chosen("augmentations")
    own = [name for name in params.chosen("pruners") if name != "lth"]
    assert cards[: len(both) * (len(own) + 1)] == [("convs", a, name) for name in ["dense", *own] for a in both]
    wanted = [(a, name) for name in ["dense", *params.chosen("pruners")] for a in both]
    assert [card[1:] for card in cards if card[0] == "lenet"] == wanted


def test_a_study_may_bring_together_only_some(complaints):
    some = {"classifiers": ["convs", "conv4"], "cards": ["convs/*", "conv4/clean/dense", "conv4/clean/lth"]}
    cards = trained_cards(load_study([STUDY], {"study": some}))
    assert [card for card in cards if card[0] == "conv4"] == [("conv4", "clean", "dense"), ("conv4", "clean", "lth")]
    assert [card for card in cards if card[0] == "convs"] == trained_cards(load_study([STUDY]))
    said = complaints(overrides={"study": some | {"cards": ["convs/*", "conv4/clean/ltr"]}})
    assert len(said) == 1 and "'conv4/clean/ltr' is like no classifier/augmentation/pruner of the study" in said[0]


def test_a_study_reads_its_datasets_and_the_partners_of_shifts_that_are_for_them():
    laptop, paper = (datasets_read(load_study(files)) for files in ([STUDY], [STUDY, str(ROOT / "tiers/paper.yaml")]))
    assert laptop == ["mnist5k", "uci"]
    fogs = [f"cifar10_fog_{severity}" for severity in (1, 3, 5)]
    assert paper == ["mnist", "mnist28", "cifar10", "cifar100", "svhn", "uci", *fogs]


def test_a_phase_can_train_on_some_of_the_datasets(complaints):
    study = {"datasets": ["mnist5k", "uci"], "codecs_on": ["uci"]}
    params = load_study([STUDY], {"study": study})
    assert params.datasets_of("codecs") == ["uci"] and params.datasets_of("cards") == ["mnist5k", "uci"]
    text = PARAMS.replace("cards_on: all", "cards_on: [mnist6k]")
    assert any("study.cards_on" in line and "Did you mean 'mnist5k'?" in line for line in complaints(text))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("pair33: {cards: [convs/augmix/lrr_once/95,", "pair33: {cards: [convs/augmix/lrr_once/90,",
         "decks.pair33.cards.0: 'lrr_once' makes no card of 90 %. Did you mean '95'?"),
        ("pair33: {cards: [convs/augmix/lrr_once/95,", "pair33: {cards: [convs/augmx/lrr_once/95,",
         "decks.pair33.cards.0: no entry 'augmx' in augmentations. Did you mean 'augmix'?"),
        ("pair33: {cards: [convs/augmix/lrr_once/95,", "pair33: {cards: [convs/augmix,",
         "decks.pair33.cards.0: 'convs/augmix' names no card; write classifier/augmentation/pruner/percent"),
        ("pair33: {cards: [convs/augmix/lrr_once/95,", "pair33: {cards: [convs,",
         "decks.pair33.cards.0: 'convs' names no card; write classifier/augmentation/pruner/percent"),
        ("pair33: {cards: [convs/augmix/lrr_once/95,", 'pair33: {cards: ["",',
         "decks.pair33.cards.0: '' names no card; write classifier/augmentation/pruner/percent"),
        ("pair33: {cards: [convs/augmix/lrr_once/95,", "pair33: {cards: [convs/augmix/lrr_once,",
         "decks.pair33.cards.0: 'convs/augmix/lrr_once' names no card; write classifier/augmentation/pruner/percent"),
        ("pair33: {cards: [convs/augmix/lrr_once/95,", "pair33: {cards: [a/b/c/d,",
         "decks.pair33.cards.0: no entry 'b' in augmentations"),
        ("pair33: {cards: [convs/augmix/lrr_once/95,", "pair33: {cards: [convs/gaussian/lrr_once/95,",
         "decks.pair33.cards: a card stands twice in the list; raise copies instead"),
        ("lrr_once: {kind: lrr,", "lrr_once: {kind: lrr, only: [resnet8],",
         "decks.pair33.cards.0: 'lrr_once' is not for 'convs'; its classifiers are resnet8"),
        ("gates: [uniform, spectral, oracle]}", "gates: [uniform, spectrum, oracle]}",
         "decks.pair33_dense.gates.1: 'spectrum' is not in study.gates. Did you mean 'spectral'?"),
        ("decks: [pair33,", "decks: [pair3,", "study.decks.0: no entry 'pair3' in decks. Did you mean 'pair33'?"),
        ("decks_under: [clean,", "decks_under: [cleen,",
         "study.decks_under.0: 'cleen' is not in study.shifts. Did you mean 'clean'?"),
        ("{kind: spectral, feature: high}", "{kind: spectral, temperature: 0.1}", "raise nearest"),
    ],
)  # fmt: skip
def test_what_a_deck_names_must_be_there_and_fit(complaints, old, new, expected):
    assert old in PARAMS
    found = complaints(PARAMS.replace(old, new, 1))
    assert any(expected in line for line in found), found


def test_a_study_uses_what_its_decks_are_made_of_without_studying_it():
    params = load_study([STUDY])
    assert "augmix" not in params.chosen("augmentations") and "augmix" in params.used("augmentations")
    assert "lrr_once" not in params.chosen("pruners") and "lrr_once" in params.used("pruners")
    effective = params.effective()
    assert "augmix" in effective["augmentations"] and "augmix_jsd" not in effective["augmentations"]
    assert list(effective["decks"]) == params.chosen("decks")
    none = load_study([STUDY], {"study": {"decks": ["six_gaussian"]}})
    assert "augmix" not in none.used("augmentations")


def test_another_dataset_takes_one_word_and_goes_through_every_phase():
    params = load_study([STUDY], {"study": {"datasets": ["fashion"]}})
    assert params.compressed() == [("fashion", "lenet")] and params.datasets_of("edge") == ["fashion"]
    assert attacks_on(params, "edge", "fashion", "edge_s/dense") == ["near", "near_own", "near_square"]
    assert attacks_on(params, "atmc", "fashion", "lenet/ap") == [], "those of the study are for MNIST"
