"""Causes in what a write does to the data."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scimdoctor.causes.around import ADDED_MEMBERS, accepted_kinds
from scimdoctor.causes.attributes import bare_name
from scimdoctor.causes.between import object_id_of, read_after, reads_of, shows
from scimdoctor.causes.breach import Breach, Hint
from scimdoctor.causes.contrast import repeat_refused
from scimdoctor.causes.facts import WRITES, Stage
from scimdoctor.causes.match import (
    APP,
    CHECK,
    COMPATIBILITY,
    CREDENTIALS,
    EITHER,
    ENDPOINT,
    PROVISIONING,
    RESTART,
    RFC_7644,
    TUTORIAL,
    Cause,
    Match,
    admin,
    backed,
    developer,
    likely,
    possible,
)
from scimdoctor.causes.patching import ignored_filters, ignored_keys, ignored_urns
from scimdoctor.causes.phrases import hinted
from scimdoctor.causes.readback import arrived, holds_already, member_ids, single_values
from scimdoctor.causes.sent import Shape
from scimdoctor.model.rule import CauseRule
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from scimdoctor.causes.breach import Complaint
    from scimdoctor.causes.contradiction import Contradiction
    from scimdoctor.causes.facts import Facts


_MEMBER_KEYS = frozenset({"user_id", "userid", "member_id", "memberid", "user", "member"})
"""Columns of a table of memberships, lower case."""

_OTHER_CONFLICTS = (
    Breach.POLICY,
    Breach.LICENCE,
    Breach.PREREQUISITE,
    Breach.UNLINKED_ACCOUNT,
    Breach.IMMUTABLE,
    Breach.REFERENCE,
    Breach.NOT_FOUND,
)

_CRASH_STATUSES = frozenset({500, 505, 599})


def _seen(facts: Facts, *kinds: str) -> Contradiction | None:
    return next((c for c in facts.contradictions if c.kind in kinds), None)


def _not_applied(facts: Facts) -> Match | None:
    seen = _seen(facts, "not-applied")
    if seen is not None:
        ignored = ignored_keys(facts) or ignored_urns(facts) or ignored_filters(facts)
        return possible(66, seen.summary) if ignored else likely(93, seen.summary)
    unseen = _seen(facts, "member-not-added")
    if unseen is not None:
        return possible(80, unseen.summary)
    if not facts.succeeded or facts.stage is not Stage.UPDATE or not facts.operations_seen:
        return None
    if isinstance(facts.answer, dict) and "id" in facts.answer:
        return _answered_otherwise(facts)
    if facts.effect_shown or _left_out(facts):
        return None
    found = possible(47, "PATCH was accepted; whether it took effect is not shown")
    return replace(
        found,
        title="A PATCH was accepted, and nothing shows that it took effect",
        is_question=True,
        explanation="Nothing failed in what was given. Some apps answer with success and ignore what "
        "they do not understand; a read of the object after the PATCH would tell.",
    )


def _left_out(facts: Facts) -> bool:
    """Whether the object was read after the PATCH by queries that leave out what was written."""
    write, exchanges = facts.exchange, facts.case.exchanges
    if write is None:
        return False
    later = [e for e in exchanges[exchanges.index(write) + 1 :] if e.ok]
    read = any(reads_of(object_id_of(write), later))
    return read and read_after(write, later) is None


def _answered_otherwise(facts: Facts) -> Match | None:
    """A PATCH whose own answer does not hold what it sent."""
    for path, value in single_values(facts.operations):
        stored = value_at(facts.answer, path)
        if facts.exchange is not None and not shows(facts.exchange, path):
            continue
        if stored is None:
            return possible(84, f"{path} was sent as {value!r} and is not in the answer")
        if not arrived(value, stored):
            return likely(84, f"{path} was sent as {value!r} but is answered as {stored!r}")
    return None


def _cleared(facts: Facts) -> Match | None:
    seen = _seen(facts, "values-lost")
    if seen is not None:
        return likely(94, seen.summary)
    if facts.accepted_unseen and facts.has(Shape.REPLACE_MEMBERS):
        return possible(60, "Replace of members was accepted: members not listed are gone")
    if facts.accepted_unseen and facts.has(Shape.PARTIAL_COMPLEX):
        return possible(57, "part of a complex attribute was replaced")
    return None


def _members_remove(facts: Facts) -> Match | None:
    seen = _seen(facts, "members-wiped", "member-stayed")
    if seen is not None:
        return likely(96, seen.summary)
    said = facts.says(Breach.REMOVE_VALUE_REFUSED)
    if said is not None and facts.stage is Stage.UPDATE:
        return backed(facts, 94, "Remove with a value list is refused", text=said.text)
    if not facts.has(Shape.REMOVE_MEMBERS_BY_VALUE):
        return None
    if facts.accepted_unseen:
        left = member_ids(facts.answer)
        weight = 72 if left is not None else 66
        return possible(weight, "Remove of members with a value list was accepted")
    if facts.refused and facts.status in {400, 422, 500, 501}:
        text = "Remove of members with a value list is refused"
        if facts.status == 500 and not facts.operations_seen:
            adds = ADDED_MEMBERS in accepted_kinds(facts.case)
            return possible(72 if adds else 62, f"{text}, while Add is taken" if adds else text)
        return possible(82, text) if facts.mute else likely(86, text)
    return None


def _concurrent(facts: Facts) -> Match | None:
    seen = _seen(facts, "member-lost")
    if seen is not None:
        return likely(92, seen.summary) if seen.is_sure else possible(92, seen.summary)
    said = facts.says(Breach.CONCURRENT)
    if said is not None and facts.stage is Stage.UPDATE and facts.is_group:
        return backed(facts, 87, "two writes met", text=said.text)
    if said is not None and facts.stage in WRITES and facts.says(Breach.UNLINKED_ACCOUNT) is None:
        return possible(68, "two writes met", said.text)
    if said is None and facts.has(Shape.ADD_MEMBERS) and facts.status == 409:
        busy = hinted(Hint.BUSY, facts.reading.words)
        if busy is not None and facts.says(Breach.ALREADY_IN_EFFECT, *_OTHER_CONFLICTS) is None:
            return possible(72, f"a conflict (409), and the app speaks of {busy!r}")
        if not facts.reading.words.strip():
            return possible(60, "409 without a word: another change of the group may be under way")
    return None


def _idempotent(facts: Facts) -> Match | None:
    if facts.stage not in WRITES or not facts.refused or facts.says(Breach.CONCURRENT):
        return None
    return _seen_in_effect(facts) or _said_in_effect(facts)


def _seen_in_effect(facts: Facts) -> Match | None:
    """What other exchanges of the capture show to be so already."""
    status = repeat_refused(facts.case.exchanges)
    if status is not None:
        text = f"the same PATCH was accepted first and is answered {status} when it is repeated"
        return possible(88, text) if status >= 500 else likely(93, text)
    if facts.exchange is not None and holds_already(facts.exchange, facts.case.exchanges):
        return possible(80, "the group was read with the members whose addition is refused")
    return None


def _said_in_effect(facts: Facts) -> Match | None:
    said = facts.says(Breach.ALREADY_IN_EFFECT)
    if said is not None and facts.stage is not Stage.CREATE:
        return backed(facts, 90, "what was asked for is already so", text=said.text)
    if facts.has(Shape.ADD_MEMBERS) and facts.status == 409:
        return _added_again(facts)
    unique = facts.says(Breach.DATABASE_UNIQUE) or facts.says(Breach.UNIQUE)
    name = bare_name(facts.path_refused)
    of_group = facts.is_group and name in _MEMBER_KEYS
    membership = facts.stage is not Stage.CREATE and (name == "members" or of_group)
    if unique is not None and (membership or _in_database(facts, unique)):
        return backed(facts, 89, "a membership that exists is refused", text=unique.text)
    absent = facts.has(Shape.REMOVE_MEMBERS_BY_VALUE, Shape.REMOVE_MEMBERS_BY_FILTER)
    gone = facts.says(Breach.NO_TARGET, Breach.NOT_FOUND)
    if absent and (gone is not None or facts.status == 404):
        return possible(88, "removing a member that is not there is refused")
    if facts.stage is Stage.DELETE and facts.status in {404, 410}:
        return possible(60, f"deleting what is gone is answered {facts.status}")
    return None


def _added_again(facts: Facts) -> Match:
    """409 to adding a member: RFC 7644 has it for any conflict, so that the words decide."""
    said = hinted(Hint.THERE, facts.reading.words)
    other = facts.says(*_OTHER_CONFLICTS) or hinted(Hint.BUSY, facts.reading.words)
    if said is not None and other is None:
        text = "adding a member is answered 409: it is there already"
        return likely(89, text, f"the app says: {said}")
    if not facts.reading.words.strip():
        return possible(74, "adding a member is answered 409 without a word: it may be there")
    return possible(58, "adding a member is answered 409; the words do not say that it is there")


def _in_database(facts: Facts, unique: Complaint) -> bool:
    """Whether a database refuses a row at a change of a group that is no change of its name."""
    renames = {bare_name(o.path) for o in facts.operations} & {"displayname", "externalid"}
    changed = facts.is_group and facts.stage is Stage.UPDATE and not renames
    return changed and unique.breach is Breach.DATABASE_UNIQUE


def _crash(facts: Facts) -> Match | None:
    by_entra = facts.status is None and facts.code("InternalError")
    if by_entra or (facts.status is not None and facts.status < 500):
        return None
    said = facts.says(Breach.CRASH)
    if said is not None and said.source == "runtimes" and facts.status in _CRASH_STATUSES:
        return possible(68, "the app's own exception stands in the answer", said.text)
    if facts.status in _CRASH_STATUSES or facts.code("InternalServerError"):
        return possible(63, f"the app answers {facts.status or 500}")
    if said is not None and facts.status is None and facts.stage in WRITES:
        return possible(58, "the app speaks of an error of its own", said.text)
    return None


CAUSES: tuple[Cause, ...] = (
    Cause(
        rule=CauseRule(
            id="patch-accepted-not-applied",
            title="A write is accepted but nothing changes",
            definition="Success status, but nothing changed (includes deactivation without "
            "effect).",
            layer=ENDPOINT,
            fixed_by=APP,
            explanation="The app answers with success and ignores what it does not understand. "
            "Entra believes it, so a user who should have lost access keeps it.",
            remediation=(
                developer(
                    'Apply every operation or refuse the request: after PATCH active "False", '
                    "GET /Users/{id} must show active false.",
                    CHECK,
                ),
                admin(
                    "Until then disable leavers in the app by hand. After the repair: "
                    f"{PROVISIONING} > Restart provisioning, in full.",
                    "scimdoctor job restart APP --scope full",
                ),
            ),
            references=(f"{RFC_7644}#section-3.5.2",),
        ),
        match=_not_applied,
    ),
    Cause(
        rule=CauseRule(
            id="replace-clears-unsent-values",
            title="A write clears what it did not mention",
            definition="A write changes or clears values that were not in the request.",
            layer=ENDPOINT,
            fixed_by=APP,
            explanation="A PATCH touches only what it names. If the app replaces whole complex "
            "attributes, whole memberships or flags, data is lost with each change.",
            remediation=(
                developer(
                    'Merge: {"op":"Replace","path":"name.familyName","value":"x"} must keep '
                    "name.givenName and everything else that it does not name.",
                    CHECK,
                ),
                admin(
                    f"After the repair: {PROVISIONING} > Restart provisioning, in full, so that "
                    "lost values are sent again.",
                    "scimdoctor job restart APP --scope full",
                ),
            ),
            references=(f"{RFC_7644}#section-3.5.2.3",),
        ),
        match=_cleared,
    ),
    Cause(
        rule=CauseRule(
            id="members-remove-value-not-understood",
            title="Removing listed members is not understood",
            definition="Remove on members with a value array wipes the group, is refused or does "
            "nothing.",
            layer=ENDPOINT,
            fixed_by=EITHER,
            explanation="By default Entra removes members by a value list, which the RFC does "
            "not know. Servers then empty the group, refuse, or do nothing.",
            remediation=(
                developer(
                    'Remove only the listed ones: {"op":"Remove","path":"members","value":'
                    '[{"value":"<id>"}]}; take members[value eq "<id>"] too.',
                    CHECK,
                ),
                admin(
                    f"Portal: {CREDENTIALS}: append ?aadOptscim062020 to the tenant URL: Entra "
                    "then removes by filter.",
                    "scimdoctor check-endpoint 'URL?aadOptscim062020'",
                ),
            ),
            references=(COMPATIBILITY,),
        ),
        match=_members_remove,
    ),
    Cause(
        rule=CauseRule(
            id="concurrent-member-update-lost",
            title="Parallel changes of one group overwrite each other",
            definition="Parallel membership PATCHes overwrite each other.",
            layer=ENDPOINT,
            fixed_by=APP,
            explanation="Entra may send several membership changes of one group at once. A "
            "server that reads the list, changes it and writes it back keeps only the last.",
            remediation=(
                developer(
                    "Apply members as additions and removals in one transaction, locked per "
                    "group; never write the whole list back. Two PATCHes that add a member each, "
                    "sent at once, must leave both in the group.",
                    CHECK,
                ),
                admin(
                    f"After the repair: {PROVISIONING} > Restart provisioning, in full, so that "
                    "lost members are added again.",
                    "scimdoctor job restart APP --scope full",
                ),
            ),
            references=(TUTORIAL,),
        ),
        match=_concurrent,
    ),
    Cause(
        rule=CauseRule(
            id="non-idempotent-write",
            title="Repeating a write is an error",
            definition="Repeating a write that is already in effect is an error.",
            layer=ENDPOINT,
            fixed_by=APP,
            explanation="Entra repeats writes: after a retry, and because it reads groups without "
            "members. What is already so must be a success.",
            remediation=(
                developer(
                    "Answer 200 or 204 when a member is there already or already gone, and when "
                    'a PATCH changes nothing: {"op":"Add","path":"members","value":[{"value":'
                    '"<id>"}]} sent twice must succeed twice.',
                    CHECK,
                ),
                admin(
                    "After the repair, retry the failed objects. "
                    f"Portal: {PROVISIONING} > Restart provisioning.",
                    RESTART,
                ),
            ),
            references=(f"{RFC_7644}#section-3.5.2.1",),
        ),
        match=_idempotent,
    ),
    Cause(
        rule=CauseRule(
            id="unhandled-exception-500",
            title="A legal request makes the server crash",
            definition="Legal request makes the server crash with 5xx.",
            layer=ENDPOINT,
            fixed_by=APP,
            explanation="The app failed inside. Entra's log shows only what the answer says; the "
            "reason stands in the app's own log at that moment.",
            remediation=(
                developer(
                    "Find the exception in the app's log at the event's time; POST <root>/Users and "
                    "PATCH <root>/Users/<id> must give 2xx, or 4xx with a SCIM error for what you "
                    "refuse, 404 for an unknown id.",
                    "scimdoctor replay EVENT --from FILE --endpoint URL --mode shadow",
                ),
            ),
            references=(f"{RFC_7644}#section-3.12",),
        ),
        match=_crash,
    ),
)
"""PATCH effect."""
