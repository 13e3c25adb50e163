"""Gather the records into one table, as CSV and as parquet."""

from shiftpress.core.jobs import job
from shiftpress.core.provenance import producer
from shiftpress.core.records import read_records
from shiftpress.core.storage import write_artefact
from shiftpress.reporting.tables import scores

i, o = snakemake.input, snakemake.output

with job(snakemake.log[0]):
    table = scores(record for path in i.records for record in read_records(path))
    made_by = producer({}, i.code, i.records)
    write_artefact(o.csv, table.to_csv(index=False, lineterminator="\n").encode(), made_by)
    write_artefact(o.parquet, table.to_parquet(index=False), made_by)
