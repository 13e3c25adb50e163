"""The verb that runs a program on a free place of a GPU."""

import os
from typing import Annotated

import typer

from shiftpress.core.device import JOBS, MOST_JOBS
from shiftpress.verbs import plainly


@plainly
def slot(
    command: Annotated[list[str], typer.Argument(help="program and its words, after --")],
    jobs_per_gpu: Annotated[
        int, typer.Option("--jobs-per-gpu", envvar=JOBS, min=1, max=MOST_JOBS, help="places on each GPU")
    ] = 1,
    patience: Annotated[float | None, typer.Option(help="seconds to wait for a place; none waits for ever")] = None,
) -> None:
    """Wait for a free place on a GPU of this node and run a program there, with CUDA_VISIBLE_DEVICES set to it."""
    from shiftpress.core.problems import InputError
    from shiftpress.core.slots import HELD, VISIBLE, gpu_slot, gpus_given, slots_folder

    with gpu_slot(gpus_given("cuda"), jobs_per_gpu, slots_folder(), patience) as gpu:
        os.environ[VISIBLE] = os.environ[HELD] = gpu
        try:
            os.execvp(command[0], command)  # the place is free when the program ends, in whatever way
        except OSError as error:
            raise InputError(f"{command[0]} cannot be run: {error.strerror}.") from None
