"""What this machine is, and what it can do at most on one thread."""

import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import table  # noqa: F401 (says where the project's modules are, also to what is imported after this one)
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

SIDE, REPEATS = 1024, 7
WANTED = ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16")


def described() -> dict[str, str]:
    """Processor, cores, memory and torch, in words."""
    facts = {"processor": platform.processor() or platform.machine(), "flags": ""}
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = dict(line.split(":", 1) for line in info.read_text().splitlines() if ":" in line)
        named = {name.strip(): value.strip() for name, value in lines.items()}
        facts["processor"] = named.get("model name", facts["processor"])
        facts["flags"] = " ".join(flag for flag in WANTED if flag in named.get("flags", "").split())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    facts |= {"cores": str(os.cpu_count()), "memory": f"{memory:.0f} GiB"}
    return facts | {"system": platform.system(), "python": platform.python_version(), "torch": torch.__version__}


def peak(kind: torch.dtype = torch.float32) -> float:
    """Floating-point operations a second of a large matrix product, one thread."""
    a = torch.randn(SIDE, SIDE).to(kind)
    return 2 * SIDE**3 / _median(lambda: a @ a)


def bandwidth() -> float:
    """Bytes a second that one thread reads and writes while copying what no cache holds."""
    source = torch.rand(64 << 20 >> 2)
    target = torch.empty_like(source)
    return 2 * source.nbytes / _median(lambda: target.copy_(source))


def work(net: nn.Module, shape: tuple[int, ...]) -> float:
    """Floating-point operations of one image's way through a network; a step of training takes three times as many."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(torch.zeros(1, *shape))
    return float(counter.get_total_flops())


def _median(way: Callable[[], object]) -> float:
    found = []
    for _ in range(REPEATS):
        start = time.process_time()
        way()
        found.append(time.process_time() - start)
    return statistics.median(found[1:])
