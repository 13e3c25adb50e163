"""Gather the records into one table, as CSV and as parquet, and say when they were made."""

from shiftpress.core.jobs import job
from shiftpress.core.made import first_made
from shiftpress.core.provenance import producer
from shiftpress.core.records import read_records
from shiftpress.core.storage import write_artefact, write_json
from shiftpress.reporting.tables import scores

p, i, o = snakemake.params, snakemake.input, snakemake.output

with job(snakemake.log[0]):
    found = {path: read_records(path) for path in i.records}
    table = scores(record for records in found.values() for record in records)
    made_by = producer(p, i)
    write_artefact(o.csv, table.to_csv(index=False, lineterminator="\n").encode(), made_by)
    write_artefact(o.parquet, table.to_parquet(index=False), made_by)
    write_json(o.made, first_made(found), made_by, "statistical")  # times
