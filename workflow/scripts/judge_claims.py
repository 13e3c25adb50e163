"""Judge every claim on the records, and write the headline metrics."""

import io

import pandas as pd

from shiftpress.claims.model import read_ledgers
from shiftpress.claims.registered import Registry
from shiftpress.claims.verdict import judge
from shiftpress.core.jobs import job
from shiftpress.core.provenance import producer
from shiftpress.core.storage import read_artefact, read_json, write_json
from shiftpress.reporting.tables import headline

p, i, o = snakemake.params, snakemake.input, snakemake.output

with job(snakemake.log[0]):
    scores = pd.read_parquet(io.BytesIO(read_artefact(i.scores)))
    registry = Registry(i.claims, read_json(i.made))
    claims = judge(read_ledgers(i.claims), scores, p.tier, registry)
    made_by = producer(p, [*i.code, *i.claims], [i.scores])
    write_json(o.claims, claims, made_by)
    write_json(o.metrics, headline(scores, claims), made_by)
