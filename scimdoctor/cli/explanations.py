"""What `explain` knows: causes, checks, error codes, skip and quarantine reasons, and the rest.

Every entry is text, ready to be shown; where it comes from is one module each.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from difflib import get_close_matches
from textwrap import wrap
from typing import TYPE_CHECKING

from scimdoctor.errors import ConfigurationError
from scimdoctor.model.report import SCHEMA_VERSION
from scimdoctor.reports.words import WHO, spaced

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scimdoctor.model.rule import CauseRule, CheckRule, Remediation

_STATUSES = {
    200: "The request succeeded. Entra wants a body: the resource, or a ListResponse.",
    201: "The object was created; the answer must hold it with its id.",
    204: "The request succeeded without a body: right for PATCH and DELETE.",
    301: "A redirect. Entra does not follow it: correct the tenant URL.",
    302: "A redirect, mostly to a sign-in page: correct the tenant URL.",
    307: "A redirect. Entra does not follow it: correct the tenant URL.",
    308: "A redirect. Entra does not follow it: correct the tenant URL.",
    400: "The app refuses the request as it is written; scimType and detail say why.",
    401: "The app refuses the credentials: renew the token and restart provisioning.",
    403: "The credentials are known but not allowed, a rule forbids it, or a firewall did.",
    404: "By id: the object is gone. To a filter: wrong, it must be 200 with an empty list.",
    405: "The app does not implement the method there; Entra needs PATCH.",
    406: "The app cannot answer in the media type that the Accept header names.",
    408: "The app waited too long for the request.",
    409: "The object collides with one that exists, or is so already.",
    410: "The object is gone for good.",
    412: "A precondition of the app is not met; some apps say so of existing accounts.",
    413: "The request is larger than the app takes.",
    415: "The app refuses the media type application/scim+json.",
    422: "The app understood the request and refuses its content.",
    429: "The app throttles; it should bear 25 requests a second.",
    500: "The app failed inside; its own log knows why.",
    501: "The app does not implement this.",
    502: "A gateway in front of the app got no usable answer.",
    503: "The app is overloaded or down.",
    504: "A gateway in front of the app waited too long.",
}
"""HTTP statuses as they stand in failures of provisioning."""

_URL = ("tenant-url-wrong",)
_SLOW = ("endpoint-too-slow-or-throttled",)
_BY_STATUS: Mapping[int, tuple[str, ...]] = {
    301: _URL,
    302: _URL,
    307: _URL,
    308: _URL,
    400: (
        "patch-op-case-sensitive",
        "boolean-string-rejected",
        "value-path-unsupported",
        "required-attribute-empty-in-source",
        "value-not-allowed-by-app",
        "mapping-targets-unsupported-attribute",
        "over-strict-validation",
    ),
    401: ("token-expired-or-revoked", "secret-token-unusable", "auth-scheme-unsupported"),
    403: (
        "app-policy-refuses-change",
        "app-prerequisite-missing",
        "endpoint-unreachable-or-blocked",
    ),
    404: (
        "tenant-url-wrong",
        "filter-no-match-404",
        "groups-endpoint-missing",
        "target-changed-outside-entra",
        "reference-unresolvable",
    ),
    405: ("patch-method-missing", "app-policy-refuses-change"),
    406: ("request-content-type-refused",),
    408: _SLOW,
    409: ("existing-account-not-matchable", "non-idempotent-write", "app-policy-refuses-change"),
    410: ("target-changed-outside-entra",),
    412: ("existing-account-not-matchable",),
    415: ("request-content-type-refused",),
    422: ("required-attribute-empty-in-source", "value-not-allowed-by-app"),
    429: _SLOW,
    500: ("unhandled-exception-500", "duplicate-create-not-409", "filter-value-parse-failure"),
    501: ("patch-method-missing", "groups-endpoint-missing"),
    502: ("endpoint-unreachable-or-blocked",),
    503: _SLOW,
    504: _SLOW,
}
"""What a status mostly comes from, the most frequent first."""

_BY_TYPE: Mapping[str, tuple[str, ...]] = {
    "invalidFilter": ("filter-attribute-unsupported", "filter-value-parse-failure"),
    "tooMany": ("filter-not-selective",),
    "uniqueness": ("existing-account-not-matchable",),
    "mutability": ("immutable-attribute-refused",),
    "invalidSyntax": ("patch-op-case-sensitive", "over-strict-validation"),
    "invalidPath": ("extension-urn-path-unsupported", "value-path-unsupported"),
    "noTarget": ("value-path-no-match-rejected",),
    "invalidValue": (
        "required-attribute-empty-in-source",
        "value-not-allowed-by-app",
        "boolean-string-rejected",
        "patch-value-shape-rejected",
    ),
}
"""The same for a scimType (RFC 7644 table 9)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One entry."""

    id: str
    kind: str
    title: str
    sections: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Heading and lines, in reading order."""

    aliases: tuple[str, ...] = ()

    def text(self, width: int | None = None) -> str:
        """The entry for a reader, wrapped at `width` unless it is `None`."""
        lines = [f"{self.id} ({self.kind})", *_wrapped(self.title, width, "")]
        for heading, entries in self.sections:
            kept = [entry for entry in entries if entry]
            if kept:
                lines += ["", heading]
                lines += [line for entry in kept for line in _wrapped(entry, width, "  ")]
        return "\n".join(lines)


def _wrapped(text: str, width: int | None, indent: str) -> list[str]:
    """The lines of `text`; addresses and commands stay whole."""
    lines = text.splitlines() or [""]
    if width is None:
        return [indent + line for line in lines]
    return [
        part
        for line in lines
        for part in (
            [indent + line]
            if line.lstrip().startswith(("$", "https://"))
            else wrap(
                line,
                max(width, 40),
                initial_indent=indent,
                subsequent_indent=indent,
                break_long_words=False,
                break_on_hyphens=False,
            )
        )
    ]


def every_explanation() -> tuple[Explanation, ...]:
    """All entries, kind by kind."""
    return (*_causes(), *_checks(), *_codes(), *_reasons(), *_scim_types(), *_numbers())


def explanations_of(text: str) -> tuple[Explanation, ...]:
    """The entries that `text` may mean: by id or alias, by the end of an error code."""
    wanted = text.strip().casefold()
    entries = every_explanation()
    exact = tuple(e for e in entries if wanted in {n.casefold() for n in (e.id, *e.aliases)})
    if exact:
        return exact
    found = re.fullmatch(r"(?:aadsts|http)[ -]?(\d+)", wanted)
    if found:
        return tuple(e for e in entries if e.id.casefold().endswith(found[1]))
    codes = [e for e in entries if e.kind == "error code" and wanted.endswith(e.id.casefold())]
    return tuple(sorted(codes, key=lambda e: -len(e.id))[:1])


def chosen(id_: str | None) -> tuple[Explanation, ...]:
    """The entries that `id_` may mean; all of them without one.

    Raises:
        ConfigurationError: nothing is known of it.
    """
    found = explanations_of(id_) if id_ else every_explanation()
    if not found:
        close = ", ".join(suggestions_for(id_ or ""))
        hint = f"did you mean: {close}" if close else "scimdoctor explain --list names them all"
        raise ConfigurationError(f"nothing is known of {id_!r}", hint=hint)
    return found


def as_text(found: tuple[Explanation, ...], width: int | None, *, whole: bool) -> str:
    """The entries for a reader: each on one line, or `whole`."""
    if whole:
        return "\n\n".join(entry.text(width) for entry in found)
    return "\n".join(f"{entry.kind:18} {entry.id:42} {entry.title}" for entry in found)


def as_json(found: tuple[Explanation, ...]) -> str:
    """The entries as JSON, whole."""
    entries = [
        {
            "id": entry.id,
            "kind": entry.kind,
            "title": entry.title,
            "aliases": list(entry.aliases),
            "sections": [
                {"heading": heading, "lines": [line for line in lines if line]}
                for heading, lines in entry.sections
            ],
        }
        for entry in found
    ]
    document = {"schema_version": SCHEMA_VERSION, "command": "explain", "explanations": entries}
    return json.dumps(document, indent=2, ensure_ascii=False)


def as_markdown(found: tuple[Explanation, ...], *, whole: bool) -> str:
    """The entries as Markdown: a list, or each `whole` with its headings."""
    if not whole:
        return "\n".join(f"- `{entry.id}` ({entry.kind}): {entry.title}" for entry in found)
    return "\n\n".join(_markdown(entry) for entry in found)


def _markdown(entry: Explanation) -> str:
    parts = [f"# {entry.id} ({entry.kind})", entry.title]
    for heading, lines in entry.sections:
        kept = [_markdown_lines(line) for line in lines if line]
        if kept:
            parts += [f"## {heading}", "\n".join(f"- {text}" for text in kept)]
    return "\n\n".join(parts)


def _markdown_lines(text: str) -> str:
    """A command of its own line becomes code; the rest of an item is indented under it."""
    lines = (line.strip() for line in text.splitlines())
    return "\n  ".join(f"`{line[2:]}`" if line.startswith("$ ") else line for line in lines)


def suggestions_for(text: str) -> tuple[str, ...]:
    """Ids that look like `text`, best first."""
    ids = {e.id.casefold(): e.id for e in every_explanation()}
    close = get_close_matches(text.strip().casefold(), ids, n=5, cutoff=0.5)
    within = [i for i in ids if text.strip().casefold() in i][:5]
    return tuple(ids[i] for i in dict.fromkeys((*close, *within)))


def cause_suggestions(text: str) -> tuple[str, ...]:
    """Causes whose ids look like `text`, best first."""
    causes = {entry.id for entry in _causes()}
    return tuple(found for found in suggestions_for(text) if found in causes)


def _causes() -> Iterator[Explanation]:
    from scimdoctor.causes import ALL_CAUSES

    for cause in ALL_CAUSES:
        yield _of_cause(cause.rule)


def _of_cause(rule: CauseRule) -> Explanation:
    return Explanation(
        id=rule.id,
        kind="cause",
        title=rule.title,
        sections=(
            ("What it is", (rule.definition,)),
            ("Why it happens", (rule.explanation,)),
            ("Where it sits", (spaced(rule.layer),)),
            ("Who fixes it", (WHO[rule.fixed_by],)),
            ("What to do", tuple(_step(step) for step in rule.remediation)),
            ("References", rule.references),
        ),
        aliases=rule.aliases,
    )


def _step(step: Remediation) -> str:
    command = f"\n  $ {step.command}" if step.command else ""
    return f"{WHO[step.who]}: {step.text}{command}"


def _checks() -> Iterator[Explanation]:
    from scimdoctor.checks import ALL_CHECKS
    from scimdoctor.entra.mapping_rules import MAPPING_RULES

    for check in ALL_CHECKS:
        yield _of_check(check.rule)
    for rule in MAPPING_RULES:
        yield _of_check(rule)


def _of_check(rule: CheckRule) -> Explanation:
    return Explanation(
        id=rule.id,
        kind="check",
        title=rule.title,
        sections=(
            ("What it checks", (rule.what,)),
            ("Why it matters to Entra", (rule.why,)),
            ("What the admin sees", (rule.admin_sees,)),
            ("How to fix", (rule.fix,)),
            ("Severity, requirement, cause", (_rating(rule),)),
            ("References", (rule.rfc or "", *rule.references)),
        ),
        aliases=rule.aliases,
    )


def _rating(rule: CheckRule) -> str:
    return f"{rule.severity}; {rule.requirement}; {rule.cause or 'no cause by itself'}"


def _codes() -> Iterator[Explanation]:
    from scimdoctor.entra.error_codes import ERROR_CODES

    for row in ERROR_CODES:
        yield Explanation(
            id=row.suffix,
            kind="error code",
            title=row.meaning,
            sections=(
                ("What to do", (f"{WHO[row.who]}: {row.action}",)),
                ("Cause", (row.cause or "read the app's answer; the code alone does not tell",)),
                *_ending(row.cause),
            ),
        )


def _ending(cause: str | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What ends the cause that a code or a reason stands for, where it stands for one."""
    from scimdoctor.causes import find_cause

    found = find_cause(cause) if cause else None
    if found is None:
        return ()
    return (("What ends that cause", tuple(_step(step) for step in found.rule.remediation)),)


def _reasons() -> Iterator[Explanation]:
    from scimdoctor.entra.quarantine import QUARANTINE_REASONS
    from scimdoctor.entra.skip_reasons import SKIP_REASONS

    for skip in SKIP_REASONS:
        sections = (
            ("What to do", (skip.action,)),
            ("Cause", (skip.cause,)),
            *_ending(skip.cause),
        )
        yield Explanation(id=skip.name, kind="skip reason", title=skip.meaning, sections=sections)
    for reason in QUARANTINE_REASONS:
        yield Explanation(
            id=reason.name,
            kind="quarantine reason",
            title=reason.meaning,
            sections=(("What to do", tuple(map(_step, reason.steps))),),
            aliases=reason.aliases,
        )


def _scim_types() -> Iterator[Explanation]:
    from scimdoctor.scim.error import SCIM_TYPES

    for name, meaning in SCIM_TYPES.items():
        yield Explanation(
            id=name,
            kind="scimType",
            title=f"The app says that {meaning}.",
            sections=_usual(_BY_TYPE.get(name, ())),
        )


def _usual(causes: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What may be behind it, and how to tell which it is; nothing where all is well."""
    if not causes:
        return ()
    step = "Find out which it is:\n  $ scimdoctor diagnose APP"
    return (("Usual causes", causes), ("What to do", (step,)))


def _numbers() -> Iterator[Explanation]:
    from scimdoctor.graph.aadsts import AADSTS

    for status, meaning in _STATUSES.items():
        usual = _usual(_BY_STATUS.get(status, ()))
        yield Explanation(id=str(status), kind="HTTP status", title=meaning, sections=usual)
    for number, (meaning, step) in AADSTS.items():
        yield Explanation(
            id=f"AADSTS{number}",
            kind="sign-in error",
            title=meaning,
            sections=(("What to do", (step,)),),
            aliases=(str(number),),
        )
