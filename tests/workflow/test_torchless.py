"""Plans are made without torch, and with it where something calculates."""

import os
import subprocess
import sys
import textwrap
from abc import ABC

import pytest
from projects import BIN, ROOT, SMOKE, copy_project, environment, jobs_in

sys.path.insert(0, str(ROOT / "workflow"))

import torchless  # noqa: E402

STARTED_OVER = "starts over with it"
POISON = "raise SystemExit('torch was imported')"
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
    "when it is imported": ("LEVELS = 1 - torch.ones(1) / 2\n\n", "LEVELS.tolist()", "torch.ones"),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return copy_project(tmp_path_factory.mktemp("planned") / "project")


def plan(project, *words: str, **env: str) -> subprocess.CompletedProcess:
    """A plan of an interpreter of its own, as it is on a user's command line."""
    known = environment(project) | {"PWD": str(project)} | env
    command = [BIN / "snakemake", "-n", *words]
    return subprocess.run(command, cwd=project, env=known, capture_output=True, text=True)


@pytest.mark.slow(minutes=1)
def test_a_plan_without_torch_is_that_with_torch(project, tmp_path):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch/__init__.py").write_text(POISON)
    poisoned = os.pathsep.join([str(tmp_path), str(project / "src")])
    without = plan(project, PYTHONPATH=poisoned)
    assert without.returncode == 0 and STARTED_OVER not in without.stderr, without.stderr
    assert "torch was imported" in plan(project, PYTHONPATH=poisoned, **{torchless.INSISTED: "1"}).stderr
    with_torch = plan(project, **{torchless.INSISTED: "1"})
    assert jobs_in(without.stdout) == jobs_in(with_torch.stdout) != {}


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
    done = plan(project, *SMOKE)
    assert done.returncode == 0, done.stderr
    assert f"({wanted}" in done.stderr and done.stderr.count(STARTED_OVER) == 1
    assert "with halving" in done.stdout


def test_a_mistake_is_told_without_torch(project, tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("run: {tier: wrong, sedes: [0]}\n")
    done = plan(project, "--configfile", str(wrong))
    assert done.returncode == 2 and "Did you mean 'seeds'?" in done.stderr and STARTED_OVER not in done.stderr


def test_every_kind_can_be_planned_without_torch():
    text = """
        import os, sys
        sys.path[:0] = ["src", "workflow"]
        import torchless
        def refuse(wanted): raise AssertionError(wanted)
        torchless.start_over = refuse
        torchless.plan_without_torch()
        from shiftpress.core.catalog import component, kinds
        from shiftpress.core.params import FAMILIES
        found = [component(family, kind) for family in FAMILIES for kind in kinds(family)]
        assert torchless.without_torch() and isinstance(sys.modules["torch"], torchless.Standing)
        print(len(found))
    """
    words = [sys.executable, "-c", textwrap.dedent(text)]
    done = subprocess.run(words, cwd=ROOT, env=os.environ | {"PWD": str(ROOT)}, capture_output=True, text=True)
    assert done.returncode == 0 and int(done.stdout) > 100, done.stderr


@pytest.mark.parametrize("folder", ["", "/", "elsewhere", "here"])
def test_torch_is_there_if_it_is_not_known_where_to_start_over(folder, monkeypatch):
    monkeypatch.setenv("PWD", os.getcwd() if folder == "here" else folder)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    here = [name for name in sys.modules if name.partition(".")[0] not in torchless.PACKAGES]
    monkeypatch.setattr(sys, "modules", {name: sys.modules[name] for name in here})
    torchless.plan_without_torch()
    assert torchless.without_torch() is (folder == "here")


def test_nothing_stands_for_a_torch_that_is_here(monkeypatch):
    import torch

    monkeypatch.setenv("PWD", os.getcwd())
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    torchless.plan_without_torch()
    assert not torchless.without_torch() and torch.ones(1).item() == 1


class Wanted(Exception):
    """In place of a process that starts over."""


@pytest.fixture
def asked(monkeypatch):
    def want(name: str) -> None:
        raise Wanted(name)

    monkeypatch.setattr(torchless, "start_over", want)
    return torchless.Standing("torch")


@pytest.fixture
def at_import(monkeypatch, asked):
    monkeypatch.setattr(torchless, "importing", lambda: True)
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

    assert doubled(4) == 8
    assert issubclass(Net, torch.nn.Module) and not isinstance(1, torch.Tensor)
    assert torch.float32 is torch.float32 and torch.float32 != torch.float64
    assert {torch.float32: "F32"}[torch.float32] == "F32"
    assert not hasattr(Net, "_is_protocol") and not hasattr(Net, "__get_pydantic_core_schema__")


USES = {
    "a truth": lambda torch: bool(torch.cuda.is_available),
    "arithmetic": lambda torch: torch.pi / 2,
    "the other way round": lambda torch: 2 - torch.pi,
    "an order": lambda torch: torch.pi > 3,
    "a number": lambda torch: float(torch.pi),
    "its elements": lambda torch: list(torch.pi),
    "its version": lambda torch: torch.__version__,
    "an environment": lambda torch: torch.no_grad.__enter__() if hasattr(torch.no_grad, "__enter__") else None,
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
