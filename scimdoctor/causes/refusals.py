"""Causes in a rule of the app that forbids a write, or a reference that leads nowhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scimdoctor.causes.attributes import bare_name
from scimdoctor.causes.between import named_members
from scimdoctor.causes.breach import Breach
from scimdoctor.causes.facts import WRITES, Stage
from scimdoctor.causes.match import (
    ADMIN,
    EITHER,
    ENDPOINT,
    HOW_IT_WORKS,
    KNOWN_ISSUES,
    MAPPING,
    MAPPINGS,
    RESTART,
    RFC_7644,
    SOURCE,
    Cause,
    Match,
    admin,
    backed,
    developer,
    first,
    likely,
    possible,
)
from scimdoctor.causes.patching import TYPE_BREACHES, only_members
from scimdoctor.causes.sent import Shape
from scimdoctor.causes.wording import is_type_only, is_vague_parameter
from scimdoctor.model.rule import CauseRule

if TYPE_CHECKING:
    from scimdoctor.causes.breach import Complaint
    from scimdoctor.causes.facts import Facts


_WORD = re.compile(r"[\w@.+-]*\w")
_GROUP = re.compile(r"(?i)\bgroups?\b")
_ID_OF = re.compile(r"(?i)\b(?:users?|members?|ids?)\b")
_NO_ID = re.compile(r"(?i)\b(?:operations?|multiple|several|nested|groups?|too many|limit)\b")
_SOMEBODY = re.compile(r"(?i)\b(?:users?|members?)\b")


_PERSON = re.compile(
    r"(?i)\b(?:users?|accounts?|members?|owners?|admin(?:istrator)?s?)\b(?! ?name)"
)
"""Who may not be changed, as against what."""


def _immutable(facts: Facts) -> Match | None:
    said = facts.says(Breach.IMMUTABLE)
    if said is None or facts.stage not in {Stage.UPDATE, Stage.UNKNOWN}:
        return None
    weight = 88 if said.attribute or facts.reading.scim_type == "mutability" else 80
    if facts.status == 412 or facts.says(Breach.CONCURRENT) is not None:
        return None
    if said.text.startswith("scimType") and facts.says(Breach.NOT_FOUND) is not None:
        return possible(60, "scimType mutability, though the words are of something absent")
    forbids = facts.says(Breach.POLICY)
    rule = forbids is not None
    alike = forbids is not None and forbids.text == said.text and said.attribute is None
    if alike and _PERSON.search(said.text):
        return possible(66, "the app does not allow the change of somebody", said.text)
    switched = facts.has(Shape.DEACTIVATION, Shape.REACTIVATION)
    if rule and (switched or facts.reading.scim_type != "mutability"):
        weight = 70 if switched else 80
    # A type without a word of the attribute, and 403 where RFC 7644 table 9 has 400, is of the object.
    typed = is_type_only(said) and facts.says(Breach.POLICY, Breach.UNKNOWN_ATTRIBUTE) is None
    worded = facts.status == 403 and (typed or facts.reading.scim_type != "mutability")
    if switched and facts.only_switches and is_type_only(said):
        return possible(58, "active itself is hardly immutable", said.text)
    if said.attribute is None and (worded or (switched and facts.status in {403, 409})):
        # Hardly an app holds active for immutable: somebody may not be switched off. And 403
        # without an attribute speaks of the object, or of who asks.
        return possible(60, "the app does not allow the change", said.text)
    return backed(facts, weight, "the app does not allow the attribute to change", text=said.text)


def _policy(facts: Facts) -> Match | None:
    return first(
        _policy_said(facts), _policy_owner(facts), _policy_delete(facts), _policy_status(facts)
    )


def _policy_owner(facts: Facts) -> Match | None:
    """403 at an update of what was matched: the app keeps it for somebody else to change."""
    said = facts.says(Breach.UNLINKED_ACCOUNT)
    if said is None or facts.stage is not Stage.UPDATE or facts.status != 403:
        return None
    return backed(facts, 87, "the app lets somebody else change it only", text=said.text)


def _policy_said(facts: Facts) -> Match | None:
    if facts.code(
        "NotPermitted",
        "AzureActiveDirectoryForbidden",
        "CannotUpdateObjectsOriginatedInExternalService",
    ):
        return likely(86, f"error code {facts.error_code}: a rule forbids it")
    said = facts.says(Breach.POLICY)
    if said is not None and (facts.reading.scim_type or "").casefold() == "uniqueness":
        weight = 68 if facts.stage is Stage.CREATE else 84
        return possible(weight, "a rule of the app forbids it, say its words", said.text)
    if said is None or facts.stage not in WRITES or facts.status in {401, 404, 429}:
        return None
    taken = facts.says(Breach.UNIQUE)
    if facts.stage is Stage.CREATE and facts.says(Breach.UNLINKED_ACCOUNT) is not None:
        return possible(70, "the account is held elsewhere, and a rule says what must come first")
    if facts.stage is Stage.CREATE and taken is not None and taken.text == said.text:
        return possible(60, "what is to be created is said to be in use", said.text)
    done = any(
        c.breach is Breach.ALREADY_IN_EFFECT and c.text == said.text
        for c in facts.reading.complaints
    )
    if facts.stage is Stage.CREATE and facts.says(Breach.PREREQUISITE) is not None:
        return backed(facts, 79, "a rule of the app forbids it", text=said.text)
    strong = not done and (facts.stage is Stage.DELETE or facts.status in {403, 409})
    return backed(facts, 91 if strong else 85, "a rule of the app forbids it", text=said.text)


def _policy_delete(facts: Facts) -> Match | None:
    if facts.stage is Stage.DELETE and facts.says(Breach.REFERENCE) is not None:
        return possible(60, "other records still refer to what is to be deleted")
    if facts.says(Breach.PREREQUISITE, Breach.LICENCE) is not None:
        return None
    if facts.stage is Stage.DELETE and facts.status in {400, 403, 405, 409, 422, 501}:
        # A bare 400 or 422 says no more than that something was not right.
        sure = possible if facts.mute and facts.status in {400, 422} else likely
        return sure(87, f"DELETE is answered {facts.status}: the app does not delete")
    return None


def _policy_status(facts: Facts) -> Match | None:
    kind = (facts.reading.scim_type or "").casefold()
    if facts.only_switches and facts.status in {403, 409} and kind == "mutability":
        return possible(72, "somebody may not be enabled or disabled, says the app")
    if facts.status == 409 and facts.changes_no_name:
        text = "a conflict is answered, though no name was to be changed"
        if kind == "uniqueness":
            return possible(63, text)
        if facts.mute and facts.is_users:
            return possible(67, text)
    if facts.stage is Stage.CREATE and facts.status in {405, 501} and facts.exchange is None:
        return possible(62, f"POST is answered {facts.status}: the app may not create by SCIM")
    if facts.stage in WRITES and facts.status == 403 and facts.reading.page is None:
        return possible(62, "the app forbids the write (403), though reads work")
    return None


_NOT_THE_MEMBER = (
    Breach.ALREADY_IN_EFFECT,
    Breach.UNIQUE,
    Breach.POLICY,
    Breach.FILTER_REFUSED,
    Breach.VALUE_PATH_REFUSED,
)
"""What is wrong with something else, though the app's words quote the member."""


def _reference(facts: Facts) -> Match | None:
    if facts.code("UnableToResolveReferenceAttributeValue"):
        return likely(94, "Entra's error code: a manager or member is not in the app")
    if facts.unresolved_reference and facts.status is None:
        return likely(90, "Entra's reference resolution: a manager or member is not in the app")
    if facts.has(Shape.REMOVE_MEMBERS_BY_VALUE, Shape.REMOVE_MEMBERS_BY_FILTER):
        return None
    if facts.stage is Stage.DELETE or (facts.only_removes and facts.stage is Stage.UPDATE):
        # What is taken away need not be found: the app minds something else.
        return None
    other = facts.says(*TYPE_BREACHES, *_NOT_THE_MEMBER)
    if facts.reference_named is not None and other is None:
        text = f"the app names {facts.reference_named}, a member or manager that was sent"
        return backed(facts, 92, text)
    said = facts.says(Breach.REFERENCE)
    if said is not None and facts.stage in WRITES | {Stage.UNKNOWN} and not _the_user(facts, said):
        if facts.says(*TYPE_BREACHES):
            return possible(70, "a member or manager is refused, but for its shape", said.text)
        about = bare_name(facts.path_refused) in {"members", "manager"}
        return backed(facts, 91 if about else 88, "a reference leads nowhere", text=said.text)
    return _member_unknown(facts)


def _member_unknown(facts: Facts) -> Match | None:
    if _names_members(facts):
        return backed(facts, 87, "the app names the members that were sent as what is wrong")
    unfit = facts.says(Breach.VALUE_REFUSED) if only_members(facts) else None
    of_id = unfit is not None and _ID_OF.search(unfit.text) and not _NO_ID.search(unfit.text)
    other = facts.says(
        *TYPE_BREACHES, Breach.POLICY, Breach.OP_REFUSED, Breach.REMOVE_VALUE_REFUSED
    )
    if unfit is not None and of_id and other is None:
        return backed(facts, 86, "a member's value, which is an id, is refused", text=unfit.text)
    unfound = facts.says(Breach.NOT_FOUND)
    text = unfound.text if unfound is not None else ""
    people = _SOMEBODY.search(text) is not None
    if _GROUP.search(text) and not people:
        return None
    if unfound is not None and facts.has(Shape.ADD_MEMBERS, Shape.REPLACE_MEMBERS):
        strange = _names_somebody_else(facts)
        if strange is not None and (strange == facts.own_id or not people):
            return possible(60, f"the app does not find {strange}, which is none of those sent")
        return backed(facts, 86, "a member is not found", text=text)
    if unfound is not None and people and facts.is_group and facts.stage is Stage.UPDATE:
        return backed(facts, 87, "a change of a group names somebody unknown", text=text)
    if facts.status in {400, 404, 422} and _unsaid(facts) and facts.has(Shape.ADD_MEMBERS):
        return possible(61, "adding a member is refused: the member may not be in the app")
    return None


def _unsaid(facts: Facts) -> bool:
    """Whether no word tells what is wrong; "invalid parameters" does not, where ids were sent."""
    vague = all(is_vague_parameter(c) for c in facts.reading.complaints)
    return facts.refused and vague and (facts.mute or only_members(facts))


def _names_somebody_else(facts: Facts) -> str | None:
    """An id in the answer that is none of the members that were to be added, the group's mostly."""
    words = _WORD.findall(facts.reading.words)
    ids = [w for w in words if w == facts.own_id or (len(w) >= 4 and re.search(r"\d", w))]
    return ids[0] if ids and facts.reference_named is None and not _names_members(facts) else None


def _the_user(facts: Facts, said: Complaint) -> bool:
    """Whether the 'member' that the app does not know is the user who is to be changed."""
    about_members = bare_name(said.attribute) in {"members", ""}
    named = {bare_name(operation.path) for operation in facts.operations}
    at_user = facts.is_users and facts.stage in {Stage.UPDATE, Stage.DELETE}
    return at_user and facts.status == 404 and about_members and not named & {"members", "manager"}


def _names_members(facts: Facts) -> bool:
    """Whether a refusal quotes the ids of the members that were to be added."""
    added = facts.has(Shape.ADD_MEMBERS, Shape.REPLACE_MEMBERS)
    if not added or facts.status not in {400, 404, 422}:
        return False
    if facts.says(Breach.ALREADY_IN_EFFECT, Breach.UNIQUE, Breach.DATABASE_UNIQUE) is not None:
        return False
    sent = set[str]().union(*(named_members(o) for o in facts.operations))
    return bool(sent & set(_WORD.findall(facts.reading.words)))


CAUSES: tuple[Cause, ...] = (
    Cause(
        rule=CauseRule(
            id="immutable-attribute-refused",
            title="The app forbids changing a mapped attribute",
            definition="App forbids a change of an attribute that the mapping updates.",
            layer=MAPPING,
            fixed_by=ADMIN,
            explanation="The app sets this attribute once, at the create. When its source "
            "changes in Entra, the whole update is refused.",
            remediation=(
                admin(
                    f"Portal: {MAPPINGS} > attribute > Apply this mapping: Only during object "
                    "creation. For a true rename, ask the app's support.",
                    "scimdoctor mappings APP",
                ),
                developer(
                    "Ignore values that do not differ, and let people change their names: "
                    '{"op":"Replace","path":"userName","value":"new@example.com"} must give 200 '
                    "or 204."
                ),
            ),
            references=(f"{RFC_7644}#section-3.12",),
        ),
        match=_immutable,
    ),
    Cause(
        rule=CauseRule(
            id="app-policy-refuses-change",
            title="A rule of the app forbids the change",
            definition="App refuses the operation by rule (last admin, referenced record, "
            "inactive user, no delete).",
            layer=ENDPOINT,
            fixed_by=EITHER,
            explanation="The request is understood and refused on purpose: the last "
            "administrator, an object in use, a disabled user, or a delete that the app "
            "does not do.",
            remediation=(
                admin(
                    f"Resolve the rule in the app (another owner, reactivate the user), or stop "
                    f"sending it: {MAPPINGS} > Target Object Actions, clear Delete.",
                    RESTART,
                ),
                developer(
                    "Say the rule in the SCIM error's detail. Where you cannot delete, disable: "
                    "DELETE /Users/{id} must give 204."
                ),
            ),
            references=(HOW_IT_WORKS, KNOWN_ISSUES),
        ),
        match=_policy,
    ),
    Cause(
        rule=CauseRule(
            id="reference-unresolvable",
            title="A member or manager is not in the app",
            definition="Member or manager refers to an object that is not (yet) in the app.",
            layer=SOURCE,
            fixed_by=ADMIN,
            explanation="Groups and managers refer to users by the app's ids. If such a user is "
            "out of scope, failed, or not created yet, the reference cannot be set.",
            remediation=(
                admin(
                    "Portal: Enterprise applications > the app > Users and groups: bring every "
                    "member and manager into scope; cure their own failures first. Then retry.",
                    RESTART,
                ),
                developer(
                    "Set the references you can: PATCH /Groups/{id} that adds one known and one "
                    "unknown member must add the known one, not refuse both."
                ),
            ),
            references=(HOW_IT_WORKS,),
        ),
        match=_reference,
    ),
)
"""Refusals on purpose."""
