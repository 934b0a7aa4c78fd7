"""Secrets never come out of what is recorded."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimdoctor.redaction import REDACTED, Secret, redact_body, redact_headers, redact_text

TOKENS = st.text(alphabet="abcdefghijkmnpqrstuvwxyzABCDEF0123456789-_~.", min_size=12, max_size=60)


def test_secret_hides_itself_everywhere_but_in_reveal() -> None:
    secret = Secret("s3cr3t-value")
    assert "s3cr3t" not in f"{secret} {secret!r} {secret!s:>30}"
    assert secret.reveal() == "s3cr3t-value"
    assert secret
    assert not Secret("")


def test_secret_is_not_written_to_disk() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret("x"))
    with pytest.raises(TypeError):
        copy.deepcopy(Secret("x"))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Authorization: Bearer abcdefgh12345", f"Authorization: Bearer {REDACTED}"),
        ("https://me:pass@host/x", f"https://{REDACTED}@host/x"),
        ("https://host/x?access_token=abc&y=1", f"https://host/x?access_token={REDACTED}&y=1"),
        ('{"client_secret":"a\\"b","z":1}', f'{{"client_secret":"{REDACTED}","z":1}}'),
        (
            "the form client_secret=abc was refused",
            f"the form client_secret={REDACTED} was refused",
        ),
        ("https://host/x?token=abc", f"https://host/x?token={REDACTED}"),
        ("a monkey=5 is no key", "a monkey=5 is no key"),
        ("grant_type=x&client_secret=abc", f"grant_type=x&client_secret={REDACTED}"),
        ("eyJhbGciOi.eyJzdWIiOi.c2ln", REDACTED),
        ("filter=userName+eq+%22ada%22&count=10", "filter=userName+eq+%22ada%22&count=10"),
    ],
)
def test_known_forms(text: str, kept: str) -> None:
    assert redact_text(text) == kept


def test_header_schemes_stay_readable() -> None:
    headers = (("Authorization", "Bearer abc.def.ghi"), ("X-API-Key", "k"), ("Accept", "a/b"))
    assert redact_headers(headers) == (
        ("Authorization", f"Bearer {REDACTED}"),
        ("X-API-Key", REDACTED),
        ("Accept", "a/b"),
    )


@settings(max_examples=60, deadline=None)
@given(TOKENS, st.text(max_size=30), st.text(max_size=30))
def test_a_planted_secret_never_survives(token: str, before: str, after: str) -> None:
    secret = Secret(token)
    text = redact_text(f"{before}{token}{after}", [secret])
    assert token not in text.replace(REDACTED, "\0") or token in before + "\0" + after
    body = redact_body(f"[{token}]".encode(), [secret])
    assert token.encode() not in body


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=80))
def test_bodies_without_secrets_come_back_untouched(body: bytes) -> None:
    assert redact_body(body) == body or REDACTED.encode() in redact_body(body)
