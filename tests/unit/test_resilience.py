"""What is lost beyond what is lost anyway: by difference, and beside the line through the dense networks."""

from math import exp

import pytest

from shiftpress.core.records import Record
from shiftpress.evaluation.resilience import Resilience

SIZES = {"s": 0.90, "m": 0.94, "l": 0.97}


def record(model, value, shift="clean", severity=0.0, seed=0, metric="accuracy", n=10_000_000):
    place = {"shift": shift, "severity": severity, "source": "regenerated", "seed": seed, "n": n}
    return Record(phase="edge", dataset="mnist", model=model, metric=metric, value=value, fingerprint="f", **place)


def shifted(accuracy):
    """On the line: logit of accuracy under the shift is 0.8 of the logit of clean accuracy, less one."""
    odds = (accuracy / (1 - accuracy)) ** 0.8 * exp(-1)
    return odds / (1 + odds)


def both(model, clean, fog, **more):
    return [record(model, clean, **more), record(model, fog, shift="fog", severity=3.0, **more)]


def values(records):
    return {(r.model, r.shift, r.metric): r.value for r in Resilience(records).records()}


@pytest.fixture
def dense():
    return [r for name, clean in SIZES.items() for r in both(f"{name}/dense/100", clean, shifted(clean))]


def test_losses_are_the_parents_less_their_own_and_the_excess_is_beyond_the_clean_loss(dense):
    found = values([*dense, *both("l/prune/25", 0.95, 0.60)])
    assert found["l/prune/25", "fog", "lost_accuracy"] == pytest.approx(shifted(0.97) - 0.60)
    assert found["l/prune/25", "fog", "excess_loss"] == pytest.approx(shifted(0.97) - 0.60 - 0.02)
    assert ("l/dense/100", "fog", "lost_accuracy") not in found
    assert not [key for key in found if key[1] == "clean"]


def test_a_network_on_the_line_has_no_effective_robustness_and_one_above_it_has(dense):
    found = values([*dense, *both("l/kd/25", 0.92, shifted(0.92)), *both("l/prune/25", 0.92, shifted(0.92) - 0.1)])
    assert found["l/kd/25", "fog", "effective_robustness"] == pytest.approx(0, abs=1e-4)
    assert found["l/prune/25", "fog", "effective_robustness"] < -0.3
    assert found["m/dense/100", "fog", "effective_robustness"] == pytest.approx(0, abs=1e-4)


def test_students_without_a_teacher_are_dense_networks_of_the_line_and_two_make_none(dense):
    few = [r for r in dense if r.model != "l/dense/100"]
    assert not [key for key in values(few) if key[2] == "effective_robustness"]
    more = values([*few, *both("m/no_kd/25", 0.8, shifted(0.8)), *both("m/kd/25", 0.7, shifted(0.7))])
    assert more["m/kd/25", "fog", "effective_robustness"] == pytest.approx(0, abs=1e-4)


def test_of_an_attack_the_images_it_attacks_are_the_source():
    found = []
    for model, clean, robust in (("l/dense/100", 0.98, 0.5), ("l/ptq8/25", 0.97, 0.4)):
        found += [record(model, 0.5), record(model, clean, "pgd", 0.0, metric="robust_accuracy")]
        found += [record(model, robust, "pgd", 0.1, metric="robust_accuracy")]
        found += [record(model, robust - 0.02, "worst_linf", 0.1, metric="robust_accuracy")]
    assert values(found)["l/ptq8/25", "pgd", "excess_loss"] == pytest.approx(0.1 - 0.01)
    assert values(found)["l/ptq8/25", "worst_linf", "excess_loss"] == pytest.approx(0.1 - 0.01), (
        "it has no clean images"
    )


def test_orders_are_compared_within_a_size():
    clean, fog = {"a": 0.9, "b": 0.8, "c": 0.7}, {"a": 0.3, "b": 0.4, "c": 0.5}
    found = values([r for name in clean for r in both(f"l/{name}/25", clean[name], fog[name])])
    assert found["l/order/all", "fog", "kendall_tau"] == -1.0


def test_seeds_are_not_mixed(dense):
    other = [r.model_copy(update={"seed": 1, "value": 0.5}) for r in dense]
    own = both("l/prune/25", 0.95, 0.60)
    found = {(r.model, r.seed, r.metric): r.value for r in Resilience([*dense, *other, *own]).records()}
    assert found["l/prune/25", 0, "lost_accuracy"] == pytest.approx(shifted(0.97) - 0.60)
    assert ("l/prune/25", 1, "lost_accuracy") not in found


def test_perfect_and_hopeless_accuracies_have_finite_logits():
    found = [r for k, name in enumerate(SIZES) for r in both(f"{name}/dense/100", 1 - 0.1 * k, 0.1 * k, n=100)]
    found += both("l/prune/25", 1.0, 0.0, n=100)
    assert abs(values(found)["l/prune/25", "fog", "effective_robustness"]) < 20


def behind(records):
    return {(r.model, r.shift, r.seed, r.metric) for r in Resilience(records).records() if "_behind/" in r.metric}


def attacked(model, before, after, seed=0):
    made = [record(model, before, "pgd", 0.0, seed, "robust_accuracy")]
    return [*made, record(model, after, "pgd", 0.1, seed, "robust_accuracy")]


@pytest.mark.parametrize("radius", [0.0, 0.1])
def test_losses_stand_under_the_gates_that_their_parent_failed_and_its_order_too(radius):
    made = [*attacked("l/dense/100", 0.98, 0.5), *attacked("l/kd/25", 0.97, 0.4), *attacked("m/dense/100", 0.9, 0.3)]
    flag = record("l/dense/100", 1.0, "pgd", radius, metric="unreliable/large")
    losses = [f"unreliable_behind/{metric}/large" for metric in ("lost_accuracy", "excess_loss")]
    said = {("l/kd/25", "pgd", 0, metric) for metric in losses}
    said.add(("l/order/all", "pgd", 0, "unreliable_behind/kendall_tau/large"))
    assert behind([*made, flag]) == said
    assert behind(made) == set()
    other = record("l/dense/100", 1.0, "fog", 3.0, metric="unreliable/large")
    assert behind([*made, other]) == set(), "of another shift"


def test_what_stands_beside_the_line_stands_under_the_gates_of_all_that_it_goes_through():
    made = [r for name, clean in SIZES.items() for r in attacked(f"{name}/dense/100", clean, clean / 2)]
    made += attacked("l/kd/25", 0.93, 0.4)
    flag = record("s/dense/100", 1.0, "pgd", 0.1, metric="unreliable/clean")
    said = {model for model, _, _, metric in behind([*made, flag]) if "effective" in metric}
    assert said == {"s/dense/100", "m/dense/100", "l/dense/100", "l/kd/25"}


def test_without_a_dense_parent_losses_are_said_to_be_missing_and_orders_are_not_of_fewer_networks():
    made = []
    for seed in (0, 1):
        made += [r for name in ("dense/100", "kd/25", "prune/25") for r in both(f"l/{name}", 0.9, 0.5, seed=seed)]
    made = [r if r.model != "l/kd/25" else r.model_copy(update={"value": r.value - 0.1}) for r in made]
    gone = [r for r in made if (r.model, r.seed) != ("l/dense/100", 1)]
    gone.append(record("l/dense/100", 4.0, "training", seed=1, metric="diverged"))
    losses = [f"diverged_behind/{metric}" for metric in ("lost_accuracy", "excess_loss")]
    said = {(model, "training", 1, metric) for model in ("l/kd/25", "l/prune/25") for metric in losses}
    assert behind(gone) == {*said, ("l/order/all", "training", 1, "diverged_behind/kendall_tau")}
    taus = [r.seed for r in Resilience(gone).records() if r.metric == "kendall_tau"]
    assert taus == [0]
