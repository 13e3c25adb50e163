"""What compressed networks are compared in comes in one order, whatever the hashes of names are."""

from shiftpress.core.records import Record
from shiftpress.evaluation.ranking import SIZES, at_equal_size

SHIFTS = ["fog", "snow", "contrast", "negative", "patterned", "to_uci", "pixelate", "clean", "blur", "noise"]


def record(compressor, ratio, shift, metric, value):
    place = {"phase": "atmc", "dataset": "d", "shift": shift, "severity": 1.0, "source": "regenerated", "seed": 0}
    return Record(**place, model=f"net/{compressor}/{ratio}", metric=metric, value=value, n=1, fingerprint="f")


def test_cells_are_compared_in_the_order_of_their_names():
    made = []
    for compressor in ("alr", "atmc32"):
        for number, ratio in enumerate(("0.4", "0.2"), 1):
            made += [record(compressor, ratio, "storage", size, 100.0 * number) for size in SIZES]
            made += [record(compressor, ratio, shift, "accuracy", 0.5) for shift in SHIFTS]
    found = [one.shift for one in at_equal_size(made, "accuracy")]
    assert found == sorted(SHIFTS) * len(SIZES)
