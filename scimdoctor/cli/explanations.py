"""Finds what `explain` is asked for: an id, the end of a code, or a whole message with one in it."""

from __future__ import annotations

import re
from difflib import get_close_matches
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
    found = explanations_of(id_) or _by_its_words(id_) if id_ else every_explanation()
    if not found:
        close = ", ".join(suggestions_for(id_ or ""))
        hint = f"did you mean: {close}" if close else "scimdoctor explain --list names them all"
        raise ConfigurationError(f"nothing is known of {id_!r}", hint=hint)
    return found


def suggestions_for(text: str) -> tuple[str, ...]:
    """Ids that look like `text`, or like one of its words, best first."""
    ids = {n.casefold(): e.id for e in every_explanation() for n in (e.id, *e.aliases)}
    asked = text.strip().casefold()
    hyphened = re.sub(r"[\s_]+", "-", asked)
    close = get_close_matches(hyphened, ids, n=5, cutoff=0.5)
    within = [known for known in ids if hyphened and hyphened in known][:5]
    words = [w for w in _WORD.findall(asked) if len(w) > 4] if " " in asked else []
    near = [known for w in words for known in get_close_matches(w, ids, n=1, cutoff=0.8)]
    return tuple(dict.fromkeys(ids[known] for known in (*within[:1], *close, *within, *near)))[:6]


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


def _by_its_words(text: str) -> tuple[Explanation, ...]:
    """The cause that a message without any code reads as, as `diagnose` would read it."""
    from scimdoctor.causes.engine import diagnose_case
    from scimdoctor.model.diagnosis import Case
    from scimdoctor.model.provisioning import (
        ProvisioningErrorInfo,
        ProvisioningObjectSummary,
        ProvisioningStatusInfo,
    )

    if len(text.split()) < _FEWEST_WORDS:
        return ()
    error = ProvisioningErrorInfo(reason=text)
    status = ProvisioningStatusInfo(status="failure", error_information=error)
    event = ProvisioningObjectSummary(id="", provisioning_status_info=status)
    named = diagnose_case(Case(event=event))
    return _exact(named.cause, every_explanation()) if named.decided else ()


def _rank(entry: Explanation) -> int:
    place = _ORDER.index(entry.kind)
    return len(_ORDER) if entry.id in _CATCH_ALL else place
