"""Reason texts of every shape seen in published logs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimdoctor.entra.reason import parse_reason, parse_time, status_number

FULL = (
    "StatusCode: Conflict\r\nMessage: Processing of the HTTP request resulted in an exception. "
    "Please see the HTTP response returned by the 'Response' property of this exception for "
    'details.\r\nWeb Response: \r\n{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],'
    '"scimType":"uniqueness","detail":"exists","status":409}. This operation was retried 1 times. '
    "It will be retried again after this date: 2026-03-24T13:23:44.9198514Z UTC"
)


def test_the_usual_form_is_taken_apart() -> None:
    found = parse_reason(FULL)
    assert found.status == 409
    assert found.json["detail"] == "exists"
    assert found.scim_error is not None
    assert found.scim_error.scim_type == "uniqueness"
    assert found.retried == 1
    assert found.next_retry == datetime(2026, 3, 24, 13, 23, 44, 919851, tzinfo=UTC)
    assert not found.is_mute


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("405 MethodNotAllowed", 405),
        ("SCIM API is not compatible with Entra ID Provisioning. 405 MethodNotAllowed", 405),
        ("HTTP 400: Unsupported user attribute", 400),
        ("HTTP 400 unsupported path for operation Add: displayName", 400),
        ("StatusCode: 422 Web Response: ", 422),
        ("Response Status Code: Unauthorized", 401),
        ("Not Found", 404),
        ("The remote server returned an error: (503) Server Unavailable.", 503),
        ('Web Response: {"statusCode":403,"message":"no"}', 403),
        ("We received this unexpected response from your application: Unauthorized", 401),
        ("We received this unexpected response from your application: something", None),
        ("Email cannot be changed", None),
        ("2819c223-7f76-453a-919d-413861904646 failed", None),
        (None, None),
        ("  ", None),
    ],
)
def test_the_status_is_found(text: str | None, status: int | None) -> None:
    assert parse_reason(text).status == status


def test_a_test_connection_text_names_resource_and_operation() -> None:
    found = parse_reason(
        "Received response from Web resource. Resource: https://host/Users?filter=x Operation: "
        'GET Response Status Code: NotFound Response Content: {"detail":"User not found"}'
    )
    assert (found.status, found.operation) == (404, "GET")
    assert found.resource_url == "https://host/Users?filter=x"
    assert found.json == {"detail": "User not found"}


def test_an_empty_answer_is_mute() -> None:
    found = parse_reason(
        "StatusCode: BadRequest\r\nWeb Response: \r\n. This operation was retried 0 times."
    )
    assert found.body == ""
    assert found.is_mute


def test_html_and_cut_json_are_said() -> None:
    assert parse_reason("StatusCode: Forbidden Web Response: <html><head></head>").is_html
    assert parse_reason('StatusCode: BadRequest Web Response: {"detail":"too lo').truncated


def test_the_resource_that_entra_could_not_read_is_kept() -> None:
    found = parse_reason(
        "We are not able to deserialize the resource received from your SCIM endpoint. Here is the "
        'resource we received from your SCIM endpoint: {"totalResults":1,"Resources":null} Please'
    )
    assert found.received_resource == {"totalResults": 1, "Resources": None}


def test_a_skip_reason_is_found() -> None:
    text = "Skip reason = NotEffectivelyEntitled, Active = True, Assigned = False"
    assert parse_reason(text).skip_reason == "NotEffectivelyEntitled"


def test_times_of_both_kinds() -> None:
    assert parse_time("3/24/2026 7:17:42 AM") == datetime(2026, 3, 24, 7, 17, 42, tzinfo=UTC)
    assert parse_time("nonsense") is None
    assert parse_time(None) is None


@pytest.mark.parametrize(("name", "number"), [("NotFound", 404), ("429", 429), ("999", None)])
def test_status_names(name: str, number: int | None) -> None:
    assert status_number(name) == number


@settings(max_examples=60, deadline=None)
@given(st.text() | st.text().map(lambda t: f"StatusCode: {t} Web Response: {{{t}"))
def test_it_never_raises(text: Any) -> None:
    parse_reason(text)
