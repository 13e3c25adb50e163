"""The figure of a claim shows what was found, how sure it is, what was reported and where the claim holds."""

import re
from xml.etree import ElementTree

import pytest
from toy_page import CLAIM

from shiftpress.reporting.board import in_words
from shiftpress.reporting.forest import forest, mark

PART = CLAIM | {"name": "", "dataset": "toy", "model": "m", "note": False, "missing": []}


def drawn(**changes) -> ElementTree.Element:
    part = PART | changes
    return ElementTree.fromstring(forest(CLAIM | changes | {"parts": [part]}))


def shapes(root: ElementTree.Element, tag: str) -> list[ElementTree.Element]:
    return list(root.iter("{http://www.w3.org/2000/svg}" + tag))


def test_the_effect_stands_between_the_ends_of_its_interval():
    root = drawn()
    (dot,) = shapes(root, "circle")
    bar = next(path for path in shapes(root, "path") if path.get("stroke-width") == "2.5")
    left, right = (float(x) for x in re.findall(r"[ML]([\d.]+) ", bar.get("d")))
    assert left < float(dot.get("cx")) < right
    # 1.0 to 1.5 around 1.25
    assert float(dot.get("cx")) == pytest.approx((left + right) / 2, abs=0.2)


def test_what_was_reported_is_a_hollow_mark_at_its_place_if_it_is_known():
    diamonds = [path for path in shapes(drawn(), "path") if path.get("d").endswith("z")]
    assert len(diamonds) == 1 and diamonds[0].get("fill") == "none"
    assert not [path for path in shapes(drawn(reported=None), "path") if path.get("d").endswith("z")]


@pytest.mark.parametrize("where", [{"above": 1.0}, {"below": 1.0}, {"within": [1.0, 2.0]}, {}])
def test_the_region_of_the_claim_is_shaded_on_its_side(where):
    root = drawn(**({"above": None, "below": None, "within": None} | where))
    boxes, (dot,) = shapes(root, "rect"), shapes(root, "circle")
    assert len(boxes) == len(where)
    if where:
        left = float(boxes[0].get("x"))
        inside = left <= float(dot.get("cx")) <= left + float(boxes[0].get("width"))
        assert inside == ("below" not in where)


def test_a_wide_interval_leaves_the_plot_without_an_end():
    root = drawn(interval=[-500.0, 1.5])
    ends = [
        path for path in shapes(root, "path") if path.get("stroke-width") == "1.5" and not path.get("d").endswith("z")
    ]
    assert len(ends) == 1


def test_what_was_not_run_has_no_figure_and_words_cannot_become_markup():
    assert forest(CLAIM | {"effect": None}) == "" and mark(in_words(CLAIM | {"effect": None, "interval": None})) == ""
    hostile = '"><script>alert(1)</script>'
    root = drawn(name=hostile, unit=hostile, id=hostile)
    assert not shapes(root, "script") and any(hostile in (text.text or "") for text in shapes(root, "text"))
