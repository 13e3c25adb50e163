"""Import direction, thin scripts, a library that knows no Snakemake, and one module for each dangerous thing.

The tables below are the documentation of the architecture.
"""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "shiftpress"
MODULES = sorted(SRC.rglob("*.py"))
SCRIPTS = sorted((ROOT / "workflow" / "scripts").glob("*.py"))

FAMILIES = {
    "datasets",
    "shifts",
    "codecs",
    "objectives",
    "classifiers",
    "augmentations",
    "pruners",
    "compressors",
    "filters",
    "quantizers",
    "gates",
    "attacks",
}
VERBS = {"card", "codec", "deck", "ledger", "doctor", "results", "slot"}
# package -> packages it may import (itself is always allowed)
LAYERS = {
    "core": set(),
    **dict.fromkeys(FAMILIES, {"core"}),
    "coding": {"core", "codecs"},
    "packing": {"core", "gates"},
    "training": {"core", *FAMILIES},
    "evaluation": {"core", "coding", "packing", *FAMILIES},
    "claims": {"core"},
    "reporting": {"core"},
    "exporting": {"core", "claims", "reporting"},
    "preparation": {"core", "datasets"},
    "staging": {"core", "datasets", "assembly", "preparation"},
    "entries": {"core"},
    "deck_entries": {"core"},
    "assembly": {"core"},
    "atmc_entries": {"core", "assembly"},
    "edge_entries": {"core", "assembly"},
    "model_entries": {"core", "assembly"},
    "dataset_entries": {"core", "assembly"},
    "loading": {"core", "entries", "deck_entries", "atmc_entries", "edge_entries", "model_entries", "dataset_entries"},
    "doctor": {"core"},
    "reference": {"core", "claims", "reporting"},
    "standing": {"core"},
    "verbs": {"core", "assembly", "loading"},
    "cli": {"core", "loading", "reference", "staging", "verbs", *(f"cli_{verb}" for verb in VERBS)},
    "cli_ledger": {"core", "standing", "verbs"},
    "cli_results": {"core", "exporting", "reporting", "verbs"},
    "cli_doctor": {"doctor"},
    "cli_slot": {"core", "verbs"},
    "cli_card": {"core", "assembly", "packing", "verbs"},
    "cli_deck": {"core", "evaluation", "packing", "verbs"},
    "cli_codec": {"core", "assembly", "coding", "verbs"},
    "__init__": set(),
}
# what must not appear in the source -> the files that may
CONFINED = {
    r"\btorch\.load\(": set(),
    r"\bpickle\b": set(),
    r"\bpickletools\b": {"core/pickled.py"},
    r"\bnp\.load\(": set(),
    r"\bloadmat\(": {"datasets/svhn.py"},
    r"\bextractall\b": set(),
    r"\burlopen\b": set(),
    r"^(import|from) (requests|socket|urllib\.request|http)\b": {"core/fetching.py"},
    r"^(import|from) (gzip|bz2|lzma)\b": {"core/archives.py"},
    r"\bzipfile\.ZipFile\b": {"core/archives.py"},
    r"\bImage\.open\b": {"core/pictures.py", "shifts/recompression.py"},
    r"\byaml\.(load|safe_load|parse)\b": {"core/yamlfile.py"},
    r"\btarfile\.open\b": {"core/archives.py"},
    # pulls raw files with DVC; asks git for the commit; asks the workflow; becomes the command that it holds a slot for
    r"\bsubprocess\b": {"cli_ledger.py", "core/commands.py", "core/rawdata.py", "core/history.py"},
    r"\bos\.(system|popen|exec\w*|spawn\w*|fork\w*)\(|\bpty\b|\bshell=True": {"cli_slot.py"},
    r"(?<![.\w])(eval|exec|compile|__import__)\(": set(),
    # by name within this package: the catalogue of components, and optional packages that are named in the source
    r"\bimport_module\(|\brunpy\b": {"core/catalog.py"},
    # two numbers for the C library that Python itself runs on
    r"\bctypes\b": {"core/allocation.py"},
    r"\b(marshal|shelve|dill|cloudpickle|joblib)\b": set(),
    r"\b(mktemp|chmod|chown|symlink|os\.link)\b": set(),
    r"\bshutil\.(unpack_archive|copytree|move)\b": set(),
    r"\bweights_only\b|\ballow_pickle=True\b": set(),
    r"\|safe\b|\bMarkup\b": {"reporting/page.py"},
    r"\bautoescape=False\b|\bverify=False\b": set(),
    # seeds torch's global generators; attacks/_package.py puts them back
    r"^(import|from) pyautoattack\b": {f"attacks/{kind}.py" for kind in ("_boundary", "apgd_ce", "apgd_t", "square")},
}
ids = {"ids": lambda path: str(path.relative_to(SRC)) if path.is_relative_to(SRC) else path.name}


@cache
def text_of(path: Path) -> str:
    return path.read_text()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(text_of(path))


@cache
def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            names.add(node.module)
    return names


@pytest.mark.parametrize("path", MODULES, **ids)
def test_imports_point_down(path):
    package = path.relative_to(SRC).parts[0].removesuffix(".py")
    inside = {name.split(".")[1] for name in imported(path) if name.startswith("shiftpress.")}
    assert inside - {package} <= LAYERS[package]


@pytest.mark.parametrize("path", [p for p in MODULES if p.parent.name in ("coding", "training", "evaluation")], **ids)
def test_loops_know_families_by_their_contract_only(path):
    known = {
        name.split(".", 1)[1] for name in imported(path) if name.split(".")[1:2] and name.split(".")[1] in FAMILIES
    }
    assert known <= {f"{family}.base" for family in FAMILIES}


@pytest.mark.parametrize("path", MODULES, **ids)
def test_the_library_does_not_know_snakemake(path):
    assert "snakemake" not in {name.split(".")[0] for name in imported(path)}
    assert "snakemake" not in {n.id for n in ast.walk(tree_of(path)) if isinstance(n, ast.Name)}


@pytest.mark.parametrize("path", [p for p in MODULES if p.parent.name in ("reporting", "claims", "exporting")], **ids)
def test_claims_and_report_need_no_torch(path):
    seen, queue = set(), [path]
    while queue:
        module = queue.pop()
        seen.add(module)
        names = imported(module)
        assert not {"torch", "torchvision"} & {name.split(".")[0] for name in names}, module
        inside = [SRC / (name.replace(".", "/") + ".py").removeprefix("shiftpress/") for name in names]
        queue += [file for file in inside if file.is_file() and file not in seen]


@pytest.mark.parametrize("path", SCRIPTS, **ids)
def test_scripts_define_nothing(path):
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    assert not [node for node in ast.walk(tree_of(path)) if isinstance(node, defined)]


def test_every_script_has_its_rule_and_every_rule_its_log():
    rules = "\n".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    blocks = {m[1]: m[2] for m in re.finditer(r"^rule (\w+):\n(.*?)(?=^\S|\Z)", rules, re.S | re.M)}
    scripted = {name: block for name, block in blocks.items() if "script:" in block}
    assert set(scripted) == {path.stem for path in SCRIPTS}
    for name, block in scripted.items():
        assert f"../scripts/{name}.py" in block and f"<logs>/{name}" in block
        assert f'code("{name}"' in block or name == "fetch_data"


@pytest.mark.parametrize("pattern", CONFINED)
def test_dangerous_things_stay_in_their_module(pattern):
    files = [*MODULES, *SCRIPTS]
    found = {str(p.relative_to(SRC)) if p in MODULES else p.name for p in files if re.search(pattern, text_of(p), re.M)}
    assert found <= CONFINED[pattern]


@pytest.mark.parametrize("path", MODULES, **ids)
def test_modules_are_small_and_say_what_they_are_for(path):
    assert ast.get_docstring(tree_of(path)), "no docstring"
    assert len(text_of(path).splitlines()) <= 200


def test_the_lock_pins_every_package_by_its_hashes():
    lines = (ROOT / "requirements/lock.txt").read_text().replace("\\\n", " ").splitlines()
    packages = [line for line in lines if line.strip() and not line.startswith("#")]
    assert packages and all(re.match(r"[a-z0-9._-]+==\S+", line) and "--hash=sha256:" in line for line in packages)


# package -> the first version without a known hole that could reach us, and the hole
FLOORS = {
    "torch": ("2.10", "CVE-2025-32434, CVE-2026-24747: code from files read with weights_only"),
    "jinja2": ("3.1.6", "CVE-2025-27516: out of the sandbox"),
    "pillow": ("12", "CVE-2025-48379: a write past the buffer; CVE-2023-50447: code from expressions"),
    "requests": (
        "2.32.4",
        "CVE-2024-35195: certificates not verified; CVE-2024-47081: passwords sent to others",
    ),
    "pyyaml": ("6.0.2", "CVE-2020-14343: code from full_load"),
    "setuptools": ("78.1.1", "CVE-2025-47273: files outside the folder"),
}


@pytest.mark.parametrize("name", FLOORS)
def test_no_package_is_locked_below_its_known_holes(name):
    lock = (ROOT / "requirements/lock.txt").read_text()
    (locked,) = set(re.findall(rf"^{name}==([0-9.]+)", lock, re.M))
    number = lambda text: [int(part) for part in re.findall(r"\d+", text)]  # noqa: E731
    assert number(locked) >= number(FLOORS[name][0]), FLOORS[name][1]


def test_no_profile_accepts_unfinished_files():
    for profile in (ROOT / "workflow/profiles").rglob("*.yaml"):
        assert not re.search(r"keep-incomplete|ignore-incomplete|nolock", profile.read_text()), profile


def test_nothing_committed_names_this_machine_or_a_registry():
    import subprocess

    listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        path = ROOT / name
        if path.is_file() and path.suffix not in (".png",):
            data = path.read_bytes()
            assert str(ROOT).encode() not in data and f"{Path.home()}/".encode() not in data, name
    lock = (ROOT / "requirements/lock.txt").read_text()
    assert "://" not in lock and "--index" not in lock


def test_modules_of_tests_differ_in_name():
    """Every folder of tests comes onto Python's path: of two modules of one name, one hides the other."""
    folders = [path for name in ("tests", "bench") for path in (ROOT / name).rglob("*.py")]
    names = Counter(path.stem for path in folders if path.stem not in ("conftest", "__init__"))
    assert [name for name, times in names.items() if times > 1] == []


def test_nothing_is_imported_from_a_conftest():
    pattern = re.compile(r"^\s*(from|import) conftest\b", re.MULTILINE)
    assert [str(path) for path in (ROOT / "tests").rglob("*.py") if pattern.search(path.read_text())] == []
