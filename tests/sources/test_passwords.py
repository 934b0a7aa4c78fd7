"""A user's password or token in an event comes out nowhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimdoctor.endpoint.curl import curl_line
from scimdoctor.entra.reconstruct import reconstruct
from scimdoctor.model.reconstruction import Provenance
from scimdoctor.sources.record import read_record
from scimdoctor.sources.rows import row_of

URN = "urn:ietf:params:scim:schemas:core:2.0:User"


def record(name: str, password: str, *, action: str = "create") -> dict[str, Any]:
    """An event of a job that maps a password, in Graph's form."""
    return {
        "id": "e1",
        "activityDateTime": "2026-07-01T09:00:00Z",
        "provisioningAction": action,
        "sourceIdentity": {"id": "s1", "displayName": "ada", "identityType": "User"},
        "targetIdentity": {"id": "t1", "displayName": "", "identityType": "User"},
        "provisioningStatusInfo": {"status": "failure"},
        "provisioningSteps": [
            {
                "name": "EntryExportAdd" if action == "create" else "EntryExportUpdate",
                "provisioningStepType": "export",
                "status": "failure",
                "details": {"userName": "ada@example.com", name: password},
            }
        ],
        "modifiedProperties": [
            {"displayName": "userName", "oldValue": None, "newValue": "ada@example.com"},
            {"displayName": name, "oldValue": f"old-{password}", "newValue": password},
        ],
    }


def nested_as_text(raw: dict[str, Any]) -> dict[str, Any]:
    """The same as Log Analytics keeps it: nested parts as JSON text."""
    return {k: json.dumps(v) if isinstance(v, dict | list) else v for k, v in raw.items()}


@settings(max_examples=40, deadline=None)
@given(
    st.text(alphabet=st.characters(codec="utf-8"), max_size=20),
    st.sampled_from(
        [
            "password",
            "Password",
            f"{URN}:password",
            "credentials.password",
            "urn:example:params:scim:schemas:extension:app:2.0:User:apiToken",
            "clientSecret",
            "apiKey",
        ]
    ),
    st.sampled_from(["create", "update"]),
    st.booleans(),
)
def test_a_password_comes_out_nowhere(text: str, name: str, action: str, as_text: bool) -> None:
    password = f"Zq7{text}7qZ"
    raw = record(name, password, action=action)
    event = read_record(nested_as_text(raw) if as_text else raw)
    rebuilt = reconstruct(event)
    lines = [curl_line(r.request, "https://app.example") for r in rebuilt.requests]
    for shown in (repr(event), json.dumps(row_of(event)), repr(rebuilt), *lines):
        assert "Zq7" not in shown
        assert "7qZ" not in shown
    assert "ada@example.com" in repr(rebuilt)
    (write,) = [r for r in rebuilt.requests if r.request.is_write]
    assert Provenance.UNKNOWN in write.provenance.values()


@pytest.mark.parametrize(
    "name", ["passwordPolicies", "lastPasswordChange", "changePassword", "tokenCount", "secretary"]
)
def test_what_only_speaks_of_passwords_stays(name: str) -> None:
    raw = record(name, "DisablePasswordExpiration")
    event = read_record(raw)
    assert event.modified_properties[1].new_value == "DisablePasswordExpiration"
    assert event.raw == raw
