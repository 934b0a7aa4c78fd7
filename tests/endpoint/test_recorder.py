"""A server that echoes the token in another spelling does not get it into the record."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimdoctor.endpoint.recorder import spellings
from scimdoctor.redaction import REDACTED, Secret, redact_body, redact_text


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=6), st.text(max_size=6))
def test_base64_of_anything_around_the_token_hides_it(before: str, after: str) -> None:
    token = "tok3n-Q9x2aBcD4567"
    raw = f"{before}{token}{after}".encode()
    forms = spellings(Secret(token))
    for encoded in (base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()):
        cleaned = redact_text(f"<{encoded}>", forms)
        assert REDACTED in cleaned
        kept = cleaned.replace(REDACTED, "")
        assert len(encoded) + 2 - len(kept) >= 4 * len(token) // 3 - 4


@pytest.mark.parametrize("text", ["Ünïcode-tok€n-7", "schlüssel/größe+7"])
def test_the_latin_1_reading_of_a_token_is_hidden(text: str) -> None:
    forms = spellings(Secret(text))
    misread = text.encode().decode("latin-1")
    assert redact_text(f"got {misread}", forms) == f"got {REDACTED}"
    assert redact_body(f"got {misread}".encode(), forms) == f"got {REDACTED}".encode()
    if "€" not in text:
        assert redact_body(b"got " + text.encode("latin-1"), forms) == f"got {REDACTED}".encode()
