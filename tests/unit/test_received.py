"""Results folders of strangers, under right digests: compared, or refused in one line."""

import io
import json
import random
import time

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from test_compare import records, write_run
from typer.testing import CliRunner

from shiftpress.cli import app
from shiftpress.core.problems import InputError
from shiftpress.core.records import Record
from shiftpress.core.storage import canonical_json, read_facts, replace_file, sidecar, write_artefact
from shiftpress.reporting import received
from shiftpress.reporting.differences import compared
from shiftpress.reporting.received import claims_of, records_of, run_of
from shiftpress.reporting.side_by_side import text

ODD = [None, True, -1, 0, 1e308, "", "x", "\x1b]0;owned\x07", [], [[]], {}, {"a": {}}, ["0"], 10**30]


@pytest.fixture
def folder(tmp_path):
    return write_run(tmp_path / "results", records())


def put(path, data: bytes) -> None:
    write_artefact(path, data, "stranger")


def twisted(value, draws: random.Random):
    """The value with one place of it lost, renamed, or of another kind."""
    found = json.loads(json.dumps(value))
    at, path = found, []
    while isinstance(at, (dict, list)) and at:
        key = draws.choice(list(at)) if isinstance(at, dict) else draws.randrange(len(at))
        path.append((at, key))
        if draws.random() < 0.35:
            break
        at = at[key]
    if not path:
        return draws.choice(ODD)
    holder, key = path[-1]
    match draws.randrange(3):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[f"{key}x"] = holder.pop(key)
        case _:
            holder[key] = draws.choice(ODD)
    return found


@pytest.mark.parametrize("name", ["run.json", "claims.json"])
def test_twisted_descriptions_are_compared_or_refused_in_a_line(folder, tmp_path, name):
    whole, draws, refused = json.loads((folder / name).read_bytes()), random.Random(7), 0
    bad = write_run(tmp_path / "bad", records())
    for number in range(100):
        put(bad / name, canonical_json(twisted(whole, draws)))
        begun = time.process_time()
        try:
            shown = text(compared(folder, bad))
            assert shown.replace("\n", "").isprintable(), number
        except InputError as error:
            said = str(error)
            refused += 1
            assert said.isprintable() and len(said) < 700 and name in said, (number, said)
        assert time.process_time() - begun < 3
    assert refused > 20


NO_LISTS = [b"", b"[", b"[" * 100_000 + b"]" * 100_000, b"[1e999]", b"nan", b"\xff", b"0", b"[{}]"]


@pytest.mark.parametrize("data", NO_LISTS, ids=lambda data: repr(data)[:12])
@pytest.mark.parametrize("read", [run_of, claims_of])
def test_what_is_no_description_is_refused(folder, data, read):
    path = folder / ("run.json" if read is run_of else "claims.json")
    put(path, data)
    with pytest.raises(InputError) as refusal:
        read(folder)
    assert str(refusal.value).isprintable() and str(path) in str(refusal.value)


def test_effects_of_two_values_for_a_seed_are_refused(folder):
    rows = json.loads((folder / "claims.json").read_bytes())
    rows[0]["parts"][0]["seeds"][1] = rows[0]["parts"][0]["seeds"][0]
    put(folder / "claims.json", canonical_json(rows))
    with pytest.raises(InputError, match="not of one seed"):
        claims_of(folder)


def table(frame: pd.DataFrame) -> bytes:
    held = io.BytesIO()
    frame.to_parquet(held, index=False)
    return held.getvalue()


TABLES = {
    "a column less": records().drop(columns="metric"),
    "a column more": records().assign(other=1),
    "a column renamed": records().rename(columns={"n": "m"}),
    "words for numbers": records().astype({"value": str}),
    "numbers for words": records().assign(model=1.0),
    "no number": records().assign(value=np.nan),
    "an infinite number": records().assign(severity=np.inf),
    "no word": records().assign(shift=None),
    "lists": records().assign(model=[["a"]] * 54),
    "truths": records().assign(n=True),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_other_things_are_refused(folder, name):
    put(folder / "scores.parquet", table(TABLES[name]))
    with pytest.raises(InputError, match="is not a table of records of this version"):
        records_of(folder)


def test_damaged_tables_are_read_or_refused(folder):
    whole, draws, read = table(records()), np.random.default_rng(3), 0
    for _ in range(400):
        bad = bytearray(whole)
        for at in draws.integers(0, len(bad), draws.integers(1, 5)).tolist():
            bad[at] = int(draws.integers(0, 256))
        put(folder / "scores.parquet", bytes(bad[: int(draws.integers(len(bad)))] if draws.random() < 0.2 else bad))
        try:
            found = records_of(folder)
            read += 1
            assert list(found) and set(found) == set(Record.model_fields) and np.isfinite(found.value).all()
        except InputError as error:
            assert str(error).isprintable() and len(str(error)) < 500
    assert read < 400


def test_a_table_of_too_many_records_is_refused_before_they_are_made(folder, monkeypatch):
    monkeypatch.setattr(received, "MOST_RECORDS", 53)
    monkeypatch.setattr(pq, "read_table", lambda *_, **__: pytest.fail("read"))
    with pytest.raises(InputError, match="more than 53 rows"):
        records_of(folder)


def test_long_words_are_kept_once(folder):
    long = records().assign(model="m" * 1_000_000)
    put(folder / "scores.parquet", table(long))
    found = records_of(folder)
    assert len({id(word) for word in found.model}) == 1


@pytest.mark.parametrize("change", [{"place": 1}, {"size": "9"}, {"sha256": None}, {"place": None}])
def test_a_sealed_sidecar_of_wrong_kinds_is_refused(folder, change):
    from shiftpress.core.storage import fingerprint

    path = folder / "run.json"
    facts = {**read_facts(path), **change}
    facts = {key: value for key, value in facts.items() if key != "seal" and value is not None}
    replace_file(type(path)(sidecar(path)), canonical_json(facts | {"seal": fingerprint(facts)}))
    with pytest.raises(InputError, match="is not a shiftpress/artefact"):
        run_of(folder)


def test_the_verb_leaves_with_exit_code_2_and_prints_nothing_that_a_terminal_obeys(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "other", records(), commit="\x1b]0;owned\x07\x1b[2J")
    done = CliRunner().invoke(app, ["compare", "results", "other"])
    assert done.exit_code == 0 and "\x1b" not in done.stdout and "\\x1b]0;owned" in done.stdout
    put(tmp_path / "other/claims.json", b"[{}]")
    done = CliRunner().invoke(app, ["compare", "results", "other"])
    assert done.exit_code == 2 and "claims.json is not a list of verdicts" in done.stderr
    assert "Traceback" not in done.stderr
