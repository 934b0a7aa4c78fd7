"""Causes around finding the objects that the app already holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.causes.attributes import (
    bare_name,
)
from scimdoctor.causes.breach import Breach
from scimdoctor.causes.facts import Stage
from scimdoctor.causes.match import (
    ADMIN,
    ATTRIBUTES,
    CHECK,
    HOW_IT_WORKS,
    MAPPING,
    MAPPINGS,
    ON_DEMAND,
    PROVISIONING,
    SOURCE,
    Cause,
    Match,
    admin,
    backed,
    developer,
    likely,
    possible,
)
from scimdoctor.causes.sent import Shape
from scimdoctor.causes.wording import is_of_domain, is_type_only
from scimdoctor.model.rule import CauseRule

if TYPE_CHECKING:
    from scimdoctor.causes.breach import Complaint
    from scimdoctor.causes.facts import Facts


_WRITING = frozenset({Stage.CREATE, Stage.UPDATE, Stage.UNKNOWN})


def _existing(facts: Facts) -> Match | None:
    if facts.stage not in _WRITING or _about_members(facts):
        return None
    unlinked = facts.says(Breach.UNLINKED_ACCOUNT)
    if unlinked is not None and facts.stage is Stage.UPDATE and facts.status == 403:
        # It was matched; the app refuses that SCIM changes it.
        return possible(60, "an account that SCIM does not control", unlinked.text)
    if unlinked is not None and not is_of_domain(unlinked):
        text = "an account exists that SCIM does not control"
        return likely(87, text, f"the app says: {unlinked.text}")
    deleted = facts.says(Breach.DELETED_BEFORE) if facts.stage is Stage.CREATE else None
    if deleted is not None:
        text = "an account of that name was deleted, and the app keeps it"
        return backed(facts, 84, text, text=deleted.text)
    said = facts.says(Breach.UNIQUE)
    return _conflict_by_code(facts) if said is None else _taken(facts, said)


def _taken(facts: Facts, said: Complaint) -> Match:
    by_type = is_type_only(said)
    if by_type and facts.says(Breach.POLICY) is not None:
        return possible(70, "scimType uniqueness, though the words are of a rule", said.text)
    if by_type and facts.changes_no_name:
        return possible(60, "scimType uniqueness, though no name was to be changed", said.text)
    if facts.status in {None, 409, 412, 422}:
        text = "the app holds an object with that value, which the filter did not find"
        if bare_name(said.attribute) == "externalid":
            # The client's own key (RFC 7643 section 3.1): the app may be wrong to keep it unique.
            return possible(83, text, said.text)
        return backed(facts, 83, text, text=said.text)
    return possible(70, "the app holds an object with that value", said.text)


def _conflict_by_code(facts: Facts) -> Match | None:
    if facts.code("EntryConflict", "Conflict") and facts.mute:
        return possible(64, f"error code {facts.error_code}; the app's words are not known")
    if facts.code("EntryConflict", "Conflict"):
        return backed(facts, 80, f"error code {facts.error_code}")
    if facts.status == 409 and not facts.says(Breach.POLICY, Breach.ALREADY_IN_EFFECT):
        return possible(64, "a conflict (409), though the matching query found nothing")
    return None


def _about_members(facts: Facts) -> bool:
    if facts.has(Shape.ADD_MEMBERS, Shape.REPLACE_MEMBERS):
        return True
    return facts.stage is Stage.UPDATE and bare_name(facts.path_refused) == "members"


def _matching(facts: Facts) -> Match | None:
    if facts.code("DuplicateSourceEntries"):
        return likely(90, f"error code {facts.error_code}: several sources give one value")
    if facts.code("DuplicateTargetEntries"):
        return possible(70, "the matching attribute may not be unique in the app")
    if facts.code("EntryConflict", "Conflict") and facts.stage is Stage.CREATE:
        return possible(48, "the object that exists may differ in the matching attribute")
    said = facts.says(Breach.MATCHING)
    if said is None:
        return None
    weight = 60 if facts.says(Breach.UNREADABLE_ANSWER) else 76
    return possible(weight, "Entra speaks of matching", said.text)


CAUSES: tuple[Cause, ...] = (
    Cause(
        rule=CauseRule(
            id="existing-account-not-matchable",
            title="The app holds an account that Entra cannot match",
            definition="App holds a conflicting account that the filter cannot find (stale, "
            "unlinked, other tenant).",
            layer=SOURCE,
            fixed_by=ADMIN,
            explanation="Entra creates only what its filter does not find. The app refuses, "
            "because another account (a stale record, one made by hand or by sign-in, one of "
            "another tenant) holds the same name or address.",
            remediation=(
                admin(
                    "In the app, find the account that holds the value; link it to SCIM, correct "
                    "its matching attribute, or have the vendor remove it. Then retry. "
                    f"Portal: {PROVISIONING} > Provision on demand.",
                    ON_DEMAND,
                ),
                developer(
                    "Let the filter find every account that can cause a conflict, inactive and "
                    "unlinked ones too: if POST /Users gives 409, GET /Users?filter=userName eq "
                    '"x" must return that account.',
                    CHECK,
                ),
            ),
            references=(HOW_IT_WORKS,),
        ),
        match=_existing,
    ),
    Cause(
        rule=CauseRule(
            id="matching-attribute-misconfigured",
            title="The matching attribute is wrong, mutable or was changed",
            definition="Matching precedence or source attribute is mutable, wrong or was changed "
            "after provisioning.",
            layer=MAPPING,
            fixed_by=ADMIN,
            explanation="Entra finds existing objects by the matching attribute. If its source "
            "changes, is empty or is not what the app stores, existing accounts are missed, "
            "doubled or taken for others.",
            remediation=(
                admin(
                    f"Portal: {MAPPINGS}: match on an attribute that is unique, always filled "
                    "and the same on both sides; then restart provisioning.",
                    "scimdoctor mappings APP",
                ),
            ),
            references=(ATTRIBUTES,),
        ),
        match=_matching,
    ),
)
"""Matching."""
