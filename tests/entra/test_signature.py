"""The same fault is one group, two faults are two, and both engines agree."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimdoctor.entra.signature import LONGEST_TEXT, RULES, normalise, signature_of
from scimdoctor.model.provisioning import (
    ProvisionedIdentity,
    ProvisioningErrorInfo,
    ProvisioningObjectSummary,
    ProvisioningStatusInfo,
    ProvisioningStep,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

EPOCH = datetime(1970, 1, 1)


def failure(
    reason: str, *, code: str = "X", name: str = "Ada Example"
) -> ProvisioningObjectSummary:
    return ProvisioningObjectSummary(
        id="1",
        provisioning_action="create",
        source_identity=ProvisionedIdentity(id="src-0001", display_name=name),
        provisioning_status_info=ProvisioningStatusInfo(
            status="failure",
            error_information=ProvisioningErrorInfo(error_code=code, reason=reason),
        ),
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("User 'ada' exists", "User 'grace' exists"),
        ('User "ada" exists.', 'User "grace" exists.'),
        ("id 00000029-0000-4000-8000-000000000029", "id 0000002a-0000-4000-8000-00000000002a"),
        ("mail ada@example.com taken", "mail grace.h+x@example.org taken"),
        ("at line 3, position 12", "at line 14, position 7"),
        ("on 2026-03-24T07:23:44Z", "on 2026-03-25 08:00:00.123 UTC"),
        ("on 3/24/2026 7:17:42 AM", "on 12/4/2026 10:17:42 PM"),
        ("see https://app.example/Users/1", "see https://app.example/Users/2?x=y"),
        ('{"detail":"taken","id":"abc"}', '{"detail":"taken","id":"def"}'),
        (
            "x. This operation was retried 1 times. It will be retried again after this date: "
            "2026-03-24T13:23:44.9198514Z UTC",
            "x. This operation was retried 12 times.",
        ),
        ("a\r\n b", "a b"),
    ],
)
def test_one_fault_is_one_group(one: str, other: str) -> None:
    assert signature_of(failure(one)) == signature_of(failure(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("StatusCode: 400", "StatusCode: 500"),
        ('{"status":"400"}', '{"status":"409"}'),
        ('{"status":400}', '{"status":409}'),
        ("405 MethodNotAllowed", "415 UnsupportedMediaType"),
        ("Attribute 'userName' is required", "Attribute 'emails' is required"),
        ("'userName' is required", "'emails[type eq \"work\"].value' is required"),
        ("The 'favouriteColour' attribute is required", "The 'shoeSize' attribute is required"),
        ("path 'name.givenName' unknown", "path 'name.familyName' unknown"),
        ("op 'Add' unknown", "op 'Replace' unknown"),
        ('the attribute \\"title\\" is bad', 'the attribute \\"roles\\" is bad'),
        (
            "unknown urn:ietf:params:scim:schemas:core:2.0:User",
            "unknown urn:ietf:params:scim:schemas:core:1.0:User",
        ),
        ("email cannot be changed", "domain cannot be changed"),
    ],
)
def test_two_faults_under_one_code_are_two_groups(one: str, other: str) -> None:
    assert signature_of(failure(one)).id != signature_of(failure(other)).id


def test_the_events_own_names_are_replaced_unquoted_too() -> None:
    ada = signature_of(failure("Ada Example exists already", name="Ada Example"))
    grace = signature_of(failure("Grace Hopper exists already", name="Grace Hopper"))
    assert ada == grace
    assert ada.text == "<name> exists already"


def test_a_skip_is_told_by_its_step_and_attribute() -> None:
    def skip(attribute: str) -> ProvisioningObjectSummary:
        return ProvisioningObjectSummary(
            id="1",
            provisioning_status_info=ProvisioningStatusInfo(status="skipped"),
            provisioning_steps=(
                ProvisioningStep(
                    name="EntrySynchronizationSkip",
                    status="skipped",
                    description="The User 'ada@example.com' will be skipped",
                    details={"SkipReason": "AttributeValidationFailed", "PropertyName": attribute},
                ),
            ),
        )

    signature = signature_of(skip("name.familyName"))
    assert signature.skip_reason == "AttributeValidationFailed"
    assert signature.text == "name.familyName: The User '…' will be skipped"
    assert signature.id != signature_of(skip("title")).id


def test_the_id_stays_the_same_for_ever() -> None:
    assert signature_of(failure("User 'ada' exists", code="Dup")).id == "f435160dbf"


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


PIECES = st.sampled_from(
    [
        "'", '"', '\\"', " ", "  ", "\r\n", "attribute ", "userName", "ada@example.com", "__4",
        "409", "2026-03-24", "T07:23:44Z", "https://a.example/x", "urn:ietf:params:scim:", "2.0",
        '"id":"', "status", ": ", "{", "}", "›", "‹", "é", "ſ", "K", "\x0b", "\xa0", "0123456789abcdef",
    ]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(words=st.lists(PIECES | st.text(max_size=6), max_size=30).map("".join))
def test_both_engines_normalise_alike(engine: duckdb.DuckDBPyConnection, words: str) -> None:
    text = words.encode("utf-8", "replace").decode()
    sql = "?"
    for pattern, replacement in RULES:
        quoted = [part.replace("'", "''") for part in (pattern, replacement)]
        sql = f"regexp_replace({sql}, '{quoted[0]}', '{quoted[1]}', 'g')"
    row = engine.execute(f"SELECT trim(left({sql}, {LONGEST_TEXT}), ' ')", [text]).fetchone()
    assert row == (normalise(text),)


@settings(max_examples=60, deadline=None)
@given(words=st.text(max_size=400))
def test_normalising_never_fails(words: str) -> None:
    assert len(normalise(words)) <= LONGEST_TEXT


@given(
    numbers=st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)),
    people=st.tuples(st.from_regex(r"[a-z]{2,12}", fullmatch=True), st.from_regex(r"[a-z]{2,12}", fullmatch=True)),
    ids=st.tuples(st.uuids(), st.uuids()),
    times=st.tuples(st.datetimes(min_value=EPOCH), st.datetimes(min_value=EPOCH)),
)  # fmt: skip
def test_ids_names_numbers_and_times_never_split_a_group(
    numbers: tuple[int, int],
    people: tuple[str, str],
    ids: tuple[UUID, UUID],
    times: tuple[datetime, datetime],
) -> None:
    def said(which: int) -> str:
        person, moment = people[which], times[which]
        return normalise(
            f"User '{person} x' with id {ids[which]} and mail {person}@example.com has "
            f"{numbers[which]} roles since {moment:%Y-%m-%dT%H:%M:%S}Z, the app says."
        )

    assert said(0) == said(1)
