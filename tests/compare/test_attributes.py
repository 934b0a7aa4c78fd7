"""Attribute verdicts, without any tenant or app."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimdoctor.compare.attributes import (
    Expected,
    compare_object,
    expected_values,
    flattened,
    is_active,
)
from scimdoctor.model.comparison import AttributeVerdict as Verdict
from tests.fakes.events import custom_app_schema

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def one(expected: Any, actual: Any, **fields: Any) -> tuple[Verdict, str | None]:
    item = Expected(path="title", value=expected, **fields)
    (found,) = compare_object((item,), {"title": actual})
    return found.verdict, found.note


@pytest.mark.parametrize(
    ("expected", "actual", "verdict"),
    [
        ("Engineer", "Engineer", Verdict.SAME),
        ("Engineer", "engineer", Verdict.CASE_ONLY),
        ("+31 30 123", "+3130123", Verdict.REFORMATTED),
        ("Engineer", "Manager", Verdict.DIFFERS),
        ("Engineer", None, Verdict.MISSING_IN_APP),
        ("Engineer", "", Verdict.MISSING_IN_APP),
        (None, None, Verdict.NOT_SENT_NULL),
        (None, "Manager", Verdict.NOT_SENT_NULL),
        (True, True, Verdict.SAME),
        (True, "True", Verdict.SAME),
        (True, False, Verdict.DIFFERS),
        (7, "7", Verdict.SAME),
        (["a", "b"], ["b", "a"], Verdict.SAME),
        ("m1", {"value": "m1", "$ref": "x"}, Verdict.SAME),
        ("m1", {"displayName": "x"}, Verdict.DIFFERS),
        ("...", "---", Verdict.DIFFERS),
    ],
)
def test_verdicts(expected: Any, actual: Any, verdict: Verdict) -> None:
    assert one(expected, actual)[0] is verdict


def test_notes_say_what_follows() -> None:
    assert "keeps its own" in str(one(None, "x")[1])
    assert "text where a Boolean" in str(one(True, "true")[1])
    assert one("a", "A", case_exact=True)[0] is Verdict.DIFFERS
    assert one(None, None, known=False, note="why") == (Verdict.CANNOT_TELL, "why")


def test_what_no_mapping_covers() -> None:
    actual = {
        "schemas": ["x"],
        "id": "1",
        "nickName": "Babs",
        "locale": "nl",
        "emails": [{"type": "home", "value": "a@b.c", "primary": True}, "odd"],
        "name": {"middleName": "B"},
        ENTERPRISE: {"division": "R"},
    }
    found = {c.attribute: c.verdict for c in compare_object((), actual, defined=("locale",))}
    assert found == {
        "nickName": Verdict.ONLY_IN_APP,
        "locale": Verdict.NOT_MAPPED,
        'emails[type eq "home"].value': Verdict.ONLY_IN_APP,
        "emails": Verdict.ONLY_IN_APP,
        "name.middleName": Verdict.ONLY_IN_APP,
        f"{ENTERPRISE}:division": Verdict.ONLY_IN_APP,
    }


def test_expected_values_of_the_default_mapping() -> None:
    schema = custom_app_schema()
    mapping = schema.mapping_for(group=False)
    assert mapping is not None
    source: dict[str, object] = {
        "userPrincipalName": "ada@example.com",
        "IsSoftDeleted": "False",
        "mail": None,
        "givenName": "Ada",
        "surname": "Example",
    }
    definition = schema.target_definition(mapping)
    found = {e.path: e for e in expected_values(mapping, source, definition=definition)}
    assert found["userName"].source == "userPrincipalName = ada@example.com"
    assert found["active"].value is True
    assert found["name.formatted"].value == "Ada Example"
    assert found['emails[type eq "work"].value'].value is None
    assert not found["title"].known
    assert "[jobTitle]" in str(found["title"].note)


@pytest.mark.parametrize(
    ("resource", "active"),
    [
        ({"active": True}, True),
        ({"Active": "False"}, False),
        ({"active": "perhaps"}, None),
        ({}, None),
        ({"active": 1}, None),
    ],
)
def test_is_active(resource: dict[str, Any], active: bool | None) -> None:
    assert is_active(resource) is active


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(["userName", "emails", "name", "active", ENTERPRISE]), JSON))
def test_any_answer_can_be_compared(resource: dict[str, Any]) -> None:
    mapping = custom_app_schema().mapping_for(group=False)
    assert mapping is not None
    expected = expected_values(mapping, {"userPrincipalName": "ada@example.com"})
    assert len(compare_object(expected, resource)) >= len(expected)
    assert list(flattened(resource)) is not None
