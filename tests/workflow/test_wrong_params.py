"""Wrong params files: exit code 2, one plain message per mistake with its place, quickly, and no result touched."""

import hashlib
import re
from pathlib import Path

import pytest
from projects import ROOT, snakemake

GOOD = (ROOT / "params.yaml").read_text()


def changed(old: str, new: str) -> bytes:
    assert old in GOOD
    return GOOD.replace(old, new, 1).encode()


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 9)
)
WRONG = {
    "typo in a key": (changed("latents:", "latnets:"), "Did you mean 'latents'?"),
    "typo in a section": (changed("classifiers:\n", "clasifiers:\n"), "Did you mean 'classifiers'?"),
    "typo in a kind": (changed("kind: rotation", "kind: rotaton"), "Did you mean 'rotation'?"),
    "word for a number": (
        changed("codecs: {epochs: 4,", "codecs: {epochs: many,"),
        "valid integer",
    ),
    "number for a word": (changed("tier: laptop", "tier: 3"), "valid string"),
    "mapping for a list": (changed("seeds: [0, 1, 2]", "seeds: {a: 1}"), "valid list"),
    "below its bound": (changed("levels: 12", "levels: 1"), "greater than or equal to 2"),
    "above its bound": (changed("momentum: 0.9", "momentum: 1.5"), "less than 1"),
    "not a number": (changed("lr: 2e-3", "lr: .nan"), "finite number"),
    "missing kind": (changed("{kind: erm}", "{}"), "objectives.erm.kind: missing"),
    "missing section": (changed("objectives:\n  erm: {kind: erm}\n", ""), "objectives: missing"),
    "undefined entry": (changed("datasets: [mnist5k]", "datasets: [minst]"), "no entry 'minst'"),
    "duplicate key": (changed("  uci:", "  mnist5k: {kind: uci_digits}\n  uci:"), "duplicate key"),
    "tab": (changed("  tier:", "\ttier:"), "tab"),
    "open bracket": (changed("[0, 1, 2]", "[0, 1, 2, 3, 4"), "not valid YAML"),
    "empty": (b"", "empty"),
    "binary": (bytes(range(256)) * 20, "not a text file"),
    "alias bomb": (BOMB.encode() + GOOD.encode(), "aliases are not read"),
    "python tag": (changed("tier: laptop", "tier: !!python/object/apply:os.system ['touch pwned']"), "tag"),
    "templating": (b"__use_yte__: true\n?open('pwned', 'w'): 1\n" + GOOD.encode(), "__use_yte__: unknown key"),
    "a list": (b"- run\n- fit\n", "one mapping"),
    "images that fit no codec": (
        changed("mnist5k: {kind: mnist5k, size: 32, ", "mnist5k: {kind: mnist5k, "),
        "multiples of 16",
    ),
}


def digests(project: Path) -> dict[str, str]:
    files = [path for root in ("results", "logs") for path in (project / root).rglob("*") if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def project(finished, tmp_path_factory):
    import shutil

    return shutil.copytree(finished, tmp_path_factory.mktemp("wrong") / "project", symlinks=True)


@pytest.mark.slow
@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_file_is_answered_and_nothing_is_lost(mistake, project):
    text, words = WRONG[mistake]
    (project / "params.yaml").write_bytes(text)
    before = digests(project)
    done = snakemake(cwd=project, check=False)
    assert done.cpu_s < 2, "after imports; processor's time, as who else works here makes the clock's longer"
    assert done.returncode == 2, done.stderr
    assert words in done.stderr and "Traceback" not in done.stdout + done.stderr
    lines = [line for line in done.stderr.splitlines() if re.match(r"params\.yaml:\d+: ", line)]
    assert lines and f"{len(lines)} mistake{'s' * (len(lines) > 1)} found; nothing was run." in done.stderr
    assert digests(project) == before and not (project / "pwned").exists()


@pytest.mark.slow
def test_a_wrong_overlay_is_answered_with_its_own_line(project):
    (project / "params.yaml").write_text(GOOD)
    (project / "tier.yaml").write_text("run:\n  tier: x\ncodecs:\n  fixed10: {latnets: 5}\n")
    done = snakemake("--configfile", "tier.yaml", "-n", cwd=project, check=False)
    assert done.returncode == 2 and "tier.yaml:4: codecs.fixed10.latnets: unknown key" in done.stderr


@pytest.mark.slow
def test_a_wrong_claim_file_is_answered_before_any_job(project):
    (project / "params.yaml").write_text(GOOD)
    claims = project / "claims/lei2021.yaml"
    good = claims.read_text()
    claims.write_text(good.replace("above:", "abve:"))
    done = snakemake("-n", cwd=project, check=False)
    claims.write_text(good)
    assert (
        done.returncode == 2
        and "claims.L13.abve: unknown key. Did you mean 'above'?" in done.stderr
        and "Traceback" not in done.stderr
    )


@pytest.mark.slow
def test_bad_images_fail_their_job_with_words_and_no_traceback(project):
    (project / "pictures" / "a").mkdir(parents=True)
    (project / "pictures" / "a" / "1.png").write_bytes(b"<html>")
    (project / "pictures" / "b").mkdir()
    (project / "pictures" / "b" / "1.png").write_bytes(b"")
    text = GOOD.replace("path: data/raw/mine.zip, size: 32, channels: 3", "path: pictures, channels: 1").replace(
        "[mnist5k]", "[mine]"
    )
    (project / "params.yaml").write_text(text)
    done = snakemake("results/laptop/data/mine/card.json", cwd=project, check=False)
    assert done.returncode == 1 and "a/1.png: not a readable image" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
