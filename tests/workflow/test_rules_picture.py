"""The picture of the rules in the report is that of the rules."""

import re
from pathlib import Path

from projects import copy_project, snakemake

ROOT = Path(__file__).parents[2]


def test_the_report_draws_the_rules_that_snakemake_knows(tmp_path):
    said = snakemake("--rulegraph", cwd=copy_project(tmp_path / "project")).stdout
    names = dict(re.findall(r'(\d+)\[label = "(\w+)"', said))
    pairs = {(names[one], names[other]) for one, other in re.findall(r"(\d+) -> (\d+)", said)}
    lines = ["before,after", *sorted(f"{one},{other}" for one, other in pairs if other != "all")]
    known = (ROOT / "report/static/rules.csv").read_text().splitlines()
    assert known == lines, "write these lines:\n" + "\n".join(lines)
