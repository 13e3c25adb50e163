"""The times that a report counts are those of all jobs of its study, and of no others."""

import json
import re
import sys

from projects import copy_project, run

# no codec is studied on the second, but shifts train those that they are made with
SECOND = "study: {datasets: [mnist5k, uci], codecs_on: [mnist5k], cards_on: [mnist5k], edge: [mnist5k]}"


def test_the_report_knows_the_benchmark_files_of_every_job_and_no_others(tmp_path):
    project = copy_project(tmp_path / "project")
    (project / "second.yaml").write_text(SECOND)
    run(sys.executable, "workflow/ledger", "plan", "told", "second.yaml", cwd=project)
    jobs = json.loads((project / "work/plans/told.json").read_text())["jobs"]
    files = [job["benchmark"] for job in jobs if job["benchmark"]]
    names = {re.sub(r"^benchmarks/\w+/|(/seeds[^/]*)?\.tsv$", "", file) for file in files}
    told = [job["params"]["timed"] for job in jobs if job["rule"] in ("render_report", "describe_run")]
    assert "train_codec/uci/fixed10/erm" in names and told == [sorted(names)] * 2
