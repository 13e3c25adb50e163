"""Boxes stand in the order in which rules must run; what a detour says already is not drawn."""

from xml.etree import ElementTree

import pytest

from shiftpress.reporting.workflow import picture

ARROWS = [("fetch", "train"), ("train", "score"), ("fetch", "score"), ("score", "report")]
COST = [{"rule": "train", "jobs": 2, "cpu": 12.5}]


def texts(root, tag: str) -> list:
    return list(root.iter("{http://www.w3.org/2000/svg}" + tag))


def test_rules_stand_from_left_to_right_and_say_what_they_took():
    root = ElementTree.fromstring(picture(ARROWS, COST, {"train": "codecs"}))
    place = {text.text.split(",")[0]: float(text.get("x")) for text in texts(root, "text")}
    assert place["fetch"] < place["train"] < place["score"] < place["report"]
    assert [text.text for text in texts(root, "text") if "," in text.text] == ["train, 12 s"]
    assert len(texts(root, "path")) == 3


@pytest.mark.parametrize("arrows", [[], [("a", "b")]])
def test_rules_that_did_not_run_are_there_all_the_same(arrows):
    found = picture(arrows, [], {})
    assert found.count("did not run") == 2 * len(arrows)
