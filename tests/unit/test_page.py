"""Figures are the same text for the same data; what users name things cannot become markup."""

from xml.etree import ElementTree

import pandas as pd
import pytest

from shiftpress.reporting.figures import against_severity


@pytest.fixture
def curve() -> pd.DataFrame:
    rows = [("a/erm", s, seed, s + seed) for s in (0.0, 1.0, 2.0) for seed in range(3)]
    return pd.DataFrame(rows, columns=["model", "severity", "seed", "value"])


def test_the_same_data_give_the_same_svg_with_a_twin_table(curve):
    first, second = (against_severity(curve, "one", "x", "y", "a title") for _ in range(2))
    assert first[0] == second[0]
    assert list(first[1].columns) == ["model", "severity", "mean", "low", "high", "n"] and len(first[1]) == 3


def test_ids_of_two_figures_do_not_clash(curve):
    import re

    one, two = (against_severity(curve, name, "x", "y", "t")[0] for name in ("one", "two"))
    ids = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in (one, two)]
    assert ids[0] and not ids[0] & ids[1]
    assert set(re.findall(r"url\(#([^)]+)\)", one)) <= ids[0]


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", '" onload="alert(1)', "a&b<c>"])
def test_hostile_names_stay_text_in_a_figure(curve, hostile):
    svg, _ = against_severity(curve.assign(model=[hostile] * 9), "x", hostile, hostile, hostile)
    for element in ElementTree.fromstring(svg).iter():
        assert not element.tag.endswith("script")
        assert not any(name.startswith("on") for name in element.attrib)
