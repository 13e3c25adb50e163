"""Settings are those of the params, field by field; the checklist says no where the evidence does."""

import pytest
from toy_page import page_facts
from whole_page import whole_claims

from shiftpress.reporting.checklist import checklist
from shiftpress.reporting.settings import settings


def test_every_param_of_a_run_stands_in_a_table_once(params):
    found = settings(params.effective())
    rows = {(section["name"], row["name"]): row for section in found for row in section["rows"]}
    assert rows["run", "seeds"]["value"] == ", ".join(map(str, params.run.seeds))
    assert rows["run", "seeds"]["meaning"].startswith("every model is trained once per seed")
    for family in ("shifts", "codecs", "pruners", "attacks"):
        names = list(params.effective()[family])
        assert [row["name"] for section in found if section["name"] == family for row in section["rows"]] == names
    assert rows["fit.codecs", "epochs"]["value"] == str(params.fit.codecs.epochs)
    assert len(rows) == sum(len(section["rows"]) for section in found)


@pytest.fixture
def facts(tmp_path):
    return page_facts(tmp_path, claims=whole_claims())


def answers(facts) -> dict[str, str]:
    return {row["question"]: row["answer"] for row in checklist(facts)}


def test_the_checklist_answers_from_the_evidence(facts):
    found = answers(facts)
    assert found["Is every claim judged, whatever the outcome?"] == "partly"
    assert found["Are there enough seeds for an interval?"] == "yes"
    assert found["Is it said what it cost?"] == "no"
    assert found["Were claims written down before their records?"] == "no"


def test_two_seeds_a_dirty_tree_and_a_missing_interval_are_told(facts):
    facts |= {"seeds": [0, 1], "origin": facts["origin"] | {"commit": "abc-dirty"}}
    for claim in facts["claims"][:1]:
        claim["interval"] = None
    found = answers(facts)
    assert found["Are there enough seeds for an interval?"] == "no"
    assert found["Is the code that made it in one commit?"] == "no"
    assert found["Does every effect have an interval?"] == "partly"


@pytest.mark.parametrize(("late", "said"), [(False, "yes"), (True, "no"), (None, "no")])
def test_a_claim_that_was_changed_after_its_records_is_told(facts, late, said):
    for claim in facts["claims"]:
        claim["registered"] = {"file": "f", "commit": "c", "changed": "t", "file_commit": "c", "late": late}
    assert answers(facts)["Were claims written down before their records?"] == said
