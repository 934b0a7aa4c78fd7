"""Attributes read from events: keys mapped back, values typed, the unknown kept unknown."""

from __future__ import annotations

from typing import Any

import pytest

from scimdoctor.entra.attribute_names import CORE_TARGETS
from scimdoctor.entra.attributes import (
    attempted_attributes,
    source_attributes,
    target_attributes,
    target_id,
)
from scimdoctor.entra.logged_values import read_value
from scimdoctor.entra.target_names import TargetNames, flatten
from scimdoctor.model.reconstruction import Provenance
from scimdoctor.model.synchronization import AttributeDefinition
from scimdoctor.sources.record import read_record
from tests.fakes.events import changed, custom_app_schema, event, export, load, step

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CUSTOM = "urn:ietf:params:scim:schemas:extension:example:2.0:User:costCode"


@pytest.mark.parametrize("name", CORE_TARGETS)
def test_every_known_name_comes_back_from_its_key(name: str) -> None:
    found = TargetNames().resolve(flatten(name))
    assert (found.path, found.certain) == (name, True)


@pytest.mark.parametrize(
    ("key", "path", "certain"),
    [
        ("urnietfparamsscimschemasextensionenterprise20Userbadge", f"{ENTERPRISE}:badge", True),
        ("urnietfparamsscimschemasextensionexample20UsercostCode", CUSTOM, False),
        ('emails[type eq "school"]value', 'emails[type eq "school"].value', True),
        ("nickName", "nickName", True),
        ("NICKNAME", "nickName", True),
        ("favouriteColour", "favouriteColour", True),
        ("name.givenName", "name.givenName", True),
        ("a..b", "a..b", False),
    ],
)
def test_keys_that_no_table_knows(key: str, path: str, *, certain: bool) -> None:
    found = TargetNames().resolve(key)
    assert (found.path, found.certain) == (path, certain)


def test_schema_makes_a_custom_name_certain() -> None:
    names = TargetNames.of(custom_app_schema(), group=False)
    found = names.resolve("urnietfparamsscimschemasextensionexample20UsercostCode")
    assert (found.path, found.certain) == (CUSTOM, True)


def test_two_names_with_one_key_are_reported() -> None:
    found = TargetNames(["a.bc", "ab.c"]).resolve("abc")
    assert found.path == "a.bc"
    assert not found.certain
    assert "`ab.c`" in (found.note or "")


def integer(name: str) -> AttributeDefinition:
    return AttributeDefinition(name=name, type="Integer")


@pytest.mark.parametrize(
    ("text", "path", "definition", "value"),
    [
        ("True", "active", None, True),
        ("false", "active", None, False),
        ("True", 'roles[primary eq "True"].value', None, "True"),
        ("maybe", "active", None, "maybe"),
        ("7", "level", integer("level"), 7),
        ("seven", "level", integer("level"), "seven"),
        ("7", "title", None, "7"),
        ("[x] y", "members", None, "[x] y"),
        ('["a","b"]', "members", None, ["a", "b"]),
        ('{"value":"a"}', "displayName", None, '{"value":"a"}'),
        ('["a"]', "tags", AttributeDefinition(name="tags", multivalued=True), ["a"]),
        ('{"department":"X"}', ENTERPRISE, None, {"department": "X"}),
        (None, "title", None, None),
        ("", "title", None, ""),
        ("To be continued...", "title", None, "To be continued..."),
    ],
)
def test_values_are_typed(
    text: str | None, path: str, definition: AttributeDefinition | None, value: Any
) -> None:
    found = read_value(text, path, definition)
    assert found.value == value
    assert type(found.value) is type(value)
    assert found.provenance is Provenance.OBSERVED


@pytest.mark.parametrize("text", ["[Redact]", "[redacted]", "x" * 80 + "…", "x" * 80 + "..."])
def test_hidden_and_cut_values_are_unknown(text: str) -> None:
    found = read_value(text, "title", None)
    assert (found.value, found.provenance) == (None, Provenance.UNKNOWN)


def test_broken_json_is_unknown() -> None:
    assert read_value('[{"value":"a', "members", None).provenance is Provenance.UNKNOWN


def test_details_complete_the_modified_properties_of_a_create() -> None:
    raw = load("provisioning-list-scim-user-conflict.json")["value"][0]
    found = attempted_attributes(read_record(raw))
    assert list(found)[:2] == ["active", "displayName"]
    assert found["active"].value is True
    assert found['addresses[type eq "work"].country'].value == "NL"
    assert "ReportableIdentifier" not in found


def test_modified_properties_alone_are_an_update() -> None:
    steps = (export("EntryExportUpdate", {"title": "New", "displayName": "Ada"}),)
    found = attempted_attributes(event(changes=(changed("title", "New", "Old"),), steps=steps))
    assert list(found) == ["title"]
    assert (found["title"].old_value, found["title"].has_old_value) == ("Old", True)


def test_source_attributes_among_the_modified_ones_are_no_attempt() -> None:
    changes = (changed("objectId", "s1"), changed("displayName", "Ada"), changed("Name", "Ada"))
    found = attempted_attributes(event(changes=changes))
    assert "objectId" not in found
    assert found["displayName"].provenance is Provenance.ASSUMED
    assert found["Name"].provenance is Provenance.OBSERVED


def test_a_hidden_old_value_is_still_one() -> None:
    found = attempted_attributes(event(changes=(changed("title", "New", "[Redact]"),)))
    assert found["title"].old_value == "[Redact]"


def test_source_attributes_come_from_import_steps() -> None:
    raw = load("provisioning-list-scim-user-conflict.json")["value"][0]
    found = source_attributes(read_record(raw))
    assert found["userPrincipalName"] == "ada@example.com"
    assert found["IsSoftDeleted"] == "False"
    assert "CountProcessed" not in found


def test_target_attributes_come_from_the_matching_step() -> None:
    raw = load("provisioning-list-scim-group-skipped.json")["value"][0]
    record = read_record(raw)
    assert target_attributes(record)["displayName"].value == "engineering"
    assert target_id(record) == "grp-0001"


def test_no_steps_no_attributes() -> None:
    bare = event(target_id=None)
    assert not attempted_attributes(bare)
    assert not target_attributes(bare)
    assert target_id(bare) is None


def test_unknown_loses_to_a_known_value() -> None:
    steps = (export("EntryExportAdd", {"title": "[Redact]"}), step("x", "import", {}))
    found = attempted_attributes(
        event("create", changes=(changed("title", "Engineer"),), steps=steps)
    )
    assert found["title"].value == "Engineer"


def test_what_the_schema_does_not_have_is_named_and_a_blank_name_is_no_attribute() -> None:
    update = event("update", changes=(changed("flubber", "b", "a"), changed(" ", "x")))
    known = attempted_attributes(update, custom_app_schema())["flubber"]
    assert "none of the job's target attributes" in str(known.note)
    assert [*attempted_attributes(update)] == ["flubber"]
    assert attempted_attributes(update)["flubber"].note is None
