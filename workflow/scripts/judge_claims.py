"""Judge every claim on the records, and write the means that DVC compares."""

import io

import pandas as pd

from shiftpress.claims.model import read_ledgers
from shiftpress.claims.outcomes import Outcomes
from shiftpress.claims.registered import Registry
from shiftpress.claims.verdict import judge
from shiftpress.core.adversarial import ROBUST
from shiftpress.core.jobs import job
from shiftpress.core.provenance import producer
from shiftpress.core.storage import read_artefact, read_json, write_json
from shiftpress.reporting.tables import all_means, headline

p, i, o = snakemake.params, snakemake.input, snakemake.output

with job(snakemake.log[0]):
    scores = pd.read_parquet(io.BytesIO(read_artefact(i.scores)))
    registry = Registry(i.ledgers, read_json(i.made))
    outcomes = Outcomes({ROBUST: i.robust})
    claims = judge(read_ledgers(i.ledgers), scores, p.tier, registry, outcomes)
    made_by = producer(p, i)
    write_json(o.claims, claims, made_by)
    write_json(o.metrics, all_means(scores, claims), made_by)
    write_json(o.headline, headline(scores, claims), made_by)
