"""The shapes in which app roles travel (Microsoft, "Provisioning a role to a SCIM app")."""

from __future__ import annotations

import json
from typing import Any

ROLE_TYPE = "WindowsAzureActiveDirectoryRole"
COMPLEX = "approleassignmentscomplex"
ASSERTIVE = "assertiveapproleassignmentscomplex"
SINGLE = "singleapproleassignment"
ROLE_FUNCTIONS = frozenset({COMPLEX, ASSERTIVE, SINGLE, "approleassignments"})


def roles_of(value: Any) -> list[Any]:  # noqa: ANN401 - JSON
    """The single roles in a logged or mapped value: objects, or names."""
    items = value if isinstance(value, list) else [value]
    return [_parsed(item) for item in items if item not in (None, "")]


def _parsed(item: Any) -> Any:  # noqa: ANN401
    if isinstance(item, str) and item.lstrip().startswith("{"):
        try:
            return json.loads(item)
        except (ValueError, RecursionError):
            return item
    return item


def role_names(value: Any) -> list[str]:  # noqa: ANN401
    """The values of roles in any shape, sorted: what is the same at both ends."""
    names = (r.get("value") if isinstance(r, dict) else r for r in roles_of(value))
    inner = (_parsed(n) for n in names)
    plain = (i.get("value") if isinstance(i, dict) else i for i in inner)
    return sorted(str(n) for n in plain if n not in (None, ""))


def roles_for_create(value: Any) -> list[Any]:  # noqa: ANN401
    """`roles` as a POST holds them: one object for each, none of them primary."""
    return [_complex(role) for role in roles_of(value)]


def _complex(role: Any) -> Any:  # noqa: ANN401
    if isinstance(role, dict) and not _is_app_role(role):
        return role
    name = role.get("value") if isinstance(role, dict) else role
    display = (role.get("displayName") or name) if isinstance(role, dict) else role
    return {"primary": False, "type": ROLE_TYPE, "display": display, "value": name}


def _is_app_role(role: dict[str, Any]) -> bool:
    """Whether it is the directory's app role, not a SCIM value."""
    return "displayName" in role or "id" in role


def roles_for_update(value: Any) -> list[Any]:  # noqa: ANN401
    """`roles` as a PATCH of the default dialect holds them: the app role as JSON text in `value`."""
    return [_json_valued(role) for role in roles_of(value)]


def _json_valued(role: Any) -> Any:  # noqa: ANN401
    if isinstance(role, dict):
        return {"value": json.dumps(role, ensure_ascii=False)} if _is_app_role(role) else role
    return {"value": role}
