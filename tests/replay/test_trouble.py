"""What stops Entra, in its log and in an answer."""

from __future__ import annotations

from typing import Any

import pytest

from scimdoctor.model.exchange import (
    Exchange,
    FailureKind,
    ScimRequest,
    ScimResponse,
    TransportFailure,
)
from scimdoctor.model.provisioning import (
    ProvisioningErrorInfo,
    ProvisioningObjectSummary,
    ProvisioningStatusInfo,
)
from scimdoctor.model.reconstruction import Purpose
from scimdoctor.replay.trouble import (
    Trouble,
    TroubleKind,
    agree,
    is_network,
    trouble_in,
    trouble_of_event,
)

PREFIX = "SystemForCrossDomainIdentityManagement"


def event(
    code: str | None, reason: str | None, status: str = "failure"
) -> ProvisioningObjectSummary:
    info = ProvisioningErrorInfo(error_code=code, reason=reason)
    return ProvisioningObjectSummary(
        id="e",
        provisioning_status_info=ProvisioningStatusInfo(status=status, error_information=info),
    )


def exchange(status: int | None, body: bytes = b"") -> Exchange:
    request = ScimRequest(method="GET", path="/Users")
    if status is None:
        failure = TransportFailure(kind=FailureKind.DNS, message="no such host")
        return Exchange(id="x1", request=request, url="https://h/Users", failure=failure)
    response = ScimResponse(status=status, body=body)
    return Exchange(id="x1", request=request, url="https://h/Users", response=response)


@pytest.mark.parametrize(
    ("code", "reason", "expected"),
    [
        (
            None,
            'StatusCode: Conflict\r\nWeb Response: {"scimType":"uniqueness","detail":"taken"}',
            (TroubleKind.STATUS, 409, "uniqueness"),
        ),
        (f"{PREFIX}BadRequest", None, (TroubleKind.STATUS, 400, None)),
        (f"{PREFIX}MultipleEntriesInResponse", "x", (TroubleKind.AMBIGUOUS, None, None)),
        ("DuplicateTargetEntries", None, (TroubleKind.AMBIGUOUS, None, None)),
        ("Timeout", "it took long", (TroubleKind.UNREACHABLE, None, None)),
        (
            f"{PREFIX}ServiceIncompatible",
            "cannot deserialize",
            (TroubleKind.UNREADABLE, None, None),
        ),
        ("SomethingNew", "words", (TroubleKind.UNKNOWN, None, None)),
        (None, None, (TroubleKind.UNKNOWN, None, None)),
    ],
)
def test_events(code: str | None, reason: str | None, expected: tuple[object, ...]) -> None:
    trouble = trouble_of_event(event(code, reason))
    assert trouble is not None
    assert (trouble.kind, trouble.status, trouble.scim_type) == expected
    assert str(trouble)


def test_no_failure_is_no_trouble() -> None:
    assert trouble_of_event(event(None, None, status="success")) is None


LIST = b'{"totalResults":0,"Resources":[]}'


@pytest.mark.parametrize(
    ("purpose", "status", "body", "kind"),
    [
        (Purpose.MATCH, 200, LIST, None),
        (Purpose.MATCH, 200, b'{"totalResults":0}', None),
        (Purpose.MATCH, 200, b"[]", TroubleKind.UNREADABLE),
        (Purpose.MATCH, 200, b'{"totalResults":1}', TroubleKind.UNREADABLE),
        (Purpose.MATCH, 200, b'{"Resources":[1]}', TroubleKind.UNREADABLE),
        (Purpose.MATCH, 200, b"<html>", TroubleKind.UNREADABLE),
        (Purpose.MATCH, 200, b'{"Resources":[{},{}]}', TroubleKind.AMBIGUOUS),
        (Purpose.CHECK_REFERENCE, 200, b'{"Resources":[{},{}]}', None),
        (Purpose.MATCH, 404, b"", TroubleKind.STATUS),
        (Purpose.READ, 200, b'{"id":"1"}', None),
        (Purpose.READ, 200, b'{"id":1}', TroubleKind.UNREADABLE),
        (Purpose.CREATE, 201, b"", TroubleKind.UNREADABLE),
        (Purpose.UPDATE, 204, b"", None),
        (Purpose.UPDATE, 302, b"", TroubleKind.STATUS),
        (Purpose.MATCH, None, b"", TroubleKind.UNREACHABLE),
    ],
)
def test_answers(purpose: Purpose, status: int | None, body: bytes, kind: Any) -> None:
    trouble = trouble_in(exchange(status, body), purpose)
    assert (trouble.kind if trouble else None) is kind


def test_only_a_logged_failure_of_the_same_kind_agrees() -> None:
    bad = Trouble(kind=TroubleKind.STATUS, status=400, scim_type="invalidPath")
    plain = Trouble(kind=TroubleKind.STATUS, status=400)
    other = Trouble(kind=TroubleKind.STATUS, status=400, scim_type="noTarget")
    crash = Trouble(kind=TroubleKind.STATUS, status=500)
    unknown = Trouble(kind=TroubleKind.UNKNOWN)
    assert agree(bad, plain)
    assert agree(plain, bad)
    assert agree(unknown, crash)
    assert not agree(bad, other)
    assert not agree(bad, crash)
    assert not agree(None, bad)
    assert not agree(Trouble(kind=TroubleKind.AMBIGUOUS), plain)


def test_network_trouble_is_told_apart() -> None:
    assert is_network(exchange(None))
    assert not is_network(exchange(500))
