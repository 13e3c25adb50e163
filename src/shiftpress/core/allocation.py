"""Memory that was given back is kept for the next tensor.

glibc returns a large block to the kernel as soon as it is free, and every layer of a network asks for such blocks anew:
the kernel then clears each of their pages again (measured: a third of the CPU time of scoring networks on colours, up
to half of a small ResNet's). What is kept is what a job has needed at once, so that its peak stays as it was.
"""

import ctypes

# parameters of glibc's mallopt(3)
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
LARGEST = 32 << 20
"""Bytes of the largest block that glibc agrees to keep."""
NEVER = (1 << 31) - 1


def keep_freed_memory() -> None:
    """Have this process keep blocks of up to 32 MiB that it frees; where the C library is another, nothing changes."""
    if change := getattr(ctypes.CDLL(None), "mallopt", None):
        change(MMAP_THRESHOLD, LARGEST)
        change(TRIM_THRESHOLD, NEVER)
