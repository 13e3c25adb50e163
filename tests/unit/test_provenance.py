"""A result depends on the files its module reaches, and on nothing else."""

import ast
from pathlib import Path

import pytest

from shiftpress.core import provenance
from shiftpress.core.provenance import digest_of, listing, producer, sources
from shiftpress.core.storage import sidecar, write_artefact

ROOT = Path(__file__).parents[2]
FILES = [*sorted((ROOT / "src").rglob("*.py")), *sorted((ROOT / "workflow/scripts").glob("*.py"))]


def names(*starts: str) -> set[str]:
    return {path.split("shiftpress/")[-1] for path in sources(*starts)}


def test_imports_are_followed_through_modules():
    found = names("shiftpress.pruners.lrr")
    assert {"pruners/lrr.py", "pruners/base.py", "core/component.py"} <= found
    assert not any(name.startswith(("codecs/", "reporting/")) for name in found)


def by_parser(text: str) -> set[str]:
    """What Python's own parser says is imported."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_imports_are_found_as_the_parser_finds_them_in_every_file():
    for path in FILES:
        found = set(provenance._imports(path))
        parsed = by_parser(path.read_text())
        assert parsed <= found, path
        ours = {name for name in found - parsed if name.startswith("shiftpress")}
        assert not ours, path


@pytest.mark.parametrize(
    "text",
    [
        "import a.b, c as d",
        "from a.b import (\n    c,\n    d as e,  # why (so)\n)",
        "from a.b import (\n    c,\n)  # why",
        "def f():\n    from a import b, c\n    import d",
        "from a import b  # not c\nif x:\n\timport e",
        "import a\r\nfrom b import c\r\n",
    ],
)
def test_every_way_to_import_is_read(text, tmp_path):
    path = tmp_path / "some.py"
    path.write_text(text)
    assert set(provenance._imports(path)) == by_parser(text)


def test_a_script_brings_what_it_imports_but_not_the_params():
    found = names("workflow/scripts/train_codec.py")
    assert {"workflow/scripts/train_codec.py", "training/codecs.py", "core/seeds.py"} <= found
    assert not {"core/params.py", "core/progress.py", "assembly.py"} & found


def test_a_digest_changes_with_a_byte_and_not_with_order(tmp_path):
    files = [tmp_path / name for name in "ab"]
    for file in files:
        file.write_text(file.name)
    before = digest_of(files)
    assert digest_of(reversed(files)) == before
    files[0].write_text("c")
    assert digest_of(files) != before


@pytest.fixture
def job(tmp_path):
    """Inputs of a job: source files, an artefact with its sidecar, and raw data."""
    code, above = tmp_path / "code.py", tmp_path / "above.bin"
    code.write_text("x = 1")
    write_artefact(above, b"1", "recipe")
    digest = sidecar(above)
    return {"code": [str(code)], "weights": str(above), "weights_digest": digest, "raw": ["no such file"], "none": []}


def test_a_producer_depends_on_params_code_and_recipes_above(job, tmp_path):
    base = producer({"a": 1}, job)
    write_artefact(job["weights"], b"2", "recipe")
    assert producer({"a": 1}, job) == base, "bytes of the same recipe may differ by machine"
    assert producer({"a": 2}, job) != base
    write_artefact(job["weights"], b"2", "another recipe")
    assert producer({"a": 1}, job) != base
    write_artefact(job["weights"], b"2", "recipe")
    (tmp_path / "code.py").write_text("x = 2")
    assert producer({"a": 1}, job) != base


def test_a_producer_can_be_told_before_anything_above_was_made(job):
    base = producer({"a": 1}, job)
    Path(job["weights"]).unlink()
    assert producer({"a": 1}, job, {job["weights"]: "recipe"}.__getitem__) == base


def test_how_seeds_are_spread_over_files_changes_no_producer(job, tmp_path):
    more = tmp_path / "more.bin"
    write_artefact(more, b"3", "recipe")
    spread = {**job, "weights": [job["weights"], str(more)], "weights_digest": [job["weights_digest"], sidecar(more)]}
    assert producer({"a": 1, "networks": ["x", "x"]}, spread) == producer({"a": 1, "networks": ["x"]}, job)


def test_a_list_of_source_files_is_one_file_named_by_all_their_bytes(tmp_path):
    for folder, words in (("one", "x = 1"), ("same", "x = 1"), ("other", "x = 2")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "code.py").write_text(words)
    lists = [listing([str(tmp_path / name / "code.py")], tmp_path / "lists") for name in ("one", "same", "other")]
    assert len(set(lists)) == 3, "names count, and so do bytes"
    assert str(tmp_path / "one/code.py") in Path(lists[0]).read_text()
    again = listing([str(tmp_path / "one/code.py")], tmp_path / "lists")
    assert again == lists[0] and len(list((tmp_path / "lists").iterdir())) == 3
