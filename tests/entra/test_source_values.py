"""Graph's properties under provisioning's names, and scoping filters over them."""

from __future__ import annotations

import pytest

from scimdoctor.entra.scope_filter import in_scope
from scimdoctor.entra.source_values import graph_fields, source_values
from scimdoctor.model.synchronization import FilterClause, FilterGroup

ADA = {
    "id": "s1",
    "userPrincipalName": "ada@example.com",
    "accountEnabled": True,
    "businessPhones": ["+31 30", "+31 31"],
    "mobilePhone": None,
    "mail": None,
    "onPremisesExtensionAttributes": {"extensionAttribute3": "x"},
    "otherMails": ["a@b.c"],
}


def test_names_and_types_of_provisioning() -> None:
    names = (
        "telephoneNumber",
        "mobile",
        "mail",
        "accountEnabled",
        "extensionAttribute3",
        "otherMails",
        "IsSoftDeleted",
        "manager",
        "appRoleAssignments",
        "department",
    )
    found = source_values(ADA, names, soft_deleted=False, manager_id="s2", roles=[{"id": "r"}])
    assert found == {
        "telephoneNumber": "+31 30",
        "mobile": None,
        "mail": None,
        "accountEnabled": "True",
        "extensionAttribute3": "x",
        "otherMails": ["a@b.c"],
        "IsSoftDeleted": "False",
        "manager": "s2",
        "appRoleAssignments": [{"id": "r"}],
        "objectId": "s1",
    }


def test_what_is_not_given_is_unknown() -> None:
    found = source_values(ADA, ("IsSoftDeleted", "appRoleAssignments", "city"))
    assert set(found) == {"objectId"}


def test_only_known_properties_are_asked_for() -> None:
    fields = graph_fields(("telephoneNumber", "extensionAttribute1", "madeUp", "IsSoftDeleted"))
    assert {"businessPhones", "onPremisesExtensionAttributes"} <= set(fields)
    assert "madeUp" not in fields
    assert "extension_abc_x" in graph_fields(("extension_abc_x",), group=True)


def clause(operator: str, *values: str, name: str = "department") -> FilterClause:
    return FilterClause(operator_name=operator, source_operand_name=name, values=values)


@pytest.mark.parametrize(
    ("operator", "values", "value", "expected"),
    [
        ("EQUALS", ("Sales",), "Sales", True),
        ("EQUALS", ("sales",), "Sales", False),
        ("NOT EQUALS", ("IT",), "Sales", True),
        ("EQUALS", ("Sales",), None, False),
        ("IS NULL", (), None, True),
        ("IS NOT NULL", (), "x", True),
        ("NOT NULL", (), "", False),
        ("IS TRUE", (), "True", True),
        ("IS FALSE", (), "True", False),
        ("REGEX MATCH", ("S.*",), "Sales", True),
        ("REGEX MATCH", ("S",), "Sales", False),
        ("NOT REGEX MATCH", ("S",), "Sales", True),
        ("REGEX MATCH", ("(",), "Sales", None),
        ("GreaterThan", ("5",), "6", True),
        ("Greater_Than_OR_EQUALS", ("6",), "6", True),
        ("GreaterThan", ("5",), "x", None),
        ("INCLUDES", ("al",), "Sales", True),
        ("ENDS_WITH", ("es",), "Sales", True),
        ("&", ("2",), "3", True),
        ("!&", ("4",), "3", True),
        ("SOUNDS LIKE", ("x",), "x", None),
        ("EQUALS", (), "x", None),
        ("EQUALS", ("x",), ["x"], None),
    ],
)
def test_clause(
    operator: str, values: tuple[str, ...], value: object, expected: bool | None
) -> None:
    scope = (FilterGroup(clauses=(clause(operator, *values),)),)
    assert in_scope(scope, {"department": value}) is expected


def test_groups_are_joined_by_or_and_clauses_by_and() -> None:
    source = {"a": "1", "b": "2"}
    yes, no = clause("EQUALS", "1", name="a"), clause("EQUALS", "9", name="b")
    unknown = clause("EQUALS", "1", name="c")
    assert in_scope((), source) is True
    assert in_scope((FilterGroup(clauses=(yes, no)), FilterGroup(clauses=(yes,))), source) is True
    assert in_scope((FilterGroup(clauses=(yes, no)),), source) is False
    assert in_scope((FilterGroup(clauses=(yes, unknown)),), source) is None
    assert in_scope((FilterGroup(clauses=(no, unknown)),), source) is False
