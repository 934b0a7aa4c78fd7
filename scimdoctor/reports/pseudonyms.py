"""Replaces people, addresses, phone numbers and ids by stable pseudonyms (`--redact`).

One original always gets the same pseudonym in a report, so that evidence still points at its
event. The pseudonym is a keyed hash: with the same key it is the same in every report; without a
key given, a fresh one is used and no two reports can be joined.

What is replaced is first collected where its place tells what it is (`personal.py`), then found
everywhere else: in reasons, messages, curl lines. E-mail addresses, GUIDs and international phone
numbers are also found by their form alone. Names of groups, apps and hosts stay: they name nobody.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from scimdoctor.reports.personal import Kind, json_spelling, originals
from scimdoctor.reports.rewrite import rewrite, scrubbed
from scimdoctor.reports.verdict import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scimdoctor.model.exchange import Headers
    from scimdoctor.model.report import Report

_FORMS = (
    (
        Kind.MAIL,
        re.compile(
            r"(%[0-9A-Fa-f]{2}|)([A-Za-z0-9][A-Za-z0-9._+'-]*(?:@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)"
        ),
    ),
    (
        Kind.ID,
        re.compile(
            r"(?i)(%[0-9a-f]{2}|(?<![0-9a-f-]))([0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12})(?![0-9a-f-])"
        ),
    ),
    (Kind.PHONE, re.compile(r"()(\+\d[\d ().-]{6,20}\d)")),
)
"""What is known by its form: what stands before it, and itself."""

_GUID = re.compile(r"(?i)[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")
_WORD = re.compile(r"%[0-9A-Fa-f]{2}|[^\W_]+")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_OWN_WORDS = frozenset(
    {
        "cause", "check", "references", "error_code", "provisioning_action", "identity_type",
        "provisioning_step_type", "health", "day", "tool_version", "name", "signature", "status",
        "initiator_type", "purpose",
    }
)  # fmt: skip
"""Fields that hold words of Graph's or ours, never a person's."""

SHORTEST_IN_PROSE = 3
_NAMES = {
    Kind.PERSON: ("person", "people"),
    Kind.MAIL: ("mail address", "mail addresses"),
    Kind.PHONE: ("phone number", "phone numbers"),
    Kind.PLACE: ("postal address", "postal addresses"),
    Kind.ID: ("id", "ids"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """One original and what stands for it; keep the list of them to yourself."""

    kind: Kind
    original: str
    pseudonym: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """A report that can be given away, and the list that cannot."""

    report: Report
    replaced: tuple[Replacement, ...]


def redact_report(report: Report, key: bytes | None = None) -> Report:
    """Return `report` with pseudonyms, and a note that says how many."""
    return pseudonymise(report, key).report


def pseudonymise(report: Report, key: bytes | None = None) -> Redacted:
    """Return `report` with pseudonyms and the list of what was replaced.

    The same `key` gives the same pseudonyms; without one they are good for this report only.
    """
    safe = scrubbed(report)
    rewriter = _Pseudonyms(key or secrets.token_bytes(32))
    rewriter.learn(originals(safe))
    changed = rewrite(safe, rewriter)
    replaced = tuple(rewriter.used.values())
    counts = Counter(item.kind for item in replaced)
    shown = [counted(counts[kind], *_NAMES[kind]) for kind in Kind if counts[kind]]
    note = f"Pseudonyms stand for {', '.join(shown) or 'nothing: no personal data was found'}."
    return Redacted(report=replace(changed, notes=(*changed.notes, note)), replaced=replaced)


class _Pseudonyms:
    """Finds originals in text by first word and length, so that thousands stay quick."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._spellings: dict[str, tuple[Kind, str]] = {}
        self._lengths: dict[str, set[int]] = {}
        self._whole: dict[str, tuple[Kind, str]] = {}
        self._seen: dict[str, str] = {}
        self.used: dict[str, Replacement] = {}

    def learn(self, found: Iterable[tuple[Kind, str]]) -> None:
        """Remember originals, in every spelling in which they may occur."""
        for kind, original in dict.fromkeys(found):
            self._whole.setdefault(original.casefold(), (kind, original))
            core = _EDGES.sub("", original)
            quoted = {quote(core), quote(core, safe=""), quote_plus(core)}
            for spelling in {core, json_spelling(core)} | (quoted if "%" in quote(core) else set()):
                self._learn_spelling(kind, spelling, original)
            local, at, _ = core.partition("@")
            if at and len(local) > SHORTEST_IN_PROSE:
                self._learn_spelling(Kind.PERSON, local, local)

    def _learn_spelling(self, kind: Kind, spelling: str, original: str) -> None:
        first = _WORD.match(spelling)
        if first:
            self._spellings.setdefault(spelling.lower(), (kind, original))
            self._lengths.setdefault(first.group().lower(), set()).add(len(spelling))

    def text(self, text: str, field: str) -> str:
        """Return `text` with pseudonyms."""
        if not text or field in _OWN_WORDS:
            return text
        if field == "origin":
            return re.split(r"[\\/]", text)[-1]
        known = self._seen.get(text)
        if known is None:
            whole = self._whole.get(text.strip().casefold())
            known = self._stand_in(*whole, seen=text) if whole else self._replaced(text)
            self._seen[text] = known
        return known

    def body(self, body: bytes) -> bytes:
        """Return `body` with pseudonyms; what is not UTF-8 is taken as Latin-1."""
        try:
            return self.text(body.decode("utf-8"), "body").encode("utf-8", "replace")
        except UnicodeDecodeError:
            return self.text(body.decode("latin-1"), "body").encode("latin-1", "replace")

    def headers(self, headers: Headers) -> Headers:
        """Return `headers` with pseudonyms in their values."""
        return tuple((name, self.text(value, "header")) for name, value in headers)

    def _replaced(self, text: str) -> str:
        """Replace what was learnt, wherever it stands as a word of its own; between, by form."""
        parts: list[str] = []
        done = 0
        for word in _WORD.finditer(text):
            start = word.start()
            passed = start < done or word.group()[0] == "%"
            hit = None if passed else self._known_at(text, start, word.group().lower())
            if hit:
                end, kind, original = hit
                stand_in = self._stand_in(kind, original, seen=text[start:end])
                parts += (self._by_form(text[done:start]), stand_in)
                done = end
        return "".join((*parts, self._by_form(text[done:])))

    def _known_at(self, text: str, start: int, word: str) -> tuple[int, Kind, str] | None:
        for length in sorted(self._lengths.get(word, ()), reverse=True):
            end = start + length
            found = self._spellings.get(text[start:end].lower())
            if found is None or text[end : end + 1].isalnum():
                continue
            if _is_distinct(text[start:end], found[1]) or _is_quoted(text, start, end):
                return end, *found
        return None

    def _by_form(self, text: str) -> str:
        for kind, form in _FORMS:
            text = form.sub(lambda match: self._formed(kind, match), text)  # noqa: B023 - used at once
        return text

    def _formed(self, kind: Kind, match: re.Match[str]) -> str:
        before, seen = match.group(1), match.group(2)
        if seen in _MADE_UP and seen.casefold() not in self._whole:
            return match.group()
        return before + self._stand_in(kind, seen.replace("%40", "@"), seen=seen)

    def _stand_in(self, kind: Kind, original: str, *, seen: str) -> str:
        """Return the pseudonym, in the letter case of what was seen."""
        pseudonym = self._pseudonym(kind, original.casefold())
        self.used.setdefault(
            original.casefold(), Replacement(kind=kind, original=original, pseudonym=pseudonym)
        )
        if "%40" in seen:
            pseudonym = quote(pseudonym)
        if seen != original and seen.isupper():
            return pseudonym.upper()
        return pseudonym if seen == original or not seen.islower() else pseudonym.lower()

    def _pseudonym(self, kind: Kind, original: str) -> str:
        digest = self._digest(kind, original)
        if _GUID.fullmatch(original):
            shaped = f"{_FAKE_GUID}{digest[:12]}"
            return shaped if "-" in original else shaped.replace("-", "")
        if original.isdecimal():
            return str(int(digest, 16))[: max(4, len(original))]
        if kind is Kind.MAIL and "@" in original:
            domain = self._digest(Kind.MAIL, original.rpartition("@")[2])
            return f"mail-{digest[:8]}@{domain[:6]}.example"
        word = "Person" if kind is Kind.PERSON else kind.value
        return f"{word}-{digest[:8]}"

    def _digest(self, kind: Kind, original: str) -> str:
        message = f"{'mail' if kind is Kind.MAIL else 'name'}\0{original}".encode(
            "utf-8", "replace"
        )
        return hmac.new(self._key, message, "sha256").hexdigest()


_MADE_UP = frozenset({"a@example.com", "ADA@example.com", "ada@example.com"})
"""Addresses in our own explanations, which stand for nobody unless the report has such a person."""

_FAKE_GUID = "00000000-0000-4000-8000-"


def _is_distinct(seen: str, original: str) -> bool:
    """Whether `seen` can hardly be anything but the original, wherever it stands."""
    if len(seen) < SHORTEST_IN_PROSE or (seen.isdecimal() and len(seen) < 6):
        return False
    return seen == _EDGES.sub("", original) or not seen.isalpha()


def _is_quoted(text: str, start: int, end: int) -> bool:
    """Whether quotes, slashes or their encodings stand on both sides."""
    before, after = text[max(0, start - 3) : start], text[end : end + 3]
    opened = before[-1:] in {'"', "'", "/", "=", ":"} or before == "%22" or not before
    closed = after[:1] in {'"', "'", "/", "?", ",", "}", "\\", ""} or after == "%22"
    return opened and closed
