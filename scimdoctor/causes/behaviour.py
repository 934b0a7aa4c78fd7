"""Causes in scope and in how Entra works, and what is no fault at all."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from scimdoctor.causes.around import never_found
from scimdoctor.causes.attributes import bare_name
from scimdoctor.causes.breach import Breach
from scimdoctor.causes.facts import Stage
from scimdoctor.causes.match import (
    ADMIN,
    HOW_IT_WORKS,
    KNOWN_ISSUES,
    MAPPINGS,
    ON_DEMAND,
    PROVISIONING,
    QUARANTINE,
    SCOPING,
    Cause,
    Match,
    admin,
    backed,
    developer,
    likely,
    possible,
)
from scimdoctor.causes.sent import Shape
from scimdoctor.entra.job_health import health_of, is_started, steps_for
from scimdoctor.entra.quarantine import ways_out
from scimdoctor.entra.scoping import Obstacle, scoping_verdict
from scimdoctor.model.rule import CauseRule, FixedBy, Layer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scimdoctor.causes.breach import Complaint
    from scimdoctor.causes.facts import Facts
    from scimdoctor.model.rule import Remediation
    from scimdoctor.model.synchronization import SynchronizationJob

_SOMETHING = re.compile(r"(?i)\b(?:users?|resources?|identit(?:y|ies)|accounts?|records?)\b")
_GROUPS = re.compile(r"(?i)^\W*(?:the )?(?:scim )?(?:groups?|resource)\b")
_FULL = "scimdoctor job restart APP --scope full"
_DELETES = (
    "One cycle wanted to disable or delete more objects than the accidental-deletion threshold "
    "allows, so Entra sent none of them and stopped the job. Somebody removed assignments, "
    "changed the scoping filter, or deleted users or a group."
)
_IDLE = frozenset({"never-run", "paused", "disabled"})
_NO_UPDATES = (
    "Update is switched off in the mapping, so Entra creates users and sends no change of theirs, "
    "not even that they are disabled."
)
_TICK_UPDATE = (
    admin(
        f"Portal: {MAPPINGS} > Provision Microsoft Entra ID Users > Target Object Actions: tick "
        "Update (and Delete, if deletions are wanted), save, restart provisioning.",
        "scimdoctor job restart APP",
    ),
)
_FALSE_SCOPE_KEYS = (
    "active in the source system",
    "assigned to the application",
    "user has the required role",
    "group has the required role",
    "scoping filter evaluation passed",
    "isactive",
    "assigned",
    "iseffectivelyentitledforprovisioning",
    "isinprovisioningscopedisplayname",
)
_MANY = 3
"""So many objects are hardly deleted in the app at one time by accident."""

_INACTIVE = frozenset({"active in the source system", "isactive"})
_FOLLOWING = frozenset({"iseffectivelyentitledforprovisioning", "isinprovisioningscopedisplayname"})
"""What is false because the account is inactive, or for another reason."""


_USERS_AND_GROUPS = "Portal: Enterprise applications > the app > Users and groups"
_LETS_IN: Mapping[Obstacle, Remediation] = {
    Obstacle.NOT_ASSIGNED: admin(
        f"{_USERS_AND_GROUPS}: assign the object, or a group that has it as a direct member.",
        ON_DEMAND,
    ),
    Obstacle.ROLE_MISSING: admin(
        f"{_USERS_AND_GROUPS}: select the assignment, Edit assignment, and choose a role other "
        "than Default Access.",
        ON_DEMAND,
    ),
    Obstacle.SCOPING_FILTER: admin(
        f"Give the object the value that the filter asks for, or change the filter: {MAPPINGS} > "
        "Source object scope; letter case counts, and an empty attribute fails most clauses.",
        ON_DEMAND,
    ),
}


def _scoping(facts: Facts) -> Match | None:
    job = facts.case.job
    quarantine = job.status.quarantine if job is not None else None
    if quarantine is not None and (quarantine.reason or "").casefold() == "toomanydeletes":
        because = "one cycle wanted to delete more objects than allowed (TooManyDeletes)"
        title = "More objects would be deleted than the job may delete at once"
        found = likely(90, because)
        return replace(found, title=title, explanation=_DELETES, steps=ways_out(quarantine))
    if _is_inactive_only(facts):
        return None
    false_keys = _false_scope(facts)
    if facts.stage is Stage.SKIP and false_keys:
        found = likely(
            94, *_reasons(facts), f"the scoping step says {', '.join(false_keys)}: False"
        )
        return replace(found, steps=_into_scope(facts))
    if facts.skip is not None and facts.skip.cause == "scoping-misconfigured":
        why = _reasons(facts)
        found = likely(93, *why, f"skip reason {facts.skip.name}: {facts.skip.meaning}")
        return replace(found, steps=_into_scope(facts))
    said = facts.says(Breach.SCOPE)
    if said is not None and facts.status is None:
        return backed(facts, 86, "the object is not in scope", text=said.text)
    return None


def _reasons(facts: Facts) -> tuple[str, ...]:
    """Which clause, assignment or role it was, as far as the event tells."""
    event = facts.case.event
    return scoping_verdict(event).reasons if event is not None else ()


def _into_scope(facts: Facts) -> tuple[Remediation, ...]:
    """What lets the object in, for each thing that the event says keeps it out."""
    event = facts.case.event
    obstacles = scoping_verdict(event).obstacles if event is not None else ()
    return tuple(_LETS_IN[one] for one in obstacles if one in _LETS_IN)


def _false_scope(facts: Facts) -> list[str]:
    event = facts.case.event
    steps = event.provisioning_steps if event is not None else ()
    return [
        key
        for step in steps
        for key, value in step.details.items()
        if key.casefold() in _FALSE_SCOPE_KEYS and (value or "").casefold() == "false"
    ]


def _is_inactive_only(facts: Facts) -> bool:
    """Whether the account is disabled in Entra, and nothing else keeps an assigned object out."""
    false_keys = {key.casefold() for key in _false_scope(facts)}
    return bool(false_keys & _INACTIVE) and false_keys <= _INACTIVE | _FOLLOWING


def _not_detected(facts: Facts) -> Match | None:
    if facts.skip is not None and facts.skip.name == "RedundantExport":
        return possible(46, "Entra saw no difference, so it sent nothing")
    schema = facts.case.schema
    users = schema.mapping_for(group=False) if schema is not None else None
    if facts.case.event is not None or users is None or not users.enabled:
        return None
    if "update" in users.flow_types.casefold():
        return None
    because = f"the mapping's target object actions are {users.flow_types}"
    return replace(likely(77, because), explanation=_NO_UPDATES, steps=_TICK_UPDATE)


def _cleared(facts: Facts) -> Match | None:
    event = facts.case.event
    if event is None or event.status == "failure":
        return None
    emptied = _emptied(facts)
    if emptied:
        return possible(64, f"{emptied[0]} was emptied; Entra does not send empty values")
    if facts.skip is not None and facts.skip.name == "RedundantExport":
        return possible(40, "an emptied attribute counts as no change")
    return None


def _emptied(facts: Facts) -> list[str]:
    """Attributes that lost their value in Entra, as the event shows."""
    event = facts.case.event
    properties = event.modified_properties if event is not None else ()
    return [
        p.display_name
        for p in properties
        if p.old_value and not p.new_value and bare_name(p.display_name) != "active"
    ]


def _changed_outside(facts: Facts) -> Match | None:
    if facts.code("InvalidAnchor") and never_found(facts.case):
        return possible(80, "the object with the stored id is not there, and never was seen")
    if facts.code("InvalidAnchor"):
        return likely(94, "Entra's error code: the object with the stored id is gone")
    said = facts.says(Breach.NOT_FOUND)
    # Without a status the log quotes the app's sentence alone.
    odd_status = facts.status in {400, 422, 500}
    odd_status = odd_status or (facts.status is None and facts.exchange is None)
    named = _GROUPS if facts.is_group else _SOMETHING
    if said is not None and odd_status and facts.stage is Stage.UPDATE and named.search(said.text):
        return possible(66, "the app does not know the object that is to be changed", said.text)
    deleted = facts.says(Breach.DELETED_BEFORE)
    if (
        deleted is not None
        and facts.stage is Stage.UPDATE
        and facts.status in {None, 400, 409, 422}
    ):
        return possible(70, "the app says that what is to be changed was deleted", deleted.text)
    by_id = facts.stage in {Stage.UPDATE, Stage.READ, Stage.DELETE}
    if not by_id or facts.status not in {404, 410} or facts.reading.page is not None:
        return None
    other = facts.says(Breach.PATH_REFUSED, Breach.UNKNOWN_ATTRIBUTE, Breach.NO_TARGET)
    if other is not None or facts.says(Breach.NO_ROUTE, Breach.FILTER_REFUSED) is not None:
        return None
    return None if facts.reference_named is not None else _gone(facts, said, named)


def _gone(facts: Facts, said: Complaint | None, named: re.Pattern[str]) -> Match:
    """A request by id that is answered 404 or 410, with nothing in it that says why else."""
    scim = said is not None and named.search(said.text) is not None
    if facts.just_created or never_found(facts.case):
        return possible(60, "the object with the stored id was created, and never found since")
    if facts.target_was_found:
        weight = 68 if facts.exchange is None and scim else 48
        return possible(weight, "the object was found by a query just before")
    if facts.has(Shape.ADD_MEMBERS, Shape.REACTIVATION):
        return possible(63, f"the object with the stored id is answered {facts.status}")
    if facts.stage is Stage.READ and facts.status == 404:
        return possible(66, "a read by the stored id is answered 404")
    gone = facts.status == 410 or scim
    sure = likely if gone and facts.stage is not Stage.DELETE else possible
    weight = 82 if gone or facts.objects < _MANY else 60
    return sure(weight, f"the object with the stored id is answered {facts.status}")


def _service_fault(facts: Facts) -> Match | None:
    """Entra's own error code for a fault of its own; an HTTP status would be the app's."""
    if facts.status is None and facts.exchange is None and facts.code("InternalError"):
        return likely(91, f"error code {facts.error_code}: a fault inside Entra's service")
    return None


def _expected(facts: Facts) -> Match | None:
    if facts.stage is Stage.SKIP and _is_inactive_only(facts):
        return likely(
            94,
            "the account is disabled in Entra: one that the app lacks is skipped, one that it has "
            "is disabled there",
        )
    if facts.skip is not None and facts.skip.name == "RedundantExport" and _emptied(facts):
        return possible(60, "Entra saw nothing to send")
    if facts.skip is not None and facts.skip.cause == "expected-behaviour":
        return likely(84, f"skip reason {facts.skip.name}: {facts.skip.meaning}")
    job = facts.case.job
    if facts.case.event is None and job is not None and not facts.refused:
        return _idle_job(facts, job)
    probe = facts.filter is not None and facts.filter.is_probe and facts.succeeded
    if probe and facts.stage in {Stage.MATCH, Stage.TEST}:
        return possible(45, "a query for a random GUID is Entra's own test")
    return None


def _idle_job(facts: Facts, job: SynchronizationJob) -> Match | None:
    """A job that does nothing because nobody has started it, or not long ago."""
    now = facts.case.now
    if now is None or (job.status.code or "").casefold() == "quarantine":
        return None
    health = health_of(job, now=now)
    if health not in _IDLE or job.status.quarantine is not None or job.status.escrows_pruned:
        return None
    begun = health == "never-run" and is_started(job)
    because = f"the job is {health}: nothing is sent until it is started"
    if health == "never-run":
        begins = "its first cycle is still to come" if begun else "it was never started"
        because = f"the job has never run: {begins}"
    return replace(
        likely(83, because),
        title=because[:1].upper() + because[1:],
        explanation="Nothing is wrong with the app: Entra sends it nothing while the job rests, "
        "neither new users nor that somebody has left.",
        fixed_by=FixedBy.WAIT if begun else ADMIN,
        steps=steps_for(job, health, now),
    )


def _unknown(facts: Facts) -> Match | None:
    """Never matches: the engine falls back to it."""
    del facts
    return None


CAUSES: tuple[Cause, ...] = (
    Cause(
        rule=CauseRule(
            id="scoping-misconfigured",
            title="The object is out of scope",
            definition="Object is skipped or removed because of assignment, nesting or scoping "
            "filters.",
            layer=Layer.SCOPING,
            fixed_by=ADMIN,
            explanation="Entra provisions what is assigned to the app (members of nested groups "
            "are not), active, has a role other than Default Access, and passes the scoping "
            "filter. What leaves scope is disabled or deleted.",
            remediation=(
                admin(
                    f"Portal: Enterprise applications > the app > Users and groups: assign the "
                    f"object or its group directly; {MAPPINGS} > Source object scope: check "
                    "the filter, letter case and empty attributes included.",
                    ON_DEMAND,
                ),
            ),
            references=(SCOPING, HOW_IT_WORKS),
        ),
        match=_scoping,
    ),
    Cause(
        rule=CauseRule(
            id="change-not-detected",
            title="Entra has not noticed the change",
            definition="Entra sends nothing for a change until something else changes or the job "
            "restarts.",
            layer=Layer.ENTRA_SERVICE,
            fixed_by=FixedBy.WAIT,
            explanation="Incremental cycles (every 40 minutes) look only at changes of mapped "
            "attributes and memberships. Some changes, such as of dynamic groups or referenced "
            "objects, come late.",
            remediation=(
                admin(
                    f"Wait for a cycle, or provision the object now: {PROVISIONING} > Provision "
                    "on demand.",
                    ON_DEMAND,
                ),
                admin(f"If it stays: {PROVISIONING} > Restart provisioning, in full.", _FULL),
            ),
            references=(HOW_IT_WORKS, KNOWN_ISSUES),
        ),
        match=_not_detected,
    ),
    Cause(
        rule=CauseRule(
            id="cleared-attribute-not-sent",
            title="Emptied attributes are not sent",
            definition="Emptied attributes and removed managers are never sent.",
            layer=Layer.ENTRA_SERVICE,
            fixed_by=FixedBy.NOBODY,
            explanation="Entra leaves null values out, so the app keeps the old value when an "
            "attribute is emptied or a manager removed.",
            remediation=(
                admin(
                    f"Give the mapping a default value such as a blank, by IIF or "
                    f"Coalesce ({MAPPINGS}), or clear the value in the app.",
                    "scimdoctor mappings APP",
                ),
            ),
            references=(KNOWN_ISSUES,),
        ),
        match=_cleared,
    ),
    Cause(
        rule=CauseRule(
            id="target-changed-outside-entra",
            title="The object was changed or deleted in the app",
            definition="Object was changed or deleted in the app; Entra does not read back.",
            layer=Layer.ENTRA_SERVICE,
            fixed_by=ADMIN,
            explanation="Entra remembers the app's id and what it sent. It does not look for "
            "changes made in the app; an object deleted or made anew there is addressed under "
            "an id that is gone.",
            remediation=(
                admin(
                    f"{PROVISIONING} > Restart provisioning, in full, so that Entra matches anew; "
                    "for one object, provision on demand or take it out of scope and back.",
                    _FULL,
                ),
                developer(
                    "Keep ids stable: GET /Users/{id} must give 200 as long as the user exists, "
                    "disabled or not."
                ),
            ),
            references=(HOW_IT_WORKS,),
        ),
        match=_changed_outside,
    ),
    Cause(
        rule=CauseRule(
            id="entra-service-fault",
            title="Entra's provisioning service failed by itself",
            definition="Provisioning service has a fault of its own (InternalError); the app was "
            "not at fault.",
            layer=Layer.ENTRA_SERVICE,
            fixed_by=FixedBy.WAIT,
            explanation="Entra reports a fault inside its own service and tries again in the next "
            "cycles, about every 40 minutes. No answer of the app's is part of it.",
            remediation=(
                admin(
                    f"Wait for the next cycles, or try the object at once: {PROVISIONING} > "
                    "Provision on demand.",
                    ON_DEMAND,
                ),
                admin(
                    "If it stays for a day: open a support case with Microsoft, and give the "
                    f"event's id, change id and job id. Portal: {PROVISIONING} > New support request."
                ),
            ),
            references=(HOW_IT_WORKS,),
        ),
        match=_service_fault,
    ),
    Cause(
        rule=CauseRule(
            id="expected-behaviour",
            title="Nothing is wrong",
            definition="Nothing is wrong; the expectation was.",
            layer=Layer.ENTRA_SERVICE,
            fixed_by=FixedBy.NOBODY,
            explanation="Entra did what it is documented to do: it sends nothing when both sides "
            "agree, skips disabled accounts that the app does not have, disables before it deletes, "
            "tests with random GUIDs, and does nothing while the job is stopped.",
            remediation=(
                admin("No repair is needed."),
                admin(
                    f"If the job is stopped and should not be: {PROVISIONING} > Start "
                    "provisioning.",
                    "scimdoctor job start APP",
                ),
            ),
            references=(HOW_IT_WORKS,),
        ),
        match=_expected,
    ),
    Cause(
        rule=CauseRule(
            id="unknown-cause",
            title="The evidence does not decide",
            definition="Thread does not establish the cause.",
            layer=Layer.UNKNOWN,
            fixed_by=FixedBy.EITHER,
            explanation="What was given fits several causes, or none that is known. The command "
            "below would tell most.",
            remediation=(
                admin(
                    "Give the tool more to see: a HAR, the endpoint, or the job.",
                    "scimdoctor diagnose APP --endpoint URL",
                ),
            ),
            references=(QUARANTINE,),
        ),
        match=_unknown,
    ),
)
"""Scope, Entra's own behaviour, and the honest 'we do not know'."""
