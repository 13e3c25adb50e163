"""Generated documents are current, and the schema agrees with the typed params."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from shiftpress.reference import documents

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("path", documents())
def test_the_document_is_current(path):
    assert (ROOT / path).read_text() == documents()[path], f"{path} is behind: run make reference"


def test_the_schema_accepts_the_params_and_refuses_typos():
    schema = json.loads((ROOT / "docs/params.schema.json").read_text())
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["fit"]["codecs"]["lr"] = 1e-3  # YAML 1.1 reads 1e-3 as a word
    params["fit"]["cards"]["weight_decay"] = 5e-4
    check = jsonschema.Draft202012Validator(schema)
    assert not list(check.iter_errors(params))
    for place, key in ((params["run"], "sed"), (params["codecs"]["fixed10"], "latent"), (params, "shift")):
        place[key] = 1
        assert list(check.iter_errors(params)), key
        del place[key]


@pytest.mark.parametrize("tier", sorted((ROOT / "tiers").glob("*.yaml")), ids=lambda p: p.stem)
def test_the_tier_schema_accepts_the_overlays(tier):
    schema = json.loads((ROOT / "docs/tier.schema.json").read_text())
    overlay = yaml.safe_load(tier.read_text().replace("2e-4", "0.0002").replace("1e-4", "0.0001"))
    assert not list(jsonschema.Draft202012Validator(schema).iter_errors(overlay))
