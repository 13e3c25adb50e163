"""Cards of the results become files and come back, through the verbs and as documented."""

import re
import shutil
from pathlib import Path

import pytest
import torch
from hostile_cards import plain_card
from safetensors.torch import load_file
from typer.testing import CliRunner

from shiftpress.assembly import build
from shiftpress.cli import app
from shiftpress.core.storage import write_json
from shiftpress.core.tensors import with_prefix, write_tensors
from shiftpress.loading import load_study
from shiftpress.packing import container, quantised
from shiftpress.packing.card import pack, unpack
from shiftpress.quantizers.percentile import Percentile

ROOT = Path(__file__).parents[2]
SHAPE, NAME = (1, 32, 32), "mnist5k/convs/clean/lrr/95"


def trained(params: object, seed: int) -> torch.nn.Module:
    torch.manual_seed(seed)
    net = build("classifiers", params.classifiers["convs"]).build(SHAPE, 10).eval()
    net.normalise.mean.fill_(0.13)
    net.normalise.deviation.fill_(0.31)
    with torch.no_grad():
        for weight in (p for p in net.parameters() if p.ndim > 1):
            weight.mul_(weight.abs() > weight.abs().flatten().quantile(0.95))
    return net


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A folder with the params, the card of a dataset, and weights of two seeds."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    params = load_study(["params.yaml"])
    classes = [str(digit) for digit in range(10)]
    write_json("results/laptop/data/mnist5k/card.json", {"shape": list(SHAPE), "classes": classes}, "me")
    nets = {seed: trained(params, seed) for seed in (0, 1)}
    tensors = {name: t for seed, net in nets.items() for name, t in with_prefix(f"{seed}/95", net.state_dict()).items()}
    write_tensors("results/laptop/cards/mnist5k/convs/clean/lrr/seeds0-2.safetensors", tensors, "me")
    return nets


@pytest.fixture
def for_the_edge(results):
    """Beside them, a pruned network of a small size and the same one rounded, as the phase edge leaves them."""
    params = load_study(["params.yaml"])
    entry = build("classifiers", params.classifiers["edge_s"]).narrowed([4, 8, 16])
    torch.manual_seed(0)
    net, fields = entry.build(SHAPE, 10).eval(), entry.model_dump(mode="json")
    found = Percentile(images=16, weight_bits=8).quantise(net, torch.rand(16, *SHAPE))
    files = {
        "seeds0-2.safetensors": {"0/prune/25": pack(net.state_dict(), "convs", fields, SHAPE, 10, origin="edge")},
        "seeds0-2.rounded.safetensors": {
            "0/prune+kd+w8a8/6.25": quantised.pack(found, "convs", fields, SHAPE, 10, origin="edge")
        },
    }
    for name, own in files.items():
        tensors = {key: torch.frombuffer(bytearray(data), dtype=torch.uint8) for key, data in own.items()}
        write_tensors(f"results/laptop/edge/mnist5k/edge_s/{name}", tensors, "me")
    return {key.removeprefix("0/"): data for own in files.values() for key, data in own.items()}


def verb(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["card", *map(str, words)])
    assert done.exit_code == code, (done.output, done.exception)
    return done.stdout if code == 0 else done.stderr


def images() -> torch.Tensor:
    return torch.rand(4, *SHAPE, generator=torch.Generator().manual_seed(2))


@torch.no_grad()
def test_a_card_is_packed_told_about_and_unpacked(results):
    assert verb("pack", NAME, "--seed", 1, "-o", "a.card") == f"a.card: {Path('a.card').stat().st_size} bytes\n"
    card = unpack(Path("a.card").read_bytes())
    assert card.facts.origin == f"{NAME}, seed 1" and card.facts.bits == 32
    assert torch.equal(card.net()(images()), results[1](images()))
    told = dict(line.split(maxsplit=1) for line in verb("info", "a.card").splitlines())
    assert told["kind"] == "convs" and int(told["disk_bytes"]) == Path("a.card").stat().st_size
    assert "ms, batch 32" in verb("info", "a.card", "--latency")
    verb("unpack", "a.card", "-o", "plain.safetensors")
    plain = load_file("plain.safetensors")
    assert all(torch.equal(plain[name], tensor) for name, tensor in results[1].state_dict().items())


def test_what_a_stranger_wrote_into_a_card_cannot_forge_lines_or_move_a_terminal(tmp_path):
    facts, arrays = container.read(plain_card(32))
    hostile = "\x1b[2Jat home\nbits            1\u202e"
    path = tmp_path / "x.card"
    path.write_bytes(container.write(facts.model_copy(update={"origin": hostile}), arrays))
    lines = verb("info", path).splitlines()
    assert all(map(str.isprintable, lines)) and sum(line.startswith("bits") for line in lines) == 1
    assert any(line.startswith("origin") and "\\x1b[2Jat home bits 1" in line for line in lines)


@pytest.mark.parametrize("name", ["prune/25", "prune+kd+w8a8/6.25", "prune/25.0"])
def test_a_network_for_the_edge_is_packed_by_name_told_about_and_unpacked(for_the_edge, name):
    verb("pack", f"mnist5k/edge_s/{name}", "-o", "edge.card")
    assert Path("edge.card").read_bytes() == for_the_edge[name.removesuffix(".0")], "the file that was scored"
    told = dict(line.split(maxsplit=1) for line in verb("info", "edge.card").splitlines())
    assert "'widths': [4, 8, 16]" in told["fields"] and told.get("weight_bits", "32") == ("8" if "+" in name else "32")
    verb("unpack", "edge.card", "-o", "plain.safetensors")
    found = load_file("plain.safetensors")
    assert found["conv0/codes" if "+" in name else "conv0.weight"].shape == (4, 1, 3, 3)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["edge_s/prune/50"], "no 'prune/50' of mnist5k/edge_s; there are prune/25"),
        (["edge_s/w8a8/25"], "no 'w8a8/25' of mnist5k/edge_s; there are prune+kd+w8a8/6.25"),
        (["edge_s/prune/25", "--seed", "1"], "there are none"),
        (["edge_s/prune/25", "--seed", "7"], "runs no seed 7"),
        (["edge_s/prnue/25"], "'prnue' names no method of the phase edge; write a filters entry or kd"),
        (["edge_s/prune/quarter"], "'quarter' is no share of bits"),
        (["edge_z/prune/25"], "'edge_z' is not in edge.sizes of the params. Did you mean"),
        (["edge_m/prune/25"], "Has the tier been run?"),
        (["edge_s/prune/25", "--bits", "16"], "leave out --bits"),
        (["edge_s/prune/25", "--fold"], "leave out --bits"),
        (["edge_s/clean/dense"], "Has the tier been run?"),
    ],
)
def test_a_name_of_no_network_for_the_edge_gives_one_line(for_the_edge, words, said):
    text = verb("pack", f"mnist5k/{words[0]}", *words[1:], code=2)
    assert said in text and text.count("\n") == 1


def test_the_verbs_name_files_by_themselves_and_take_fewer_bits(results):
    verb("pack", NAME, "--bits", 16, "--fold")
    facts = unpack(Path("mnist5k-convs-clean-lrr-95-seed0.card.safetensors").read_bytes()).facts
    assert (facts.bits, facts.folded) == (16, True)


@torch.no_grad()
def test_the_documented_ten_lines_give_the_cards_logits(results):
    verb("pack", NAME, "-o", "convs.card")
    verb("unpack", "convs.card", "-o", "convs.safetensors")
    (snippet,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/cards.md").read_text(), re.S)
    found: dict = {}
    run = compile(snippet, "docs/cards.md", "exec")
    exec(run, found)  # noqa: S102
    torch.testing.assert_close(found["logits"](images()), results[0](images()), rtol=0, atol=1e-5)
    body = snippet[snippet.index("w = ") :].strip().splitlines()
    assert len(body) <= 10


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["pack", "mnist5k"], "names no card"),
        (["pack", "mnist5k/conv5/clean/lrr/95"], "no classifier 'conv5'"),
        (["pack", "mnist5k/convs/clean/lrr/half"], "is no sparsity"),
        (["pack", "mnist5k/convs/clean/lrr/80"], "has no sparsity 80 %; it has 95"),
        (["pack", "mnist5k/convs/clean/dense"], "Has the tier been run?"),
        (["pack", f"{NAME}/best"], "has no sparsity 95-best %; it has 95"),
        (["pack", NAME, "--seed", "9"], "runs no seed 9"),
        (["pack", NAME, "--seed", "2"], "has no sparsity 95 %; it has none"),
        (["pack", NAME, "--bits", "8"], "32, 16 or 1 bits, not 8"),
        (["pack", NAME, "--bits", "1"], "not binary"),
        (["pack", NAME, "--tier", "nowhere"], "No params are known for tier 'nowhere'"),
        (["info", "nowhere.card"], "cannot be read"),
        (["unpack", "params.yaml", "-o", "x"], "This is no card file"),
        (["export", "params.yaml", "-o", "x"], "This is no card file"),
    ],
)
def test_bad_input_gives_one_line_and_code_two(results, words, said):
    text = verb(*words, code=2)
    assert said in text and text.count("\n") == 1


@torch.no_grad()
def test_an_onnx_file_gives_the_cards_logits_for_any_batch(results):
    pytest.importorskip("onnxscript")
    runtime = pytest.importorskip("onnxruntime")
    verb("pack", NAME, "-o", "a.card")
    verb("export", "a.card", "-o", "a.onnx")
    session = runtime.InferenceSession("a.onnx", providers=["CPUExecutionProvider"])
    for count in (1, 4, 33):
        some = torch.rand(count, *SHAPE, generator=torch.Generator().manual_seed(count))
        (found,) = session.run(["logits"], {"images": some.numpy()})
        torch.testing.assert_close(torch.from_numpy(found), results[0](some), rtol=1e-4, atol=1e-5)


def test_export_without_its_packages_says_what_to_install(results, monkeypatch):
    from shiftpress.packing import onnx

    monkeypatch.setattr(onnx, "NEEDED", ("a_package_that_is_not_there",))
    verb("pack", NAME, "-o", "a.card")
    assert "install shiftpress[onnx]" in verb("export", "a.card", "-o", "a.onnx", code=2)
