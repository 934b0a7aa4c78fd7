"""`--redact`: nothing that names a person comes out, and evidence still points at its event."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimdoctor.model.exchange import Exchange, ScimRequest, ScimResponse
from scimdoctor.model.frozen import frozen
from scimdoctor.model.provisioning import ModifiedProperty, ProvisionedIdentity
from scimdoctor.reports import Format, render
from scimdoctor.reports.load import load_report
from scimdoctor.reports.personal import Kind, kind_of
from scimdoctor.reports.pseudonyms import pseudonymise, redact_report
from tests.fakes import reports as fakes

if TYPE_CHECKING:
    from scimdoctor.model.report import Report

KEY = b"a key for tests"
PERSONAL = (
    "Zoë Quilliam", "zoe.quilliam@contoso.example", "zoe.quilliam", "Quilliam", "4f1d9c2e",
    "+1 425 555 0199", "12 Rowan Lane", "b5a1c0de-1234-4abc-8def-0123456789ab", "E-77123",
)  # fmt: skip


def about_zoe() -> Report:
    """A report that names one person in every place where a report can."""
    user = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": "4f1d9c2e",
        "userName": "zoe.quilliam@contoso.example",
        "name": {"givenName": "Zoë", "familyName": "Quilliam"},
        "displayName": "Zoë Quilliam",
        "emails": [{"type": "work", "value": "zoe.quilliam@contoso.example"}],
        "phoneNumbers": [{"type": "mobile", "value": "+1 425 555 0199"}],
        "addresses": [{"type": "work", "streetAddress": "12 Rowan Lane"}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": "E-77123"},
    }
    query = "filter=userName+eq+%22zoe.quilliam%40contoso.example%22"
    exchange = Exchange(
        id="x1",
        request=ScimRequest(method="GET", path="/Users/4f1d9c2e", query=query, body=json.dumps(user).encode()),
        url=f"https://scim.example/Users/4f1d9c2e?{query}",
        response=ScimResponse(status=200, body=json.dumps(user, ensure_ascii=False).encode()),
        elapsed_in_milliseconds=1.0,
    )  # fmt: skip
    event = replace(
        fakes.event(1),
        id="b5a1c0de-1234-4abc-8def-0123456789ab",
        source_identity=ProvisionedIdentity(
            id="b5a1c0de-1234-4abc-8def-0123456789ab",
            display_name="Zoë Quilliam",
            identity_type="User",
            details=frozen({"userPrincipalName": "zoe.quilliam@contoso.example"}),
        ),
        modified_properties=(
            ModifiedProperty(display_name="name.familyName", new_value="Quilliam"),
            ModifiedProperty(display_name="addresses[type eq \"work\"].streetAddress", new_value="12 Rowan Lane"),
        ),
        origin="/home/zoe/events.json:1",
    )  # fmt: skip
    told = (
        "Failed to create Zoë Quilliam (zoe.quilliam@contoso.example, +1 425 555 0199, 12 Rowan "
        "Lane, E-77123) with id '4f1d9c2e', event b5a1c0de-1234-4abc-8def-0123456789ab: "
        "zoe.quilliam exists; ZOË QUILLIAM; zoe.quilliam%40contoso.example"
    )
    base = fakes.diagnose()
    return replace(
        base,
        event_list=(event,),
        exchanges=(exchange,),
        findings=tuple(replace(f, message=told, reproduce=told) for f in base.findings),
        diagnoses=tuple(replace(d, explanation=told) for d in base.diagnoses),
        limits=(told,),
        target=frozen({"app": "Contoso HR", "user": "zoe.quilliam@contoso.example"}),
    )


def rendered(report: Report, format: Format) -> str:
    out = io.StringIO()
    render(report, out, format, width=200)
    return out.getvalue()


@pytest.mark.parametrize("format", Format)
def test_nothing_personal_comes_out(format: Format) -> None:
    redacted = redact_report(about_zoe(), KEY)
    for shown in (redacted, replace(redacted, event_list=())):
        text = rendered(shown, format).casefold()
        assert [word for word in PERSONAL if word.casefold() in text] == []


def test_groups_apps_and_causes_keep_their_names() -> None:
    text = rendered(redact_report(about_zoe(), KEY), Format.TABLE)
    assert "Contoso HR" in text
    assert "patch-op-case-sensitive" in text


def test_one_original_has_one_pseudonym_and_evidence_still_points() -> None:
    report = redact_report(fakes.diagnose(), KEY)
    ids = {event.id for event in report.event_list}
    assert report.diagnoses[0].evidence[1].ref in ids
    assert report.replays[0].event in ids
    assert report.exchanges[0].request.path == report.replays[0].requests[1].rebuilt.request.path


def test_a_key_makes_reports_comparable_and_no_key_does_not() -> None:
    assert redact_report(about_zoe(), KEY) == redact_report(about_zoe(), KEY)
    assert redact_report(about_zoe(), KEY) != redact_report(about_zoe(), b"another")
    assert redact_report(about_zoe()) != redact_report(about_zoe())


def test_the_list_says_what_was_replaced() -> None:
    redacted = pseudonymise(about_zoe(), KEY)
    kinds = {item.original: item.kind for item in redacted.replaced}
    assert kinds["Zoë Quilliam"] is Kind.PERSON
    assert kinds["zoe.quilliam@contoso.example"] is Kind.MAIL
    assert kinds["+1 425 555 0199"] is Kind.PHONE
    assert kinds["12 Rowan Lane"] is Kind.PLACE
    assert "Pseudonyms stand for" in redacted.report.notes[-1]


def test_bodies_stay_json_and_ids_keep_their_form() -> None:
    report = redact_report(about_zoe(), KEY)
    body = report.exchanges[0].response
    assert body
    assert body.json["emails"][0]["type"] == "work"
    assert body.json["schemas"] == ["urn:ietf:params:scim:schemas:core:2.0:User"]
    assert len(report.event_list[0].id) == 36


def test_letter_case_of_what_was_answered_stays_visible() -> None:
    differences = redact_report(fakes.diagnose(), KEY).replays[0].differences
    assert differences[0].sent != differences[0].stored
    assert str(differences[0].sent).casefold() == str(differences[0].stored).casefold()


def test_short_numbers_are_replaced_only_where_they_are_ids() -> None:
    report = redact_report(fakes.diagnose(), KEY)
    assert "4711" not in rendered(report, Format.JSON)
    assert "400 in 42 ms" in rendered(report, Format.TABLE)


def test_a_redacted_report_is_a_report() -> None:
    text = rendered(redact_report(about_zoe(), KEY), Format.JSON)
    assert load_report(text, "r.json").exchanges


@pytest.mark.parametrize(
    ("attribute", "kind"),
    [
        ("userName", Kind.PERSON),
        ("name.givenName", Kind.PERSON),
        ("nameGivenName", Kind.PERSON),
        ('emails[type eq "work"].value', Kind.MAIL),
        ("emailstypeeqworkvalue", Kind.MAIL),
        ('phoneNumbers[type eq "mobile"].value', Kind.PHONE),
        ("addresses.formatted", Kind.PLACE),
        ("externalId", Kind.ID),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager", Kind.ID),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", None),
        ("active", None),
        ("title", None),
    ],
)
def test_kind_of(attribute: str, kind: Kind | None) -> None:
    assert kind_of(attribute) is kind


@given(st.text(st.characters(categories=["L"]), min_size=5, max_size=12).map(str.capitalize))
@settings(max_examples=40, deadline=None)
def test_any_name_is_found_in_prose(name: str) -> None:
    event = replace(fakes.event(1, name=f"Qx{name}"), provisioning_steps=())
    report = replace(fakes.logs(), event_list=(event,), limits=(f"no answer for Qx{name}, sorry",))
    assert f"Qx{name}" not in "".join(redact_report(report, KEY).limits)


def test_a_name_that_ends_in_a_combining_mark_is_found() -> None:
    event = replace(fakes.event(1, name="QxAaaai\u0307"), provisioning_steps=())
    report = replace(fakes.logs(), event_list=(event,), limits=("no answer for QxAaaai\u0307",))
    assert "QxAaaai" not in "".join(redact_report(report, KEY).limits)


def test_addresses_of_our_own_examples_stay_unless_somebody_has_them() -> None:
    said = 'write {"value": "a@example.com"}, not b@contoso.example'
    shown = redact_report(replace(fakes.conformant(), limits=(said,)), KEY).limits[0]
    assert shown.startswith('write {"value": "a@example.com"}, not mail-')
    event = replace(fakes.event(1, name="a@example.com"), provisioning_steps=())
    report = replace(fakes.logs(), event_list=(event,), limits=(said,))
    assert "a@example.com" not in redact_report(report, KEY).limits[0]
