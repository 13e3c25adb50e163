"""Write down what this run was: settings, code, environment, data, jobs."""

from pathlib import Path

from shiftpress.core.jobs import job
from shiftpress.core.provenance import producer
from shiftpress.core.storage import write_json
from shiftpress.reporting.run import described

p, i, o = snakemake.params, snakemake.input, snakemake.output

with job(snakemake.log[0]):
    run = described(
        params=p.params,
        cards=dict(zip(p.datasets, i.cards, strict=True)),
        artefacts=[i.scores, i.claims, i.report],
        benchmarks=Path(p.benchmarks),
        blocks=p.blocks,
        timed=p.timed,
    )
    write_json(o.run, run, producer(p, i), "statistical")  # it tells times
