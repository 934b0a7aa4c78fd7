"""Causes in the path of a PATCH operation, and in values of a form of their own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scimdoctor.causes.answers import dotted_keys, doubled_types
from scimdoctor.causes.attributes import (
    bare_name,
    in_rfc,
    is_extension,
    is_indexed,
    is_value_path,
)
from scimdoctor.causes.breach import Breach
from scimdoctor.causes.facts import Stage
from scimdoctor.causes.match import (
    ATTRIBUTES,
    CHECK,
    CREDENTIALS,
    EITHER,
    ENDPOINT,
    MAPPINGS,
    TUTORIAL,
    Cause,
    Match,
    admin,
    backed,
    developer,
    likely,
    possible,
)
from scimdoctor.causes.patching import (
    PATCH_SECTION,
    PATH_BREACHES,
    TYPE_BREACHES,
    ignored_filters,
    ignored_urns,
    mute_refusal,
    patched,
    plain_path,
    words,
)
from scimdoctor.causes.readback import shown_after
from scimdoctor.causes.sent import Shape, holds_json_text
from scimdoctor.causes.wording import is_type_only
from scimdoctor.model.rule import CauseRule
from scimdoctor.scim import urns

if TYPE_CHECKING:
    from collections.abc import Callable

    from scimdoctor.causes.breach import Complaint
    from scimdoctor.causes.facts import Facts


_UNWRITTEN = re.compile(r"(?i)\bwrit(?:e|ing) is not (?:implemented|supported|allowed)")
"""The app does not take the attribute at all, whatever its value."""


def _extension(facts: Facts) -> Match | None:
    as_written = _stored_as_written(facts)
    if as_written is not None and is_extension(as_written):
        return likely(94, f"the app stored the path {as_written!r} as if it were a name")
    misplaced = _misplaced(facts)
    if misplaced is not None:
        return likely(94, f"the value was stored under {misplaced!r}, which is no schema's URN")
    ignored = ignored_urns(facts)
    if ignored:
        return _without_effect(facts, ignored[0], lambda p: not p.casefold().startswith("urn:"))
    if not patched(facts):
        return None
    if bare_name(facts.path_refused) == "manager" and not _only_path_refused(facts):
        return _managers_urn(facts)
    return _extension_refused(facts) or _managers_urn(facts)


def _without_effect(facts: Facts, path: str, is_plain: Callable[[str], bool]) -> Match:
    """An accepted path without effect; plain paths that have one show that the form is to blame."""
    text = f"{path} has no effect"
    if any(o.path and is_plain(o.path) for o in facts.operations):
        return likely(94, f"{text}; plain paths beside it have")
    return possible(72, text)


def _extension_refused(facts: Facts) -> Match | None:
    said = facts.says(*PATH_BREACHES, *TYPE_BREACHES, Breach.VALUE_PATH_REFUSED)
    on_extension = is_extension(facts.path_refused) or _only_extension(facts) or _core_urn(facts)
    if said is not None and facts.which_is_unclear and facts.has(Shape.EXTENSION_PATH):
        return possible(82, "one of several paths is refused, this may be it", said.text)
    if said is not None and on_extension:
        exact = said.breach is not Breach.UNKNOWN_ATTRIBUTE or facts.says(Breach.PATH_REFUSED)
        weight = 88 if exact or facts.operations_seen else 80
        return backed(facts, weight, "a path with an extension's URN is refused", text=said.text)
    if mute_refusal(facts, Shape.EXTENSION_PATH):
        return possible(68, "a path with an extension's URN was sent")
    return None


def _managers_urn(facts: Facts) -> Match | None:
    """A manager refused without a word: its value may be meant, or the URN before it."""
    urn = any((o.path or "").casefold().startswith("urn:") for o in facts.operations)
    if urn and mute_refusal(facts, Shape.MANAGER):
        return possible(64, "the manager's path begins with an extension's URN")
    return None


def _misplaced(facts: Facts) -> str | None:
    """A key of the answer that is the beginning of a URN that was sent, cut at the wrong place."""
    if not facts.succeeded or not isinstance(facts.answer, dict):
        return None
    for operation in facts.operations:
        path = (operation.path or "").casefold()
        schema = path.rpartition(":")[0]
        for key in map(str, facts.answer):
            begins = path.startswith(key.casefold()) and key.casefold().startswith("urn:")
            if begins and key.casefold() not in {path, schema}:
                return key
    return None


def _only_path_refused(facts: Facts) -> bool:
    """Whether a value was sent and the error's type names the path; nothing speaks of the value."""
    scim_type = (facts.reading.scim_type or "").casefold()
    filtered = any(is_value_path(o.path) for o in facts.operations)
    typed = scim_type == "invalidpath" or (scim_type == "notarget" and not filtered)
    removes = any(o.verb == "remove" or (not o.verb and o.value is None) for o in facts.operations)
    return (
        typed
        and not removes
        and facts.says(*TYPE_BREACHES, Breach.VALUE_REFUSED, Breach.REQUIRED) is None
    )


def _core_urn(facts: Facts) -> bool:
    """Whether an attribute of the RFC was sent, and refused, under the URN of its schema."""
    refused = bare_name(facts.path_refused)
    sent = [o.path for o in facts.operations if o.path and bare_name(o.path) == refused]
    return facts.operations_seen and in_rfc(refused) and any(p.startswith("urn:") for p in sent)


def _only_extension(facts: Facts) -> bool:
    paths = [o.path for o in facts.operations]
    return bool(paths) and all(is_extension(path) for path in paths)


def _stored_as_written(facts: Facts) -> str | None:
    """A path of the request that the answer holds as a key."""
    if not facts.succeeded or not isinstance(facts.answer, dict):
        return None
    sent = {operation.path for operation in facts.operations}
    return next((key for key in dotted_keys(facts.answer) if key in sent), None)


def _value_path(facts: Facts) -> Match | None:
    as_written = _stored_as_written(facts)
    if as_written is not None and is_value_path(as_written):
        return likely(94, f"the app stored the path {as_written!r} as if it were a name")
    ignored = ignored_filters(facts)
    if ignored:
        return _without_effect(facts, ignored[0], lambda path: not is_value_path(path))
    if not patched(facts):
        return None
    return _value_path_said(facts) or _value_path_shown(facts)


def _value_path_said(facts: Facts) -> Match | None:
    named = is_value_path(facts.path_refused) or _quoted_filter(facts) is not None
    shown = named or facts.has(Shape.VALUE_PATH)
    said = facts.says(
        Breach.VALUE_PATH_REFUSED, Breach.PATH_REFUSED, Breach.FILTER_REFUSED, Breach.FILTER_SYNTAX
    )
    if facts.says(Breach.NO_TARGET) is not None and shown:
        return possible(60, "the filter in the path matched nothing")
    pathless = facts.operations_seen and not any(o.path for o in facts.operations)
    if said is None or not (shown or (said.breach is Breach.VALUE_PATH_REFUSED and not pathless)):
        return None
    if not shown:
        return possible(87, "a path with a filter is refused; which is not shown", said.text)
    weight = 87 if named or said.breach is Breach.VALUE_PATH_REFUSED else 83
    return backed(facts, weight, "a path with a filter is refused", text=said.text)


def _quoted_filter(facts: Facts) -> Complaint | None:
    """What refuses a path and quotes a filter in brackets, be it cut off before they close."""
    refused = (c for c in facts.reading.complaints if c.breach is Breach.PATH_REFUSED)
    return next((c for c in refused if is_value_path(c.text)), None)


def _value_path_shown(facts: Facts) -> Match | None:
    other = facts.says(Breach.UNKNOWN_ATTRIBUTE, *TYPE_BREACHES)
    if other is not None and facts.has(Shape.VALUE_PATH) and not is_indexed(other.attribute):
        return possible(74, "a path with a filter was sent", other.text)
    quoted = any(is_value_path(c.attribute) for c in facts.reading.complaints)
    if quoted and facts.says(Breach.CRASH, Breach.NOT_JSON_ANSWER):
        return possible(72, "the app's own error quotes a path with a filter")
    if mute_refusal(facts, Shape.VALUE_PATH):
        return possible(67, 'a path with a filter was sent, such as emails[type eq "work"].value')
    return None


def _no_target(facts: Facts) -> Match | None:
    if facts.stage is not Stage.UPDATE or not facts.refused:
        return None
    said = facts.says(Breach.NO_TARGET)
    if said is None:
        return None
    if bare_name(facts.path_refused) == "members" or facts.is_group:
        return None
    named = is_value_path(facts.path_refused) or facts.has(Shape.VALUE_PATH)
    otherwise = facts.says(Breach.POLICY, Breach.VALUE_REFUSED, Breach.LICENCE, Breach.UNIQUE)
    if is_type_only(said) and otherwise is not None:
        return possible(62, "scimType noTarget, though the words are of something else", said.text)
    if not named and facts.says(Breach.PATH_MISSING) is not None:
        return possible(60, "scimType noTarget, for want of a path", said.text)
    if not named and plain_path(facts) is not None:
        return possible(60, "no target, though no path with a filter is known", said.text)
    return backed(facts, 92 if named else 82, "no element matched", text=said.text)


def _duplicates(facts: Facts) -> Match | None:
    if facts.stage is not Stage.UPDATE:
        return None
    shown = facts.answer
    if facts.succeeded and facts.exchange is not None:
        shown = shown_after(facts.exchange, facts.case.exchanges) or shown
    made = doubled_types(shown) if facts.succeeded and isinstance(shown, dict) else ()
    if made and facts.has(Shape.VALUE_PATH):
        return likely(96, f"{', '.join(made)} hold several elements of one type afterwards")
    if facts.accepted_unseen and facts.has(Shape.SEVERAL_VALUE_PATH_ADDS):
        return possible(55, "several Adds with one filter were accepted")
    return None


def _manager(facts: Facts) -> Match | None:
    if facts.stage not in {Stage.UPDATE, Stage.CREATE}:
        return None
    if facts.reference_named is not None and not facts.says(*TYPE_BREACHES):
        return None
    return _manager_said(facts) or _manager_shown(facts)


def _only_manager(facts: Facts) -> bool:
    return bool(facts.operations) and all(bare_name(o.path) == "manager" for o in facts.operations)


def _manager_said(facts: Facts) -> Match | None:
    """A refusal whose words are of the manager, or can be of nothing else."""
    if not facts.refused:
        return None
    said = facts.says(*TYPE_BREACHES, Breach.VALUE_REFUSED, *PATH_BREACHES, Breach.REQUIRED)
    about = said is not None and bare_name(said.attribute) == "manager"
    reference = facts.says(Breach.REFERENCE)
    # What is taken away need not be found.
    unresolved = reference and not facts.says(*TYPE_BREACHES) and not facts.only_removes
    if about and not unresolved and not _only_path_refused(facts):
        unwritten = said is not None and _UNWRITTEN.search(said.text) is not None
        return backed(
            facts,
            80 if unwritten else 93,
            "the manager's value is refused",
            text=said.text if said else None,
        )
    only = _only_manager(facts)
    if only and facts.only_removes and reference is not None:
        return backed(facts, 92, "the manager was to be removed", text=reference.text)
    if (only or about) and _only_path_refused(facts):
        return possible(72, "only the manager was sent, and the path is refused")
    if only and facts.operations_seen and said is not None and not unresolved:
        return backed(facts, 90, "only the manager was sent", text=said.text)
    return None


def _manager_shown(facts: Facts) -> Match | None:
    """A refusal without a word, or a success without a sight of it."""
    body = facts.body if isinstance(facts.body, dict) else {}
    extension = body.get(urns.ENTERPRISE_USER)
    bare = isinstance(extension, dict) and isinstance(extension.get("manager"), str)
    if facts.stage is Stage.CREATE and facts.mute and bare and facts.status in {400, 422, 500}:
        return possible(69, "manager was sent as a bare id")
    if mute_refusal(facts, Shape.MANAGER):
        return possible(71, "manager was sent as Entra does: a bare id, or a removal")
    if facts.accepted_unseen and facts.has(Shape.MANAGER) and _only_manager(facts):
        return possible(54, "a change of manager was accepted")
    return None


def _roles(facts: Facts) -> Match | None:
    if not (facts.refused or facts.succeeded) or not facts.has(Shape.ROLES_TEXT):
        return _roles_by_text(facts)
    said = facts.says(*TYPE_BREACHES, Breach.VALUE_REFUSED, *PATH_BREACHES)
    missing = facts.says(Breach.REQUIRED)
    part = missing is not None and bare_name(missing.attribute) == "roles"
    if missing is not None and part and facts.stage is Stage.UPDATE and facts.refused:
        return backed(
            facts, 90, "roles in PATCH lack a part that the app asks for", text=missing.text
        )
    if said is not None and is_type_only(said) and facts.says(Breach.POLICY) is not None:
        return possible(70, "roles were sent, though the words are of a rule", said.text)
    if facts.stage is Stage.UPDATE and _quoted_filter(facts) is not None:
        return possible(66, "roles were sent, though a path with a filter is refused")
    if facts.stage is Stage.UPDATE and facts.refused and said is not None:
        return backed(facts, 88, "the shape of roles is refused", text=said.text)
    if mute_refusal(facts, Shape.ROLES_TEXT):
        return possible(74, "roles were sent from an app-role expression")
    if facts.accepted_unseen:
        return possible(56, "roles from an app-role expression were accepted")
    return None


def _roles_by_text(facts: Facts) -> Match | None:
    body = facts.body if isinstance(facts.body, dict) else {}
    if facts.stage is Stage.CREATE and facts.mute and facts.status in {400, 422, 500}:
        if holds_json_text(body.get("roles")):
            return possible(72, "roles were sent with JSON text as their value")
        return None
    said = facts.says(*TYPE_BREACHES)
    about = said is not None and bare_name(said.attribute) == "roles"
    if said is not None and about and facts.refused:
        return backed(facts, 87, "the shape of roles is refused", text=said.text)
    return None


CAUSES: tuple[Cause, ...] = (
    Cause(
        rule=words(
            "extension-urn-path-unsupported",
            "A path with an extension's URN is not resolved",
            definition="Path with the enterprise or custom extension URN is not resolved.",
            explanation=(
                "Extension attributes are addressed by URN and name, joined by a colon; the URN "
                "itself holds dots."
            ),
            request=(
                'Match the longest known URN first, then the attribute: {"op":"Add","path":'
                '"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":'
                '"R&D"} must work, with the extension absent before, too.'
            ),
        ),
        match=_extension,
    ),
    Cause(
        rule=CauseRule(
            id="value-path-unsupported",
            title="A path with a filter is not understood",
            definition='Path with a value filter, emails[type eq "work"].value, is not supported '
            "at all.",
            layer=ENDPOINT,
            fixed_by=EITHER,
            explanation="Entra addresses e-mails, phone numbers and addresses by their type. One "
            "such operation that fails makes the whole PATCH fail.",
            remediation=(
                developer(
                    "Support such paths for add, replace and remove, and create the element when "
                    'none matches: {"op":"Replace","path":"emails[type eq \\"work\\"].value",'
                    '"value":"a@example.com"} must work.',
                    CHECK,
                ),
                admin(
                    f"Until then remove the mappings with brackets: {MAPPINGS}.",
                    "scimdoctor mappings APP",
                ),
            ),
            references=(PATCH_SECTION, TUTORIAL),
        ),
        match=_value_path,
    ),
    Cause(
        rule=words(
            "value-path-no-match-rejected",
            "A filter in a path works only when something matches",
            definition="Value filter works only when an element matches; Entra expects it to be created.",
            explanation=(
                'Entra sends Add or Replace on emails[type eq "work"].value also for a user without '
                "a work e-mail. The RFC allows 400 noTarget for replace, but then the value can "
                "never be set."
            ),
            request=(
                'Create the element when none matches: {"op":"Replace","path":"emails[type eq '
                '\\"work\\"].value","value":"a@example.com"} on a user without e-mails adds one.'
            ),
        ),
        match=_no_target,
    ),
    Cause(
        rule=words(
            "value-path-add-creates-duplicates",
            "Several filtered Adds make several elements",
            definition="Several filtered Adds make several elements instead of filling one.",
            explanation=(
                'Entra sends one Add for each sub-attribute of addresses[type eq "work"]. They '
                "belong to one element."
            ),
            request=(
                "Apply the operations of a PATCH in order and reuse the element that matches, also if "
                'an operation before made it: Add addresses[type eq "work"].locality and Add '
                'addresses[type eq "work"].country must leave one address.'
            ),
        ),
        match=_duplicates,
    ),
    Cause(
        rule=words(
            "manager-value-shape",
            "manager as a bare id is not handled",
            definition="manager as a bare string, or its removal, is not handled.",
            explanation=(
                "Entra sends the manager as a plain id, not as an object, and clears it by Remove "
                "or an empty text."
            ),
            request=(
                'Take both forms: {"op":"Add","path":"urn:ietf:params:scim:schemas:extension:'
                'enterprise:2.0:User:manager","value":"<id>"} and value {"value":"<id>"}; Remove and '
                '"" clear it.'
            ),
        ),
        match=_manager,
    ),
    Cause(
        rule=CauseRule(
            id="roles-json-string-shape",
            title="roles from app-role expressions are not handled",
            definition="roles from app-role expressions (JSON string values, no type in PATCH) "
            "are not handled.",
            layer=ENDPOINT,
            fixed_by=EITHER,
            explanation="AppRoleAssignmentsComplex sends objects in POST, but in PATCH an array "
            "whose value is JSON text.",
            remediation=(
                developer(
                    'Parse the inner text of {"op":"Add","path":"roles","value":[{"value":'
                    '"{\\"id\\":\\"…\\",\\"value\\":\\"Admin\\",\\"displayName\\":\\"Admin\\"}"}]} '
                    "and key roles on value.",
                    CHECK,
                ),
                admin(
                    f"Portal: {CREDENTIALS}: append ?aadOptscim062020 to the tenant URL: PATCH then "
                    "writes roles as POST does.",
                    "scimdoctor check-endpoint 'URL?aadOptscim062020'",
                ),
                admin(
                    f"Or map SingleAppRoleAssignment([appRoleAssignments]) to roles[primary eq "
                    f'"True"].value: {MAPPINGS}.',
                    "scimdoctor mappings APP",
                ),
            ),
            references=(ATTRIBUTES,),
        ),
        match=_roles,
    ),
)
"""PATCH paths."""
