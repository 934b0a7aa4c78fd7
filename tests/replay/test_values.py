"""What requests ask for, and how stored values differ from it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimdoctor.entra import requests
from scimdoctor.entra.dialect import Dialect
from scimdoctor.entra.requests import MANAGER, Change
from scimdoctor.model.exchange import ScimRequest
from scimdoctor.model.replay import DifferenceKind
from scimdoctor.replay.differences import kind_of, three_way
from scimdoctor.replay.sent_values import flatten, sent_values
from scimdoctor.scim import urns


def patch(*changes: Change, dialect: Dialect = Dialect.DEFAULT) -> ScimRequest:
    return requests.update("Users", "1", changes, dialect=dialect)


@pytest.mark.parametrize("dialect", list(Dialect))
def test_both_dialects_ask_for_the_same(dialect: Dialect) -> None:
    request = patch(
        Change(op="replace", path="displayName", value="A"),
        Change(op="replace", path="name.givenName", value="B"),
        Change(op="replace", path=f"{urns.ENTERPRISE_USER}:department", value="C"),
        Change(op="replace", path='emails[type eq "work"].value', value="d@x.example"),
        dialect=dialect,
    )
    found = {item.path: item.value for item in sent_values(request)}
    assert found == {
        "displayName": "A",
        "name.givenName": "B",
        f"{urns.ENTERPRISE_USER}:department": "C",
        'emails[type eq "work"].value': "d@x.example",
    }


@pytest.mark.parametrize("dialect", list(Dialect))
def test_removed_members_are_told_in_both_dialects(dialect: Dialect) -> None:
    request = requests.remove_members("g", ["u1"], dialect=dialect)
    (item,) = sent_values(request)
    assert (item.op, item.path) == ("remove", "members")
    assert [e["value"] for e in item.value] == ["u1"]


def test_a_create_is_flattened_without_its_framing() -> None:
    request = requests.create_user(
        {
            "userName": "a",
            "active": True,
            "name.familyName": "F",
            'emails[type eq "work"].value': "a@x.example",
            f"{urns.ENTERPRISE_USER}:department": "D",
        }
    )
    assert {item.path: item.value for item in sent_values(request)} == {
        "userName": "a",
        "active": True,
        "name.familyName": "F",
        'emails[type eq "work"].value': "a@x.example",
        f"{urns.ENTERPRISE_USER}:department": "D",
    }


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"Operations":5}', b'{"Operations":[1,{"op":2},{"op":"add"}]}']
)
def test_senseless_bodies_ask_for_nothing(body: bytes) -> None:
    assert sent_values(ScimRequest(method="PATCH", path="/Users/1", body=body)) == ()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "value", "primary", "name", "emails", "members", "urn:a:b", "x.y"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=10,
)


@settings(max_examples=60, deadline=None)
@given(
    sent=json_values,
    stored=json_values,
    before=json_values,
    method=st.sampled_from(["POST", "PATCH"]),
)
def test_no_json_breaks_the_comparison(sent: Any, stored: Any, before: Any, method: str) -> None:
    body = {
        "Operations": [
            {"op": "add", "path": "emails", "value": sent},
            {"op": "replace", "value": sent},
        ]
    }
    text = json.dumps(body if method == "PATCH" else sent).encode()
    request = ScimRequest(method=method, path="/Users", body=text)
    as_resource = [v if isinstance(v, dict) else None for v in (stored, before)]
    three_way(request, answered=as_resource[0], stored=as_resource[1], before=as_resource[1])


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["userName", "title", "emails", "name", "active"]), json_values)
)
def test_what_is_stored_as_sent_is_the_same(resource: dict[str, Any]) -> None:
    text = json.dumps(resource).encode()
    request = ScimRequest(method="POST", path="/Users", body=text)
    found = three_way(request, answered=None, stored=resource)
    assert {d.kind for d in found} <= {DifferenceKind.SAME}


@pytest.mark.parametrize(
    ("sent", "stored", "kind"),
    [
        ("a", "a", "same"),
        ("Ada", "ADA", "case-only"),
        ("+31 30 123", "+3130123", "reformatted"),
        ("a", None, "dropped"),
        ("a", "", "dropped"),
        ("a", "b", "changed"),
        ("False", False, "same"),
        (True, "true", "same"),
        ("5", 5, "same"),
        ("m1", {"value": "m1", "$ref": "x"}, "same"),
        ([{"value": "a"}], [{"value": "a"}, {"value": "b"}], "same"),
        ([{"value": "a"}, {"value": "b"}], [{"value": "b"}], "changed"),
        ([{"value": "a"}], [{"value": "b"}], "dropped"),
        ([], [], "same"),
        ({"a": 1}, {"a": 2}, "changed"),
    ],
)
def test_kinds(sent: Any, stored: Any, kind: str) -> None:
    assert kind_of(sent, stored) == kind


def test_three_ways_of_an_update() -> None:
    request = patch(
        Change(op="replace", path="title", value="Boss"),
        Change(op="replace", path="nickName", value="Al"),
        Change(op="remove", path="locale"),
        Change(op="add", path=MANAGER, value="m1"),
    )
    before = {"id": "1", "title": "Eng", "locale": "nl", "city": "A", "groups": [1]}
    stored = {
        "id": "1",
        "title": "BOSS",
        "locale": "nl",
        urns.ENTERPRISE_USER: {"manager": {"value": "m1"}},
        "extra": "x",
    }
    found = three_way(request, answered={"title": "Boss"}, stored=stored, before=before)
    assert [(d.attribute, d.kind.value) for d in found] == [
        ("title", "case-only"),
        ("nickName", "dropped"),
        ("locale", "changed"),
        (MANAGER, "same"),
        ("extra", "extra"),
        ("city", "dropped"),
    ]
    assert (found[0].sent, found[0].answered, found[0].stored) == ('"Boss"', '"Boss"', '"BOSS"')
    assert found[5].sent is None


def test_without_an_answer_nothing_is_said() -> None:
    assert three_way(patch(Change(op="add", path="a", value="b")), answered=None, stored=None) == ()


def test_lists_without_types_stay_whole() -> None:
    resource = {"emails": [{"value": "a"}, {"value": "b"}], "name": {"givenName": None}, "x": []}
    assert dict(flatten(resource)) == {"emails": [{"value": "a"}, {"value": "b"}]}
