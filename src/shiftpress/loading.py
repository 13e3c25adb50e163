"""Reads a whole study, and checks it before anything runs."""

from typing import Any

from pydantic import ValidationError

from shiftpress.atmc_entries import atmc_problems
from shiftpress.core.explain import explain
from shiftpress.core.layers import read_layers
from shiftpress.core.params import Params
from shiftpress.core.problems import InputError
from shiftpress.dataset_entries import dataset_problems
from shiftpress.deck_entries import deck_problems
from shiftpress.edge_entries import edge_problems
from shiftpress.entries import entry_problems, phase_problems, study_problems
from shiftpress.model_entries import model_problems


def load_study(files: list[str], overrides: dict[str, Any] | None = None) -> Params:
    """Read params files, later ones laid over earlier ones, and check every entry.

    Raises InputError with all mistakes at once.
    """
    layers = read_layers(files, overrides)
    problems = [*entry_problems(layers), *study_problems(layers)]
    try:
        params = Params.model_validate(layers.data)
    except ValidationError as error:
        problems += [layers.problem(place, text) for place, text in explain(error, Params)]
    if not problems:
        checks = (phase_problems, model_problems, deck_problems, atmc_problems, edge_problems, dataset_problems)
        problems = [problem for check in checks for problem in check(params, layers)]
    if problems:
        raise InputError(problems)
    return params
