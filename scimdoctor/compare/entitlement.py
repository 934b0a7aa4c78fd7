"""By what a user is entitled to an app: assignments and the roles that they carry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from scimdoctor.graph import directory

if TYPE_CHECKING:
    from scimdoctor.graph.client import GraphClient

DEFAULT_ACCESS = "00000000-0000-0000-0000-000000000000"
"""The id of *Default Access*, which is no role of the app's own."""


def assigned_roles(graph: GraphClient, app_id: str, user_id: str) -> tuple[str, ...]:
    """The role ids by which the user is assigned, directly or as a direct member of a group.

    Empty: the user is not assigned. Members of nested groups are not, as Entra sees it.
    """
    rows = list(directory.assignments(graph, app_id))
    # Asked from the user's end: an assigned group can have a hundred thousand members.
    groups = any(row.principal_type == "Group" for row in rows)
    own = {user_id, *(directory.groups_of(graph, user_id) if groups else ())}
    found = (row.app_role_id or DEFAULT_ACCESS for row in rows if row.principal_id in own)
    return tuple(dict.fromkeys(found))


def app_roles(graph: GraphClient, app_id: str) -> list[dict[str, Any]]:
    """The app's roles, as expressions see them."""
    return [
        {"id": r.get("id"), "value": r.get("value"), "displayName": r.get("displayName")}
        for r in _listed_roles(graph, app_id)
    ]


def has_app_roles(graph: GraphClient, app_id: str) -> bool:
    """Whether the app has roles of its own: where it has none, *Default Access* is all there is."""
    return any(r.get("isEnabled") is not False for r in _listed_roles(graph, app_id))


def _listed_roles(graph: GraphClient, app_id: str) -> list[dict[str, Any]]:
    path = f"/servicePrincipals/{quote(app_id, safe='')}"
    listed = graph.get(path, {"$select": "id,appRoles"}).get("appRoles")
    return [r for r in listed if isinstance(r, dict)] if isinstance(listed, list) else []
