"""What `explain` makes of words: pasted messages, typing errors, nothing at all."""

from __future__ import annotations

import pytest

from scimdoctor.cli.explanations import chosen, suggestions_for
from scimdoctor.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("StatusCode: BadRequest Message: name.familyName is required", "required-attribute-empty-in-source"),
        ("StatusCode: BadRequest Message: active must be a boolean", "boolean-string-rejected"),
        ('{"scimType":"invalidValue","detail":"name.familyName is required","status":"400"}', "required-attribute-empty-in-source"),
        ("StatusCode: BadRequest Message: something is odd", "400"),
        ("StatusCode: ServiceUnavailable", "503"),
    ],
)  # fmt: skip
def test_the_words_of_a_message_say_more_than_its_status(text: str, first: str) -> None:
    assert chosen(text)[0].id == first


@pytest.mark.parametrize("text", ["", "   "])
def test_an_empty_id_is_a_usage_error(text: str) -> None:
    with pytest.raises(ConfigurationError, match="empty"):
        chosen(text)


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("boolean", "boolean-string-rejected", "tooMany"),
        ("quarantine", "QuarantinedOnDemand", "query/paging"),
        ("tokn-expired", "token-expired-or-revoked", "auth/token-accepted"),
        ("bolean-string-rejected", "boolean-string-rejected", "lifecycle/boolean"),
        ("redundent export", "RedundantExport", "query/match"),
        ("members", "members-remove-value-not-understood", "manager/created"),
    ],
)
def test_suggestions_have_the_words_or_nearly(text: str, near: str, far: str) -> None:
    found = suggestions_for(text)
    assert near in found
    assert far not in found
    assert len(found) <= 5


def test_nothing_is_suggested_for_what_is_like_nothing() -> None:
    assert suggestions_for("xyzzy") == ()
