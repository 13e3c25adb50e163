"""Compare the compressed networks of a classifier at equal size, and their order under different attacks."""

from shiftpress.core.jobs import job
from shiftpress.core.provenance import producer
from shiftpress.core.records import read_records, write_records
from shiftpress.evaluation.ranking import agreement, at_equal_size

p, i = snakemake.params, snakemake.input

with job(snakemake.log[0]):
    made_by = producer(p, i)
    below = [record for path in i.records for record in read_records(path)]
    records = [record for metric in p.metrics for record in at_equal_size(below, metric)]
    cells = {(record.shift, record.severity) for record in below if record.metric == p.robust}
    for cell in sorted((shift, size) for shift, size in cells if shift in p.references and size == p.radius):
        records += agreement(below, p.robust, cell)
    found = [record.model_copy(update={"fingerprint": made_by}) for record in records]
    write_records(snakemake.output.records, found, made_by)
