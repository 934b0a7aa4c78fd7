"""Which findings are of one fault: of each fault the worst stays a problem, the others are information."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote_plus

from scimdoctor.model.rule import Severity
from scimdoctor.scim.error import ScimError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scimdoctor.model.exchange import Exchange, ScimRequest
    from scimdoctor.model.finding import Finding

_BROAD = frozenset(
    {"over-strict-validation", "duplicate-create-not-409", "immutable-attribute-refused"}
)
"""Causes that users and groups may have for reasons of their own."""

_CRASH = "unhandled-exception-500"
_LOST = "attribute-not-stored-or-returned"
_LIST = "list-response-malformed"
_FILTER = "filter-attribute-unsupported"

Fault = tuple[str, ...]


def one_root_per_cause(
    findings: Sequence[Finding], exchanges: Sequence[Exchange] = ()
) -> tuple[Finding, ...]:
    """Keep the worst problem of each fault as it is; show the others as information.

    `exchanges` are those that the findings name.
    """
    faults = _Faults(exchanges={exchange.id: exchange for exchange in exchanges})
    told = tuple((f, faults.of(f)) for f in merge_dialect(findings))
    roots: dict[Fault, Finding] = {}
    for finding, fault in told:
        if finding.is_problem and finding.cause is not None:
            root = roots.setdefault(fault, finding)
            if finding.severity.rank > root.severity.rank:
                roots[fault] = finding
    return tuple(_told_once(finding, roots.get(fault)) for finding, fault in told)


@dataclass(kw_only=True)
class _Faults:
    """What findings of one fault have in common: the cause, and what else tells faults apart."""

    exchanges: Mapping[str, Exchange]
    filters: list[_FailingFilters] = field(default_factory=list)

    def of(self, finding: Finding) -> Fault:
        """The fault that `finding` is of.

        For broad causes that depends on the resource; for crashes on the method, as a route that
        crashes says nothing of another. Members that are not kept have nothing to do with attributes
        that are not, nor how a list is paged with how it is written.
        """
        cause = finding.cause or ""
        shown = [self.exchanges[x] for x in finding.evidence if x in self.exchanges]
        if not shown:
            return (cause,)
        decisive = shown[-1].request
        if cause == _CRASH:
            return cause, decisive.method
        if cause == _FILTER and finding.is_problem:
            return cause, self._of_filter(shown[-1])
        if cause == _LOST and any(_is_of_members(x.request) for x in shown):
            return cause, "members"
        if cause == _LIST and _PAGED.search(decisive.query):
            return cause, "pages"
        if cause in _BROAD and _is_of_groups(decisive):
            return cause, "groups"
        return (cause,)

    def _of_filter(self, exchange: Exchange) -> str:
        """Filters of two forms are of one fault if the app answers both in the same words.

        A parser that knows names of one word only refuses a value path and a URN alike; an app that
        lacks each for a reason of its own says so.
        """
        form, answer = _form(exchange.request), _FilterAnswer.of(exchange)
        for number, known in enumerate(self.filters):
            if form in known.forms or any(map(answer.is_like, known.answers)):
                known.forms.add(form)
                known.answers.append(answer)
                return str(number)
        self.filters.append(_FailingFilters(forms={form}, answers=[answer]))
        return str(len(self.filters) - 1)


@dataclass(kw_only=True)
class _FailingFilters:
    """Of one fault of filters the forms that fail, and how they are answered."""

    forms: set[str]
    answers: list[_FilterAnswer]


_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class _FilterAnswer:
    """How a query was answered."""

    status: int | None
    said: tuple[str, ...]
    """The words of an error."""

    asked: frozenset[str]
    """The words of the query, which an error may quote."""

    @classmethod
    def of(cls, exchange: Exchange) -> _FilterAnswer:
        """The answer in `exchange`."""
        error = ScimError.parse(exchange.json)
        return cls(
            status=exchange.status,
            said=tuple(_WORD.findall((error.detail or "").casefold() if error else "")),
            asked=frozenset(_WORD.findall(unquote_plus(exchange.request.target).casefold())),
        )

    def is_like(self, other: _FilterAnswer) -> bool:
        """Whether the app said the same, apart from what either query has in it."""
        asked = self.asked | other.asked
        mine, others = ([w for w in x.said if w not in asked] for x in (self, other))
        return self.status == other.status and mine == others


_PAGED = re.compile(r"(?i)(?:^|&)(?:startIndex|count)=")


def _form(request: ScimRequest) -> str:
    """What a filter compares, whichever resource it is of; all that join terms have one form."""
    text = dict(parse_qsl(request.query)).get("filter", "")
    joined = re.search(r'(?i)"\s+and\s', text)
    return "and" if joined else text.casefold().partition(" eq ")[0] or request.path


def _is_of_groups(request: ScimRequest) -> bool:
    return request.path == "/Groups" or request.path.startswith("/Groups/")


def _is_of_members(request: ScimRequest) -> bool:
    return request.is_write and _is_of_groups(request) and b'"members"' in request.body


def _told_once(finding: Finding, root: Finding | None) -> Finding:
    if not finding.is_problem or root is None or root is finding:
        return finding
    same = root.check == finding.check
    where = "" if same else f" The same cause as {root.check}, and perhaps the same fault."
    return replace(finding, severity=Severity.INFO, message=finding.message + where)


_DEFAULT_DIALECT = {
    "patch-op-case-sensitive",
    "boolean-string-rejected",
    "members-remove-value-not-understood",
}
_FLAG = "needs-scim-compliance-flag"


def merge_dialect(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Call it one fault when the app takes nothing of Entra's default dialect."""
    seen = {f.cause for f in findings if f.is_problem} & _DEFAULT_DIALECT
    merge = {"patch-op-case-sensitive", "boolean-string-rejected"} <= seen
    for finding in findings:
        if merge and finding.is_problem and finding.cause in _DEFAULT_DIALECT:
            words = (
                f"{finding.message} Entra does not send it so with aadOptscim062020 in the tenant "
                "URL: set that flag, or read Entra's default dialect."
            )
            yield replace(finding, cause=_FLAG, message=words)
        else:
            yield finding
