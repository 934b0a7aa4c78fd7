"""A scripted conversation in which Entra, and a curious admin, ask for all that a switch may touch.

Its transcript is the same for every run against the same switches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from scimdoctor.endpoint.oauth import OAuthClient
from scimdoctor.endpoint.sign_in import CredentialsIn
from scimdoctor.entra import requests
from scimdoctor.entra.dialect import Dialect
from scimdoctor.entra.requests import Change
from scimdoctor.lab.http import LabRequest, LabResponse
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.lab.scim.token_endpoint import CLIENT_ID, CLIENT_SECRET, PATH
from scimdoctor.model.exchange import ScimRequest, json_of
from scimdoctor.redaction import Secret
from scimdoctor.scim import urns

CUSTOM = "urn:ietf:params:scim:schemas:extension:Contoso:2.0:User"
WORK_MAIL = 'emails[type eq "work"].value'
FIXED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LONGEST_KEPT = 100_000
Step = tuple[str, LabResponse]


def _kept(response: LabResponse) -> LabResponse:
    """The answer, of a giant one only the beginning and the length."""
    if len(response.body) <= LONGEST_KEPT:
        return response
    return replace(response, body=b"%d:%b" % (len(response.body), response.body[:1000]))


@dataclass
class Conversation:
    """Sends requests to a provider and keeps the answers under the names of the steps."""

    provider: ScimServiceProvider
    token: str = "lab-token"
    steps: list[Step] = field(default_factory=list)

    def send(self, name: str, request: ScimRequest) -> Any:
        response = self.provider.handle(self._lab_request(request))
        self.steps.append((name, _kept(response)))
        return json_of(response.body[:LONGEST_KEPT])

    def id_of(self, name: str, request: ScimRequest) -> str:
        """Send a POST; the id that it gave, or one that nobody has."""
        body = self.send(name, request)
        found = body.get("id") if isinstance(body, dict) else None
        return str(found) if found else f"nobody-{name.replace(' ', '-')}"

    def note(self, name: str, text: str) -> None:
        self.steps.append((name, LabResponse(status=0, body=text.encode())))

    def _lab_request(self, request: ScimRequest) -> LabRequest:
        headers = (("Host", "lab"), ("Authorization", f"Bearer {self.token}"))
        own = tuple(h for h in headers if h[1] != "Bearer ")
        return LabRequest(
            method=request.method,
            target=f"/scim{request.target}",
            headers=own + request.headers,
            body=request.body,
        )


def transcript(faults: Sequence[str] = (), traits: Sequence[str] = ()) -> list[Step]:
    """All answers of the conversation with these switches on."""
    provider = ScimServiceProvider(faults=faults, traits=traits, clock=lambda: FIXED)
    talk = Conversation(provider)
    _fetch_tokens(provider, talk.steps)
    _discover(talk)
    users = _create_users(talk)
    _query(talk, users)
    _patch_default(talk, users)
    _patch_compliant(talk, users)
    _manage(talk, users)
    _groups(talk, users)
    _map(talk)
    _disable_and_delete(talk, users)
    return talk.steps


def _fetch_tokens(provider: ScimServiceProvider, steps: list[Step]) -> None:
    """The right client by header and by body, and a wrong secret."""
    talk = Conversation(provider, token="", steps=steps)
    for place, secret in (("header", CLIENT_SECRET), ("body", CLIENT_SECRET), ("body", "wrong")):
        client = OAuthClient(
            token_url=f"http://lab{PATH}",
            client_id=CLIENT_ID,
            client_secret=Secret(secret),
            credentials_in=CredentialsIn(place),
        )
        talk.send(f"token by {place}", client.request())


def _discover(talk: Conversation) -> None:
    for token in ("", "wrong"):
        talk.token = token
        talk.send(f"token {token!r}", requests.probe("Users", "userName", "4f0c"))
        talk.send(f"token {token!r}, schemas", requests.get("/Schemas"))
        talk.send(f"token {token!r}, groups", requests.probe("Groups", "displayName", "4f0c"))
        talk.send(f"token {token!r}, by id", requests.read("Users", "4f0c"))
        talk.send(f"token {token!r}, patch", requests.set_active("4f0c", False))
    talk.token = "lab-token"
    for path in ("/Schemas", "/ResourceTypes", "/ServiceProviderConfig", "/Nonsense"):
        talk.send(path, requests.get(path))
    talk.send("probe users", requests.probe("Users", "userName", "4f0c"))
    talk.send("probe groups", requests.probe("Groups", "displayName", "4f0c"))
    talk.send("unknown user", requests.read("Users", "4f0c"))
    talk.send("unknown filter attribute", requests.match_query("Users", "favouriteColour", "red"))
    talk.send("broken filter", requests.get("/Users", [("filter", "userName eq")]))


def _attributes(name: str, **more: Any) -> dict[str, Any]:
    return {
        "externalId": name,
        "userName": f"{name.capitalize()}@Example.com",
        "active": True,
        "displayName": f"{name.capitalize()} Émilie Längsten-Doppelname",
        "title": "Engineer of everything, and more",
        "preferredLanguage": "nl-NL",
        WORK_MAIL: f"{name.capitalize()}@Example.com",
        "name.givenName": name.capitalize(),
        "name.familyName": "Example",
        'addresses[type eq "work"].country': "NL",
        'addresses[type eq "work"].locality': "Utrecht",
        'phoneNumbers[type eq "work"].value': "+31 30 0000000",
        f"{urns.ENTERPRISE_USER}:employeeNumber": f"n-{name}",
        f"{urns.ENTERPRISE_USER}:department": "Research",
        f"{CUSTOM}:badge": "b-17",
    } | more


def _create_users(talk: Conversation) -> list[str]:
    ids = [
        talk.id_of(f"create {name}", requests.create_user(_attributes(name)))
        for name in ("ada", "bob", "cyd")
    ]
    minimal = {"userName": "minimal@example.com", "active": True}
    ids.append(talk.id_of("create minimal", requests.create_user(minimal)))
    odd = 'o\'hara+"x"&y #1 ü@example.com'
    ids.append(talk.id_of("create odd", requests.create_user({"userName": odd})))
    rare = {"userName": "rare@example.com", "displayName": "東 𠮷"}
    talk.send("create with four bytes", requests.create_user(rare))
    inactive = {"userName": "inactive@example.com", "active": False}
    ids.append(talk.id_of("create inactive", requests.create_user(inactive)))
    talk.send("duplicate", requests.create_user(_attributes("ada")))
    other_case = {"userName": "ADA@EXAMPLE.COM"}
    talk.send("duplicate in capitals", requests.create_user(other_case))
    same_mail = {"userName": "other@example.com", WORK_MAIL: "Ada@Example.com"}
    talk.send("same address", requests.create_user(same_mail))
    same_key = {"userName": "another@example.com", "externalId": "ada"}
    talk.send("same externalId", requests.create_user(same_key))
    manager = {"userName": "led@example.com", requests.MANAGER: ids[0]}
    talk.send("create with manager", requests.create_user(manager))
    own = {"userName": "own@example.com", "favouriteColour": "red"}
    talk.send("create with own attribute", requests.create_user(own))
    numbers = {
        "userName": "numbers@example.com",
        'phoneNumbers[type eq "work"].value': "1",
        'phoneNumbers[type eq "mobile"].value': "2",
        f"{urns.ENTERPRISE_USER}:employeeNumber": "007",
    }
    phones = talk.id_of("create with numbers", requests.create_user(numbers))
    talk.send("numbers, read", requests.read("Users", phones))
    drop = {"op": "Remove", "path": 'phoneNumbers[type eq "mobile"]'}
    _patcher(talk)("one number removed", phones, [drop])
    for user in ids:
        talk.send(f"read {ids.index(user)}", requests.read("Users", user))
    return ids


def _map(talk: Conversation) -> None:
    """What a tenant's own mapping sends: typed custom attributes, and symbols in texts."""
    address = "o'neil+tag@example.com"
    fax = 'phoneNumbers[type eq "fax"].value'
    sent = {"userName": "mapped@example.com", "title": "R&D", WORK_MAIL: address, fax: "1"}
    custom = {
        f"{CUSTOM}:floor": 3,
        f"{CUSTOM}:isRemote": True,
        f"{CUSTOM}:hireDate": "2026-01-02T00:00:00Z",
    }
    user = talk.id_of("create mapped", requests.create_user(sent))
    talk.send("create typed", requests.create_user(custom | {"userName": "typed@example.com"}))
    patch = _patcher(talk)
    for path, value in custom.items():
        for op in ("Add", "Replace"):
            spelled = value if op == "Add" else str(value)
            patch(f"{op} {path}", user, [{"op": op, "path": path, "value": spelled}])
    patch("sponsor", user, [{"op": "Add", "path": f"{CUSTOM}:sponsor", "value": user}])
    patch("fax", user, [{"op": "Replace", "path": fax, "value": "2"}])
    patch("long title", user, [{"op": "Replace", "path": "title", "value": "t" * 120}])
    talk.send("mapped, read", requests.read("Users", user))
    talk.send("address with plus", requests.match_query("Users", WORK_MAIL, address))
    talk.send("by badge", requests.match_query("Users", f"{CUSTOM}:badge", "b-17"))
    path = f"{CUSTOM}:purpose"
    group = talk.id_of("own", requests.create_group({"displayName": "Own", path: "R&D"}))
    talk.send("own, read", requests.read("Groups", group))
    change = [requests.Change(op="replace", path=path, value="Sales")]
    talk.send("own, changed", requests.update("Groups", group, change))
    talk.send("own, asked", requests.match_query("Groups", path, "R&D"))
    both = [Change(op="replace", path=p, value="Two") for p in ("displayName", "externalId")]
    talk.send("own, two changes", requests.update("Groups", group, both))
    talk.send("own, read again", requests.read("Groups", group))
    long = {"userName": "long@example.com", "title": "t" * 70}
    late = talk.id_of("create with a long title", requests.create_user(long))
    patch("taken", late, [{"op": "Replace", "path": "userName", "value": "mapped@example.com"}])
    patch("first address", late, [{"op": "Add", "path": WORK_MAIL, "value": "late@example.com"}])
    talk.send("late address", requests.match_query("Users", WORK_MAIL, "late@example.com"))
    active = requests.set_active(late, False)
    bare = tuple((name, value.partition(";")[0]) for name, value in active.headers)
    talk.send("no charset", replace(active, headers=bare))


def _query(talk: Conversation, users: list[str]) -> None:
    filters = {
        "match": 'userName eq "Ada@Example.com"',
        "value in capitals": 'userName eq "ADA@EXAMPLE.COM"',
        "attribute in capitals": 'USERNAME eq "Ada@Example.com"',
        "operator in capitals": 'userName EQ "Ada@Example.com"',
        "prefix": 'userName eq "ada"',
        "part": 'userName eq "example"',
        "late user": 'userName eq "cyd@example.com"',
        "externalId": 'externalId eq "ada"',
        "e-mail of another type": 'emails[type eq "other"].value eq "ada@example.com"',
        "e-mail path": f'{WORK_MAIL} eq "ada@example.com"',
        "extension": f'{urns.ENTERPRISE_USER}:employeeNumber eq "n-ada"',
        "blank": 'displayName eq "Ada Émilie Längsten-Doppelname"',
        "id": f'id eq "{users[0]}"',
        "wildcard in a key": 'externalId eq "a_a"',
        "wildcard": 'userName eq "Ada@Example.co_"',
        "brackets": 'displayName eq "Sales (EMEA)"',
        "and in a value": 'displayName eq "Research and Sales"',
        "or": 'externalId eq "ada" or externalId eq "bob"',
    }
    for name, text in filters.items():
        talk.send(f"filter {name}", requests.get("/Users", [("filter", text)]))
    odd = 'o\'hara+"x"&y #1 ü@example.com'
    talk.send("filter odd", requests.match_query("Users", "userName", odd))
    apostrophe = requests.match_query("Users", "userName", "o'hara")
    talk.send("filter apostrophe", apostrophe)
    encoded = requests.match_query("Users", "userName", "Ada@Example.com")
    talk.send("filter %20", replace(encoded, query=encoded.query.replace("+", "%20")))
    talk.send("page", requests.get("/Users", [("startIndex", "2"), ("count", "2")]))
    talk.send("all", requests.get("/Users"))
    talk.send("not managed", requests.manager_query(users[0], users[1]))
    talk.send("wrong id and", requests.get("/Users", [("filter", 'id eq "x" and active eq true')]))
    two_terms = f'id eq "{users[0]}" and userName eq "nobody"'
    talk.send("filter and", requests.get("/Users", [("filter", two_terms)]))


Patch = Callable[[str, str, list[dict[str, Any]]], None]


def _patcher(talk: Conversation) -> Patch:
    def patch(name: str, user: str, operations: list[dict[str, Any]]) -> None:
        body = {"schemas": [urns.PATCH_OP], "Operations": operations}
        talk.send(name, requests.with_body("PATCH", requests.object_path("Users", user), body))
        talk.send(f"{name}, read", requests.read("Users", user))

    return patch


def _update(talk: Conversation, name: str, user: str, *changes: Change, dialect: Dialect) -> None:
    talk.send(name, requests.update("Users", user, changes, dialect=dialect))
    talk.send(f"{name}, read", requests.read("Users", user))


def _patch_default(talk: Conversation, users: list[str]) -> None:
    ada, bob, _, minimal, *_ = users
    patch = _patcher(talk)
    default = Dialect.DEFAULT
    _update(
        talk,
        "update",
        ada,
        Change(op="replace", path="displayName", value="Ada New"),
        Change(op="replace", path=WORK_MAIL, value="ada.new@example.com"),
        Change(op="replace", path="name.familyName", value="New"),
        Change(op="replace", path="externalId", value="adanew"),
        Change(op="replace", path=f"{urns.ENTERPRISE_USER}:employeeNumber", value="1002"),
        Change(op="replace", path=f"{CUSTOM}:badge", value="b-18"),
        dialect=default,
    )
    add = Change(op="add", path="nickName", value="Babs")
    _update(talk, "add", ada, add, dialect=default)
    _update(talk, "same again", ada, add, dialect=default)
    over = Change(op="add", path=WORK_MAIL, value="over@example.com")
    _update(talk, "add over a value", ada, over, dialect=default)
    single_over = Change(op="add", path="title", value="Boss")
    _update(talk, "add over a single value", ada, single_over, dialect=default)
    mobile = Change(op="add", path='phoneNumbers[type eq "mobile"].value', value="1")
    _update(talk, "second number", bob, mobile, dialect=default)
    work = Change(op="replace", path='phoneNumbers[type eq "work"].value', value="2")
    _update(talk, "one of two numbers", bob, work, dialect=default)
    street = Change(
        op="replace", path='addresses[type eq "work"].streetAddress', value="1 New Street"
    )
    _update(talk, "street", bob, street, dialect=default)
    language = Change(op="replace", path="preferredLanguage", value="nl-NL")
    _update(talk, "language", bob, language, dialect=default)
    home = [
        Change(op="add", path='addresses[type eq "home"].country', value="NL"),
        Change(op="add", path='addresses[type eq "home"].locality', value="Delft"),
    ]
    _update(talk, "several filtered adds", minimal, *home, dialect=default)
    name = Change(op="replace", path="userName", value="Bob.New@Example.com")
    _update(talk, "rename", bob, name, dialect=default)
    case = Change(op="replace", path="userName", value="bob.new@Example.com")
    _update(talk, "rename in letter case", bob, case, dialect=default)
    for shape, value in (("empty", ""), ("null", None)):
        operation = {"op": "Replace", "path": "title", "value": value}
        patch(f"clear by {shape}", ada, [operation])
    patch("remove", ada, [{"op": "Remove", "path": "nickName"}])
    role = {"value": '{"id": "1", "value": "Admin", "displayName": "Admin"}'}
    patch("role", ada, [{"op": "Add", "path": "roles", "value": [role]}])
    failing = [
        {"op": "Replace", "path": "displayName", "value": "Half"},
        {"op": "Nonsense", "path": "title", "value": "x"},
    ]
    patch("half fails", ada, failing)
    patch("own attribute", ada, [{"op": "Add", "path": "favouriteColour", "value": "red"}])
    talk.send("others", requests.get("/Users"))
    unknown = requests.set_active("4f0c", False)
    talk.send("patch unknown", unknown)


def _patch_compliant(talk: Conversation, users: list[str]) -> None:
    bob, cyd = users[1], users[2]
    compliant = Dialect.COMPLIANT
    _update(
        talk,
        "compliant update",
        cyd,
        Change(op="replace", path=WORK_MAIL, value="cyd.new@example.com"),
        Change(op="replace", path="displayName", value="Cyd New"),
        Change(op="replace", path="name.familyName", value="New"),
        Change(op="replace", path=f"{urns.ENTERPRISE_USER}:department", value="Sales"),
        dialect=compliant,
    )
    add = Change(op="add", path="nickName", value="Cy")
    _update(talk, "compliant add", cyd, add, dialect=compliant)
    for active in (False, True):
        talk.send(f"compliant {active}", requests.set_active(bob, active, dialect=compliant))
        talk.send(f"compliant {active}, read", requests.read("Users", bob))
    patch = _patcher(talk)
    patch("lower-case text", bob, [{"op": "replace", "path": "active", "value": "false"}])
    patch("lower-case text back", bob, [{"op": "replace", "path": "active", "value": "true"}])


def _manage(talk: Conversation, users: list[str]) -> None:
    ada, bob, cyd, *_, inactive = users
    patch = _patcher(talk)
    talk.send("manager", requests.set_manager(ada, bob))
    talk.send("manager, read", requests.read("Users", ada))
    talk.send("managed", requests.manager_query(ada, bob))
    reference = [{"$ref": f"http://lab/scim/Users/{cyd}", "value": cyd}]
    patch("manager list", ada, [{"op": "Add", "path": "manager", "value": reference}])
    talk.send("inactive manager", requests.set_manager(cyd, inactive))
    talk.send("manager cleared", requests.set_manager(ada, None))
    talk.send("manager cleared, read", requests.read("Users", ada))


def _groups(talk: Conversation, users: list[str]) -> None:
    attributes = {"externalId": "g-1", "displayName": "Engineering"}
    group = talk.id_of("create group", requests.create_group(attributes))
    other = talk.id_of("second group", requests.create_group({"displayName": "Engineering-2"}))
    talk.send("third group", requests.create_group({"displayName": "Engineering-0"}))
    talk.send("late group", requests.match_query("Groups", "displayName", "Engineering-0"))
    talk.send("same group", requests.create_group(attributes))
    talk.send("match group", requests.match_query("Groups", "displayName", "Engineering"))
    talk.send("group in capitals", requests.match_query("Groups", "displayName", "ENGINEERING"))
    everyone = [talk.id_of(f"m{n}", requests.create_user({"userName": f"m{n}"})) for n in range(11)]

    def members(name: str, request: ScimRequest) -> None:
        talk.send(name, request)
        talk.send(f"{name}, read", requests.get(requests.object_path("Groups", group)))

    members("add member", requests.add_members(group, users[:1]))
    members("add again", requests.add_members(group, users[:1]))
    members("add two", requests.add_members(group, users[1:3]))
    members("add to another", requests.add_members(other, users[2:3]))
    talk.send("group match", requests.match_query("Groups", "displayName", "Engineering"))
    talk.send("group read", requests.read("Groups", group))
    talk.send("is member", requests.membership_query(group, users[0]))
    members("remove listed", requests.remove_members(group, users[:1]))
    members("remove absent", requests.remove_members(group, users[:1]))
    compliant = Dialect.COMPLIANT
    members("remove filtered", requests.remove_members(group, users[1:2], dialect=compliant))
    members("add inactive", requests.add_members(group, [users[5]]))
    members("add unknown", requests.add_members(group, ["4f0c"]))
    members("add many", requests.add_members(group, everyone))
    members("disable a member", requests.set_active(everyone[9], False))
    rename = Change(op="replace", path="displayName", value="Engineering-3")
    members("rename group", requests.update("Groups", group, [rename]))
    key = Change(op="add", path="externalId", value="g-2")
    members("group externalId", requests.update("Groups", group, [key]))
    both = [rename, Change(op="replace", path="externalId", value="g-3")]
    members("without a path", requests.update("Groups", group, both, dialect=compliant))
    renamed = Change(op="replace", path="userName", value="m8-renamed")
    members("rename a member", requests.update("Users", everyone[8], [renamed]))
    _in_parallel(talk, other, everyone[:4])
    talk.send("delete member", requests.delete("Users", everyone[0]))
    members("remove all", requests.remove_members(group, [*everyone, *users]))
    members("add some again", requests.add_members(group, everyone[1:3]))
    talk.send("delete group", requests.delete("Groups", group))
    talk.send("deleted group", requests.read("Groups", group))
    talk.send("look for it", requests.match_query("Groups", "displayName", "Engineering-3"))


def _in_parallel(talk: Conversation, group: str, users: list[str]) -> None:
    """Add members at the same time; which of them are there then is one step."""
    aside = Conversation(talk.provider)
    with ThreadPoolExecutor(len(users)) as pool:
        list(pool.map(lambda u: aside.send("", requests.add_members(group, [u])), users))
    found = talk.provider.groups.get(group, {}).get("members", [])
    talk.note("in parallel", f"{len(found)} members")


def _disable_and_delete(talk: Conversation, users: list[str]) -> None:
    ada, bob, *_ = users
    talk.send("disable", requests.set_active(ada, False))
    talk.send("disabled, read", requests.read("Users", ada))
    talk.send("disabled, match", requests.match_query("Users", "userName", "ada@example.com"))
    talk.send("disabled, by key", requests.match_query("Users", "externalId", "adanew"))
    name = Change(op="replace", path="displayName", value="Ada Away")
    _update(talk, "update disabled", ada, name, dialect=Dialect.DEFAULT)
    talk.send("restore", requests.set_active(ada, True))
    talk.send("restored, read", requests.read("Users", ada))
    deleted = [
        Change(op="replace", path="userName", value=f"{'0a' * 16}bob@example.com"),
        Change(op="replace", path="active", value=False),
    ]
    _update(talk, "soft delete", bob, *deleted, dialect=Dialect.DEFAULT)
    for time in ("", " again"):
        talk.send(f"delete{time}", requests.delete("Users", ada))
        talk.send(f"deleted{time}, read", requests.read("Users", ada))
    talk.send("create again", requests.create_user({"userName": "ada@example.com"}))
    talk.send("PUT", requests.with_body("PUT", f"/Users/{users[2]}", {"userName": "put"}))
    talk.send("long list", requests.get("/Users"))


def crowd(faults: Sequence[str]) -> tuple[int, int, int]:
    """What is left of ten users and members that are written at once, and of very many queries."""
    provider = ScimServiceProvider(faults=faults)
    talk = Conversation(provider)
    names = [f"user{number}" for number in range(10)]
    creates = [requests.create_user({"userName": n, "displayName": n}) for n in names]
    with ThreadPoolExecutor(len(creates)) as pool:
        list(pool.map(lambda r: talk.send("", r), creates))
        ids = {str(user["userName"]): str(user["id"]) for user in provider.users.values()}
        changes = [
            requests.update(
                "Users", i, [Change(op="replace", path="displayName", value=f"New {n}")]
            )
            for n, i in ids.items()
        ]
        list(pool.map(lambda r: talk.send("", r), changes))
        talk.send("", requests.create_group({"displayName": "crowd"}))
        group = next(iter(provider.groups))
        adds = [requests.add_members(group, [i]) for i in ids.values()]
        list(pool.map(lambda r: talk.send("", r), adds))
    right = [u for u in provider.users.values() if u["displayName"] == f"New {u['userName']}"]
    for _ in range(450):
        talk.send("", requests.get("/ServiceProviderConfig"))
    members = provider.groups[group].get("members", [])
    return len(right), len(members), talk.steps[-1][1].status
