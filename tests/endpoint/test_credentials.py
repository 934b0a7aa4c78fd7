"""What is wrong with a token on sight."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest

from scimdoctor.endpoint.credentials import BearerToken, expiry, token_problems
from scimdoctor.redaction import Secret

NOW = datetime(2026, 7, 1, tzinfo=UTC)


def jwt(**claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJub25lIn0.{body}.sig"


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("Bearer abcdef", "Bearer Bearer"),
        ("bearer abcdef", "Bearer Bearer"),
        (" abcdef", "white space"),
        ("abc def", "within"),
        ("abc\ndef", "characters that cannot"),
        ("tökén", "characters that cannot"),
        ("x" * 1100, "1100 characters"),
    ],
)
def test_unusable_tokens(token: str, words: str) -> None:
    problems = token_problems(Secret(token), now=NOW)
    assert any(words in p.message for p in problems)
    assert {p.cause for p in problems} == {"secret-token-unusable"}


def test_expired_jwt() -> None:
    token = Secret(jwt(exp=1_700_000_000))
    (problem,) = token_problems(token, now=NOW)
    assert problem.cause == "token-expired-or-revoked"
    assert "2023-11-14" in problem.message


@pytest.mark.parametrize(
    "token", ["plain-token", jwt(exp=4_000_000_000), jwt(), jwt(exp="x"), "a.b.c"]
)
def test_sound_tokens(token: str) -> None:
    assert token_problems(Secret(token), now=NOW) == ()


def test_absurd_expiry_is_none() -> None:
    assert expiry(Secret(jwt(exp=1e300))) is None


def test_a_mistaken_token_is_sent_as_it_is() -> None:
    assert BearerToken(Secret("Bearer x")).headers() == (("Authorization", "Bearer Bearer x"),)
