"""What a run cost is read from benchmark files, and more seeds are priced by the jobs that know seeds."""

import numpy as np
import pytest
from scipy import stats

from shiftpress.reporting.spent import costs, jobs, more_seeds, phase_costs, phases_of


@pytest.fixture
def spent(tmp_path):
    for path, cpu in {
        "train/a/seeds0-2.tsv": "30",
        "train/a/seeds5.tsv": "99",
        "train/gone/seeds0-2.tsv": "98",
        "fetch/gone.tsv": "97",
        "fetch/a.tsv": "4",
        "fetch/b.tsv": "-",
    }.items():
        file = tmp_path / "benchmarks" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"s\tmax_rss\tcpu_time\n2.5\t100\t{cpu}\n")
    return jobs(tmp_path / "benchmarks", ["0-2"], ["train/a", "fetch/a", "fetch/b"])


def test_jobs_of_other_seeds_or_of_no_rule_now_do_not_count_and_short_ones_cost_nothing(spent):
    assert spent.cpu.sum() == 34 and sorted(spent.seeds) == [0, 0, 3]
    rows = {row["rule"]: row for row in costs(spent, {"train": "codecs"})}
    assert rows["train"]["phase"] == "codecs" and rows["fetch"]["jobs"] == 2 and rows["fetch"]["wall"] == 5


def test_two_more_seeds_cost_two_thirds_of_what_three_did(spent):
    more = more_seeds(spent, 3)
    assert more["cpu"] == pytest.approx(20) and more["once"] == pytest.approx(4) and more["seeds"] == 5


def test_what_more_seeds_see_is_true_of_the_t_test(spent):
    """Effects that five seeds see with 80 % power: simulated, at the size that the report promises."""
    shrink = more_seeds(spent, 3)["shrink"]
    assert more_seeds(spent, 2)["shrink"] is None
    critical = {n: stats.t.ppf(0.975, n - 1) for n in (3, 5)}
    seen3 = next(d for d in np.arange(1, 8, 0.01) if stats.nct.sf(critical[3], 2, d * 3**0.5) >= 0.8)
    rng = np.random.default_rng(1)
    values = rng.normal(seen3 * shrink, 1, (40_000, 5))
    t = values.mean(1) / (values.std(1, ddof=1) / 5**0.5)
    assert (t > critical[5]).mean() == pytest.approx(0.8, abs=0.01)


def test_bytes_are_counted_by_phase(spent, tmp_path):
    (tmp_path / "results" / "codecs").mkdir(parents=True)
    (tmp_path / "results" / "codecs" / "one").write_bytes(b"12345")
    rows = {row["phase"]: row for row in phase_costs(spent, {"train": "codecs"}, tmp_path / "results")}
    assert (rows["codecs"]["files"], rows["codecs"]["bytes"], rows["codecs"]["jobs"]) == (1, 5, 1)
    assert rows["others"]["files"] is None


def test_rules_belong_to_the_phase_of_their_file(tmp_path):
    (tmp_path / "codecs.smk").write_text("rule train:\n    input: 1\n\nrule score:\n")
    assert phases_of(tmp_path) == {"train": "codecs", "score": "codecs"}
