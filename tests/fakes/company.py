"""A tenant with people, in process, and the app that they are provisioned to."""

from __future__ import annotations

from typing import Any

from scimdoctor.lab.http import LabResponse, json_response
from tests.fakes.microsoft import Microsoft
from tests.fakes.scim_app import ScimApp

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
STAFF = "99999999-0000-4000-8000-000000000009"


def identity(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


class Company:
    """A tenant with people, and the app that they are provisioned to."""

    def __init__(self) -> None:
        self.microsoft = Microsoft()
        self.tenant = self.microsoft.tenant
        self.app = ScimApp()
        self.principal = self.tenant.service_principals[0]

    def hire(self, name: str, *, assigned: bool = True, **fields: Any) -> str:
        """Add a person in Marketing, whom the scoping filter lets through."""
        number = len(self.tenant.users) + 1
        raw = {
            "id": identity(number),
            "userPrincipalName": f"{name}@example.com",
            "displayName": name.title(),
            "mailNickname": name,
            "accountEnabled": True,
            "department": "Marketing",
            "mail": f"{name}@example.com",
            "jobTitle": None,
        }
        self.tenant.users[identity(number)] = raw | fields
        if assigned:
            self.assign(identity(number), "User")
        return identity(number)

    def assign(self, principal: str, kind: str) -> None:
        self.principal.assignments.append(
            {"principalId": principal, "principalType": kind, "principalDisplayName": principal}
        )

    def staff(self, *members: str) -> None:
        """Put people into a group."""
        self.tenant.groups[STAFF] = {"id": STAFF, "displayName": "staff"}
        self.tenant.members[STAFF] = list(members)

    def group(self, *members: str, name: str = "staff") -> str:
        """Give the app the group that Entra would make of the staff."""
        own = self.app.add_group(name, members)
        self.app.provider.groups[own]["externalId"] = STAFF
        return own

    def users(self, *rows: dict[str, Any], total: int | None = None) -> None:
        """Make the app's list of users these rows, whatever page is asked for."""
        answer = listed(list(rows), total)
        self.app.rules.append(lambda r: answer if r.path.endswith("/Users") else None)

    def provision(self, name: str, **fields: Any) -> str:
        """Give a person a user in the app, as Entra would."""
        plain = {
            "active": True,
            "displayName": name.title(),
            "externalId": name,
            "emails": [{"type": "work", "value": f"{name}@example.com"}],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
                "department": "Marketing"
            },
        }
        return self.app.add_user(f"{name}@example.com", **(plain | fields))


def listed(rows: list[dict[str, Any]], total: int | None = None) -> LabResponse:
    body = {"schemas": [LIST], "totalResults": total or len(rows), "Resources": rows}
    return json_response(200, body, media_type="application/scim+json")
