"""Plans are made without torch, and with it where something calculates."""

import json
import os
import subprocess
import sys
import textwrap
from abc import ABC

import pytest
from projects import BIN, ROOT, SMOKE, copy_project, environment
from torchless import placeholders, planning, process

from shiftpress.core.component import Component

STARTED_OVER = "starts over with it"
REFUSING = """
from importlib.machinery import SourceFileLoader as Loader
execute = Loader.exec_module
def refuse(loader, module):
    if module.__name__ == "torch":
        raise SystemExit("torch was imported")
    execute(loader, module)
Loader.exec_module = refuse
"""
HALVING = '''"""A pruner whose levels are calculated."""

import torch
from pydantic import Field

from shiftpress.pruners._iterative import Iterative

{before}
class Halving(Iterative):
    """Halves what is left."""

    title = "halving"

    sparsities: list[float] = Field({levels})
'''
CALCULATING = {
    "when it is made": ("\n", "default_factory=lambda: torch.tensor([0.5, 0.75]).tolist()", "torch.tensor"),
    "when it is imported": ("LEVELS = 1 - torch.ones(1) / 2\n\n", "LEVELS.tolist()", "torch.ones()"),
    "in a default": ("\n", "torch.float32", "Halving.sparsities"),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return copy_project(tmp_path_factory.mktemp("planned") / "project")


def ran(*command: str, cwd, **env: str) -> subprocess.CompletedProcess:
    """A command in an interpreter of its own, as it is on a user's command line."""
    return subprocess.run(command, cwd=cwd, env=environment(cwd) | env, capture_output=True, text=True)


def snakemake(project, *words: str, **env: str) -> subprocess.CompletedProcess:
    return ran(BIN / "snakemake", *words, cwd=project, **env)


@pytest.mark.slow(minutes=1)
@pytest.mark.parametrize("tier", ["laptop", "paper"])
def test_a_plan_without_torch_is_that_with_torch(tier, project, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(REFUSING)
    refusing = os.pathsep.join([str(tmp_path), str(project / "src")])
    words = [BIN / "python", "workflow/ledger", "plan", tier, *([] if tier == "laptop" else [f"tiers/{tier}.yaml"])]
    plans = []
    for env in ({"PYTHONPATH": refusing}, {process.INSISTED: "1"}):
        done = ran(*words, cwd=project, **env)
        assert done.returncode == 0 and STARTED_OVER not in done.stderr, done.stderr
        (kept,) = (project / "work/plans").glob("*.json")
        plans.append(sorted(json.dumps(job) for job in json.loads(kept.read_text())["jobs"]))
        kept.unlink()
    assert plans[0] == plans[1] and len(plans[0]) > 100
    assert "torch was imported" in ran(*words, cwd=project, PYTHONPATH=refusing, **{process.INSISTED: "1"}).stderr


@pytest.mark.slow(minutes=1)
@pytest.mark.parametrize("when", CALCULATING)
def test_a_component_that_calculates_has_torch(when, tmp_path):
    project = copy_project(tmp_path / "project")
    before, levels, wanted = CALCULATING[when]
    (project / "src/shiftpress/pruners/halving.py").write_text(HALVING.format(before=before, levels=levels))
    for name, old, new in (
        ("params.yaml", "\npruners:\n", "\npruners:\n  halving: {kind: halving}\n"),
        ("tiers/smoke.yaml", "  pruners: [", "  pruners: [halving, "),
    ):
        text = (project / name).read_text()
        assert old in text
        (project / name).write_text(text.replace(old, new, 1))
    if when == "in a default":  # it is none with torch either
        done = snakemake(project, *SMOKE, "-n")
        assert done.returncode and f"({wanted})" in done.stderr and done.stderr.count(STARTED_OVER) == 1
        return
    done = snakemake(project, *SMOKE, "--cores", "1", "data")
    assert done.returncode == 0, done.stderr
    assert f"({wanted}" in done.stderr and done.stderr.count(STARTED_OVER) == 1
    assert list((project / "results/smoke/data").glob("*/train.safetensors"))
    assert "with halving" in snakemake(project, *SMOKE, "-n", **{process.INSISTED: "1"}).stdout


@pytest.mark.parametrize(
    ("words", "said", "status"),
    [
        (["--configfile", "wrong.yaml"], "Did you mean 'seeds'?", 2),
        (["no_such_target"], "MissingRuleException", 1),
    ],
)
def test_a_mistake_is_told_without_torch(words, said, status, project):
    (project / "wrong.yaml").write_text("run: {tier: wrong, sedes: [0]}\n")
    done = snakemake(project, "-n", *words)
    (project / "wrong.yaml").unlink()
    assert done.returncode == status and said in done.stdout + done.stderr and STARTED_OVER not in done.stderr


def test_every_kind_can_be_imported_without_torch():
    text = """
        import os, sys
        sys.path[:0] = ["src", "workflow"]
        from torchless import placeholders, planning
        def refuse(wanted): raise AssertionError(wanted)
        placeholders.start_over = planning.start_over = refuse
        assert planning.can_plan_without_torch()
        planning.plan_without_torch(first=print)
        from shiftpress.core.catalog import component, kinds
        from shiftpress.core.params import FAMILIES
        found = [component(family, kind) for family in FAMILIES for kind in kinds(family)]
        planning.know_defaults(found)
        assert planning.without_torch() and isinstance(sys.modules["torch"], placeholders.Standing)
        print(len(found))
    """
    words = [sys.executable, "-c", textwrap.dedent(text)]
    done = subprocess.run(words, cwd=ROOT, env=os.environ | {"PWD": str(ROOT)}, capture_output=True, text=True)
    assert done.returncode == 0 and int(done.stdout) > 100, done.stderr


@pytest.mark.parametrize("folder", ["", "/", "elsewhere", "here"])
def test_torch_is_there_if_it_is_not_known_where_to_start_over(folder, monkeypatch):
    monkeypatch.setenv("PWD", os.getcwd() if folder == "here" else folder)
    here = [name for name in sys.modules if name.partition(".")[0] not in placeholders.PACKAGES]
    monkeypatch.setattr(sys, "modules", {name: sys.modules[name] for name in here})
    assert planning.can_plan_without_torch() is (folder == "here")


def test_nothing_stands_for_a_torch_that_is_here(monkeypatch):
    import torch

    monkeypatch.setenv("PWD", os.getcwd())
    assert not planning.can_plan_without_torch() and torch.ones(1).item() == 1


class Wanted(Exception):
    """In place of a process that starts over."""


@pytest.fixture
def asked(monkeypatch):
    def want(name: str) -> None:
        raise Wanted(name)

    monkeypatch.setattr(placeholders, "start_over", want)
    monkeypatch.setattr(planning, "start_over", want)
    return placeholders.Standing("torch")


@pytest.fixture
def at_import(monkeypatch, asked):
    monkeypatch.setattr(placeholders, "importing", lambda: True)
    return asked


def test_what_an_import_does_with_torch_is_possible(at_import):
    torch = at_import

    @torch.no_grad()
    @torch.jit.script
    def doubled(x: torch.Tensor | None) -> dict[str, torch.Tensor]:
        return 2 * x

    class Net(torch.nn.Module, ABC):
        sizes: torch.Tensor

    class Data(torch.utils.data.Dataset[int]):
        pass

    @torch.library.register_kernel("a::b", "cpu")
    class Kernel(Net):
        size = torch.nn.Parameter | torch.Tensor | None

    assert doubled(4) == 8 and Kernel.__name__ == "Kernel"
    assert issubclass(Net, torch.nn.Module) and not isinstance(1, torch.Tensor)
    assert torch.float32 is torch.float32 and torch.float32 == torch.float32 and torch.float32 != "float32"
    assert {torch.float32: "F32", torch.float64: "F64"}[torch.float32] == "F32"
    assert not hasattr(Net, "_is_protocol") and not hasattr(Net, "__get_pydantic_core_schema__")


USES = {
    "a truth": lambda torch: bool(torch.cuda.is_available),
    "an answer's truth": lambda torch: bool(torch.cuda.is_available()),
    "arithmetic": lambda torch: torch.pi / 2,
    "the other way round": lambda torch: 2 - torch.pi,
    "an order": lambda torch: torch.pi > 3,
    "a number": lambda torch: float(torch.pi),
    "its elements": lambda torch: list(torch.pi),
    "its version": lambda torch: torch.__version__,
    "a text": lambda torch: str(torch.float32),
    "a part of a text": lambda torch: f"{torch.float32}",
    "whether a dtype is another's name": lambda torch: torch.float == torch.float32,
    "what a name is": lambda torch: isinstance(torch.float32, torch.dtype),
    "an answer that is compared": lambda torch: torch.get_default_dtype() == torch.float32,
    "an answer beside a number": lambda torch: torch.get_num_threads() == 1,
    "with an answer": lambda torch: torch.float32 == torch.get_default_dtype(),
    "what an answer is not": lambda torch: torch.get_default_dtype() != torch.float32,
    "an answer's name": lambda torch: torch.finfo(torch.float32).eps,
    "an answer's call": lambda torch: torch.func.vmap(torch.pi)(3.0),
    "an answer's part": lambda torch: torch.ones(3)[0],
}


@pytest.mark.parametrize("use", USES)
def test_what_calculates_at_import_wants_torch(use, at_import):
    with pytest.raises(Wanted, match="torch"):
        USES[use](at_import)


LATER = {
    "a function": lambda torch, net: torch.ones(3),
    "a part": lambda torch, net: torch.pi[0],
    "a network": lambda torch, net: net(),
    "what a network inherits": lambda torch, net: net.load_state_dict,
}


@pytest.mark.parametrize("use", LATER)
def test_after_the_imports_every_call_wants_torch(use, asked):
    class Net(asked.nn.Module):
        pass

    with pytest.raises(Wanted):
        LATER[use](asked, Net)


def test_a_default_that_is_not_known_wants_torch(at_import):
    class Kind(Component):
        share: float = at_import.tensor(0.5)

    with pytest.raises(Wanted, match="Kind.share"):
        planning.know_defaults([Component, Kind])


@pytest.mark.parametrize(
    "name", ["torch.nn", "torch.utils.data", "compressai.entropy_models", "torch", "json", "torch.no"]
)
def test_modules_are_those_that_the_packages_have(name, asked):
    finder, (parent, _, _) = placeholders.Finder(), name.rpartition(".")
    path = sys.modules[parent].__path__ if parent and __import__(parent) else None
    if name == "torch.no":
        with pytest.raises(Wanted, match="torch.no"):
            finder.find_spec(name, path)
        return
    found = finder.find_spec(name, path)
    assert (found is None) is (name == "json")
    if found and name != "torch.nn":
        assert list(found.submodule_search_locations) == list(__import__(name, fromlist=["_"]).__path__)


def test_a_package_that_is_missing_is_missed(monkeypatch):
    monkeypatch.setattr(placeholders, "PACKAGES", ("torch", "no_such_package"))
    assert placeholders.Finder().find_spec("no_such_package", None) is None


class Planned:
    """A job whose functions of parameters note that they were asked."""

    asked = 0

    @property
    def params(self):
        Planned.asked += 1


def test_after_the_first_job_nothing_starts_over(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, placeholders.Finder()])
    monkeypatch.setattr(process.Leaving, "settled", False)
    monkeypatch.setattr(os, "execv", lambda *words: pytest.fail("started over"))
    planning.settle([Planned(), Planned()])
    assert Planned.asked == 2
    with pytest.raises(RuntimeError, match=f"torch.ones is wanted.*{process.INSISTED}=1"):
        process.start_over("torch.ones")


def test_what_must_not_outlive_a_process_ends_before_it_starts_over(monkeypatch):
    begun = []
    monkeypatch.setattr(process.Leaving, "first", staticmethod(lambda: begun.append("first")))
    monkeypatch.setattr(os, "execv", lambda *words: begun.append(words))
    monkeypatch.setenv(process.INSISTED, "")
    process.start_over("torch.ones")
    assert begun == ["first", (sys.executable, [sys.executable, *sys.orig_argv[1:]])]
    assert os.environ[process.INSISTED] == "1"
