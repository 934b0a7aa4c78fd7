"""Every action of Entra's SCIM client in its three dialects: what is written, in which order."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from scimdoctor.entra.dialect import Dialect
from scimdoctor.entra.reconstruct import connection_probes, reconstruct
from scimdoctor.graph.synchronization import parse_schema
from scimdoctor.model.frozen import frozen
from tests.fakes.events import changed, event, load

if TYPE_CHECKING:
    from scimdoctor.model.provisioning import ModifiedProperty, ProvisioningObjectSummary
    from scimdoctor.model.synchronization import SynchronizationSchema

Json = dict[str, Any]
EXTENSION = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CUSTOM = "urn:ietf:params:scim:schemas:extension:Contoso:2.0:User"
MANAGER = f"{EXTENSION}:manager"
WORK = 'addresses[type eq "work"]'
PHONE = 'phoneNumbers[type eq "mobile"].value'
ROLE = {"id": "r1", "value": "Admin", "displayName": "Administrator"}
RENAMED = "0123456789abcdef0123456789abcdefada@example.com"


def op(op: str, path: str | None, *value: Any) -> Json:
    parts: Json = {"op": op} | ({"path": path} if path else {})
    return parts | ({"value": value[0]} if value else {})


@dataclass(frozen=True, kw_only=True)
class Action:
    """One action: the event's changes, and the operations of the PATCHes that follow."""

    action: str = "update"
    changes: tuple[ModifiedProperty, ...] = ()
    group: bool = False
    function: str | None = None
    """The role function of the mapping."""

    default: tuple[list[Json], ...] = ()
    compliant: tuple[list[Json], ...] = ()

    @property
    def event(self) -> ProvisioningObjectSummary:
        return event(self.action, changes=self.changes, group=self.group, target_id="t1")

    @property
    def schema(self) -> SynchronizationSchema | None:
        if self.function is None:
            return None
        schema = load("synchronization-schema-custom-app.json")
        users = schema["synchronizationRules"][0]["objectMappings"][1]
        source = {
            "type": "Function",
            "name": self.function,
            "expression": f"{self.function}([appRoleAssignments])",
        }
        single = self.function.startswith("Single")
        target = 'roles[primary eq "True"].value' if single else "roles"
        users["attributeMappings"].append({"targetAttributeName": target, "source": source})
        return parse_schema(schema)


def members(*ids: str) -> list[Json]:
    return [{"$ref": None, "value": i} for i in ids]


ROLE_TEXT = json.dumps(ROLE)
ROLE_OBJECT = {
    "primary": False,
    "type": "WindowsAzureActiveDirectoryRole",
    "display": "Administrator",
    "value": "Admin",
}
ACTIONS = {
    "update": Action(
        changes=(changed("displayName", "New", "Old"), changed("title", "Boss", "Clerk")),
        default=([op("Replace", "displayName", "New"), op("Replace", "title", "Boss")],),
        compliant=([op("replace", None, {"displayName": "New", "title": "Boss"})],),
    ),
    "update-one": Action(
        changes=(changed("name.givenName", "New", "Old"),),
        default=([op("Replace", "name.givenName", "New")],),
        compliant=([op("replace", "name.givenName", "New")],),
    ),
    "add-and-clear": Action(
        changes=(changed("nickName", "Babs", None), changed("title", None, "Clerk")),
        default=([op("Add", "nickName", "Babs"), op("Remove", "title")],),
        compliant=([op("add", "nickName", "Babs"), op("remove", "title")],),
    ),
    "disable": Action(
        action="disable",
        changes=(changed("active", "False", "True"),),
        default=([op("Replace", "active", "False")],),
        compliant=([op("replace", "active", False)],),
    ),
    "restore": Action(
        changes=(changed("active", "True", "False"),),
        default=([op("Replace", "active", "True")],),
        compliant=([op("replace", "active", True)],),
    ),
    "rename": Action(
        changes=(changed("userName", "new@example.com", "ada@example.com"),),
        default=([op("Replace", "userName", "new@example.com")],),
        compliant=([op("replace", "userName", "new@example.com")],),
    ),
    "soft-delete-rename": Action(
        action="disable",
        changes=(
            changed("userName", RENAMED, "ada@example.com"),
            changed("active", "False", "True"),
        ),
        default=([op("Replace", "userName", RENAMED), op("Replace", "active", "False")],),
        compliant=([op("replace", None, {"userName": RENAMED, "active": False})],),
    ),
    "manager-set": Action(
        changes=(changed(MANAGER, "m1", None),),
        default=([op("Add", MANAGER, "m1")],),
        compliant=([op("add", MANAGER, "m1")],),
    ),
    "manager-change": Action(
        changes=(changed(MANAGER, "m2", "m1"),),
        default=([op("Replace", MANAGER, "m2")],),
        compliant=([op("replace", MANAGER, "m2")],),
    ),
    "manager-clear": Action(
        changes=(changed(MANAGER, None, "m1"),),
        default=([op("Replace", MANAGER, "")],),
        compliant=([op("remove", MANAGER)],),
    ),
    "roles-single": Action(
        changes=(changed('roles[primary eq "True"].value', "Admin", None),),
        function="SingleAppRoleAssignment",
        default=([op("Add", 'roles[primary eq "True"].value', "Admin")],),
        compliant=([op("add", 'roles[primary eq "True"].value', "Admin")],),
    ),
    "roles-complex": Action(
        changes=(changed("roles", f"[{ROLE_TEXT}]", "[]"),),
        function="AppRoleAssignmentsComplex",
        default=([op("Add", "roles", [{"value": ROLE_TEXT}])],),
        compliant=([op("add", "roles", [ROLE_OBJECT])],),
    ),
    "roles-assertive": Action(
        changes=(changed("roles", f"[{ROLE_TEXT}]", "[]"),),
        function="AssertiveAppRoleAssignmentsComplex",
        default=([op("Replace", "roles", [{"value": ROLE_TEXT}])],),
        compliant=([op("replace", "roles", [ROLE_OBJECT])],),
    ),
    "address": Action(
        changes=(changed(f"{WORK}.locality", "Utrecht", "Delft"), changed(f"{WORK}.country", "NL")),
        default=(
            [op("Replace", f"{WORK}.locality", "Utrecht"), op("Add", f"{WORK}.country", "NL")],
        ),
        compliant=(
            [op("replace", f"{WORK}.locality", "Utrecht"), op("add", f"{WORK}.country", "NL")],
        ),
    ),
    "phone": Action(
        changes=(changed(PHONE, "+31 6 1", "+31 6 2"), changed("displayName", "New", "Old")),
        default=([op("Replace", PHONE, "+31 6 1"), op("Replace", "displayName", "New")],),
        compliant=([op("replace", PHONE, "+31 6 1"), op("replace", None, {"displayName": "New"})],),
    ),
    "custom-extension": Action(
        changes=(
            changed(f"{CUSTOM}:badge", "7", "6"),
            changed(f"{EXTENSION}:department", "R", "S"),
        ),
        default=(
            [op("Replace", f"{CUSTOM}:badge", "7"), op("Replace", f"{EXTENSION}:department", "R")],
        ),
        compliant=(
            [op("replace", None, {f"{CUSTOM}:badge": "7", f"{EXTENSION}:department": "R"})],
        ),
    ),
    "group-rename": Action(
        group=True,
        changes=(changed("displayName", "new", "old"),),
        default=([op("Replace", "displayName", "new")],),
        compliant=([op("replace", "displayName", "new")],),
    ),
    "members-add": Action(
        group=True,
        changes=(changed("members", "u1, u2", None),),
        default=([op("Add", "members", members("u1", "u2"))],),
        compliant=([op("add", "members", members("u1", "u2"))],),
    ),
    "members-add-in-rows": Action(
        action="update",
        changes=(
            changed("members", "u1", None),
            changed("members", "u2, u3", None),
            changed("members", None, "u4"),
            changed("members", "u1", None),
            changed("members", None, "u5"),
        ),
        default=(
            [op("Add", "members", members("u1", "u2", "u3"))],
            [op("Remove", "members", members("u4", "u5"))],
        ),
        compliant=(
            [op("add", "members", members("u1", "u2", "u3"))],
            [op("remove", 'members[value eq "u4"]'), op("remove", 'members[value eq "u5"]')],
        ),
        group=True,
    ),
    "members-remove": Action(
        group=True,
        changes=(changed("members", None, "u1, u2"),),
        default=([op("Remove", "members", members("u1", "u2"))],),
        compliant=(
            [op("remove", 'members[value eq "u1"]'), op("remove", 'members[value eq "u2"]')],
        ),
    ),
    "rename-and-members": Action(
        group=True,
        changes=(changed("displayName", "new", "old"), changed("members", "u1", None)),
        default=(
            [op("Replace", "displayName", "new")],
            [op("Add", "members", members("u1"))],
        ),
        compliant=(
            [op("replace", "displayName", "new")],
            [op("add", "members", members("u1"))],
        ),
    ),
}


def patches(action: Action, dialect: Dialect, *, on_demand: bool = False) -> list[list[Json]]:
    source = action.event
    if on_demand:
        source = replace(source, raw=frozen({"reportableIdentifier": "ada@example.com"}))
    rebuilt = reconstruct(source, schema=action.schema, dialect=dialect)
    writes = [r.request for r in rebuilt.requests if r.request.is_write]
    resource = "Groups" if action.group else "Users"
    assert {(w.method, w.path) for w in writes} == {("PATCH", f"/{resource}/t1")}
    return [w.json["Operations"] for w in writes]


@pytest.mark.parametrize("name", ACTIONS)
def test_by_default(name: str) -> None:
    assert patches(ACTIONS[name], Dialect.DEFAULT) == list(ACTIONS[name].default)


@pytest.mark.parametrize("name", ACTIONS)
def test_with_the_flag(name: str) -> None:
    assert patches(ACTIONS[name], Dialect.COMPLIANT) == list(ACTIONS[name].compliant)


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("name", ACTIONS)
def test_on_demand_is_the_default_whatever_the_flag(name: str, dialect: Dialect) -> None:
    found = patches(ACTIONS[name], dialect, on_demand=True)
    assert found == list(ACTIONS[name].default)


CREATED = (
    changed("userName", "ada@example.com"),
    changed("active", "True"),
    changed(f"{WORK}.country", "NL"),
    changed(PHONE, "+31 6 1"),
    changed(f"{CUSTOM}:badge", "7"),
    changed("roles", f"[{ROLE_TEXT}]"),
)


@pytest.mark.parametrize("on_demand", [False, True])
@pytest.mark.parametrize("dialect", Dialect)
def test_create_and_delete_are_the_same_in_all(dialect: Dialect, *, on_demand: bool) -> None:
    created = event("create", changes=CREATED, target_id=None)
    if on_demand:
        created = replace(created, raw=frozen({"reportableIdentifier": "ada@example.com"}))
    rebuilt = reconstruct(created, dialect=dialect)
    assert [(r.request.method, r.request.path) for r in rebuilt.requests] == [
        ("GET", "/Users"),
        ("POST", "/Users"),
    ]
    body = rebuilt.requests[-1].request.json
    assert body["active"] is True
    assert body["addresses"] == [{"type": "work", "country": "NL"}]
    assert body["phoneNumbers"] == [{"type": "mobile", "value": "+31 6 1"}]
    assert body[CUSTOM] == {"badge": "7"}
    assert CUSTOM not in body["schemas"]
    assert body["roles"][0]["value"] == "Admin"
    for group in (False, True):
        gone = reconstruct(event("delete", group=group, target_id="t1"), dialect=dialect)
        last = gone.requests[-1].request
        assert (last.method, last.path) == ("DELETE", f"/{'Groups' if group else 'Users'}/t1")


@pytest.mark.parametrize("dialect", Dialect)
def test_group_create_never_has_members(dialect: Dialect) -> None:
    created = event(
        "create",
        changes=(changed("displayName", "engineering"), changed("members", "u1")),
        group=True,
        target_id=None,
    )
    body = reconstruct(created, dialect=dialect).requests[-1].request.json
    assert "members" not in body
    assert body["displayName"] == "engineering"


def test_reads_come_before_writes_in_entra_s_order() -> None:
    rebuilt = reconstruct(ACTIONS["members-remove"].event)
    assert [(r.request.method, r.request.path) for r in rebuilt.requests] == [
        ("GET", "/Groups"),
        ("GET", "/Groups/t1"),
        ("PATCH", "/Groups/t1"),
    ]
    assert all("excludedAttributes=members" in r.request.query for r in rebuilt.requests[:2])


def test_membership_and_manager_are_checked_first() -> None:
    for name, term in (("rename-and-members", "members"), ("manager-change", "manager")):
        rebuilt = reconstruct(ACTIONS[name].event)
        check = rebuilt.requests[-2]
        assert check.conditional
        assert f"+and+{term}+eq+" in check.request.query


def test_connection_asks_for_both_kinds() -> None:
    assert [p.request.path for p in connection_probes("g")] == ["/Users", "/Groups"]


HIDDEN = "x" * 80 + "..."


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("text", ["[Redact]", "[redacted]", HIDDEN, HIDDEN[:-3] + "…"])
def test_hidden_and_cut_values_are_not_sent(dialect: Dialect, text: str) -> None:
    update = event("update", changes=(changed("title", text, "Old"), changed("nickName", "B", "A")))
    last = reconstruct(update, dialect=dialect).requests[-1]
    assert text.strip("[].…").encode() not in last.request.body
    assert b"title" not in last.request.body
    assert last.provenance["title"] == "unknown"
    create = event("create", changes=(changed("title", text), *CREATED), target_id=None)
    body = reconstruct(create, dialect=dialect).requests[-1].request.json
    assert "title" not in body
