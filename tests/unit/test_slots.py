"""Places on GPUs: never more jobs than places, and a killed job's place is free at once."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from shiftpress.core.problems import InputError
from shiftpress.core.slots import gpu_slot, visible_gpus

PRESENT = {"0": "GPU-aa", "1": "GPU-ab", "2": "GPU-cc"}
GPUS = ["GPU-0", "GPU-1", "GPU-2", "GPU-3"]
EACH = 2


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (None, ["GPU-aa", "GPU-ab", "GPU-cc"]),
        ("", []),
        ("-1", []),
        ("NoDevFiles", []),
        ("1", ["GPU-ab"]),
        ("2, 0", ["GPU-cc", "GPU-aa"]),
        ("0,7,1", ["GPU-aa"]),
        ("0,-1,1", ["GPU-aa"]),
        ("GPU-cc,0", ["GPU-cc", "GPU-aa"]),
        ("1,1", ["GPU-ab"]),
        ("MIG-11,MIG-12", ["MIG-11", "MIG-12"]),
    ],
)
def test_the_setting_is_read_as_cuda_reads_it(setting, expected):
    assert visible_gpus(PRESENT, setting) == expected


def test_without_a_gpu_it_says_so(tmp_path):
    with pytest.raises(InputError, match="No GPU can be seen"), gpu_slot([], 1, tmp_path):
        pass


def test_jobs_spread_over_the_gpus_and_the_next_is_told_there_is_no_place(tmp_path):
    with (
        gpu_slot(["a", "b"], 2, tmp_path) as one,
        gpu_slot(["a", "b"], 2, tmp_path) as two,
        gpu_slot(["a", "b"], 2, tmp_path) as three,
        gpu_slot(["a", "b"], 2, tmp_path) as four,
    ):
        assert [one, two, three, four] == ["a", "b", "a", "b"]
        with pytest.raises(InputError, match="All 4 places on 2 GPUs"), gpu_slot(["a", "b"], 2, tmp_path, 0.3):
            pass
    with gpu_slot(["a", "b"], 2, tmp_path, 0.0) as again:
        assert again == "a"


NVIDIA_SMI = "#!/bin/sh\necho '0, GPU-aa'\necho '1, GPU-bb'\n"


def test_a_program_is_run_on_the_gpu_whose_place_is_free_and_keeps_it_to_its_end(tmp_path):
    (tmp_path / "nvidia-smi").write_text(NVIDIA_SMI)
    (tmp_path / "nvidia-smi").chmod(0o755)
    env = {
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(sys.path),
        "SHIFTPRESS_SLOTS": str(tmp_path / "slots"),
    }
    tell = [sys.executable, "-m", "shiftpress.cli", "slot", "--patience", "0", "--", "sh", "-c"]
    words = 'echo "$CUDA_VISIBLE_DEVICES"; read line; exit 3'
    first = subprocess.Popen([*tell, words], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert first.stdout.readline() == "GPU-aa\n"
    second = subprocess.Popen([*tell, words], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert second.stdout.readline() == "GPU-bb\n"
    third = subprocess.run([*tell, words], env=env, capture_output=True, text=True)
    assert third.returncode == 2 and "All 2 places on 2 GPUs stayed taken" in third.stderr
    assert (first.communicate("go")[0], first.returncode) == ("", 3)
    second.kill()
    second.wait()
    again = subprocess.run([*tell, "echo $CUDA_VISIBLE_DEVICES"], env=env, capture_output=True, text=True)
    assert again.stdout == "GPU-aa\n"


def _job(folder, log, work_s: float) -> None:
    """Takes a place and notes when it began and ended; a killed one leaves no end."""
    with gpu_slot(GPUS, EACH, folder) as gpu:
        os.write(log, f"begin {time.monotonic():.6f} {os.getpid()} {gpu}\n".encode())
        time.sleep(work_s)
        os.write(log, f"end {time.monotonic():.6f} {os.getpid()} {gpu}\n".encode())


def _noted(path) -> list[tuple[float, str, int, str]]:
    lines = [line.split() for line in path.read_text().splitlines()]
    return [(float(when), what, int(pid), gpu) for what, when, pid, gpu in lines]


def test_64_jobs_on_4_gpus_with_10_kills_never_share_a_gpu_by_more_than_2(tmp_path):
    path, moments = tmp_path / "log", random.Random(0)
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    endless, living, victims, killed = set(moments.sample(range(50), 10)), set(), set(), {}
    for number in range(64):
        work_s = 600 if number in endless else moments.uniform(0.1, 0.4)
        if not (child := os.fork()):
            _job(tmp_path / "slots", log, work_s)
            os._exit(0)
        living.add(child)
        if number in endless:
            victims.add(child)
    while living:
        living -= {pid for pid in living if os.waitpid(pid, os.WNOHANG)[0]}
        holding = {pid for _, _, pid, _ in _noted(path)} & victims - set(killed)
        if holding and moments.random() < 0.5:
            victim = moments.choice(sorted(holding))
            killed[victim] = time.monotonic()
            os.kill(victim, signal.SIGKILL)
        time.sleep(0.03)
    os.close(log)
    most, waits = _judged(_noted(path), killed)
    assert len(killed) == 10 and len({pid for _, what, pid, _ in _noted(path) if what == "begin"}) == 64
    assert most == EACH
    # where others were waiting, a killed job's place was taken again within a second
    assert len(waits) >= 5 and max(waits) < 1.0


def _judged(rows, killed) -> tuple[int, list[float]]:
    """Jobs on one GPU at most, and how long after each kill the next job began on that GPU."""
    where = {pid: gpu for _, _, pid, gpu in rows}
    rows = [row for row in rows if row[1] == "begin" or row[2] not in killed]
    rows = sorted([*rows, *((when, "kill", pid, where[pid]) for pid, when in killed.items())])
    held: dict[str, set[int]] = {gpu: set() for gpu in GPUS}
    most, waits, since = 0, [], {}
    for when, what, pid, gpu in rows:
        if what == "begin":
            held[gpu].add(pid)
            if gpu in since:
                waits.append(when - since.pop(gpu))
        else:
            held[gpu].discard(pid)
            if what == "kill":
                since.setdefault(gpu, when)
        most = max(most, *map(len, held.values()))
    return most, waits
