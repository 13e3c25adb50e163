"""Render the HTML report, and write the data of its figures."""

import gc
from pathlib import Path

from shiftpress.core.jobs import job
from shiftpress.core.provenance import producer
from shiftpress.core.storage import write_artefact
from shiftpress.reporting.page import render
from shiftpress.reporting.report import facts

p, i, o = snakemake.params, snakemake.input, snakemake.output

# figures are many objects and little garbage: looking for some took a fifteenth of the time
gc.set_threshold(200_000)

with job(snakemake.log[0]):
    found = facts(
        scores=i.scores,
        claims=i.claims,
        examples=i.examples,
        sheets=i.sheets,
        cards=dict(zip(p.datasets, i.cards, strict=True)),
        latencies=i.latencies,
        params=p.params,
        shifts=p.shifts,
        plots=p.plots,
        blocks=p.blocks,
        timed=p.timed,
        benchmarks=Path(p.benchmarks),
        static=Path("report/static"),
        reference=Path("report/reference"),
        threads=snakemake.threads,
    )
    made_by = producer(p, i)
    for path, plot in zip(o.plots, p.plots, strict=True):
        write_artefact(path, found["plots"][plot].encode(), made_by)
    # it tells when and where it was made, and how long jobs took
    page = render(Path("report/templates"), **found).encode()
    write_artefact(o.html, page, made_by, "statistical")
