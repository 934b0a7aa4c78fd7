"""Which findings are of one fault: of each fault the worst stays a problem, the others are information."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from scimdoctor.model.rule import Severity
from scimdoctor.scim.error import ScimError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scimdoctor.model.exchange import Exchange
    from scimdoctor.model.finding import Finding

_BROAD = frozenset(
    {"over-strict-validation", "duplicate-create-not-409", "immutable-attribute-refused"}
)
"""Causes that users and groups may have for reasons of their own."""

_CRASH = "unhandled-exception-500"
_LOST = "attribute-not-stored-or-returned"
_LIST = "list-response-malformed"
_FILTER = "filter-attribute-unsupported"

_ONE_FORM = {
    "groups/external-id": "query/external-id",
    "manager/query": "query/and",
    "groups/membership-query": "query/and",
}
"""Checks whose filter has the form of another one's."""

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
    filters: list[set[Fault]] = field(default_factory=list)
    """Of each fault of filters the forms that fail, and how they are answered."""

    def of(self, finding: Finding) -> Fault:
        """The fault that `finding` is of.

        For broad causes that depends on the resource; for crashes on the method, as a route that
        crashes says nothing of another. Members that are not kept have nothing to do with attributes
        that are not, nor how a list is paged with how it is written.
        """
        cause = finding.cause or ""
        if cause == _CRASH:
            decisive = self._decisive(finding)
            return cause, decisive.request.method if decisive else ""
        if cause == _FILTER and finding.is_problem:
            return cause, self._of_filter(finding)
        if cause == _LOST and "member" in finding.check:
            return cause, "members"
        if cause == _LIST and finding.check == "query/paging":
            return cause, finding.check
        if cause in _BROAD and finding.check.startswith(("groups/", "mapping/group-")):
            return cause, "groups"
        return (cause,)

    def _decisive(self, finding: Finding) -> Exchange | None:
        return self.exchanges.get(finding.evidence[-1]) if finding.evidence else None

    def _of_filter(self, finding: Finding) -> str:
        """Filters of two forms are of one fault if the app answers both in the same words.

        A parser that knows names of one word only refuses a value path and a URN alike; an app that
        lacks each for a reason of its own says so.
        """
        form: Fault = ("form", _ONE_FORM.get(finding.check, finding.check))
        decisive = self._decisive(finding)
        signs = {form} if decisive is None else {form, _answer(decisive)}
        for number, known in enumerate(self.filters):
            if known & signs:
                known.update(signs)
                return str(number)
        self.filters.append(signs)
        return str(len(self.filters) - 1)


_WORD = re.compile(r"\w+")


def _answer(exchange: Exchange) -> Fault:
    """How a query was answered: the status, and the words of an error that the query does not have."""
    error = ScimError.parse(exchange.json)
    own = set(_WORD.findall(unquote_plus(exchange.request.target).casefold()))
    said = _WORD.findall((error.detail or "").casefold()) if error else []
    return ("answer", str(exchange.status), *(word for word in said if word not in own))


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
