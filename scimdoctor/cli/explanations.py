"""Finds what `explain` is asked for: an id, the end of a code, or a whole message with one in it."""

from __future__ import annotations

import re
from difflib import SequenceMatcher, get_close_matches
from typing import TYPE_CHECKING

from scimdoctor.cli.explanation import Explanation
from scimdoctor.cli.explanation_entries import (
    every_explanation,
    of_status,
    unlisted_sign_in_error,
)
from scimdoctor.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["Explanation", "cause_suggestions", "chosen", "every_explanation", "explanations_of"]

_SIGN_IN = re.compile(r"(?i)\bAADSTS[ -]?(\d{4,8})\b")
_WORD = re.compile(r"[A-Za-z][\w./:-]*\w|\w")
_QUOTED_TYPE = re.compile(r"(?i)scimType\W{1,5}(\w+)")
_PREFIXES = (
    "SystemForCrossDomainIdentityManagement",
    "SystemForCrossDomainIdentityManagementService",
    "AzureActiveDirectory",
)
"""What Entra writes before the name of a status, in one word."""

_ORDER = (
    "cause",
    "check",
    "sign-in error",
    "skip reason",
    "quarantine reason",
    "scimType",
    "error code",
    "HTTP status",
)
"""What says most comes first, where a message holds several."""

_CATCH_ALL = frozenset({"ServiceIncompatible", "ServiceIncompatibleFiltering"})
"""Codes that say less than the status beside them."""

_FEWEST_WORDS = 3
_PARTS = re.compile(r"[^a-z0-9]+")
_SHORTEST_PART = 2
_NO_HELP = re.compile(
    r"an|and|any|are|be|by|can|cannot|do|does|for|from|has|in|is|it|no|not|of|on|or|the|to|was|with"
    r"|users?|errors?|fail(?:ed|s)?"
)
"""Words that many ids and every message have."""

_TOO_COMMON = frozenset({"none", "unknown", "sensitive"})
"""Ids that are words of any message."""


def explanations_of(text: str) -> tuple[Explanation, ...]:
    """The entries that `text` may mean, what says most first; none if nothing is known of it."""
    entries = every_explanation()
    exact = _exact(text, entries)
    if exact:
        return exact
    found = dict.fromkeys((*_within(text, entries), *_numbered(text, entries)))
    if not found:
        # Entra's code is a prefix and the status that the app answered.
        bare = [text.strip().removeprefix(prefix) for prefix in _PREFIXES]
        known = (_exact(one, entries) for one in bare if one and one != text.strip())
        return next(filter(None, known), ())
    return tuple(sorted(found, key=_rank))


def chosen(id_: str | None) -> tuple[Explanation, ...]:
    """The entries that `id_` may mean; all of them without one.

    Raises:
        ConfigurationError: nothing is known of it.
    """
    if id_ is None:
        return every_explanation()
    if not id_.strip():
        raise ConfigurationError(
            "there is nothing to explain: the id is empty",
            hint="scimdoctor explain --list names them all",
        )
    found = explanations_of(id_)
    if all(_says_little(entry) for entry in found):
        found = tuple(dict.fromkeys((*_by_its_words(id_, beside=bool(found)), *found)))
    if not found:
        close = ", ".join(suggestions_for(id_))
        hint = f"did you mean: {close}" if close else "scimdoctor explain --list names them all"
        raise ConfigurationError(f"nothing is known of {id_!r}", hint=hint)
    return found


def _says_little(entry: Explanation) -> bool:
    """Whether an entry stands for many failures, so that the words beside it tell more."""
    return entry.kind in {"HTTP status", "scimType"} or entry.id in _CATCH_ALL


def suggestions_for(text: str) -> tuple[str, ...]:
    """Ids that look like `text`, or have its words, best first."""
    entries = every_explanation()
    ids = {n.casefold(): e.id for e in entries for n in (e.id, *e.aliases)}
    causes = {e.id for e in entries if e.kind == "cause"}
    asked = re.sub(r"[\s_]+", "-", text.strip().casefold())
    words = [
        w for w in _PARTS.split(asked) if len(w) >= _SHORTEST_PART and not _NO_HELP.fullmatch(w)
    ]
    held = {known: _words_held(words, known) for known in ids if not known.isdecimal()}
    most = max(held.values(), default=0)
    sharing = [known for known, count in held.items() if count == most > 0]
    sharing.sort(key=lambda k: (k not in causes, -SequenceMatcher(None, asked, k).ratio(), k))
    # What has the words is meant; a mere likeness of letters helps only where nothing has them.
    close = get_close_matches(asked, ids, n=5, cutoff=0.75 if sharing else 0.6)
    best = close[:1] if close and SequenceMatcher(None, asked, close[0]).ratio() > 0.8 else []
    return tuple(dict.fromkeys(ids[known] for known in (*best, *sharing, *close)))[:5]


def _words_held(words: Sequence[str], known: str) -> int:
    """How many of `words` are among those of an id, or nearly."""
    parts = _PARTS.split(known)
    return sum(
        any(
            p.startswith(w) or w in p or (len(w) > 4 and get_close_matches(w, [p], cutoff=0.8))
            for p in parts
        )
        for w in words
    )


def cause_suggestions(text: str) -> tuple[str, ...]:
    """Causes whose ids look like `text`, best first."""
    causes = {entry.id for entry in every_explanation() if entry.kind == "cause"}
    return tuple(found for found in suggestions_for(text) if found in causes)


def _exact(text: str, entries: Iterable[Explanation]) -> tuple[Explanation, ...]:
    """By id or alias, in any letter case, with blanks or hyphens."""
    asked = text.strip().casefold()
    wanted = {asked, re.sub(r"[\s_]+", "-", asked)}
    return tuple(e for e in entries if wanted & {n.casefold() for n in (e.id, *e.aliases)})


def _within(text: str, entries: Sequence[Explanation]) -> Iterator[Explanation]:
    """Ids that stand in the text as words, and words that end in an error code."""
    from scimdoctor.entra.error_codes import find_error_code

    listed = (e for e in entries if e.kind != "HTTP status")
    by_name = {n: e for e in listed for n in (e.id, *e.aliases) if not n.isdecimal()}
    types = {found.casefold() for found in _QUOTED_TYPE.findall(text)}
    yield from (e for e in entries if e.kind == "scimType" and e.id.casefold() in types)
    for word in dict.fromkeys(_WORD.findall(text)):
        known = by_name.get(word)
        if known is not None and word.casefold() not in _TOO_COMMON:
            yield known
            continue
        code = find_error_code(word)
        # A word that begins small, or is a phrase's end, is prose: `timeout`, `conflict`.
        if code is not None and (" " not in text.strip() or word[:1].isupper()):
            yield by_name[code.suffix]


def _numbered(text: str, entries: Iterable[Explanation]) -> Iterator[Explanation]:
    """AADSTS numbers, and the HTTP status as Entra and people write it."""
    from scimdoctor.entra.http_statuses import status_of
    from scimdoctor.entra.reason import parse_reason

    by_id = {entry.id: entry for entry in entries}
    for number in _SIGN_IN.findall(text):
        yield by_id.get(f"AADSTS{number}") or unlisted_sign_in_error(int(number))
    status = int(text) if text.strip().isdecimal() else parse_reason(text).status
    row = status_of(status) if status is not None else None
    if row is not None:
        yield by_id.get(str(row.number)) or of_status(row)


def _by_its_words(text: str, *, beside: bool = False) -> tuple[Explanation, ...]:
    """The cause that a message reads as, as `diagnose` would read it.

    `beside` what a status tells already only one that the words point to alone.
    """
    from scimdoctor.causes.collect import facts_of
    from scimdoctor.causes.engine import diagnose_case
    from scimdoctor.causes.wording import is_type_only
    from scimdoctor.model.diagnosis import Case, Confidence
    from scimdoctor.model.provisioning import (
        ProvisioningErrorInfo,
        ProvisioningObjectSummary,
        ProvisioningStatusInfo,
    )

    if len(text.split()) < _FEWEST_WORDS:
        return ()
    error = ProvisioningErrorInfo(reason=text)
    status = ProvisioningStatusInfo(status="failure", error_information=error)
    # Which request it was, a message alone does not tell.
    for action in ("", "update", "create"):
        event = ProvisioningObjectSummary(
            id="", provisioning_action=action, provisioning_status_info=status
        )
        case = Case(event=event)
        named, reading = diagnose_case(case), facts_of(case).reading
        told = reading.page is None and any(not is_type_only(c) for c in reading.complaints)
        sure = told and named.confidence is not Confidence.POSSIBLE
        if named.decided and (sure or not beside):
            return _exact(named.cause, every_explanation())
    return ()


def _rank(entry: Explanation) -> int:
    place = _ORDER.index(entry.kind)
    return len(_ORDER) if entry.id in _CATCH_ALL else place
