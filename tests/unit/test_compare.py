"""Two runs side by side: a run does not differ from itself, and one changed param is named with all that it moved."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from shiftpress.claims.model import Ledger
from shiftpress.claims.verdict import judge
from shiftpress.cli import app
from shiftpress.core.records import Record
from shiftpress.core.storage import write_artefact, write_json
from shiftpress.reporting.differences import changes, compared
from shiftpress.reporting.run import SCHEMA
from shiftpress.reporting.side_by_side import page, text

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "run": {"tier": "t", "seeds": [0, 1, 2]},
    "shifts": {"noise": {"kind": "awgn", "severities": [0.1, 0.2]}, "spin": {"kind": "rotation"}},
}
RUN = {
    "schema": SCHEMA,
    "tier": "t",
    "described": "2026-01-01T00:00:00+00:00",
    "commit": "abc",
    "settings": SETTINGS,
    "code": {"src/a.py": "1" * 64, "src/b.py": "2" * 64},
    "machine": {"python": "3.11", "cores": "2"},
    "packages": {"numpy": "1.26.4"},
    "data": {"d": {"pixels_sha256": {"test": "x"}}},
    "artefacts": {},
    "jobs": [{"rule": "score_codec", "about": "d", "wall_s": 1.0, "cpu_s": 2.0, "memory_mb": 3.0, "ended": ""}],
}
CLAIM = {
    "statement": "Robust is better.",
    "place": "p",
    "phase": "codecs",
    "metric": "distortion_se",
    "effect": "difference",
    "unit": "units",
    "arm": {"model": "a/robust", "shifts": ["noise"]},
    "baseline": {"model": "a/erm", "shifts": ["noise"]},
    "below": 0.0,
    "reported": {"text": "less", "known": "read"},
}
LEDGER = Ledger.model_validate(
    {"paper": "P", "title": "T", "claims": {"X-1": CLAIM, "X-2": CLAIM | {"metric": "rate_bits"}}}
)


def records(moved: float = 0.0, seeds: int = 3, fingerprint: str = "f") -> pd.DataFrame:
    """Two codecs under two shifts; only the robust one's distortion under noise is moved, by seed and by as much."""
    rows = []
    for model in ("a/erm", "a/robust"):
        for shift, severity in (("noise", 0.1), ("noise", 0.2), ("spin", 90.0)):
            for seed in range(seeds):
                here = (model, shift) == ("a/robust", "noise")
                value = (
                    10.0 + seed - (2.0 + 0.1 * seed if model == "a/robust" else 0.0) + moved * (1 + 0.1 * seed) * here
                )
                place = ("codecs", "d", model, shift, severity, "regenerated", seed)
                rows.append((*place, "distortion_se", value, 100, fingerprint if here else "f"))
                rows.append((*place, "rate_bits", 35.0, 100, "f"))
                rows.append((*place, "error/1/2", 0.5, 100, "f"))
    return pd.DataFrame(rows, columns=list(Record.model_fields))


def write_run(folder: Path, scores: pd.DataFrame, **changed) -> Path:
    write_artefact(folder / "scores.parquet", scores.to_parquet(index=False), "me")
    write_json(folder / "claims.json", judge([LEDGER], scores, "t"), "me")
    write_json(folder / "run.json", RUN | changed, "me")
    return folder


def louder() -> dict:
    settings = json.loads(json.dumps(SETTINGS))
    settings["shifts"]["noise"]["severities"] = [0.1, 0.3]
    return settings


@pytest.fixture
def a(tmp_path):
    return write_run(tmp_path / "a", records())


def test_a_run_does_not_differ_from_itself(a):
    found = compared(a, a)
    assert found.same
    assert text(found).splitlines()[-1] == "No difference: 54 records and 2 claims are equal."
    shown = page(found, ROOT / "report/templates", ROOT / "report/static/style.css")
    assert "The two runs do not differ" in shown and shown.count("None differs.") == 5


def test_one_param_is_named_with_exactly_what_it_moved(a, tmp_path):
    b = write_run(tmp_path / "b", records(5.0, fingerprint="g"), settings=louder())
    found = compared(a, b)
    assert [(c.key, c.a, c.b) for c in found.settings] == [("shifts.noise.severities", "[0.1, 0.2]", "[0.1, 0.3]")]
    assert not (found.code or found.machine or found.packages or found.data or found.metrics.only)
    (move,) = found.metrics.moved
    assert (move.model, move.shift, move.metric, move.cells) == ("a/robust", "noise", "distortion_se", 6)
    assert (found.metrics.equal, found.metrics.differ, found.metrics.remade) == (48, 6, 0)
    assert move.change.mean == pytest.approx(5.5) and move.change.n == 3 and move.clear
    assert move.change.low == pytest.approx(5.5 - 4.302653 * 0.5 / 3**0.5)
    (turn,) = found.verdicts
    assert turn.id == "X-1" and turn.verdicts == ("SUPPORTED", "REFUTED")
    assert turn.change.mean == pytest.approx(5.5) and turn.seeds == (3, 3)
    said = text(found)
    assert "settings: 1 differs\n  shifts.noise.severities: [0.1, 0.2] -> [0.1, 0.3]\n" in said
    assert "X-1: SUPPORTED -> REFUTED; −2.100 -> 3.400 units, +5.5 [4.26 to 6.74], n=3" in said


def test_pairing_by_seed_takes_the_spread_of_seeds_out(a, tmp_path):
    """Seeds differ by 1 and the change by 0.01: the interval is that of the change."""
    (move,) = compared(a, write_run(tmp_path / "b", records(0.1))).metrics.moved
    assert move.change.half_width < 0.03 and move.clear


def test_records_made_in_another_way_with_equal_values_are_counted(a, tmp_path):
    found = compared(a, write_run(tmp_path / "b", records(fingerprint="g"))).metrics
    assert found.same and found.remade == 6


def test_seeds_that_one_run_has_more_are_told(a, tmp_path):
    settings = SETTINGS | {"run": {"tier": "t", "seeds": [0, 1, 2, 3]}}
    found = compared(a, write_run(tmp_path / "b", records(seeds=4), settings=settings))
    assert [(row["run"], row["model"], row["records"], row["seeds"]) for row in found.metrics.only] == [
        ("B", "a/erm", 9, [3]),
        ("B", "a/robust", 9, [3]),
    ]
    assert not found.metrics.moved and not found.same
    assert [turn.seeds for turn in found.verdicts] == [(3, 4), (3, 4)]
    assert "only in B: codecs a/erm on d, 9 records, seeds 3" in text(found)


def test_two_seeds_give_a_difference_and_no_interval(tmp_path):
    a, b = (write_run(tmp_path / name, records(by, seeds=2)) for name, by in (("a", 0.0), ("b", 1.0)))
    (move,) = compared(a, b).metrics.moved
    assert move.change.low is None and not move.clear
    assert "(n=2, no interval)" in text(compared(a, b))


@pytest.mark.parametrize(
    ("name", "value", "keys"),
    [
        ("code", {"src/a.py": "3" * 64, "src/c.py": "2" * 64}, ["src/a.py", "src/b.py", "src/c.py"]),
        ("packages", {"numpy": "2.0.0"}, ["numpy"]),
        ("machine", {"python": "3.12", "cores": "2"}, ["python"]),
        ("data", {"d": {"pixels_sha256": {"test": "y"}}}, ["d.pixels_sha256.test"]),
        ("commit", "def", ["commit"]),
    ],
)
def test_each_part_of_a_run_is_compared(a, tmp_path, name, value, keys):
    found = compared(a, write_run(tmp_path / "b", records(), **{name: value}))
    part = "code" if name == "commit" else name
    assert [change.key for change in getattr(found, part)] == keys and not found.same
    assert f"{part}: {len(keys)} differ" in text(found)


def test_a_missing_key_is_no_value_and_none_is_one():
    found = changes({"x": {"a": None, "b": 1}}, {"x": {"a": 0, "c": {}}})
    assert [(c.key, c.a, c.b) for c in found] == [("x.a", "None", "0"), ("x.b", "1", None), ("x.c", None, "{}")]


def test_what_people_write_is_shown_and_not_run(a, tmp_path):
    bad = "<script>alert(1)</script>"
    settings = SETTINGS | {bad: bad}
    moved = records(5.0).replace({"model": {"a/erm": bad}})
    found = compared(a, write_run(tmp_path / "b", moved, settings=settings, commit=bad))
    shown = page(found, ROOT / "report/templates", ROOT / "report/static/style.css")
    assert "<script" not in shown and "&lt;script&gt;" in shown and "default-src 'none'" in shown


def test_the_verb_prints_and_writes(a, tmp_path, monkeypatch):
    for name in ("templates", "static"):
        shutil.copytree(ROOT / "report" / name, tmp_path / "report" / name)
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "results/laptop", records(5.0), settings=louder())
    done = CliRunner().invoke(app, ["compare", "a", "laptop", "-o", "c/compare.html"])
    assert done.exit_code == 0 and "verdicts: 1 of 2 are others" in done.stdout
    shown = (tmp_path / "c/compare.html").read_text()
    assert "shifts.noise.severities" in shown and "REFUTED" in shown
    for words, said in ((["a", "b"], "There is no run 'b'"), (["a", "c"], "Has the run been finished?")):
        done = CliRunner().invoke(app, ["compare", *words])
        assert done.exit_code == 2 and said in done.stderr


def test_a_damaged_table_is_refused(a, tmp_path):
    b = write_run(tmp_path / "b", records())
    (b / "scores.parquet").write_bytes(b"not it")
    with pytest.raises(Exception, match="not what was recorded") as caught:
        compared(a, b)
    assert caught.type.__name__ == "InputError"
