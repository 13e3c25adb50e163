"""Settings that make a job's numbers repeat, and that never enter a fingerprint."""

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
import torch.utils.deterministic

from shiftpress.core.allocation import keep_freed_memory
from shiftpress.core.device import CPU, DEVICE, Settings, Work, settings, working_on
from shiftpress.core.problems import InputError
from shiftpress.core.slots import HELD, VISIBLE, gpu_slot, gpus_given, slots_folder

WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"


def prepare(threads: int, dtype: str = "float32") -> None:
    """Use so many threads and only deterministic kernels, on a GPU in full float32 unless ``dtype`` says otherwise.

    Jobs times threads is the number of cores: two jobs of one thread beat one job of two (measured 4-10 % on two
    cores), and threads that outnumber cores wait for each other.
    """
    torch.set_num_threads(threads)
    keep_freed_memory()
    # not use_deterministic_algorithms(True), which says the same to the compiler too: that imports it, for 2 s a job
    torch.set_deterministic_debug_mode("error")
    # nothing here reads memory it has not written, and filling it first costs 8 % of a training step
    torch.utils.deterministic.fill_uninitialized_memory = False
    os.environ.setdefault(WORKSPACE, ":4096:8")  # without it cuBLAS may add in another order; read when CUDA starts
    torch.backends.cudnn.benchmark = False
    precision = "ieee" if dtype == "float32" else "tf32"
    torch.backends.cudnn.conv.fp32_precision = torch.backends.cuda.matmul.fp32_precision = precision


@contextmanager
def on_device(threads: int) -> Iterator[str]:
    """Prepare, and work on the device of the settings until the block is left; gives torch's word for it.

    A GPU is waited for: a place on it is held, on the one of those that the job was given which has most room. Raises
    InputError if the settings are wrong, or ask for a GPU where none can be used.
    """
    asked = settings()
    prepare(threads, asked.dtype)
    with ExitStack() as held:
        name = _gpu(asked, held)
        held.enter_context(working_on(Work("cuda" if name else CPU, name or CPU, asked.dtype)))
        logging.getLogger("shiftpress").info("works on %s, %s, %d threads", name or CPU, asked.dtype, threads)
        yield "cuda" if name else CPU


def _gpu(asked: Settings, held: ExitStack) -> str | None:
    """Take a place on a GPU; its name, or none if the job works on the CPU."""
    gpus = gpus_given(asked.device) if torch.version.cuda else []
    if asked.device == "cuda" and not gpus:
        built = "it shows none to this job" if torch.version.cuda else "this torch was built without CUDA"
        raise InputError(f"{DEVICE}=cuda, but no GPU can be used: {built}. Ask for one, or set {DEVICE}=auto.")
    if not gpus:
        return None
    if os.environ.get(HELD) not in gpus:  # else whoever started this process holds the place for it
        os.environ[VISIBLE] = held.enter_context(gpu_slot(gpus, asked.jobs, slots_folder()))
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    text = f"torch {torch.__version__} cannot use the GPU that the driver shows; shiftpress doctor says more"
    if asked.device == "cuda":
        raise InputError(f"{DEVICE}=cuda, but {text}.")
    logging.getLogger("shiftpress").warning("%s: this job works on the CPU", text)
    held.close()
    return None
