"""Runs the shell lines that findings end with against a provider in this process, as `sh` and `curl` would.

It knows the few forms that `checks/reproduction.py` writes; `tests/checks/test_reproduction.py` runs
some of them in a real shell as well.
"""

from __future__ import annotations

import base64
import itertools
import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scimdoctor.lab.http import LabRequest
from scimdoctor.lab.scim.token_endpoint import CLIENT_ID, CLIENT_SECRET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scimdoctor.lab.http import LabResponse

_ID = re.compile(rb'"id" *: *"?([^",}]*)')
_TOKEN = re.compile(rb'"access_token" *: *"([^"]*)"')
_ASSIGNED = re.compile(r"(\w+)=\$\((.*)\)", re.DOTALL)
_OTHERWISE = re.compile(r"(\w+)=\$\{\1:-\$\((.*)\)\}", re.DOTALL)
_UNLESS_EMPTY = re.compile(r'test -z "\$(\w+)" \|\| (.*)', re.DOTALL)


@dataclass(kw_only=True)
class Shell:
    """Variables, and what was printed."""

    handle: Callable[[LabRequest], LabResponse]
    variables: dict[str, str] = field(
        default_factory=lambda: {
            "SCIMDOCTOR_ENDPOINT_TOKEN": "lab-token",
            "SCIMDOCTOR_OAUTH_CLIENT_ID": CLIENT_ID,
            "SCIMDOCTOR_OAUTH_CLIENT_SECRET": CLIENT_SECRET,
        }
    )
    printed: list[str] = field(default_factory=list)

    def run(self, line: str) -> str:
        """Run `line` and return what it prints."""
        for command in commands_of(line):
            self._run_one(command)
        return "\n".join(self.printed)

    def _run_one(self, command: str) -> None:
        if found := _OTHERWISE.fullmatch(command):
            name, inner = found.groups()
            self.variables[name] = self.variables[name] or _first_id(self._curl(inner))
        elif found := _UNLESS_EMPTY.fullmatch(command):
            if self.variables[found[1]]:
                self._print(self._curl(found[2]))
        elif found := _ASSIGNED.fullmatch(command):
            self._assign(*found.groups())
        elif command.startswith("printf '%s\\n' "):
            self.printed.append(self.variables["MADE"])
        elif not command.startswith(":"):
            self._print(self._curl(command))

    def _assign(self, name: str, inner: str) -> None:
        if inner.startswith("printf"):
            self.variables[name] = _first_id(
                self.variables["MADE"].encode("utf-8", "surrogateescape")
            )
        elif "access_token" in inner:
            found = _TOKEN.search(self._curl(inner))
            self.variables[name] = found[1].decode() if found else ""
        elif "grep" in inner:
            self.variables[name] = _first_id(self._curl(inner))
        else:
            self.variables[name] = self._curl(inner).decode("utf-8", "surrogateescape")

    def _print(self, output: bytes) -> None:
        self.printed.append(output.decode("utf-8", "replace"))

    def _curl(self, text: str) -> bytes:
        """What `curl -i` of the pipeline `text` prints."""
        stdin, text = _before_curl(re.split(r" \| (?:LC_ALL=C grep|sed -n)", text)[0])
        for name, value in self.variables.items():
            parts = re.split(rf"\$(?:{name}\b|\{{{name}\}})", text)
            text = value.join(parts)
        answer = self.handle(_request(shlex.split(text), stdin))
        if answer.behaviour is not None:
            return f"curl: {answer.behaviour}".encode()
        lines = [f"HTTP/1.1 {answer.status}", *(f"{n}: {v}" for n, v in answer.headers), "", ""]
        return "\r\n".join(lines).encode() + answer.body


_CHANCE = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)|W/\\?\"[^\"]*\""
)


def without_chance(printed: str) -> str:
    """What was printed without ids, times and versions, which are never the same."""
    return _CHANCE.sub("…", printed)


def _request(words: list[str], body: bytes) -> LabRequest:
    given = [(a, b) for a, b in itertools.pairwise(words) if a.startswith("-")]
    options = dict(given)
    headers = [
        (b.partition(":")[0].rstrip(";"), b.partition(":")[2].strip())
        for a, b in given
        if a == "-H"
    ]
    if "--user" in options:
        pair = base64.b64encode(options["--user"].encode()).decode()
        headers.append(("Authorization", f"Basic {pair}"))
    return LabRequest(
        method=options.get("-X", "GET"),
        target="/" + options["--url"].partition("://")[2].partition("/")[2],
        headers=(("Host", "app.test"), *headers),
        body=options["--data-raw"].encode() if "--data-raw" in options else body,
    )


def _first_id(output: bytes) -> str:
    found = _ID.search(output)
    return found[1].decode("latin-1") if found else ""


def _before_curl(text: str) -> tuple[bytes, str]:
    """What a body in Base64 pipes into curl, and curl's own words."""
    if not text.startswith("printf %s "):
        return b"", text
    encoded, _, rest = text.removeprefix("printf %s ").partition(" | base64 -d | ")
    return base64.b64decode(encoded), rest


def commands_of(line: str) -> Iterator[str]:
    """The commands between semicolons that stand outside quotes."""
    quote, begin = "", 0
    for at, character in enumerate(line):
        if character == quote:
            quote = ""
        elif not quote and character in "'\"":
            quote = character
        elif not quote and character == ";":
            yield line[begin:at].strip()
            begin = at + 1
    yield line[begin:].strip()
