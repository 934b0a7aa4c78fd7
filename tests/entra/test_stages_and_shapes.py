"""Small parts of the rebuild: stages, app roles, quoted requests, resource bodies."""

from __future__ import annotations

from typing import Any

import pytest

from scimdoctor.entra.app_roles import roles_for_create, roles_for_update
from scimdoctor.entra.memberships import member_elements
from scimdoctor.entra.quoted_requests import filter_in, probe_in
from scimdoctor.entra.reconstruct import reconstruct
from scimdoctor.entra.requests import resource_body
from scimdoctor.entra.stages import stages
from scimdoctor.graph.synchronization import parse_schema
from scimdoctor.model.provisioning import ProvisioningStep
from tests.fakes.events import event, load

PHONE = 'phoneNumbers[type eq "work"].value'
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def test_four_stages() -> None:
    steps = (
        ProvisioningStep(name="EntryImport", provisioning_step_type="import", status="success"),
        ProvisioningStep(
            name="EntryExportAdd",
            provisioning_step_type="export",
            status="failure",
            description="Failed to\r\n create",
        ),
    )
    assert stages(event(steps=steps)) == (
        "1. Import: success",
        "2. Determine scope: no step of its own in the log",
        "3. Match: no step of its own in the log",
        "4. Perform action: failure: Failed to create",
    )
    assert stages(event(steps=steps[:1]))[1:] == (
        "2. Determine scope: not reached",
        "3. Match: not reached",
        "4. Perform action: not reached",
    )


@pytest.mark.parametrize(
    ("value", "created", "updated"),
    [
        ("{cut", "{cut", "{cut"),
        ({"value": "x"}, None, None),
        ({"id": "1", "value": None}, None, '{"id": "1", "value": null}'),
    ],
)
def test_roles_in_odd_shapes(value: Any, created: Any, updated: Any) -> None:
    made = roles_for_create(value)[0]
    sent = roles_for_update(value)[0]
    assert made.get("value") == created or made == value
    assert sent.get("value") == updated or sent == value
    assert roles_for_create(None) == []


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ("a", ["a"]),
        ("a, b;c d", ["a", "b", "c", "d"]),
        ([{"value": "a", "display": "A"}, {"display": "B"}], ["a"]),
        (None, []),
        (["a", ""], ["a"]),
    ],
)
def test_members_in_every_form(value: Any, ids: list[str]) -> None:
    assert [e["value"] for e in member_elements(value)] == ids


@pytest.mark.parametrize(
    "text",
    [
        "Resource: https://app.example/other?x=1 Operation: GET",
        "Resource: https://app.example/Users Operation: POST",
        "Resource: https://[broken Operation: GET",
        "nothing",
    ],
)
def test_texts_without_a_probe(text: str) -> None:
    assert probe_in(text) is None


def test_filters_about_elements_are_no_queries() -> None:
    assert filter_in('members[value eq "x"] and type eq "work"', "Users") is None
    found = filter_in('bad filter: displayName eq \\"A B\\"', "Groups")
    assert found is not None
    assert found.request.query.endswith("filter=displayName+eq+%22A+B%22")


@pytest.mark.parametrize(
    ("paths", "body"),
    [
        ({"name": "Ada L", "name.givenName": "Ada"}, {"name": {"givenName": "Ada"}}),
        ({"name.givenName": "Ada", "name": "Ada L"}, {"name": {"givenName": "Ada"}}),
        ({"phoneNumbers": "1", PHONE: "2"}, {"phoneNumbers": [{"type": "work", "value": "2"}]}),
        (
            {"phoneNumbers": ["1"], PHONE: "2"},
            {"phoneNumbers": ["1", {"type": "work", "value": "2"}]},
        ),
        ({ENTERPRISE: "text", f"{ENTERPRISE}:division": "D"}, {ENTERPRISE: {"division": "D"}}),
    ],
)
def test_bodies_of_logs_that_name_a_whole_beside_its_parts(
    paths: dict[str, Any], body: dict[str, Any]
) -> None:
    assert resource_body(paths) == body


def test_bodies_from_paths() -> None:
    body = resource_body(
        {
            ENTERPRISE: {"department": "R"},
            f"{ENTERPRISE}:division": "D",
            'roles[primary eq "True"].value': "Admin",
            'phoneNumbers[type eq "work"].value': "1",
            'phoneNumbers[type eq "mobile"].value': "2",
            "title": None,
            "a b": "no path",
        }
    )
    assert body == {
        ENTERPRISE: {"department": "R", "division": "D"},
        "roles": [{"primary": True, "value": "Admin"}],
        "phoneNumbers": [{"type": "work", "value": "1"}, {"type": "mobile", "value": "2"}],
    }


def test_schema_that_does_not_map_the_object() -> None:
    schema = load("synchronization-schema-custom-app.json")
    schema["synchronizationRules"][0]["objectMappings"].pop(0)
    rebuilt = reconstruct(event("create", group=True), schema=parse_schema(schema))
    assert "no mapping of groups" in rebuilt.notes[0]
    assert rebuilt.requests[-1].request.json["displayName"] == "engineering"


def test_matching_failure_without_any_value() -> None:
    step = ProvisioningStep(name="EntryImport", provisioning_step_type="matching", status="failure")
    rebuilt = reconstruct(event("create", name="Ada", steps=(step,)))
    assert "the value that Entra looked for" in rebuilt.missing[0]
