"""Every switch is listed, well named, and changes what Entra is told."""

from __future__ import annotations

import importlib
import pkgutil
import re
from dataclasses import fields
from functools import cache

import pytest

from scimdoctor.causes import ALL_CAUSES
from scimdoctor.errors import ConfigurationError
from scimdoctor.lab.scim import families
from scimdoctor.lab.scim.faults import FAULTS, TRAITS
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.lab.scim.switch import Fault, Switch
from tests.lab.scim.conversation import Step, crowd, transcript

EVERY_SWITCH: tuple[Switch, ...] = (*FAULTS, *TRAITS)
HOOKS = {field.name for field in fields(Switch)} - {"id", "title", "unlocked"}


@cache
def baseline() -> tuple[Step, ...]:
    return tuple(transcript())


def test_the_conversation_is_repeatable() -> None:
    assert tuple(transcript()) == baseline()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_each_fault_changes_an_answer(fault: Fault) -> None:
    if fault.family == "load":
        assert crowd([fault.id]) != crowd([])
    else:
        assert tuple(transcript([fault.id])) != baseline()


@pytest.mark.parametrize("trait", TRAITS, ids=lambda trait: trait.id)
def test_each_trait_changes_an_answer(trait: Switch) -> None:
    assert tuple(transcript(traits=[trait.id])) != baseline()


def test_every_fault_of_a_family_is_listed() -> None:
    names = [module.name for module in pkgutil.iter_modules(families.__path__)]
    modules = [importlib.import_module(f"{families.__name__}.{name}") for name in names]
    found = [fault.id for module in modules for fault in module.FAULTS]
    assert sorted(found) == sorted(fault.id for fault in FAULTS)


def test_ids_are_unique_kebab_case() -> None:
    ids = [switch.id for switch in EVERY_SWITCH]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in ids)


@pytest.mark.parametrize("switch", EVERY_SWITCH, ids=lambda switch: switch.id)
def test_each_switch_says_what_it_does_and_has_a_hook(switch: Switch) -> None:
    assert switch.title
    assert not switch.title.endswith(".")
    assert any(getattr(switch, hook) is not None for hook in HOOKS - {"cause", "family"})


def test_every_cause_is_known_and_every_cause_of_an_endpoint_has_a_fault() -> None:
    known = {cause.rule.id: cause.rule for cause in ALL_CAUSES}
    seen = {fault.cause for fault in FAULTS}
    assert seen <= known.keys()
    missing = {name for name, rule in known.items() if rule.layer == "endpoint"} - seen
    assert missing == set()


def test_an_unknown_fault_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="no-such-fault"):
        ScimServiceProvider(faults=["no-such-fault"])


def test_switches_can_be_combined() -> None:
    provider = ScimServiceProvider(faults=["error-html", "groups-404"], traits=["plain-json"])
    assert provider.users == {}
