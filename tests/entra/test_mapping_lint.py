"""The mapping's lint: each rule broken once, and a sound mapping with nothing above info."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scimdoctor.entra.mapping_diff import change_findings, diff_schemas
from scimdoctor.entra.mapping_lint import MappingReview, review
from scimdoctor.entra.mapping_rules import MAPPING_RULES
from scimdoctor.entra.object_lint import schema_paths
from scimdoctor.graph.synchronization import parse_schema
from scimdoctor.model.finding import Outcome
from scimdoctor.model.rule import Severity
from tests.fakes.events import custom_app_schema, load

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CUSTOM = "urn:ietf:params:scim:schemas:extension:example:2.0:User"
ACTIVE = 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'


def row(target: str, expression: str, **fields: Any) -> dict[str, Any]:
    kind = "Constant" if expression.startswith('"') else "Function"
    kind = "Attribute" if expression.startswith("[") else kind
    source = {"type": kind, "expression": expression, "name": expression.strip('[]"')}
    return {"targetAttributeName": target, "source": source, "flowType": "Always"} | fields


SOUND = (
    row("userName", "[userPrincipalName]", matchingPriority=1),
    row("active", ACTIVE),
    row("externalId", "[objectId]"),
)


def attribute(name: str, kind: str = "String", **fields: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "mutability": "ReadWrite"} | fields


def judged(*rows: dict[str, Any], **fields: Any) -> MappingReview:
    """Review a user mapping of these rows; `target` and `source` list attribute definitions."""
    owner = {
        "enabled": fields.get("enabled", True),
        "sourceObjectName": "User",
        "targetObjectName": ENTERPRISE,
        "attributeMappings": list(rows),
    }
    directories = [
        {"name": "Entra", "objects": [{"name": "User", "attributes": fields.get("source", [])}]},
        {"name": "app", "objects": [{"name": ENTERPRISE, "attributes": fields.get("target", [])}]},
    ]
    schema = parse_schema(
        {"synchronizationRules": [{"objectMappings": [owner]}], "directories": directories}
    )
    return review(schema, known_paths=fields.get("known_paths"))


def ids(found: MappingReview) -> set[str]:
    return {f.check.removeprefix("mapping/") for f in found.findings if f.is_problem}


def outcomes(found: MappingReview) -> dict[str, Outcome]:
    return {f.check.removeprefix("mapping/"): f.outcome for f in found.findings}


def test_sound_mapping_has_nothing_above_info() -> None:
    assert not ids(judged(*SOUND))


def test_default_mapping_has_nothing_above_info() -> None:
    found = review(custom_app_schema())
    assert not ids(found)
    assert len(found.rows) == 25
    assert not any(r.lint for r in found.rows)


SWAPPED = 'Switch([IsSoftDeleted], , "false", "True", "true", "False")'
BROKEN: list[tuple[str, tuple[dict[str, Any], ...], dict[str, Any]]] = [
    ("matching-attribute-set", (row("userName", "[mail]"), *SOUND[1:]), {}),
    (
        "matching-attribute-filterable",
        (*SOUND, row("manager", "[manager]", matchingPriority=2)),
        {"target": [attribute("manager", "Reference")]},
    ),
    ("matching-attribute-stable", (row("userName", "[mail]", matchingPriority=1), *SOUND[1:]), {}),
    ("required-attribute-mapped", SOUND, {"target": [attribute("title", required=True)]}),
    ("active-mapped", (SOUND[0],), {}),
    ("expression-readable", (*SOUND, row("title", "Left([a], 2")), {}),
    ("expression-readable", (*SOUND, row("title", "Frob([a])")), {}),
    ("expression-readable", (*SOUND, row("title", "Left([a])")), {}),
    ("expression-can-give-a-value", (*SOUND, row("title", 'IIF("a" = "b", "x", "")')), {}),
    ("active-follows-the-account", (SOUND[0], row("active", "[IsSoftDeleted]")), {}),
    ("active-follows-the-account", (SOUND[0], row("active", "Not([accountEnabled])")), {}),
    ("active-follows-the-account", (SOUND[0], row("Active", '"True"')), {}),
    (
        "active-follows-the-account",
        (SOUND[0], row("active", 'Switch([IsSoftDeleted], , "False", "True")')),
        {},
    ),
    ("expression-can-give-a-value", (*SOUND, {"targetAttributeName": "title"}), {}),
    ("switch-arguments-paired", (*SOUND, row("title", 'Switch([a], "d", "k")')), {}),
    ("switch-arguments-paired", (SOUND[0], row("active", SWAPPED)), {}),
    ("iif-condition-not-null", (*SOUND, row("title", 'IIF([a] = "x", "1", "2")')), {}),
    ("iif-condition-not-null", (*SOUND, row("title", 'IIF(IsNull([a]), "1", "2")')), {}),
    ("expression-stable", (*SOUND, row("title", "Guid()")), {}),
    ("expression-stable", (*SOUND, row("title", "SelectUniqueValue([a], [b])")), {}),
    (
        "type-fits",
        (SOUND[0], row("active", '"yes"')),
        {"target": [attribute("active", "Boolean")]},
    ),
    (
        "type-fits",
        (*SOUND, row("title", '"x"')),
        {"target": [attribute("title", "Integer")]},
    ),
    (
        "type-fits",
        (SOUND[0], row("active", "[department]")),
        {"target": [attribute("active", "Boolean")], "source": [attribute("department")]},
    ),
    (
        "type-fits",
        (*SOUND, row("title", "[otherMails]")),
        {
            "target": [attribute("title")],
            "source": [attribute("otherMails", multivalued=True), attribute("objectId")],
        },
    ),
    (
        "type-fits",
        (*SOUND, row("manager", "ToLower([manager])")),
        {"target": [attribute("manager", "Reference")]},
    ),
    ("target-mapped-once", (*SOUND, row("userName", "[mail]")), {}),
    ("role-function-fits", (*SOUND, row("title", "AppRoleAssignmentsComplex([a])")), {}),
    ("role-function-fits", (*SOUND, row("roles", "SingleAppRoleAssignment([a])")), {}),
    (
        "role-function-fits",
        (
            *SOUND,
            row("roles", "AppRoleAssignmentsComplex([a])"),
            row('roles[primary eq "True"].value', "SingleAppRoleAssignment([a])"),
        ),
        {},
    ),
    ("custom-attribute-in-extension", (*SOUND, row("costCode", "[a]")), {}),
    ("custom-attribute-in-extension", (*SOUND, row(f"{CUSTOM}:cost.code", "[a]")), {}),
    ("custom-attribute-in-extension", (*SOUND, row("a b", "[a]")), {}),
    (
        "custom-attribute-in-extension",
        (*SOUND, row(f"{CUSTOM}:cost", "[a]")),
        {"target": [attribute(f"{CUSTOM}:cost", multivalued=True)]},
    ),
    (
        "custom-attribute-in-extension",
        (*SOUND, row(f"{CUSTOM}:boss", "[a]")),
        {"target": [attribute(f"{CUSTOM}:boss", "Reference")]},
    ),
    ("target-in-schemas", (*SOUND, row("title", "[a]")), {"known_paths": ["userName", "active"]}),
    (
        "source-attribute-known",
        (SOUND[0], SOUND[1]),
        {"source": [attribute("userPrincipalName")]},
    ),
    (
        "target-attribute-known",
        (*SOUND, row("urn:foo:1.0:Bar:nothing", "[jobTitle]")),
        {"target": [attribute(name) for name in ("userName", "active", "externalId")]},
    ),
]


@pytest.mark.parametrize(
    ("rule", "rows", "fields"), BROKEN, ids=[f"{i}-{b[0]}" for i, b in enumerate(BROKEN)]
)
def test_rule_is_broken(
    rule: str, rows: tuple[dict[str, Any], ...], fields: dict[str, Any]
) -> None:
    assert rule in ids(judged(*rows, **fields))


WORK, HOME = 'emails[type eq "work"].value', 'emails[type eq "home"].value'
NEAR_MISSES: list[tuple[str, tuple[dict[str, Any], ...], dict[str, Any]]] = [
    ("matching-attribute-set", (row("userName", "[mail]", matchingPriority=2),), {}),
    (
        "matching-attribute-filterable",
        (*SOUND, row("manager", "[manager]", matchingPriority=0)),
        {"target": [attribute("manager", "Reference")]},
    ),
    (
        "matching-attribute-stable",
        (row("externalId", "[objectId]", matchingPriority=1), row("userName", "[mail]")),
        {},
    ),
    (
        "required-attribute-mapped",
        (*SOUND, row("title", "[jobTitle]")),
        {"target": [attribute("title", required=True)]},
    ),
    ("active-mapped", (SOUND[0], row("active", "Not([IsSoftDeleted])")), {}),
    ("active-follows-the-account", (SOUND[0], row("active", "Not([IsSoftDeleted])")), {}),
    ("active-follows-the-account", (SOUND[0], row("active", "[accountEnabled]")), {}),
    ("active-follows-the-account", (SOUND[0], row("active", "[employeeStatus]")), {}),
    (
        "active-follows-the-account",
        (SOUND[0], row("active", 'IIF([accountEnabled]="True", "True", "False")')),
        {},
    ),
    ("active-follows-the-account", (SOUND[0], row("active", '"yes"')), {}),
    ("expression-readable", (*SOUND, row("title", "left( [a] ,2 )")), {}),
    ("expression-readable", (*SOUND, row("title", 'Replace([a], "x", , , "y", )')), {}),
    ("expression-can-give-a-value", (*SOUND, row("title", 'IIF("a" = "b", "x", "y")')), {}),
    (
        "expression-can-give-a-value",
        (*SOUND, {"targetAttributeName": "title", "defaultValue": "x"}),
        {},
    ),
    ("switch-arguments-paired", (*SOUND, row("title", 'Switch([a], "d", "k", "v")')), {}),
    ("iif-condition-not-null", (*SOUND, row("title", 'Switch([a], "2", "x", "1")')), {}),
    (
        "expression-stable",
        (*SOUND, row("title", "Guid()", flowType="ObjectAddOnly")),
        {},
    ),
    (
        "type-fits",
        (SOUND[0], row("active", '"True"')),
        {"target": [attribute("active", "Boolean")]},
    ),
    ("type-fits", (*SOUND, row("title", '"7"')), {"target": [attribute("title", "Integer")]}),
    (
        "type-fits",
        (*SOUND, row("title", "Item([otherMails], 1)")),
        {
            "target": [attribute("title")],
            "source": [attribute("otherMails", multivalued=True), attribute("objectId")],
        },
    ),
    ("target-mapped-once", (*SOUND, row(WORK, "[mail]"), row(HOME, "[otherMail]")), {}),
    (
        "role-function-fits",
        (*SOUND, row("roles", "AppRoleAssignmentsComplex([appRoleAssignments])")),
        {},
    ),
    (
        "role-function-fits",
        (
            *SOUND,
            row('roles[primary eq "True"].value', "SingleAppRoleAssignment([appRoleAssignments])"),
        ),
        {},
    ),
    ("custom-attribute-in-extension", (*SOUND, row(f"{CUSTOM}:costCode", "[a]")), {}),
    ("custom-attribute-in-extension", (*SOUND, row("nickName", "[a]")), {}),
    (
        "target-in-schemas",
        (*SOUND, row("Title", "[a]")),
        {"known_paths": ["userName", "active", "externalId", "title"]},
    ),
    (
        "source-attribute-known",
        (SOUND[0], SOUND[1]),
        {"source": [attribute("userprincipalname"), attribute("IsSoftDeleted")]},
    ),
    (
        "target-attribute-known",
        (SOUND[0], row(WORK, "[mail]"), row("name.givenName", "[givenName]"), row("roles", "[a]")),
        {"target": [attribute(n) for n in ("username", WORK, "name.givenname", "Roles")]},
    ),
    (
        "target-attribute-known",
        (row(f"{CORE}:userName", "[mail]"), row('roles[primary eq "True"].value', "[a]")),
        {"target": [attribute(n) for n in ("userName", "roles")]},
    ),
]


@pytest.mark.parametrize("end", ["source", "target"])
def test_names_are_not_judged_where_the_schema_lists_none(end: str) -> None:
    rule = f"{end}-attribute-known"
    assert outcomes(judged(*SOUND))[rule] is Outcome.SKIPPED
    names = ("userPrincipalName", "IsSoftDeleted", "objectId", "userName", "active", "externalId")
    listed = {end: [attribute(name) for name in names]}
    assert outcomes(judged(*SOUND, **listed))[rule] is Outcome.PASSED


@pytest.mark.parametrize(
    ("rule", "rows", "fields"), NEAR_MISSES, ids=[f"{i}-{b[0]}" for i, b in enumerate(NEAR_MISSES)]
)
def test_a_near_miss_is_not_taken_for_it(
    rule: str, rows: tuple[dict[str, Any], ...], fields: dict[str, Any]
) -> None:
    assert rule not in ids(judged(*rows, **fields))


def test_every_rule_has_a_near_miss() -> None:
    assert {r for r, _, _ in NEAR_MISSES} == {r for r, _, _ in BROKEN}


def test_every_rule_is_tested() -> None:
    info = {r.id for r in MAPPING_RULES if r.severity is Severity.INFO}
    tested = {f"mapping/{rule}" for rule, _, _ in BROKEN} | info | {"mapping/unchanged"}
    assert tested == {r.id for r in MAPPING_RULES}


def test_rules_that_hold_are_said_to_hold() -> None:
    listed = {
        "source": [attribute(n) for n in ("userPrincipalName", "IsSoftDeleted", "objectId")],
        "target": [attribute(n) for n in ("userName", "active", "externalId")],
        "known_paths": ["userName", "active", "externalId"],
    }
    found = outcomes(judged(*SOUND, **listed))
    assert set(found.values()) == {Outcome.PASSED}
    assert len(found) == len(MAPPING_RULES) - 1


def test_rules_that_could_not_be_applied_are_skipped() -> None:
    bare = {"sourceObjectName": "User", "attributeMappings": list(SOUND)}
    schema = parse_schema({"synchronizationRules": [{"objectMappings": [bare]}]})
    found = outcomes(review(schema))
    assert found["target-in-schemas"] is Outcome.SKIPPED
    assert found["type-fits"] is Outcome.SKIPPED


def test_changing_values_are_fine_on_creation_only() -> None:
    assert not ids(judged(*SOUND, row("title", "Guid()", flowType="ObjectAddOnly")))


def test_switch_without_default_is_worth_knowing() -> None:
    found = judged(*SOUND, row("title", 'Switch([a], , "k", "v")'))
    assert any("no default" in note for note in found.notes)
    wrapped = judged(*SOUND, row("title", 'IgnoreFlowIfNullOrEmpty(Switch([a], , "k", "v"))'))
    assert not any("no default" in note for note in wrapped.notes)


def test_a_mapping_that_is_off_is_not_judged() -> None:
    found = judged(row("costCode", "[a"), enabled=False)
    assert not ids(found)
    assert "off" in found.limits[0]


def test_other_connectors_are_not_judged_as_scim() -> None:
    salesforce = {
        "sourceObjectName": "User",
        "targetObjectName": "User",
        "attributeMappings": [row("IsActive", "Not([IsSoftDeleted])", matchingPriority=1)],
    }
    schema = parse_schema({"synchronizationRules": [{"objectMappings": [salesforce]}]})
    assert not ids(review(schema))


def test_paths_of_an_endpoint_s_schemas() -> None:
    answer = {
        "Resources": [
            {
                "id": CORE,
                "attributes": [
                    {"name": "userName"},
                    {"name": "emails", "subAttributes": [{"name": "value"}, {"name": "type"}]},
                ],
            },
            {"id": ENTERPRISE, "attributes": [{"name": "department"}]},
            "nonsense",
        ]
    }
    paths = schema_paths(answer)
    assert {"userName", "emails.value", f"{ENTERPRISE}:department", "externalId"} <= set(paths)
    assert schema_paths({"Resources": None}) == ()
    assert schema_paths("<html>") == ()


def test_work_mail_is_found_in_schemas() -> None:
    found = judged(
        *SOUND,
        row('emails[type eq "work"].value', "[mail]"),
        known_paths=["userName", "active", "externalId", "emails", "emails.value"],
    )
    assert not ids(found)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ('Join(" ", Frob([a]))', "there is no function `Frob` (at character 11)"),
        ("ToLower(Left([a]))", "`Left` takes 2 arguments, 1 are given (at character 9)"),
        ("Left([a] [b], 3)", "a comma is missing before `[b]` (at character 10)"),
        ('Join(" ", [a', "not closed (at character 11)"),
    ],
)
def test_errors_point_at_the_place(expression: str, words: str) -> None:
    found = judged(*SOUND, row("title", expression))
    assert any(words in (f.message or "") for f in found.findings)


def test_nothing_changed() -> None:
    assert diff_schemas(custom_app_schema(), custom_app_schema()) == ()


def test_changes_are_said_one_by_one() -> None:
    raw = load("synchronization-schema-custom-app.json")
    users = raw["synchronizationRules"][0]["objectMappings"][1]
    first, *rest = users["attributeMappings"]
    first["source"]["expression"] = "[mail]"
    first["matchingPriority"] = 0
    removed = rest.pop()
    users["attributeMappings"] = [first, *rest, row("nickName", "[mailNickname]")]
    users["scope"] = None
    said = [str(c) for c in diff_schemas(custom_app_schema(), parse_schema(raw))]
    assert "User: scoping filter removed (was department EQUALS Marketing)" in said
    assert "User → userName: expression changed from [userPrincipalName] to [mail]" in said
    assert "User → userName: matching precedence removed (was 1)" in said
    assert "User → nickName: mapping added: [mailNickname]" in said
    assert f"User → {removed['targetAttributeName']}: mapping removed (was [manager])" in said
    assert len(said) == 5
    changes = diff_schemas(custom_app_schema(), parse_schema(raw))
    assert {f.check for f in change_findings(changes)} == {"mapping/unchanged"}


def test_schema_of_another_kind_of_job() -> None:
    changes = diff_schemas(custom_app_schema(), parse_schema({}))
    assert [str(c) for c in changes] == [
        "User: mapping removed (was present)",
        "Group: mapping removed (was present)",
    ]


@pytest.mark.parametrize("raw", [{}, {"synchronizationRules": None}, {"directories": [1]}, []])
def test_any_schema_can_be_reviewed(raw: Any) -> None:
    assert not review(parse_schema(raw)).rows


def test_job_of_groups_alone_is_noted() -> None:
    whole = custom_app_schema()
    rules = [
        replace(rule, object_mappings=tuple(m for m in rule.object_mappings if m.is_group))
        for rule in whole.synchronization_rules
    ]
    groups = replace(whole, synchronization_rules=tuple(rules))
    assert any("no user mapping" in note for note in review(groups).notes)
    assert not any("no user mapping" in note for note in review(whole).notes)
