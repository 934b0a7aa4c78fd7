"""PATCH in all the shapes that Entra sends."""

from __future__ import annotations

import contextlib
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimdoctor.scim import urns
from scimdoctor.scim.patch import PatchError, apply_operation, apply_patch, boolean

E = urns.ENTERPRISE_USER
CUSTOM = "urn:ietf:params:scim:schemas:extension:Contoso:2.0:User"
WORK = 'emails[type eq "work"].value'
MAIL = {"type": "work", "value": "ada@example.com", "primary": True}
ADA: dict[str, Any] = {
    "schemas": [urns.USER],
    "id": "1",
    "userName": "Ada",
    "active": True,
    "name": {"givenName": "Ada", "familyName": "Old"},
    "emails": [MAIL],
    E: {"department": "R", "manager": {"value": "7", "displayName": "Boss"}},
}


def after(*operations: Any) -> dict[str, Any]:
    return apply_patch(ADA, operations)


def change(path: str | None, value: Any, op: str = "Replace") -> dict[str, Any]:
    return {"op": op, "path": path, "value": value} if path else {"op": op, "value": value}


@pytest.mark.parametrize("op", ["replace", "Replace", "REPLACE", "add", "Add"])
def test_op_in_any_case(op: str) -> None:
    assert after(change("title", "Boss", op))["title"] == "Boss"


@pytest.mark.parametrize(
    ("value", "expected"),
    [("False", False), ("false", False), ("TRUE", True), (False, False), (["False"], False)],
)
def test_booleans(value: Any, expected: bool) -> None:
    assert after(change("active", value))["active"] is expected
    assert after(change(None, {"active": value}))["active"] is expected


def test_what_is_no_boolean_is_refused() -> None:
    with pytest.raises(PatchError) as caught:
        boolean("maybe")
    assert caught.value.scim_type == "invalidValue"


def test_a_filtered_path_that_matches_changes_the_element() -> None:
    assert after(change(WORK, "new@example.com"))["emails"] == [MAIL | {"value": "new@example.com"}]


def test_a_filtered_path_without_match_makes_the_element() -> None:
    home = after(change('emails[type eq "home"].value', "h@x", "Add"))["emails"]
    assert home == [MAIL, {"type": "home", "value": "h@x"}]


def test_several_filtered_adds_fill_one_element() -> None:
    parts = {"country": "NL", "locality": "Utrecht", "postalCode": "1"}
    adds = [change(f'addresses[type eq "work"].{k}', v, "Add") for k, v in parts.items()]
    assert after(*adds)["addresses"] == [{"type": "work"} | parts]


def test_a_boolean_in_a_filter_may_be_text() -> None:
    roles = after(change('roles[primary eq "True"].value', "Admin", "Add"))["roles"]
    assert roles == [{"primary": True, "value": "Admin"}]
    again = after(change('emails[primary eq "True"].value', "x@y"))["emails"]
    assert again == [MAIL | {"value": "x@y"}]


@pytest.mark.parametrize("empty", ["", None])
def test_clearing(empty: Any) -> None:
    assert "name" in after(change("name.familyName", empty))
    assert after(change("name.familyName", empty))["name"] == {"givenName": "Ada"}
    assert "emails" not in after(change(WORK, empty))
    assert "manager" not in after(change(f"{E}:manager", empty))[E]
    assert E not in after(change(E, empty))
    assert "emails" not in after(change("emails", empty))
    nothing_there = after(change('emails[type eq "home"].value', empty))
    assert nothing_there == ADA


@pytest.mark.parametrize(
    "operation",
    [
        change(f"{E}:manager", "8", "Add"),
        change("manager", [{"$ref": "http://host/Users/8", "value": "8"}], "Add"),
        change("manager", {"value": "8"}, "Add"),
        change(f"{E}:manager.value", "8"),
        change(None, {f"{E}:manager": "8"}),
        change(None, {E: {"manager": {"value": "8"}}}),
        change(E, {"manager": "8"}),
    ],
)
def test_manager_in_every_shape(operation: dict[str, Any]) -> None:
    patched = after(operation)[E]
    assert patched["manager"]["value"] == "8"
    assert patched["department"] == "R"


def test_a_new_manager_does_not_keep_the_old_ones_name() -> None:
    assert after(change("manager", "8", "Add"))[E]["manager"] == {"value": "8"}


def test_pathless_keys_are_expanded() -> None:
    value = {
        "displayName": "Ada New",
        "name.familyName": "New",
        f"{E}:employeeNumber": "12",
        f"{CUSTOM}:badge": "b",
        WORK: "w@x",
        "id": "other",
        "schemas": ["x"],
        "meta": {},
    }
    patched = after(change(None, value))
    assert patched["name"] == {"givenName": "Ada", "familyName": "New"}
    assert patched[E]["employeeNumber"] == "12"
    assert patched[CUSTOM] == {"badge": "b"}
    assert patched["emails"][0]["value"] == "w@x"
    assert patched["id"] == "1"
    assert patched["schemas"] == [urns.USER]


def test_complex_values_are_merged() -> None:
    for op in ("add", "replace"):
        patched = after(change("name", {"familyName": "New"}, op))
        assert patched["name"] == {"givenName": "Ada", "familyName": "New"}


def test_names_are_read_in_any_case() -> None:
    assert after(change("USERNAME", "Bob"))["userName"] == "Bob"
    assert after(change(f"{urns.USER}:userName", "Bob"))["userName"] == "Bob"
    assert after(change(E.upper() + ":DEPARTMENT", "S"))[E]["department"] == "S"


GROUP: dict[str, Any] = {"schemas": [urns.GROUP], "displayName": "g"}


def members(*operations: Any, of: tuple[str, ...] = ("1", "2", "3")) -> list[str]:
    group = GROUP | {"members": [{"value": value} for value in of]}
    return [member["value"] for member in apply_patch(group, operations).get("members", [])]


@pytest.mark.parametrize(
    ("operation", "left"),
    [
        (change("members", [{"$ref": None, "value": "2"}], "Remove"), ["1", "3"]),
        (change("members", [{"value": "2"}, {"value": "9"}], "Remove"), ["1", "3"]),
        (change("members", ["2"], "Remove"), ["1", "3"]),
        (change("members", {"value": "2"}, "Remove"), ["1", "3"]),
        (change("members", [], "Remove"), ["1", "2", "3"]),
        ({"op": "remove", "path": 'members[value eq "2"]'}, ["1", "3"]),
        ({"op": "remove", "path": 'members[value eq "9"]'}, ["1", "2", "3"]),
        ({"op": "remove", "path": "members"}, []),
        (change("members", [{"$ref": None, "value": "4"}], "Add"), ["1", "2", "3", "4"]),
        (change("members", [{"value": "2"}], "Add"), ["1", "2", "3"]),
        (change("members", [], "Add"), ["1", "2", "3"]),
        (change("members", [{"value": "4"}]), ["4"]),
        (change("members", []), []),
    ],
)
def test_members(operation: dict[str, Any], left: list[str]) -> None:
    assert members(operation) == left


def test_null_references_are_left_out() -> None:
    add = change("members", [{"$ref": None, "value": "1"}], "Add")
    assert apply_operation(GROUP, add)["members"] == [{"value": "1"}]


def test_a_group_has_no_enterprise_attributes() -> None:
    assert apply_operation(GROUP, change("department", "R"))["department"] == "R"


def test_one_element_is_primary() -> None:
    added = change("emails", [{"type": "home", "value": "h@x", "primary": True}], "Add")
    assert [mail["primary"] for mail in after(added)["emails"]] == [False, True]


def test_lists_of_simple_values_and_whole_elements() -> None:
    assert after(change("emails", "a@b", "Add"))["emails"][1] == {"value": "a@b"}
    whole = change('emails[type eq "work"]', [{"value": "a@b"}])
    assert after(whole)["emails"] == [MAIL | {"value": "a@b"}]
    assert after(change('emails[type eq "work"]', "a@b"))["emails"][0]["value"] == "a@b"
    every = change("emails.value", "a@b")
    assert after(every)["emails"] == [MAIL | {"value": "a@b"}]
    address = change("addresses", [{"type": "work", "country": "NL"}], "Add")
    assert after(address, address)["addresses"] == [{"type": "work", "country": "NL"}]


@pytest.mark.parametrize(
    ("path", "gone"),
    [("title", "title"), ("emails", "emails"), ('emails[type eq "work"]', "emails"), (E, E)],
)
def test_remove(path: str, gone: str) -> None:
    assert gone not in after({"op": "Remove", "path": path})


def test_remove_of_parts() -> None:
    assert after({"op": "remove", "path": "name.givenName"})["name"] == {"familyName": "Old"}
    assert after({"op": "remove", "path": f"{E}:manager"})[E] == {"department": "R"}
    part = after({"op": "remove", "path": 'emails[type eq "work"].primary'})
    assert part["emails"] == [{"type": "work", "value": "ada@example.com"}]
    both = [{"op": "remove", "path": f"{E}:{name}"} for name in ("manager", "department")]
    assert E not in after(*both)


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        ("x", "invalidSyntax"),
        ({"op": "move", "path": "title"}, "invalidSyntax"),
        ({"path": "title", "value": "x"}, "invalidSyntax"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "add", "value": "x"}, "invalidValue"),
        ({"op": "add", "path": 3, "value": "x"}, "invalidPath"),
        ({"op": "add", "path": "a b", "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": "id", "value": "x"}, "mutability"),
        ({"op": "add", "path": "emails[type].value", "value": "x"}, "invalidFilter"),
        ({"op": "add", "path": 'emails[type co "x"].value', "value": "x"}, "noTarget"),
        ({"op": "add", "path": "active", "value": "maybe"}, "invalidValue"),
        ({"op": "add", "path": E, "value": "text"}, "invalidValue"),
    ],
)
def test_what_cannot_be_applied(operation: Any, scim_type: str) -> None:
    with pytest.raises(PatchError) as caught:
        after(change("displayName", "Half"), operation)
    assert caught.value.scim_type == scim_type


json_values = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5) | st.integers(0, 9),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["value", "type", "primary", "$ref", "x"]), inner, max_size=2
        )
    ),
    max_leaves=4,
)
some_paths = st.sampled_from(
    [
        None,
        "active",
        "title",
        "name",
        "name.familyName",
        "emails",
        "emails.value",
        WORK,
        'emails[type eq "home"]',
        'addresses[type eq "work"].country',
        "manager",
        f"{E}:manager",
        f"{E}:department",
        f"{CUSTOM}:badge",
        E,
        "members",
        'members[value eq "1"]',
    ]
)
some_operations = st.fixed_dictionaries(
    {
        "op": st.sampled_from(["Add", "replace", "Remove", "nonsense"]),
        "path": some_paths,
        "value": json_values,
    }
)


@settings(max_examples=60, deadline=None)
@given(st.lists(some_operations, max_size=3))
def test_patching_never_changes_its_input_and_fails_only_as_patch_error(
    operations: list[dict[str, Any]],
) -> None:
    resource, sent = deepcopy(ADA), deepcopy(operations)
    with contextlib.suppress(PatchError):
        apply_patch(resource, operations)
    assert resource == ADA
    assert operations == sent


texts = st.sampled_from(["", "x", "False", "ada@example.com"])
elements = st.lists(st.fixed_dictionaries({"type": texts, "value": texts}), max_size=2)
realistic = st.one_of(
    st.builds(change, st.sampled_from(["title", "name.familyName", WORK, f"{E}:manager"]), texts),
    st.builds(change, st.sampled_from(["emails", "phoneNumbers"]), elements, st.just("Add")),
    st.builds(change, st.sampled_from(["emails", "phoneNumbers"]), elements),
    st.builds(change, st.just('addresses[type eq "work"].country'), texts, st.just("Add")),
    st.builds(change, st.just("active"), st.sampled_from(["True", "False", True])),
)


@settings(max_examples=60, deadline=None)
@given(realistic)
def test_the_same_again_changes_nothing(operation: dict[str, Any]) -> None:
    once = apply_operation(ADA, operation)
    assert apply_operation(once, operation) == once
