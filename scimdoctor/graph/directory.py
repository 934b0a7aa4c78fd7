"""Apps, people, groups and the tenant: reads of the directory.

Source: Graph API pages of `servicePrincipal`, `user`, `group`, `organization`, `deletedItems`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from scimdoctor.errors import ConfigurationError, GraphNotFoundError
from scimdoctor.graph.json_values import boolean, text
from scimdoctor.model.frozen import EMPTY, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from scimdoctor.graph.client import GraphClient

NON_GALLERY_TEMPLATE = "8adf8e6e-67b2-4cf2-a259-e3dc5476c621"
"""`applicationTemplateId` of apps made from "your own application"."""

_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_APP_FIELDS = "id,appId,displayName,accountEnabled,servicePrincipalType,tags,applicationTemplateId"
_ENTERPRISE_APP_TAG = "WindowsAzureActiveDirectoryIntegratedApp"
_MOST_CANDIDATES = 20
_PAGE = "999"
_MOST_IN_BATCH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePrincipal:
    """Graph `servicePrincipal`: an enterprise application in this tenant."""

    id: str
    app_id: str | None = None
    display_name: str = ""
    account_enabled: bool | None = None
    application_template_id: str | None = None
    raw: Mapping[str, Any] = field(default=EMPTY, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Graph `appRoleAssignment`: who is assigned to an app."""

    principal_id: str
    principal_type: str
    """`User`, `Group`, `ServicePrincipal`."""

    principal_display_name: str | None = None
    app_role_id: str | None = None


def is_guid(value: str) -> bool:
    """Whether `value` looks like an object id."""
    return _GUID.fullmatch(value.strip()) is not None


def odata_text(value: str) -> str:
    """Return `value` as an OData string literal: quoted, inner quotes doubled."""
    return "'" + value.replace("'", "''") + "'"


def find_app(graph: GraphClient, wanted: str, *, to_write: bool = False) -> ServicePrincipal:
    """Return the enterprise app that `wanted` names: object id, app id, exact name, name's start.

    What writes (`to_write`) does so by id or whole name alone: a name's start may be a slip.

    The object id of the app registration, which the portal shows as well, is taken too.

    Raises:
        ConfigurationError: nothing fits, or several do (the message lists them).
    """
    wanted = wanted.strip()
    if not wanted:
        raise ConfigurationError("The app's name is empty.", hint="scimdoctor apps lists them.")
    found = _by_id(graph, wanted) if is_guid(wanted) else _by_name(graph, wanted)
    if len(found) == 1 and (not to_write or is_guid(wanted) or _is_called(found[0], wanted)):
        return found[0]
    if not found:
        raise ConfigurationError(
            f"No enterprise application is or begins with {wanted!r} in this tenant.",
            hint="scimdoctor apps lists those with a provisioning job.",
        )
    trouble = "is ambiguous" if len(found) > 1 else "is only the start of a name"
    lines = [f"  {app.id}  {app.display_name}" for app in found[:_MOST_CANDIDATES]]
    more = f"\n  … and {len(found) - _MOST_CANDIDATES} more" if len(found) > len(lines) else ""
    raise ConfigurationError(
        f"{wanted!r} {trouble}; it may mean:\n" + "\n".join(lines) + more,
        hint="Give the object id in the first column instead.",
    )


def _is_called(app: ServicePrincipal, name: str) -> bool:
    return app.display_name.strip().casefold() == name.casefold()


def _by_id(graph: GraphClient, wanted: str) -> list[ServicePrincipal]:
    try:
        return [_app(graph.get(f"/servicePrincipals/{wanted}", {"$select": _APP_FIELDS}))]
    except GraphNotFoundError:
        return list(_apps(graph, f"appId eq '{wanted}'")) or _by_registration(graph, wanted)


def _by_registration(graph: GraphClient, wanted: str) -> list[ServicePrincipal]:
    registration = _read(graph, f"/applications/{wanted}", ("id", "appId"))
    app_id = text(registration, "appId")
    return list(_apps(graph, f"appId eq {odata_text(app_id)}")) if app_id else []


def _by_name(graph: GraphClient, wanted: str) -> list[ServicePrincipal]:
    exact = list(_apps(graph, f"displayName eq {odata_text(wanted)}"))
    return exact or list(_apps(graph, f"startswith(displayName,{odata_text(wanted)})"))


def enterprise_apps(graph: GraphClient, *, prefix: str = "") -> Iterator[ServicePrincipal]:
    """Yield the tenant's enterprise applications, those of Microsoft itself left out."""
    tagged = f"tags/any(t:t eq '{_ENTERPRISE_APP_TAG}')"
    named = f" and startswith(displayName,{odata_text(prefix)})" if prefix else ""
    yield from _apps(graph, tagged + named)


def _apps(graph: GraphClient, condition: str) -> Iterator[ServicePrincipal]:
    params = {"$filter": condition, "$select": _APP_FIELDS, "$top": _PAGE}
    for page in graph.pages("/servicePrincipals", params):
        yield from (_app(raw) for raw in page)


def _app(raw: Mapping[str, Any]) -> ServicePrincipal:
    return ServicePrincipal(
        id=text(raw, "id") or "",
        app_id=text(raw, "appId"),
        display_name=text(raw, "displayName") or "",
        account_enabled=boolean(raw, "accountEnabled"),
        application_template_id=text(raw, "applicationTemplateId"),
        raw=frozen(raw),
    )


def assignments(graph: GraphClient, service_principal_id: str) -> Iterator[Assignment]:
    """Yield who is assigned to the app; groups stand for their direct members only."""
    path = f"/servicePrincipals/{quote(service_principal_id, safe='')}/appRoleAssignedTo"
    for page in graph.pages(path, {"$top": _PAGE}):
        for raw in page:
            yield Assignment(
                principal_id=text(raw, "principalId") or "",
                principal_type=text(raw, "principalType") or "User",
                principal_display_name=text(raw, "principalDisplayName"),
                app_role_id=text(raw, "appRoleId"),
            )


def user(
    graph: GraphClient, wanted: str, *, select: Iterable[str] = ()
) -> Mapping[str, Any] | None:
    """Return a user by object id or user principal name; `None` if there is none.

    Graph gives some eleven properties unless `select` names more.
    """
    return _read(graph, f"/users/{quote(wanted, safe='@')}", select)


def manager(graph: GraphClient, user_id: str) -> Mapping[str, Any] | None:
    """Return a user's manager (id and name); `None` if there is none."""
    path = f"/users/{quote(user_id, safe='@')}/manager"
    return _read(graph, path, ("id", "displayName", "userPrincipalName"))


def all_managers(graph: GraphClient) -> Iterator[tuple[str, str | None]]:
    """Yield each user's id with its manager's, `None` for no manager: one request per page."""
    params = {"$select": "id", "$expand": "manager($select=id)", "$top": _PAGE}
    for page in graph.pages("/users", params):
        for raw in page:
            expanded = raw.get("manager")
            manager_id = text(expanded, "id") if isinstance(expanded, dict) else None
            yield text(raw, "id") or "", manager_id


def managers_of(graph: GraphClient, user_ids: Sequence[str]) -> dict[str, str | None]:
    """Return the manager's id of each user, `None` for no manager: one request for twenty users.

    What Graph refuses within a batch, as it does when it is busy, is asked again alone.
    Source: Graph "JSON batching".
    """
    found: dict[str, str | None] = {}
    for start in range(0, len(user_ids), _MOST_IN_BATCH):
        some = user_ids[start : start + _MOST_IN_BATCH]
        asked = [
            {"id": str(n), "method": "GET", "url": f"/users/{quote(i, safe='')}/manager?$select=id"}
            for n, i in enumerate(some)
        ]
        listed = graph.post("/$batch", {"requests": asked}).get("responses")
        answers = {
            str(answer.get("id")): answer
            for answer in (listed if isinstance(listed, list) else [])
            if isinstance(answer, dict)
        }
        for number, identity in enumerate(some):
            found[identity] = _manager_in(answers.get(str(number), {}), graph, identity)
    return found


def _manager_in(answer: Mapping[str, Any], graph: GraphClient, user_id: str) -> str | None:
    body = answer.get("body")
    if answer.get("status") == 404:
        return None
    if answer.get("status") == 200 and isinstance(body, dict):
        return text(body, "id")
    alone = manager(graph, user_id)
    return text(alone, "id") if alone else None


def groups_of(graph: GraphClient, user_id: str, *, transitive: bool = False) -> Mapping[str, str]:
    """Return the groups that a user is a member of, names by id: directly, or by nesting too."""
    relation = "transitiveMemberOf" if transitive else "memberOf"
    path = f"/users/{quote(user_id, safe='@')}/{relation}"
    pages = graph.pages(path, {"$select": "id,displayName", "$top": _PAGE})
    return {
        str(raw.get("id")): str(raw.get("displayName") or raw.get("id"))
        for page in pages
        for raw in page
        if str(raw.get("@odata.type") or "").endswith(".group")
    }


def find_users(
    graph: GraphClient, condition: str, *, select: Iterable[str] = ()
) -> Iterator[Mapping[str, Any]]:
    """Yield the users that meet an OData condition."""
    chosen = ",".join(select)
    params = {"$filter": condition, "$top": _PAGE} | ({"$select": chosen} if chosen else {})
    for page in graph.pages("/users", params):
        yield from page


def group(
    graph: GraphClient, group_id: str, *, select: Iterable[str] = ()
) -> Mapping[str, Any] | None:
    """Return a group; `None` if there is none."""
    return _read(graph, f"/groups/{quote(group_id, safe='')}", select)


def find_groups(graph: GraphClient, name: str) -> tuple[Mapping[str, Any], ...]:
    """Return the groups of that display name."""
    params = {"$filter": f"displayName eq {odata_text(name)}", "$top": _PAGE}
    return tuple(group for page in graph.pages("/groups", params) for group in page)


def members(
    graph: GraphClient, group_id: str, *, select: Iterable[str] = ("id", "displayName")
) -> Iterator[Mapping[str, Any]]:
    """Yield a group's direct members; `@odata.type` says what each is."""
    path = f"/groups/{quote(group_id, safe='')}/members"
    for page in graph.pages(path, {"$select": ",".join(select), "$top": _PAGE}):
        yield from page


def deleted_user(graph: GraphClient, user_id: str) -> Mapping[str, Any] | None:
    """Return a user deleted in the last 30 days; `None` if there is none."""
    return _read(graph, f"/directory/deletedItems/microsoft.graph.user/{quote(user_id)}", ())


def organization(graph: GraphClient) -> Mapping[str, Any]:
    """Return the tenant: id, name, verified domains; empty if Graph lists none."""
    params = {"$select": "id,displayName,verifiedDomains"}
    pages = graph.pages("/organization", params)
    return next((raw for page in pages for raw in page), {})


def _read(graph: GraphClient, path: str, select: Iterable[str]) -> Mapping[str, Any] | None:
    chosen = ",".join(select)
    try:
        return graph.get(path, {"$select": chosen} if chosen else None)
    except GraphNotFoundError:
        return None
