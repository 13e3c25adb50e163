"""Settings that make a job's numbers repeat, and that never enter a fingerprint."""

import torch
import torch.utils.deterministic


def prepare(threads: int) -> None:
    """Use so many threads and only deterministic kernels.

    Jobs times threads is the number of cores: two jobs of one thread beat one job of two (measured 4-10 % on two
    cores), and threads that outnumber cores wait for each other.
    """
    torch.set_num_threads(threads)
    # not use_deterministic_algorithms(True), which says the same to the compiler too: that imports it, for 2 s a job
    torch.set_deterministic_debug_mode("error")
    # nothing here reads memory it has not written, and filling it first costs 8 % of a training step
    torch.utils.deterministic.fill_uninitialized_memory = False
