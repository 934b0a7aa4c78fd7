"""The curl line: a shell must read back exactly what was to be sent."""

from __future__ import annotations

import base64
import json
import shlex
import subprocess
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimdoctor.endpoint.curl import curl_line
from scimdoctor.entra import requests
from scimdoctor.model.exchange import ScimRequest

BASE = "https://scim.example.com/scim"
printable = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=30)


def after(words: list[str], option: str) -> list[str]:
    return [words[i + 1] for i, word in enumerate(words) if word == option]


@settings(max_examples=60, deadline=None)
@given(value=printable, name=printable)
def test_shell_reads_back_what_was_meant(value: str, name: str) -> None:
    request = requests.create_user({"userName": value, "displayName": name})
    words = shlex.split(curl_line(request, BASE))
    assert after(words, "--data-raw") == [request.body.decode()]
    assert after(words, "--url") == [f"{BASE}/Users"]
    assert after(words, "-X") == ["POST"]


@settings(max_examples=60, deadline=None)
@given(body=st.binary(min_size=1, max_size=40))
def test_any_body_survives(body: bytes) -> None:
    line = curl_line(ScimRequest(method="POST", path="/Users", body=body), BASE)
    words = shlex.split(line)
    if "--data-raw" in words:
        assert after(words, "--data-raw") == [body.decode()]
    else:
        assert base64.b64decode(words[2]) == body


def test_line_of_a_query() -> None:
    line = curl_line(requests.match_query("Users", "userName", "o'hara@x.example"), BASE)
    words = shlex.split(line)
    assert words[-1] == f"{BASE}/Users?filter=userName+eq+%22o%27hara%40x.example%22"
    assert "Authorization: Bearer $SCIMDOCTOR_ENDPOINT_TOKEN" in words
    assert "-X" not in words


@pytest.mark.parametrize("hostile", ["$(reboot)", "`id`", "'; rm -rf /; '", "a\nb", "@/etc/passwd"])
def test_hostile_values_stay_data(hostile: str) -> None:
    request = ScimRequest(method=hostile, path=f"/Users/{hostile}", body=hostile.encode())
    words = shlex.split(curl_line(request, BASE))
    assert words[-1].startswith(BASE)
    assert hostile.upper().replace("\n", "%0A") in [w.replace("\n", "%0A") for w in words]


def test_credentials_of_the_request_are_left_out() -> None:
    request = replace(
        requests.get("/Users"),
        headers=(
            ("Authorization", "Bearer abcdefghijkl"),
            ("X-Api-Key", "zyxwvuts"),
            ("@file", "x"),
            ("X-Empty", ""),
            ("User-Agent", "x"),
        ),
    )
    line = curl_line(request, BASE)
    assert "abcdefghijkl" not in line
    assert "zyxwvuts" not in line
    assert "@file" not in line
    assert "'X-Empty;'" in line


def test_without_an_endpoint_the_root_is_a_variable() -> None:
    assert curl_line(requests.get("/Users"), "").endswith('--url "$SCIM_ROOT"/Users')


def test_head_and_bodies_without_type() -> None:
    assert "--head" in curl_line(ScimRequest(method="HEAD", path="/"), BASE)
    line = curl_line(ScimRequest(method="POST", path="/", body=b"{}"), BASE)
    assert "-H Content-Type:" in line


def test_a_body_too_long_for_a_shell_comes_from_a_file() -> None:
    members = [{"value": f"{n:036}"} for n in range(100_000)]
    body = json.dumps({"members": members}).encode()
    line = curl_line(ScimRequest(method="PATCH", path="/Groups/1", body=body), BASE)
    assert len(line) < 1000
    words = shlex.split(line)
    assert words[0] == ":"
    assert f"{len(body)}" in line
    assert after(words, "--data-binary") == ["@request-body.json"]
    done = subprocess.run(["sh", "-n", "-c", line], check=False, capture_output=True)
    assert done.returncode == 0
