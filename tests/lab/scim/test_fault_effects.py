"""What single faults do, told apart from what they leave alone."""

from __future__ import annotations

import gzip
import threading
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from scimdoctor.entra import requests
from scimdoctor.entra.dialect import Dialect
from scimdoctor.entra.requests import Change
from scimdoctor.lab.loopback import LoopbackServer
from scimdoctor.lab.scim.families.transport import BOMB_IN_MEBIBYTES, gzip_bomb
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.lab.scim.transport import ProviderTransport
from scimdoctor.scim import urns

if TYPE_CHECKING:
    from scimdoctor.model.exchange import ScimRequest

TOKEN = {"Authorization": "Bearer lab-token"}
E = urns.ENTERPRISE_USER
WORK = 'emails[type eq "work"].value'
SEEDED = {
    "userName": "Ada@Example.com",
    "externalId": "ada",
    "active": True,
    "displayName": "Ada",
    WORK: "Ada@Example.com",
    'emails[type eq "home"].value': "home@example.com",
    "name.givenName": "Ada",
    "name.familyName": "Old",
    f"{E}:department": "Research",
}


class App:
    """A provider with two users and a group, asked in process."""

    def __init__(self, *faults: str) -> None:
        self.provider = ScimServiceProvider()
        self.ada = self._create(requests.create_user(SEEDED))
        self.bob = self._create(requests.create_user({"userName": "bob@example.com"}))
        self.group = self._create(requests.create_group({"displayName": "Engineering"}))
        self.send(requests.add_members(self.group, [self.ada, self.bob]))
        healthy = self.provider
        self.provider = ScimServiceProvider(faults=faults)
        self.provider.users, self.provider.groups = healthy.users, healthy.groups

    def _create(self, request: ScimRequest) -> str:
        created: str = self.send(request).json()["id"]
        return created

    def send(self, request: ScimRequest) -> httpx.Response:
        transport = ProviderTransport(self.provider.handle)
        headers = {**TOKEN, **dict(request.headers)}
        with httpx.Client(transport=transport, base_url="http://lab/scim") as client:
            return client.request(
                request.method, request.target, headers=headers, content=request.body
            )

    def update(self, *changes: Change, dialect: Dialect = Dialect.DEFAULT) -> int:
        request = requests.update("Users", self.ada, changes, dialect=dialect)
        return self.send(request).status_code

    @property
    def user(self) -> dict[str, Any]:
        return self.provider.users[self.ada]

    @property
    def members(self) -> set[str]:
        return {m["value"] for m in self.provider.groups[self.group].get("members", [])}


def replace(path: str, value: Any) -> Change:
    return Change(op="replace", path=path, value=value)


def add(path: str, value: Any) -> Change:
    return Change(op="add", path=path, value=value)


FLAG_UPDATE = (replace("displayName", "New"), replace("name.familyName", "New"))


@pytest.mark.parametrize(
    ("fault", "change", "status"),
    [
        ("patch-op-case-sensitive", replace("title", "x"), 400),
        ("patch-add-single-refused", add("title", "x"), 400),
        ("patch-add-single-refused", replace("title", "x"), 200),
        ("patch-add-existing-refused", add("displayName", "x"), 400),
        ("patch-add-existing-refused", add("title", "x"), 200),
        ("boolean-text-refused", replace("active", False), 400),
        ("value-path-refused", replace(WORK, "x@y"), 400),
        ("value-path-no-match-refused", replace(WORK, "x@y"), 200),
        ("value-path-no-match-refused", add('emails[type eq "other"].value', "x@y"), 400),
        ("value-path-no-match-500", add('emails[type eq "other"].value', "x@y"), 500),
        ("value-path-no-match-500", add('addresses[type eq "work"].country', "NL"), 200),
        ("extension-path-refused", replace(f"{E}:department", "x"), 400),
        ("extension-path-500", replace(f"{E}:department", "x"), 500),
        ("custom-extension-path-refused", replace(f"{E}:department", "x"), 200),
        ("custom-extension-path-refused", add("urn:x:1.0:User:badge", "x"), 400),
        ("manager-text-refused", add(requests.MANAGER, "7"), 400),
        ("manager-removal-refused", replace(requests.MANAGER, ""), 400),
        ("external-id-immutable", replace("externalId", "x"), 400),
        ("no-op-400", replace("displayName", "Ada"), 400),
        ("no-op-400", replace("displayName", "New"), 200),
        ("display-name-refused", replace("displayName", "New"), 400),
        ("hex-prefix-rename-refused", replace("userName", "0a" * 16 + "ada@example.com"), 400),
        ("hex-prefix-rename-refused", replace("userName", "new@example.com"), 200),
        ("patch-202", replace("title", "x"), 202),
        ("default-dialect-refused", replace("title", "x"), 400),
    ],
)
def test_statuses(fault: str, change: Change, status: int) -> None:
    assert App(fault).update(change) == status


def test_the_compliant_dialect_passes_where_only_the_default_one_is_refused() -> None:
    app = App("default-dialect-refused")
    assert app.update(*FLAG_UPDATE, dialect=Dialect.COMPLIANT) == 200


Outcome = Callable[[App], bool]


@pytest.mark.parametrize(
    ("fault", "change", "outcome"),
    [
        ("patch-op-capital-ignored", replace("title", "x"), lambda a: "title" not in a.user),
        ("boolean-text-read-as-true", replace("active", False), lambda a: a.user["active"]),
        ("active-ignored", replace("active", False), lambda a: a.user["active"]),
        ("disable-deletes", replace("active", False), lambda a: a.ada not in a.provider.users),
        (
            "disable-clears-values",
            replace("active", False),
            lambda a: "emails" not in a.user and "displayName" in a.user,
        ),
        (
            "value-path-literal",
            replace(WORK, "x"),
            lambda a: a.user[WORK] == "x" and a.user["emails"][0]["value"] == "Ada@Example.com",
        ),
        (
            "value-path-replaces-all",
            replace(WORK, "x"),
            lambda a: [e["value"] for e in a.user["emails"]] == ["x"],
        ),
        (
            "complex-replace-clears-siblings",
            replace("name.familyName", "x"),
            lambda a: a.user["name"] == {"familyName": "x"},
        ),
        (
            "unsent-values-cleared",
            replace("title", "x"),
            lambda a: "emails" not in a.user and a.user["title"] == "x",
        ),
        (
            "user-name-change-deletes",
            replace("userName", "new@example.com"),
            lambda a: a.ada not in a.provider.users,
        ),
        (
            "patch-touches-other-users",
            replace("displayName", "x"),
            lambda a: a.provider.users[a.bob]["displayName"] == "x",
        ),
        (
            "extension-path-literal",
            replace(f"{E}:department", "x"),
            lambda a: a.user[f"{E}:department"] == "x" and a.user[E]["department"] == "Research",
        ),
        (
            "manager-text-unlinked",
            add(requests.MANAGER, "7"),
            lambda a: a.user[E]["manager"] == {"displayName": "7"},
        ),
        (
            "enterprise-extension-dropped",
            replace(f"{E}:department", "x"),
            lambda a: E not in a.user,
        ),
        (
            "values-lower-cased",
            replace(WORK, "X@Y"),
            lambda a: a.user["emails"][0]["value"] == "x@y",
        ),
    ],
)
def test_outcomes(fault: str, change: Change, outcome: Outcome) -> None:
    app = App(fault)
    assert app.update(change) in {200, 204}
    assert outcome(app)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("dotted-keys-literal", {"name": "Old", "name.familyName": "New"}),
        ("dotted-keys-ignored", {"name": "Old", "displayName": "New"}),
        ("patch-no-effect", {"name": "Old", "displayName": "Ada"}),
    ],
)
def test_pathless_updates(fault: str, expected: dict[str, str]) -> None:
    app = App(fault)
    assert app.update(*FLAG_UPDATE, dialect=Dialect.COMPLIANT) == 200
    flat = app.user | {"name": app.user["name"]["familyName"]}
    assert {key: flat.get(key) for key in expected} == expected


def test_filtered_adds_make_several_elements() -> None:
    app = App("value-path-add-duplicates")
    adds = [add(f'addresses[type eq "work"].{part}', "x") for part in ("country", "locality")]
    assert app.update(*adds) == 200
    assert app.user["addresses"] == [
        {"type": "work", "country": "x"},
        {"type": "work", "locality": "x"},
    ]


def test_operations_before_a_failure_are_kept() -> None:
    app = App("patch-not-atomic")
    assert app.update(replace("displayName", "Half"), replace("a b", "x")) == 400
    assert app.user["displayName"] == "Half"


@pytest.mark.parametrize(
    ("fault", "dialect", "left"),
    [
        ("members-remove-list-wipes", Dialect.DEFAULT, set()),
        ("members-remove-list-ignored", Dialect.DEFAULT, {"ada", "bob"}),
        ("members-remove-list-wipes", Dialect.COMPLIANT, {"bob"}),
        ("members-remove-filter-wipes", Dialect.COMPLIANT, set()),
        ("members-remove-filter-ignored", Dialect.COMPLIANT, {"ada", "bob"}),
        ("members-remove-filter-wipes", Dialect.DEFAULT, {"bob"}),
    ],
)
def test_removals_of_members(fault: str, dialect: Dialect, left: set[str]) -> None:
    app = App(fault)
    answer = app.send(requests.remove_members(app.group, [app.ada], dialect=dialect))
    assert answer.status_code == 204
    names = {app.ada: "ada", app.bob: "bob"}
    assert {names[member] for member in app.members} == left


def test_added_members_replace_the_others() -> None:
    app = App("members-add-replaces")
    app.send(requests.remove_members(app.group, [app.bob]))
    app.send(requests.add_members(app.group, [app.bob]))
    assert app.members == {app.bob}


def test_parallel_additions_are_lost_over_real_connections() -> None:
    app = App("members-parallel-lost")
    users = [app._create(requests.create_user({"userName": f"u{n}"})) for n in range(8)]
    app.provider.groups[app.group].pop("members")
    together = threading.Barrier(len(users))

    def put_in(user: str) -> int:
        request = requests.add_members(app.group, [user])
        together.wait(10)
        headers = {**TOKEN, **dict(request.headers)}
        return client.patch(request.target, headers=headers, content=request.body).status_code

    with (
        LoopbackServer(app.provider.handle) as server,
        httpx.Client(base_url=f"{server.url}/scim") as client,
        ThreadPoolExecutor(len(users)) as pool,
    ):
        assert set(pool.map(put_in, users)) == {204}
    assert len(app.members) < len(users)


def test_the_bomb_unpacks_to_what_it_says() -> None:
    unpacker = zlib.decompressobj(31)
    first = unpacker.decompress(gzip_bomb(), 3_000_000)
    assert first == b" " * 3_000_000
    assert len(gzip_bomb()) < BOMB_IN_MEBIBYTES * 2048
    assert gzip_bomb()[:2] == gzip.compress(b"")[:2]


@pytest.mark.parametrize("fault", ["hang", "drip", "connection-reset", "not-http"])
def test_broken_connections_are_transport_errors_in_process(fault: str) -> None:
    with pytest.raises(httpx.TransportError):
        App(fault).send(requests.get("/Users"))


def test_an_announced_length_that_is_too_long_is_a_protocol_error() -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        App("body-shorter-than-announced").send(requests.get("/Users"))


def test_an_announced_length_that_is_too_short_cuts_the_body() -> None:
    answer = App("body-longer-than-announced").send(requests.get("/Users"))
    with pytest.raises(ValueError, match=r"delimiter|Expecting|Unterminated"):
        answer.json()


def test_slow_answers_take_the_time_they_are_told() -> None:
    slept: list[float] = []
    provider = ScimServiceProvider(faults=["slow"])
    transport = ProviderTransport(provider.handle, slow_seconds=7, sleep=slept.append)
    with httpx.Client(transport=transport, headers=TOKEN) as client:
        assert client.get("http://lab/scim/Users").status_code == 200
        assert client.get("http://lab/scim/Schemas").status_code == 200
    assert slept == [7]


def test_endless_bodies_can_be_left() -> None:
    transport = ProviderTransport(ScimServiceProvider(faults=["body-endless"]).handle)
    with (
        httpx.Client(transport=transport, headers=TOKEN) as client,
        client.stream("GET", "http://lab/scim/Users") as answer,
    ):
        chunks = answer.iter_raw()
        assert next(chunks) == next(chunks)


@pytest.mark.parametrize("token", ["", "wrong"])
def test_tokens(token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    statuses = {}
    for fault in ("any-token-accepted", "no-token-accepted", "wrong-token-500"):
        transport = ProviderTransport(ScimServiceProvider(faults=[fault]).handle)
        with httpx.Client(transport=transport, headers=headers) as client:
            statuses[fault] = client.get("http://lab/scim/Users").status_code
    accepted = {"any-token-accepted": 200, "no-token-accepted": 401, "wrong-token-500": 500}
    none = {"any-token-accepted": 401, "no-token-accepted": 200, "wrong-token-500": 500}
    assert statuses == (accepted if token else none)


def test_numbers_for_ids_can_be_asked_for() -> None:
    app = App("id-number")
    [found] = app.send(requests.match_query("Users", "externalId", "ada")).json()["Resources"]
    assert isinstance(found["id"], int)
    assert app.send(requests.read("Users", str(found["id"]))).status_code == 200


def test_ids_with_a_slash_cannot_be_asked_for() -> None:
    app = App("id-with-slash")
    [found] = app.send(requests.match_query("Users", "externalId", "ada")).json()["Resources"]
    assert found["id"] == f"acct/{app.ada}"
    assert app.send(requests.read("Users", found["id"])).status_code == 404
