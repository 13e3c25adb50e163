"""Benchmarks have one form, and their page says what was not met and what was not run."""

import argparse
import ast
import json
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"
sys.path.append(str(BENCH))

import kernels  # noqa: E402
import run  # noqa: E402
from table import Row, amount, finish, row, turns  # noqa: E402

MACHINE = dict.fromkeys(("flags", "cores", "memory", "system", "python", "torch"), "") | {"processor": "some"}


RATES = {"float32": 1e11, "bfloat16": 1e12, "copied": 1e10}


def kept(commit: str, *rows: Row, machine: dict = MACHINE) -> dict:
    facts = {"commit": commit, "machine": machine, "date": "2026-01-01", "rates": RATES}
    return facts | {"rows": [asdict(one) for one in rows]}


def test_a_ratio_is_the_median_of_the_turns_own_ratios():
    found = row("n", "p", "images/s", [1.0, 2.0, 4.0, 1.0, 1.0], [2.0, 8.0, 4.0, 3.0, 9.0], 10, least=2.5)
    assert (found.ours, found.theirs, found.ratio) == (10.0, 2.5, 3.0)
    assert (found.low, found.high, found.repeats, found.met) == (2.0, 4.0, 5, True)
    assert amount(0.5, "ms a step") == 500 and amount(3.0, "s", 2) == 1.5


def test_a_row_is_met_by_its_ratio_or_by_itself_or_asks_nothing():
    assert Row("n", "p", "s", 1.0, 2.0, 2.0, least=2.0).met and not Row("n", "p", "s", 1.0, 2.0, 1.9, least=2.0).met
    assert Row("n", "", "s", 0.3, most=0.3).met and Row("n", "", "s", 0.31, most=0.3).met is False
    assert Row("n", "", "s", 1.0).met is None and Row("n", "", "s", None, most=1.0).met is None


def test_ways_take_turns_and_first_ones_are_left_out():
    calls = []

    def way(name):
        return lambda: calls.append(name) or len(calls)

    found = turns({"a": way("a"), "b": way("b")}, repeats=5, warm=2)
    assert sorted(found["a"] + found["b"]) == list(range(5, 15))
    assert all({*calls[k : k + 2]} == {"a", "b"} for k in range(0, 14, 2)) and calls[::2] != [calls[0]] * 7


def test_a_row_that_is_not_as_asked_is_printed_and_leaves_with_1(tmp_path, capsys):
    rows = [Row("fine", "p", "s", 1.0, 2.0, 2.0, 2.0, 2.0, least=2.0), Row("late", "", "s", 9.0, most=5.0)]
    with pytest.raises(SystemExit) as left:
        finish(rows, argparse.Namespace(json=tmp_path / "rows"))
    assert left.value.code == 1 and "NOT MET" in capsys.readouterr().out
    assert [Row(**one) for one in json.loads((tmp_path / "rows").read_text())] == rows
    with pytest.raises(SystemExit) as left:
        finish(rows[:1], argparse.Namespace(json=None))
    assert left.value.code == 0


def test_the_page_says_what_is_not_met_not_run_and_from_another_commit():
    slow = Row("net", "torch", "ms a step", 3.0, 2.0, 0.67, 0.6, 0.7, 5, least=0.95)
    quick, other = Row("c", "", "s", 1.0, most=2.0), MACHINE | {"processor": "other"}
    said = run.page({"pgd": kept("abc", slow), "claims": kept("def", quick), "deck": kept("abc", machine=other)})
    assert "| PGD beside torchattacks: net | ratio ≥ 0.95 | 0.67 | **not met** |" in said
    assert "| Statistics of claims: c | ≤ 2 s | 1 s | met |" in said
    assert "At def, 2026" in said and "At abc on other" in said and "At abc, " not in said
    assert "100 GFLOP/s in float32, 1000 in bfloat16" in said
    assert said.count("NOT RUN") == len(run.KINDS) - 3


@pytest.mark.parametrize("name", run.KINDS)
def test_every_benchmark_has_its_script_in_the_common_form(name):
    tree = ast.parse((BENCH / f"{name}.py").read_text())
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert ast.get_docstring(tree) and f"python bench/{name}.py" in ast.get_docstring(tree)
    assert {"options", "finish", "main"} <= called


@pytest.mark.parametrize(
    ("stack", "what"),
    [
        ("main (cli.py:3);forward (torch/nn/conv.py:5);dnnl_gemm (libdnnl.so.3);0x7f00 (?)", "torch"),
        ("forward (torch/nn/conv.py:5);at::native::add (libtorch_cpu.so);__memcpy (libc.so.6)", "torch"),
        ("save (PIL/Image.py:9);VP8EncTokenLoop (libwebp-5.so.7)", "other libraries"),
        ("forward (torch/nn/conv.py:5)", "Python"),
        ("<module> (score.py:5);gc_collect_main (libpython3.11.so.1.0)", "Python"),
        ("select (selectors.py:468);epoll_wait (libc.so.6)", "waiting"),
        ("run (pool.py:1);Condition.wait (threading.py:327)", "waiting"),
    ],
)
def test_a_sample_counts_for_what_pythons_innermost_frame_called(stack, what):
    text = f'process 7:"python; of it";{stack} 3\n{stack} 1\n'
    assert kernels.counted(text) == {what: 4}
