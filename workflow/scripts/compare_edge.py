"""Say of all sizes' networks what they lose under shifts beside what they lose anyway."""

from shiftpress.core.jobs import job
from shiftpress.core.provenance import producer
from shiftpress.core.records import read_records, write_records
from shiftpress.evaluation.resilience import Resilience

p, i = snakemake.params, snakemake.input

with job(snakemake.log[0]):
    made_by = producer(p, i)
    found = Resilience(record for path in i.records for record in read_records(path)).records()
    records = [record.model_copy(update={"fingerprint": made_by}) for record in found]
    write_records(snakemake.output.records, records, made_by)
