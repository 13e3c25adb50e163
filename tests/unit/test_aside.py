"""A second process gives what the first would have made, and its failures."""

import os

import pytest
from toy_page import page_facts

from shiftpress.reporting.aside import aside, at_once


@pytest.mark.parametrize("begin", [aside, at_once])
def test_both_ways_give_the_same(begin):
    big = list(range(100_000))  # more than a pipe holds, before anybody reads
    assert begin(lambda: [number + 1 for number in big])()[-1] == 100_000


def test_the_work_is_done_by_another_process():
    assert aside(os.getpid)() != os.getpid() == at_once(os.getpid)()


def fails() -> None:
    raise ZeroDivisionError("nothing to divide by")


def test_an_exception_there_is_raised_here():
    with pytest.raises(ZeroDivisionError, match="divide by"):
        aside(fails)()


def test_a_process_that_vanishes_is_told():
    with pytest.raises(RuntimeError, match="without a result"):
        aside(lambda: os._exit(3))()


def test_a_second_process_changes_nothing_on_the_page(tmp_path):
    one, two = (page_facts(tmp_path / str(threads), threads=threads) for threads in (1, 2))
    figures = [[(figure["name"], figure["svg"]) for figure in facts["chapters"][0]["figures"]] for facts in (one, two)]
    assert figures[0] and figures[0] == figures[1] and one["plots"] == two["plots"]
