"""From a `Case` to `Facts`: what went wrong, at which of Entra's requests, with what answer."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from scimdoctor.causes.aimed import aimed_at, kinds_of
from scimdoctor.causes.answers import list_faults, looks_like_list, resource_faults, resources_of
from scimdoctor.causes.breach import Breach
from scimdoctor.causes.dialects.reading import Reading, read_body, read_text
from scimdoctor.causes.facts import Facts, Stage
from scimdoctor.causes.lookups import deleted_before, lookup_contradictions
from scimdoctor.causes.readback import contradictions, took_effect
from scimdoctor.causes.sent import (
    Filter,
    Operation,
    filter_of,
    operations_logged,
    operations_of,
    read_filter,
    shapes_of,
    target_of,
)
from scimdoctor.causes.wording import CHALLENGE
from scimdoctor.entra.error_codes import find_error_code
from scimdoctor.entra.reason import ReasonFacts, parse_reason
from scimdoctor.entra.skip_reasons import find_skip_reason

if TYPE_CHECKING:
    from scimdoctor.model.diagnosis import Case
    from scimdoctor.model.exchange import Exchange
    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.synchronization import SynchronizationError, SynchronizationJob

_QUOTED_FILTER = re.compile(
    r"""(?ix)(?<![\[\w])((?:urn:[\w.:-]+|[\w$]+)(?:\[[^\]]*\])?(?:\.\w+)?\s+eq\s+
    (?:\\?"[^"\\]*\\?"|'[^']*'|\S+))"""
)
_FILTER_SHOWN = re.compile(
    r"""(?<![\[\w.])(?:userName|externalId|displayName|emails(?:\.value)?|id) eq ["'\\]"""
)
_TYPES_OF_PATHS = frozenset({"notarget", "invalidpath"})
"""Values of scimType that only a PATCH gets (RFC 7644 table 9), lower case."""

_IN_PATH = re.compile(r"(?i)\bfilters?\b.{0,20}\b(?:in|of|within) (?:the |a )?(?:patch )?path\b")
_ENTRA_READS = frozenset(
    {
        Breach.NOT_BOOLEAN,
        Breach.NOT_OBJECT,
        Breach.NOT_ARRAY,
        Breach.NOT_STRING,
        Breach.WRONG_TYPE,
        Breach.UNKNOWN_ATTRIBUTE,
    }
)
"""What Entra's own words about an answer must not be taken for."""

_ACTIONS = {
    "create": Stage.CREATE,
    "update": Stage.UPDATE,
    "disable": Stage.UPDATE,
    "delete": Stage.DELETE,
    "stageddelete": Stage.DELETE,
}
_METHODS = {
    "POST": Stage.CREATE,
    "PATCH": Stage.UPDATE,
    "PUT": Stage.UPDATE,
    "DELETE": Stage.DELETE,
}
_EXPORTS = {
    "entryexportadd": Stage.CREATE,
    "entryexportupdate": Stage.UPDATE,
    "entryexportdelete": Stage.DELETE,
}
"""What a failed export step was at, whatever the event as a whole is called."""

_ESCAPED_QUOTE = re.compile(r'\\+"')
"""A quote in JSON, or in a text that was quoted before it went into JSON."""

_QUERY_BREACHES = (
    Breach.FILTER_REFUSED,
    Breach.FILTER_SYNTAX,
    Breach.SEVERAL_MATCHES,
    Breach.MALFORMED_LIST,
    Breach.MATCHING,
    Breach.QUERY_404,
)


def facts_of(case: Case) -> Facts:
    """Work out the facts of `case`; never raises, whatever the texts hold."""
    facts = _of_event(case) if case.event is not None else Facts(case=case)
    if case.event is None and case.job is not None:
        facts = _of_job(case, case.job)
    exchange = decisive(case.exchanges)
    if exchange is not None:
        facts = _with_exchange(facts, exchange)
    found = (*contradictions(case.exchanges), *lookup_contradictions(case.exchanges))
    facts = replace(
        facts,
        reading=_by_status(_by_speaker(facts.reading, facts.status), facts.status),
        contradictions=found,
        effect_shown=exchange is not None and not found and took_effect(exchange, case.exchanges),
        ever_worked=_ever_worked(case),
    )
    facts = _aimed(facts)
    return replace(facts, shapes=shapes_of(facts.operations))


def _aimed(facts: Facts) -> Facts:
    """Leave out the operations of a refused update that the answer is not about."""
    if facts.stage is not Stage.UPDATE or not facts.refused:
        return facts
    response = facts.exchange.response if facts.exchange is not None else None
    # The log does not tell the order of the operations, so that a place means nothing there.
    raw = response.text if response is not None and facts.operations_seen else ""
    aimed = aimed_at(facts.operations, facts.reading, raw)
    unclear = len(aimed) == len(facts.operations) and len(kinds_of(aimed)) > 1
    return replace(facts, operations=aimed, which_is_unclear=unclear)


def _by_speaker(reading: Reading, status: int | None) -> Reading:
    """Tell who could not read: with a status it was the app, without one it was Entra."""
    if all(c.breach is not Breach.UNREADABLE_ANSWER for c in reading.complaints):
        return reading
    dropped = _ENTRA_READS if status is None else frozenset({Breach.UNREADABLE_ANSWER})
    kept = tuple(c for c in reading.complaints if c.breach not in dropped)
    return replace(reading, complaints=kept)


def _by_status(reading: Reading, status: int | None) -> Reading:
    """Leave `scimType` noTarget out of a 404: many servers mean the object, not a path, by it."""
    if status not in {404, 410} or all(
        c.breach is not Breach.NOT_FOUND for c in reading.complaints
    ):
        return reading
    kept = (c for c in reading.complaints if c.breach is not Breach.NO_TARGET or not c.structured)
    return replace(reading, complaints=tuple(kept))


def _ever_worked(case: Case) -> bool:
    job = case.job
    if job is None:
        return case.event is not None
    status = job.status
    return bool(status.last_successful_execution or status.steady_state_first_achieved_time)


def _of_event(case: Case) -> Facts:
    event = case.event
    assert event is not None  # noqa: S101 - the caller looked
    reason, reading = _reason_of(event)
    skip_name = _skip_name(event, reason)
    code = event.error.error_code
    facts = Facts(
        case=case,
        status=reason.status,
        is_group=event.is_group
        or bool(re.search(r"(?i)\b(?:failed to \w+ group|/Groups\b)", reason.text)),
        operations=operations_logged(event, case.schema),
        answer=reason.json if reason.json is not None else reason.received_resource,
        reading=reading,
        reason=reason,
        error_code=code,
        known_code=find_error_code(code),
        skip=find_skip_reason(skip_name),
        skip_name=skip_name,
        filter=_filter_in(reason.text, reading) or _filter_of_resource(reason),
    )
    return replace(facts, stage=_stage_of_event(event, facts))


def _reason_of(event: ProvisioningObjectSummary) -> tuple[ReasonFacts, Reading]:
    """The reason, or the failed step's description where there is none, and how it reads."""
    texts = [event.error.reason, event.error.additional_details]
    texts += [s.description for s in event.provisioning_steps if s.status in {"failure", "skipped"}]
    texts = [text for text in texts if text and text.strip()]
    if not texts:
        return ReasonFacts(), Reading()
    reason = parse_reason(texts[0])
    if _repeats(reason.text, event.error.error_code):
        return reason, Reading()
    return reason, _reading_of(reason)


def _repeats(text: str, code: str | None) -> bool:
    """Whether the reason is nothing but the error code in words."""
    letters = re.sub(r"[^a-z]", "", text.casefold())
    return bool(letters) and (code or "").casefold().endswith(letters)


def _reading_of(reason: ReasonFacts) -> Reading:
    challenge = CHALLENGE.search(reason.text)
    if reason.body is not None and not reason.body.strip() and challenge is not None:
        return read_text(challenge[0])
    if reason.body is not None:
        return read_body(reason.body, reason.json)
    if reason.is_html:
        return read_body(reason.text, None)
    if reason.json is not None and reason.received_resource is None:
        reading = read_body(reason.text, reason.json)
        if reading.complaints or reading.is_scim:
            return reading
    return read_text(reason.text)


def _skip_name(event: ProvisioningObjectSummary, reason: ReasonFacts) -> str | None:
    for step in event.provisioning_steps:
        for key, value in step.details.items():
            if key.casefold() == "skipreason" and value:
                return value
    if reason.skip_reason:
        return reason.skip_reason
    code = event.error.error_code
    return code if event.status == "skipped" or find_skip_reason(code) else None


def _filter_in(text: str, reading: Reading) -> Filter | None:
    """A filter that the text quotes; brackets of a PATCH path do not count."""
    if (reading.scim_type or "").casefold() in _TYPES_OF_PATHS:
        return None
    speaks = any(c.breach in _QUERY_BREACHES for c in reading.complaints)
    # What is refused at a create or an update holds no filter but in the brackets of a path.
    speaks = speaks or _FILTER_SHOWN.search(reading.words) is not None
    if not (speaks or "filter" in text.casefold() or "unknown path" in text.casefold()):
        return None
    found = _QUOTED_FILTER.search(_ESCAPED_QUOTE.sub('"', text))
    if found is None:
        return None
    # A quote that closes what was opened before the filter is none of its own.
    plain = found[1].strip("'")
    return read_filter(plain.rstrip('".') if plain.count('"') % 2 else plain)


def _speaks_of_query(facts: Facts) -> bool:
    """Whether the words are about a query; a filter in a path is about a PATCH."""
    said = facts.says(*_QUERY_BREACHES)
    if said is None or (facts.reading.scim_type or "").casefold() in _TYPES_OF_PATHS:
        return False
    in_path = facts.says(Breach.VALUE_PATH_REFUSED) is not None and _IN_PATH.search(said.text)
    return not in_path


def _stage_of_event(event: ProvisioningObjectSummary, facts: Facts) -> Stage:
    if event.status == "skipped" or facts.skip is not None:
        return Stage.SKIP
    queried = facts.filter is not None or _speaks_of_query(facts)
    if queried or facts.reason.operation == "GET":
        return Stage.MATCH
    by_method = _METHODS.get(facts.reason.operation or "")
    if by_method is not None:
        return by_method
    failed = [s for s in event.provisioning_steps if s.status == "failure"]
    for step in failed:
        if step.provisioning_step_type.casefold() == "matching" or step.name == "EntryImport":
            return Stage.MATCH
    exports = [_EXPORTS.get(step.name.casefold()) for step in failed]
    for stage in filter(None, exports):
        return stage
    return _ACTIONS.get(event.provisioning_action.casefold(), Stage.UNKNOWN)


def _of_job(case: Case, job: SynchronizationJob) -> Facts:
    error = _job_error(job)
    if error is None:
        return Facts(case=case, stage=Stage.UNKNOWN)
    reason = parse_reason(error.message)
    return Facts(
        case=case,
        stage=Stage.TEST,
        status=reason.status,
        is_group=bool(re.search(r"(?i)/Groups\b", reason.resource_url or reason.text)),
        answer=reason.json if reason.json is not None else reason.received_resource,
        reading=_reading_of(reason),
        reason=reason,
        error_code=error.code,
        known_code=find_error_code(error.code),
        filter=_filter_of_resource(reason),
    )


def _filter_of_resource(reason: ReasonFacts) -> Filter | None:
    """The filter in the URL that Entra says it asked; Entra cuts long ones short."""
    query = (reason.resource_url or "").partition("?")[2]
    whole = query.rstrip("\u2026")
    cut = whole != query and whole.count('"') % 2 == 1
    return filter_of(f'{whole}"' if cut else query)


def _job_error(job: SynchronizationJob) -> SynchronizationError | None:
    status = job.status
    if status.quarantine is not None and status.quarantine.error is not None:
        return status.quarantine.error
    return status.last_execution.error if status.last_execution is not None else None


def decisive(exchanges: tuple[Exchange, ...]) -> Exchange | None:
    """The exchange to judge: a failed write, else a failed read, else a bad answer, else the last."""
    ranked = sorted(enumerate(judged(exchanges)), key=lambda pair: (_badness(pair[1]), pair[0]))
    return ranked[-1][1] if ranked else None


def judged(exchanges: tuple[Exchange, ...]) -> tuple[Exchange, ...]:
    """The exchanges that can be at fault: not a read of what was deleted, which must fail."""
    return tuple(e for e in exchanges if e.request.is_write or not deleted_before(e, exchanges))


def _badness(exchange: Exchange) -> int:
    if exchange.failure is not None:
        return 5
    status = exchange.status or 0
    if status >= 400:
        return 4 if exchange.request.is_write else 3
    if status >= 300 or _is_faulty(exchange):
        return 2
    return 1 if exchange.request.is_write else 0


def _is_faulty(exchange: Exchange) -> bool:
    """Whether a 2xx holds something that Entra cannot read."""
    body = exchange.json
    if exchange.request.method.upper() == "GET" and filter_of(exchange.request.query):
        if list_faults(body):
            return True
    elif looks_like_list(body):
        return False
    return any(resource_faults(resource) for resource in resources_of(body))


def _with_exchange(facts: Facts, exchange: Exchange) -> Facts:
    request, response = exchange.request, exchange.response
    resource, _ = target_of(request)
    operations = operations_of(request.json) if request.method.upper() == "PATCH" else ()
    reading = facts.reading
    if response is not None and not response.is_success:
        answered = read_body(response.text, response.json)
        reading = reading if answered.is_empty else answered
    return replace(
        facts,
        exchange=exchange,
        stage=_stage_of_exchange(exchange, facts),
        status=exchange.status,
        is_group=resource == "Groups" or (resource is None and facts.is_group),
        filter=filter_of(request.query) or (facts.filter if request.method == "GET" else None),
        operations=operations or _logged(facts, request.method),
        operations_seen=bool(operations),
        body=request.json,
        answer=response.json if response else None,
        reading=reading if exchange.failure is None else read_text(exchange.failure.message),
    )


def _logged(facts: Facts, method: str) -> tuple[Operation, ...]:
    return facts.operations if method.upper() in {"PATCH", "PUT"} else ()


def _stage_of_exchange(exchange: Exchange, facts: Facts) -> Stage:
    request = exchange.request
    method = request.method.upper()
    resource, object_id = target_of(request)
    if method == "POST" and b"grant_type=" in request.body:
        return Stage.TOKEN
    if method in _METHODS:
        return _METHODS[method]
    if resource not in {"Users", "Groups"}:
        return Stage.DISCOVERY if resource else facts.stage
    if object_id is not None:
        return Stage.READ
    return Stage.TEST if facts.stage is Stage.TEST else Stage.MATCH
