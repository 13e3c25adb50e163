"""The family packages and params.yaml name the same components, each fully described."""

import pytest

from shiftpress.core.catalog import UnknownKind, component, kinds
from shiftpress.core.params import FAMILIES

KINDS = [(family, kind) for family in FAMILIES for kind in kinds(family)]


@pytest.mark.parametrize(("family", "kind"), KINDS)
def test_params_uses_the_kind(family, kind, params):
    assert kind in {entry.kind for entry in getattr(params, family).values()}


@pytest.mark.parametrize(("family", "kind"), KINDS)
def test_every_field_says_what_it_is(family, kind):
    for name, field in component(family, kind).model_fields.items():
        assert field.description, f"{family}.{kind}.{name} has no description"


@pytest.mark.parametrize(("family", "kind"), KINDS)
def test_a_component_is_frozen_and_refuses_what_it_does_not_know(family, kind):
    config = component(family, kind).model_config
    assert config["frozen"] and config["extra"] == "forbid" and config["strict"]


@pytest.mark.parametrize("family", FAMILIES)
def test_an_unknown_kind_is_answered_with_the_known_ones(family):
    with pytest.raises(UnknownKind, match=f"Known: .*{kinds(family)[0]}"):
        component(family, "no_such_kind")
