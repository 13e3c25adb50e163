"""What compressed networks are compared in comes in one order, whatever the hashes of names are."""

import pytest

from shiftpress.core.records import Record
from shiftpress.evaluation.ranking import SIZES, agreement, at_equal_size

SHIFTS = ["fog", "snow", "contrast", "negative", "patterned", "to_uci", "pixelate", "clean", "blur", "noise"]


def record(compressor, ratio, shift, metric, value, seed=0):
    place = {"phase": "atmc", "dataset": "d", "shift": shift, "severity": 1.0, "source": "regenerated", "seed": seed}
    return Record(**place, model=f"net/{compressor}/{ratio}", metric=metric, value=value, n=1, fingerprint="f")


def test_cells_are_compared_in_the_order_of_their_names():
    made = []
    for compressor in ("alr", "atmc32"):
        for number, ratio in enumerate(("0.4", "0.2"), 1):
            made += [record(compressor, ratio, "storage", size, 100.0 * number) for size in SIZES]
            made += [record(compressor, ratio, shift, "accuracy", 0.5) for shift in SHIFTS]
    found = [one.shift for one in at_equal_size(made, "accuracy")]
    assert found == sorted(SHIFTS) * len(SIZES)


def two_methods(seeds=(0, 1)):
    """Two methods of two ratios and seeds under two attacks."""
    made = []
    for seed in seeds:
        for compressor, gain in (("alr", 0.0), ("atmc32", 0.1)):
            for number, ratio in enumerate(("0.2", "0.4"), 1):
                made += [record(compressor, ratio, "storage", size, 100.0 * number, seed) for size in SIZES]
                for attack in ("paper", "auto"):
                    made.append(record(compressor, ratio, attack, "robust_accuracy", gain + number / 10, seed))
    return made


def derived(made):
    return [*at_equal_size(made, "robust_accuracy"), *agreement(made, "robust_accuracy", ("paper", 1.0))]


@pytest.mark.parametrize("compressor", ["alr", "atmc32"])
def test_what_compares_networks_stands_under_the_gates_that_any_of_them_failed(compressor):
    made = [*two_methods(), record(compressor, "0.4", "auto", "unreliable/masking", 1.0, seed=1)]
    found = {(one.model, one.shift, one.seed, one.metric) for one in derived(made) if "behind" in one.metric}
    gaps = {f"unreliable_behind/robust_accuracy_at_{size}/masking" for size in SIZES}
    assert found == {("net/alr~atmc32", "auto", 1, gap) for gap in gaps} | {
        ("net/order/0.4", "auto", 1, "unreliable_behind/kendall_tau/masking")
    }


def test_an_order_stands_under_the_gates_of_its_reference_too():
    made = [*two_methods(), record("alr", "0.2", "paper", "unreliable/large", 1.0)]
    found = [one for one in agreement(made, "robust_accuracy", ("paper", 1.0)) if "behind" in one.metric]
    assert [(one.model, one.shift, one.seed) for one in found] == [("net/order/0.2", "auto", 0)]


def test_a_seed_of_which_a_network_diverged_has_no_comparison_and_is_named():
    made = [one for one in two_methods() if (one.seed, one.model) != (1, "net/atmc32/0.4")]
    found = derived([*made, record("atmc32", "0.4", "training", "diverged", 7.0, seed=1)])
    values = {(one.model, one.seed) for one in found if "behind" not in one.metric}
    assert values == {("net/alr~atmc32", 0), ("net/order/0.2", 0), ("net/order/0.2", 1), ("net/order/0.4", 0)}
    said = {(one.model, one.seed, one.metric) for one in found if "behind" in one.metric}
    gaps = {f"diverged_behind/robust_accuracy_at_{size}" for size in SIZES}
    assert said == {("net/alr~atmc32", 1, gap) for gap in gaps} | {("net/order/0.4", 1, "diverged_behind/kendall_tau")}
