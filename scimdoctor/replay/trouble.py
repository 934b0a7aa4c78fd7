"""What stops Entra: read from an event of its log, or from an answer of the app; and whether both agree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from scimdoctor.endpoint.failures import NO_CONNECTION
from scimdoctor.entra.reason import parse_reason, status_number
from scimdoctor.model.exchange import FailureKind
from scimdoctor.model.reconstruction import Purpose
from scimdoctor.scim.error import ScimError

if TYPE_CHECKING:
    from scimdoctor.model.exchange import Exchange
    from scimdoctor.model.provisioning import ProvisioningObjectSummary

_PREFIX = "SystemForCrossDomainIdentityManagement"
_QUERIES = frozenset({Purpose.MATCH, Purpose.TEST_CONNECTION, Purpose.CHECK_REFERENCE})
LONGEST_QUOTE = 300


class TroubleKind(StrEnum):
    """In what way an answer stops Entra."""

    STATUS = "status"
    """The app answered with an error status."""

    UNREACHABLE = "unreachable"
    """There was no usable HTTP answer."""

    UNREADABLE = "unreadable"
    """It came with success, but is not what SCIM asks for."""

    AMBIGUOUS = "ambiguous"
    """The matching query gave several objects."""

    NOT_APPLIED = "not-applied"
    """Accepted, but without effect."""

    UNKNOWN = "unknown"
    """The log says that it failed, not how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One reason why Entra cannot go on."""

    kind: TroubleKind
    status: int | None = None
    scim_type: str | None = None
    said: str = ""
    """The app's or the network's own words, cut to a readable length."""

    @property
    def is_about_uniqueness(self) -> bool:
        """Whether the app said that a value is in use already."""
        return self.status == 409 or (self.scim_type or "").casefold() == "uniqueness"

    def __str__(self) -> str:
        words = self._words()
        return f"{words}: {self.said}" if self.said else words

    def _words(self) -> str:
        if self.kind is TroubleKind.STATUS:
            return f"{self.status} {self.scim_type}" if self.scim_type else str(self.status)
        return {
            TroubleKind.UNREACHABLE: "no answer",
            TroubleKind.UNREADABLE: "an answer that Entra cannot read",
            TroubleKind.AMBIGUOUS: "more than one match",
            TroubleKind.NOT_APPLIED: "accepted but not applied",
        }.get(self.kind, "a failure that the log does not describe")


def trouble_of_event(event: ProvisioningObjectSummary) -> Trouble | None:
    """How `event` says that it failed; `None` if it did not."""
    if event.status != "failure":
        return None
    code = (event.error.error_code or "").removeprefix(_PREFIX)
    if code in {"MultipleEntriesInResponse", "DuplicateTargetEntries"}:
        return Trouble(kind=TroubleKind.AMBIGUOUS)
    facts = parse_reason(event.error.reason)
    status = facts.status or status_number(code)
    if status is not None:
        error = facts.scim_error
        said = (error.detail if error else None) or facts.body or ""
        return Trouble(
            kind=TroubleKind.STATUS,
            status=status,
            scim_type=error.scim_type if error else None,
            said=_cut(said),
        )
    return Trouble(kind=_kind_by_code(code))


def _kind_by_code(code: str) -> TroubleKind:
    if code in {"Timeout", "WebExceptionProtocolError", "EndpointUnavailable"}:
        return TroubleKind.UNREACHABLE
    if code in {"ServiceIncompatible", "BadResponse"}:
        return TroubleKind.UNREADABLE
    return TroubleKind.UNKNOWN


def trouble_in(exchange: Exchange, purpose: Purpose) -> Trouble | None:
    """What in `exchange` would stop Entra, which asked for `purpose`; `None` if nothing would."""
    if exchange.response is None:
        said = exchange.failure.message if exchange.failure else "no answer"
        return Trouble(kind=TroubleKind.UNREACHABLE, said=_cut(said))
    if not exchange.ok:
        error = ScimError.parse(exchange.json)
        said = (error.detail if error else None) or exchange.response.text.strip()
        scim_type = error.scim_type if error else None
        return Trouble(
            kind=TroubleKind.STATUS,
            status=exchange.response.status,
            scim_type=scim_type,
            said=_cut(said),
        )
    found = _trouble_in_body(exchange.json, purpose)
    return None if found is None else replace(found, status=exchange.response.status)


def _trouble_in_body(body: Any, purpose: Purpose) -> Trouble | None:  # noqa: ANN401
    if purpose in _QUERIES:
        return _trouble_in_list(body, purpose)
    if purpose in {Purpose.READ, Purpose.CREATE}:
        return _trouble_in_resource(body)
    return None


def _trouble_in_list(body: Any, purpose: Purpose) -> Trouble | None:  # noqa: ANN401
    found = resources_in(body)
    if found is None:
        said = "a query must be answered by a ListResponse with Resources"
        return Trouble(kind=TroubleKind.UNREADABLE, said=said)
    if purpose is Purpose.MATCH and len(found) > 1:
        return Trouble(kind=TroubleKind.AMBIGUOUS, said=f"the query gives {len(found)} objects")
    return None


def _trouble_in_resource(body: Any) -> Trouble | None:  # noqa: ANN401
    if not isinstance(body, dict):
        return Trouble(kind=TroubleKind.UNREADABLE, said="the body is no JSON object")
    if not isinstance(body.get("id"), str) or not body["id"]:
        return Trouble(kind=TroubleKind.UNREADABLE, said="the resource has no id, or not as text")
    return None


def resources_in(body: Any) -> list[dict[str, Any]] | None:  # noqa: ANN401
    """The resources of a ListResponse; `None` if `body` is none."""
    if not isinstance(body, dict):
        return None
    # RFC 7644 section 3.4.2: Resources may be left out when there are none; null is not left out.
    if "Resources" not in body and body.get("totalResults") == 0:
        return []
    found = body.get("Resources")
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        return None
    return found


def agree(logged: Trouble | None, seen: Trouble) -> bool:
    """Whether `seen` is the failure that the log records.

    A log that does not say how it failed agrees with anything: it cannot contradict.
    """
    if logged is None:
        return False
    if logged.kind is TroubleKind.UNKNOWN:
        return True
    if seen.kind is TroubleKind.STATUS or logged.kind is TroubleKind.STATUS:
        # A success that could not be read may be logged by its status, for example 204.
        kinds = {TroubleKind.STATUS, seen.kind, logged.kind}
        alike = kinds <= {TroubleKind.STATUS, TroubleKind.UNREADABLE}
        types = logged.scim_type, seen.scim_type
        return alike and logged.status == seen.status and (types[0] == types[1] or None in types)
    return logged.kind is seen.kind


def is_network(exchange: Exchange) -> bool:
    """Whether the request never reached SCIM code: the next one will fare no better."""
    lasting = {FailureKind.DNS, FailureKind.REFUSED, FailureKind.TLS, FailureKind.CREDENTIALS}
    return exchange.failure is not None and exchange.failure.kind in lasting


def never_connected(exchange: Exchange) -> bool:
    """Whether nothing can have been sent: that tells of this machine's way to the app."""
    failure = exchange.failure
    return failure is not None and (
        failure.kind in {FailureKind.DNS, FailureKind.REFUSED, FailureKind.TLS}
        or failure.message.startswith(NO_CONNECTION)
    )


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_QUOTE else f"{line[: LONGEST_QUOTE - 1]}…"
