"""Measure `compare --all` over many people: time, requests, and how far memory grows.

    python -m tests.bench.compare 100000 [--small 10000]

Tenant and app are functions that make each page when it is asked for, so that what is measured is
the comparison. One in a hundred people differs, one in a thousand is missing in the app, one in a
thousand is disabled in Entra and active in the app; all are in one group, of which the app's lacks
one in a thousand. Each size runs in a process of its own; memory
is that process's maximum less what it had before it began to compare.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import httpx

from scimdoctor.compare.everyone import Keeping, compare_everyone
from scimdoctor.compare.one import BothEnds
from scimdoctor.endpoint.client import Endpoint
from scimdoctor.endpoint.credentials import NoCredentials
from scimdoctor.graph.client import GraphClient
from scimdoctor.graph.directory import ServicePrincipal
from scimdoctor.progress import SILENT
from scimdoctor.redaction import Secret
from tests.fakes.events import custom_app_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

GRAPH = "https://graph.example"
PAGE = 999
GROUP = "00000000-0000-4000-9000-000000000001"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


class Token:
    """Stands in for a sign-in."""

    def token(self, scopes: Sequence[str], *, claims_challenge: str | None = None) -> Secret:
        """Any token will do."""
        return Secret("bench")


def person(number: int) -> dict[str, Any]:
    """One user as Graph gives it."""
    return {
        "@odata.type": "#microsoft.graph.user",
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "userPrincipalName": f"user{number}@contoso.example",
        "displayName": f"User Number {number}",
        "givenName": "User",
        "surname": f"Number {number}",
        "mail": f"user{number}@contoso.example",
        "mailNickname": f"user{number}",
        "accountEnabled": number % 1000 != 7,
        "department": "Marketing",
        "employeeId": str(number),
        "jobTitle": "Engineer",
    }


def resource_of(number: int) -> dict[str, Any]:
    """The app's user of the same person."""
    name = f"user{number}@contoso.example"
    shown = "Somebody else" if number % 100 == 3 else f"User Number {number}"
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "id": f"s{number}",
        "userName": name,
        "active": True,
        "displayName": shown,
        "title": "Engineer",
        "externalId": f"user{number}",
        "name": {
            "givenName": "User",
            "familyName": f"Number {number}",
            "formatted": f"User Number {number}",
        },
        "emails": [{"type": "work", "value": name}],
        ENTERPRISE: {"department": "Marketing", "employeeNumber": str(number)},
    }


def graph_of(size: int) -> httpx.MockTransport:
    """A tenant with one group of `size` members, assigned to the app."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/appRoleAssignedTo"):
            row = {"principalId": GROUP, "principalType": "Group", "principalDisplayName": "all"}
            return httpx.Response(200, json={"value": [row]})
        if request.url.path.endswith(f"/groups/{GROUP}"):
            return httpx.Response(200, json={"id": GROUP, "displayName": "all"})
        if not request.url.path.endswith("/members"):
            return httpx.Response(404, json={"error": {"code": "Request_ResourceNotFound"}})
        start = int(request.url.params.get("$skiptoken", "0"))
        end = min(start + PAGE, size)
        page: dict[str, Any] = {"value": [person(n) for n in range(start, end)]}
        if end < size:
            page["@odata.nextLink"] = f"{GRAPH}{request.url.path}?$skiptoken={end}"
        return httpx.Response(200, json=page)

    return httpx.MockTransport(answer)


def app_of(size: int) -> httpx.MockTransport:
    """An app that holds all of them but one in a thousand."""
    held = [n for n in range(size) if n % 1000 != 11]

    group = {"id": "g1", "displayName": "all", "externalId": GROUP}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/g1"):
            members = [{"value": f"s{n}"} for n in held if n % 1000 != 13]
            return httpx.Response(200, json=group | {"members": members})
        if request.url.path.endswith("/Groups"):
            return httpx.Response(200, json={"totalResults": 1, "Resources": [group]})
        query = parse_qs(request.url.query.decode())
        start = int(query.get("startIndex", ["1"])[0]) - 1
        count = int(query.get("count", ["100"])[0])
        rows = [resource_of(n) for n in held[start : start + count]]
        body = {"totalResults": len(held), "startIndex": start + 1, "Resources": rows}
        return httpx.Response(200, json=body)

    return httpx.MockTransport(answer)


def run(size: int) -> dict[str, float]:
    """Compare `size` people; what it took."""
    with (
        httpx.Client(transport=graph_of(size)) as graph_http,
        httpx.Client(transport=app_of(size)) as app_http,
        Endpoint(app_http, base_url="https://app.example/scim", auth=NoCredentials()) as endpoint,
    ):
        graph = GraphClient(graph_http, Token(), base_url=GRAPH)
        ends = BothEnds(
            graph=graph,
            app=ServicePrincipal(id="sp"),
            schema=custom_app_schema(),
            endpoint=endpoint,
        )
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began, busy = time.perf_counter(), time.process_time()
        found = compare_everyone(ends, progress=SILENT, keeping=Keeping())
        return {
            "people": found.counts.people,
            "users": found.counts.users_in_app,
            "findings": len(found.comparisons) + found.hidden.total(),
            "seconds": time.perf_counter() - began,
            "processor_seconds": time.process_time() - busy,
            "megabytes": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024,
        }


def measured(size: int) -> dict[str, float]:
    """The same in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.compare", str(size), "--here"],
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measure a small and a large company and print what grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", type=int)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.here:
        sys.stdout.write(json.dumps(run(given.size)))
        return
    small, large = measured(given.small), measured(given.size)
    for name, value in large.items():
        ratio = value / small[name] if small[name] else float("nan")
        sys.stdout.write(f"{name:18} {small[name]:12.1f} {value:12.1f}  x {ratio:.2f}\n")


if __name__ == "__main__":
    main()
