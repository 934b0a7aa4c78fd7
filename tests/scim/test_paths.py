"""Attribute paths of RFC 7644 section 3.5.2."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimdoctor.scim import urns
from scimdoctor.scim.paths import AttributePath, value_at

NAMES = st.from_regex(r"[A-Za-z$][A-Za-z0-9_-]{0,11}", fullmatch=True)
FILTERS = st.builds(
    "{} eq {}".format,
    NAMES,
    st.text(alphabet="abc ]['.:é", max_size=8).map(lambda t: '"' + t.replace('"', '\\"') + '"'),
)


@settings(max_examples=60, deadline=None)
@given(
    st.none() | st.sampled_from([urns.ENTERPRISE_USER, "urn:example:x:2.0:User"]),
    NAMES,
    st.none() | FILTERS,
    st.none() | NAMES,
)
def test_print_then_parse(
    urn: str | None, attribute: str, filter_text: str | None, sub: str | None
) -> None:
    path = AttributePath(urn=urn, attribute=attribute, filter=filter_text, sub_attribute=sub)
    assert AttributePath.parse(str(path)) == path


@pytest.mark.parametrize("text", ["", "   ", "a b", "emails[type eq", "a..b", "[x]"])
def test_no_path(text: str) -> None:
    assert AttributePath.parse(text) is None


USER: dict[str, Any] = {
    "userName": "ada",
    "name": {"familyName": "Example"},
    "emails": [{"type": "home", "value": "h@x"}, {"type": "Work", "value": "w@x"}],
    "roles": [{"primary": True, "value": "admin"}],
    urns.ENTERPRISE_USER: {"department": "Research", "manager": {"value": "m1"}},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("userName", "ada"),
        ("USERNAME", "ada"),
        ("name.familyName", "Example"),
        ('emails[type eq "work"].value', "w@x"),
        ('emails[type eq "other"].value', None),
        ("emails.value", ["h@x", "w@x"]),
        ('roles[primary eq "True"].value', "admin"),
        (f"{urns.ENTERPRISE_USER}:department", "Research"),
        (f"{urns.ENTERPRISE_USER}:manager.value", "m1"),
        ("urn:none:2.0:User:x", None),
        ("nickName", None),
        ("name.familyName.x y", None),
    ],
)
def test_value_at(path: str, value: object) -> None:
    assert value_at(USER, path) == value


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["emails", "type", "value", "name"]), inner, max_size=3
            )
        ),
        max_leaves=8,
    )
)
def test_value_at_survives_any_resource(resource: Any) -> None:
    for path in ('emails[type eq "work"].value', "name.value", "emails.value", "type"):
        value_at(resource, path)
