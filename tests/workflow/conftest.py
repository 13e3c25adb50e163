"""A warm process to fork jobs from, and scripts for it."""

import textwrap

import pytest


@pytest.fixture(params=["started", "forked"])
def warm(request):
    from warm.scripts import Warm  # imports Snakemake, which other tests here need not

    warm = Warm(["json"])
    if request.param == "forked":
        warm.fork()
    yield warm
    warm.stop()


@pytest.fixture
def script(tmp_path):
    def write(text: str) -> str:
        path = tmp_path / "job.py"
        path.write_text(textwrap.dedent(text))
        return str(path)

    return write
