"""Every request of Entra's that a public report shows, rebuilt from an event as its log tells it.

The reports seldom show the log. Here the event is made from the request, by the log's own rules:
a PATCH's operations stand in `modifiedProperties`, added values without an old one, removed ones
without a new one, and every value as text.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

import pytest

from scimdoctor.entra.dialect import Dialect
from scimdoctor.entra.reconstruct import connection_probes, reconstruct
from scimdoctor.entra.requests import object_path
from tests.fakes.events import changed, event, load

if TYPE_CHECKING:
    from scimdoctor.model.provisioning import ModifiedProperty
    from scimdoctor.model.reconstruction import ReconstructedRequest

PUBLISHED: dict[str, dict[str, Any]] = load("published-requests.json")

NOT_JUDGED = {
    "keycloak-52752": "replaces all members, which Entra does not: another client's request",
    "snipeit-19096": "replaces members one by one; the documentation and all other reports show Add",
    "pranems-name-merge": "a capital `Replace` without path: neither dialect, a test of the server",
    "so-52840348": "values wrapped in lists: jobs of 2018 (`customappsso`), which no longer exist",
    "wso2-8498": "the filter's value is not quoted: typed by a person",
}
PROBES = {"broadcom-430118", "keycloak-78"}


def place(published: dict[str, Any]) -> tuple[str, str, str]:
    """`Users` or `Groups`, the id if there is one, and the query; the base path is the app's own."""
    path, _, query = published["path"].partition("?")
    parts = path.split("/")
    index = max(i for i, p in enumerate(parts) if p.casefold() in {"users", "groups"})
    return parts[index].capitalize(), "/".join(parts[index + 1 :]), query


def as_logged(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def changes_of(operation: dict[str, Any]) -> list[ModifiedProperty]:
    """What the log lists for one operation."""
    kind, path, value = operation["op"].casefold(), operation.get("path"), operation.get("value")
    if path is None:
        assert isinstance(value, dict)
        return [changed(name, as_logged(v), "before") for name, v in value.items()]
    if kind == "remove":
        return [changed(path, None, as_logged(value) or "before")]
    old = {"True": "False", "False": "True"}.get(str(value), "before")
    return [changed(path, as_logged(value), None if kind == "add" else old)]


def rebuilt_write(published: dict[str, Any]) -> ReconstructedRequest:
    resource, identity, _ = place(published)
    body = published["body"]
    if published["method"] == "PATCH":
        operations = body["Operations"]
        compliant = all(o["op"] == o["op"].casefold() for o in operations)
        changes = [c for o in operations for c in changes_of(o)]
        action = "disable" if any(c.display_name == "active" for c in changes) else "update"
    elif published["method"] == "POST":
        compliant, action = False, "create"
        named = {k: v for k, v in (body or {}).items() if k != "schemas"}
        named.setdefault("displayName" if resource == "Groups" else "userName", "ada@example.com")
        changes = [changed(name, as_logged(value)) for name, value in named.items()]
    else:
        compliant, action, changes = False, "delete", []
    found = reconstruct(
        event(
            action,
            changes=tuple(changes),
            group=resource == "Groups",
            target_id=identity or None,
        ),
        dialect=Dialect.COMPLIANT if compliant else Dialect.DEFAULT,
    )
    return next(r for r in found.requests if r.failed)


WRITES = [n for n, r in PUBLISHED.items() if r["method"] != "GET" and n not in NOT_JUDGED]
QUERIES = [
    n for n, r in PUBLISHED.items() if r["method"] == "GET" and n not in {*NOT_JUDGED, *PROBES}
]


def test_nothing_is_left_out() -> None:
    assert {*WRITES, *QUERIES, *PROBES, *NOT_JUDGED} == set(PUBLISHED)


@pytest.mark.parametrize("name", WRITES)
def test_write(name: str) -> None:
    published = PUBLISHED[name]
    resource, identity, _ = place(published)
    request = rebuilt_write(published).request
    assert request.method == published["method"]
    assert request.path == (object_path(resource, identity) if identity else f"/{resource}")
    body = published["body"]
    if body is None:
        wanted = published.get("headers", {})
        assert wanted.items() <= dict(request.headers).items()
    elif "Operations" in body:
        assert request.json == {"schemas": body["schemas"], "Operations": body["Operations"]}
        assert [list(o) for o in request.json["Operations"]] == [
            list(o) for o in body["Operations"]
        ]
    else:
        assert body.items() <= request.json.items()


@pytest.mark.parametrize("name", QUERIES)
def test_query(name: str) -> None:
    published = PUBLISHED[name]
    resource, _, query = place(published)
    parameters = dict(parse_qsl(query))
    attribute, _, quoted = parameters["filter"].partition(" eq ")
    asked = changed(attribute, json.loads(quoted))
    schema = None
    if attribute not in {"userName", "displayName"}:
        schema = matched_by(attribute)
    found = reconstruct(
        event("create", changes=(asked,), group=resource == "Groups", target_id=None),
        schema=schema,
    )
    request = next(r.request for r in found.requests if not r.request.is_write)
    assert request.path == f"/{resource}"
    sent = dict(parse_qsl(request.query))
    assert sent["filter"] == parameters["filter"]
    assert parameters.items() <= sent.items()
    if "+" in query and "%22" in query:
        # Published as it went over the wire: the encoding is Entra's own.
        assert request.query == query
    assert "+eq+%22" in request.query
    assert '"' not in request.query
    assert " " not in unquote(request.query)


def matched_by(attribute: str) -> Any:
    """The default mapping, matched by another attribute."""
    from scimdoctor.graph.synchronization import parse_schema

    schema = load("synchronization-schema-custom-app.json")
    for mapping in schema["synchronizationRules"][0]["objectMappings"]:
        for item in mapping["attributeMappings"]:
            item["matchingPriority"] = int(item["targetAttributeName"] == attribute)
    return parse_schema(schema)


@pytest.mark.parametrize("name", sorted(PROBES))
def test_probe(name: str) -> None:
    _, _, query = place(PUBLISHED[name])
    value = json.loads(dict(parse_qsl(query))["filter"].partition(" eq ")[2])
    users = connection_probes(value)[0].request
    assert dict(parse_qsl(users.query)) == dict(parse_qsl(query))
    if "%22" in query:
        assert users.query == query
