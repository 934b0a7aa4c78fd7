"""Causes in how a PATCH is written: method, operation and plain value."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from scimdoctor.causes.answers import dotted_keys
from scimdoctor.causes.attributes import (
    COMMON,
    bare_name,
    is_extension,
    is_value_path,
    leaf,
)
from scimdoctor.causes.breach import COMPOSED, Breach
from scimdoctor.causes.contrast import shape_minded
from scimdoctor.causes.facts import Stage
from scimdoctor.causes.match import (
    ADMIN,
    COMPATIBILITY,
    MAPPING,
    RFC_7643,
    RFC_7644,
    Cause,
    Match,
    backed,
    developer,
    likely,
    possible,
)
from scimdoctor.causes.patching import (
    FLAG,
    PATH_BREACHES,
    TYPE_BREACHES,
    ignored_keys,
    mute_refusal,
    or_flag,
    patched,
    refused_alike,
    words,
)
from scimdoctor.causes.readback import arrived, single_values
from scimdoctor.causes.sent import Shape
from scimdoctor.causes.wording import says_nothing
from scimdoctor.model.rule import CauseRule
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from scimdoctor.causes.breach import Complaint
    from scimdoctor.causes.facts import Facts


_MANY = 3
"""So many objects are hardly deleted in the app at one time by accident."""


def _method_missing(facts: Facts) -> Match | None:
    odd = facts.has(Shape.VALUE_PATH, Shape.EXTENSION_PATH, Shape.DOTTED_KEYS)
    one = (Breach.ADD_REFUSED, Breach.OP_REFUSED, Breach.GROUPS_UNSUPPORTED)
    odd = odd or facts.says(Breach.VALUE_PATH_REFUSED, *PATH_BREACHES, *one) is not None
    if facts.stage is Stage.UPDATE and facts.status == 501 and odd:
        return possible(62, "the update is answered 501: PATCH, or this part, is not implemented")
    if facts.stage is Stage.UPDATE and facts.status in {405, 501}:
        return likely(91, f"the update is answered {facts.status}: PATCH is not implemented")
    if facts.code("MethodNotAllowed") and facts.stage in {Stage.UPDATE, Stage.UNKNOWN}:
        return likely(84, "error code MethodNotAllowed on an update")
    lost = facts.stage is Stage.UPDATE and facts.status == 404 and facts.reference_named is None
    return (_patch_not_found(facts) if lost else _patch_unknown(facts)) or _patch_denied(facts)


def _patch_not_found(facts: Facts) -> Match | None:
    """A 404 to a PATCH: the object may be gone, or nothing takes a PATCH there."""
    if facts.target_was_found:
        weight = 60 if facts.exchange is None and facts.says(Breach.NOT_FOUND) else 83
        return possible(weight, "the object was found under that id, yet its PATCH gets 404")
    told = _patch_unknown(facts)
    if told is None and facts.exchange is not None and facts.reading.page is not None:
        return possible(66, "PATCH is answered 404 by a web page, and not by SCIM")
    if told is not None or facts.exchange is not None or facts.reading.is_scim:
        return told
    many = f": {facts.objects} objects" if facts.objects > 1 else ""
    weight = 72 if facts.objects >= _MANY else 56
    return possible(weight, f"PATCH is answered 404 without a SCIM error{many}")


def _patch_unknown(facts: Facts) -> Match | None:
    said = facts.says(Breach.METHOD, Breach.NO_ROUTE)
    if said is None or facts.stage is not Stage.UPDATE or facts.status not in {None, 404, 405, 501}:
        return None
    return backed(facts, 86, "the app knows no PATCH there", text=said.text)


def _patch_denied(facts: Facts) -> Match | None:
    for exchange in facts.case.exchanges:
        body = exchange.json
        patch = body.get("patch") if isinstance(body, dict) else None
        if isinstance(patch, dict) and patch.get("supported") is False:
            return likely(93, "the ServiceProviderConfig says patch.supported false")
    return None


_ECHOED = re.compile(
    r"""(?x)(?:[Uu]n(?:supported|known|recogni[sz]ed|expected)|[Ii](?:nvalid|llegal))\s(?:\w+\s)?
    (?:op|operation|verb)(?:\s(?:type|name|value))?[\s'"`:=]+(?P<verb>add|replace|remove)\b(?!,)"""
)
"""A refused operation that the app writes in lower case."""


_CAPITAL = re.compile(r"\bAdd\b")


def _echoed(facts: Facts) -> str | None:
    """The operation that the app names in lower case, though it was sent with a capital.

    An app that writes it so has taken the letters for equal; it lacks the operation itself.
    """
    if facts.operations_seen and not facts.has(Shape.CAPITAL_OP):
        return None
    found = _ECHOED.search(facts.reading.words)
    return found["verb"] if found is not None else None


def _op_case(facts: Facts) -> Match | None:
    said = facts.says(Breach.OP_REFUSED) or _at_op(facts)
    lower = facts.operations_seen and not facts.has(Shape.CAPITAL_OP)
    if said is not None and _echoed(facts) is not None:
        return possible(74, "an operation is refused by its name in lower case", said.text)
    if said is not None and facts.stage in {Stage.UPDATE, Stage.UNKNOWN} and not lower:
        return backed(facts, 90, "the operation's name is refused", text=said.text)
    if refused_alike(facts):
        return possible(76, "changes of every kind are refused in the same words, and none passes")
    if mute_refusal(facts, Shape.CAPITAL_OP) and facts.status != 500:
        return possible(50, "operations are written with a capital (Add, Replace, Remove)")
    return None


def _at_op(facts: Facts) -> Complaint | None:
    """What is filed under the name of an operation, whatever it says."""
    placed = (c for c in facts.reading.complaints if c.structured and leaf(c.attribute) == "op")
    return next(placed, None)


def _add(facts: Facts) -> Match | None:
    if facts.succeeded and facts.stage is Stage.UPDATE:
        return _add_ignored(facts)
    if not patched(facts):
        return None
    said = facts.says(Breach.ADD_REFUSED)
    if said is None and _echoed(facts) == "add":
        said = facts.says(Breach.OP_REFUSED)
    named = bare_name(facts.path_refused)
    members = bool(facts.operations) and all(
        bare_name(o.path) == "members" for o in facts.operations
    )
    if said is not None and named != "members" and not members:
        # An app that lacks Add for one attribute names it; else it may mind the capital.
        by_name = (
            said.attribute is None and facts.says(Breach.OP_REFUSED) and _CAPITAL.search(said.text)
        )
        return backed(facts, 86 if by_name else 92, "Add is refused", text=said.text)
    unknown = facts.says(*PATH_BREACHES)
    adds = [o for o in facts.operations if o.verb == "add"]
    if unknown is not None and adds and named in COMMON:
        text = f"Add of {named} is refused, an attribute that every resource has"
        return backed(facts, 89, text, text=unknown.text)
    if mute_refusal(facts, Shape.ADD) and len(adds) == len(facts.operations):
        return possible(57, "only Add operations on plain attributes were sent")
    return None


def _add_ignored(facts: Facts) -> Match | None:
    """An accepted PATCH whose answer holds what was replaced, but not what was added."""
    if not isinstance(facts.answer, dict) or "id" not in facts.answer:
        return None
    taken: dict[str, set[bool]] = {"add": set(), "replace": set()}
    for operation in facts.operations:
        for path, value in single_values((operation,)):
            plain = not is_extension(path) and not is_value_path(path)
            if plain and operation.path is not None:
                taken[operation.verb].add(arrived(value, value_at(facts.answer, path)))
    if taken["add"] != {False} or False in taken["replace"]:
        return None
    if taken["replace"]:
        return likely(90, "what was replaced is answered as sent; what was added is not")
    return possible(62, "what was added is not in the answer; no Replace was sent beside it")


def _boolean(facts: Facts) -> Match | None:
    if facts.stage not in {Stage.UPDATE, Stage.CREATE}:
        return None
    said = facts.says(Breach.NOT_BOOLEAN)
    if said is not None and not _sends_no_boolean(facts):
        first_of_all = facts.says(Breach.ADD_REFUSED, Breach.OP_REFUSED) is None
        return backed(facts, 92 if first_of_all else 84, "a boolean is asked for", text=said.text)
    vague = facts.says(Breach.WRONG_TYPE, Breach.VALUE_REFUSED, Breach.NOT_STRING)
    if vague is not None and facts.has(Shape.TEXT_BOOLEAN) and _names_boolean(vague.attribute):
        return backed(facts, 86, "a boolean was sent as text", text=vague.text)
    if vague is not None and bare_name(vague.attribute) == "active":
        return backed(facts, 84, "the value of active is refused", text=vague.text)
    if mute_refusal(facts, Shape.TEXT_BOOLEAN):
        return possible(66, 'active was sent as the text that Entra writes, "True" or "False"')
    disables = facts.case.event is not None and facts.case.event.provisioning_action == "disable"
    only_active = {bare_name(o.path) for o in facts.operations} <= {"active"}
    if patched(facts) and facts.mute and disables and only_active and facts.exchange is None:
        return possible(54, 'disabling is refused; Entra sends active as the text "False"')
    return None


def _sends_no_boolean(facts: Facts) -> bool:
    """Whether every change is known, and none is of a boolean or written as one."""
    paths = [operation.path for operation in facts.operations]
    known = bool(paths) and all(paths) and facts.stage is Stage.UPDATE
    return known and not facts.has(Shape.TEXT_BOOLEAN) and not any(map(_names_boolean, paths))


def _names_boolean(path: str | None) -> bool:
    return path is None or bare_name(path) == "active" or path.casefold().endswith("primary")


def _value_shape(facts: Facts) -> Match | None:
    if facts.stage not in {Stage.UPDATE, Stage.CREATE}:
        return None
    shown = _shape_shown(facts)
    if shown is not None:
        return shown
    said = facts.says(*TYPE_BREACHES)
    if said is not None and (facts.says(Breach.NOT_BOOLEAN) is None or _sends_no_boolean(facts)):
        name = bare_name(said.attribute)
        weight = 70 if name in {"manager", "roles", "active"} else 83
        found = backed(facts, weight, "the value's shape is refused", text=said.text)
        return found if facts.stage is Stage.UPDATE else _in_create(found)
    vague = facts.says(Breach.VALUE_REFUSED)
    if patched(facts) and says_nothing(vague):
        return possible(52, "the value that is refused may be refused for its shape")
    missing = facts.says(Breach.REQUIRED)
    if patched(facts) and missing is not None and facts.has(Shape.EMPTY_LIST, Shape.NULL_VALUE):
        text = "an empty list or a null was sent as the value"
        return backed(facts, 84, text, text=missing.text)
    if mute_refusal(facts, Shape.REF_ARRAY):
        return possible(72, 'a plain value was sent as [{"$ref": null, "value": …}]')
    if mute_refusal(facts, Shape.NULL_VALUE):
        return possible(64, "a null was sent as the value")
    return None


def _shape_shown(facts: Facts) -> Match | None:
    reference = facts.says(Breach.UNKNOWN_ATTRIBUTE, Breach.VALUE_REFUSED)
    if reference is not None and patched(facts) and leaf(reference.attribute) == "$ref":
        return possible(87, "a list of $ref and value is refused for its $ref", reference.text)
    minded = shape_minded(facts.case.exchanges)
    if minded is not None:
        return likely(95, f"{minded} is refused in one shape and taken in the other")
    return None


def _in_create(found: Match) -> Match:
    return replace(
        found,
        title="The shape of a value is refused when an object is created",
        explanation="Entra sends what the mapping gives, mostly as text. The app reads the value "
        "into another type, and refuses the whole create over it.",
    )


def _dotted(facts: Facts) -> Match | None:
    if facts.stage is not Stage.UPDATE:
        return None
    sent = facts.has(Shape.DOTTED_KEYS)
    stored = dotted_keys(facts.answer) if facts.succeeded and isinstance(facts.answer, dict) else ()
    if sent and stored:
        return likely(94, f"the app stored the key {stored[0]!r} as written")
    ignored = ignored_keys(facts)
    if ignored:
        return likely(
            95, f"{ignored[0]!r} has no effect: keys with dots or URNs are not taken apart"
        )
    missing = facts.says(Breach.PATH_MISSING)
    if sent:
        return _dotted_refused(facts)
    if missing is not None and patched(facts) and not facts.has(Shape.REMOVE_MEMBERS_BY_VALUE):
        return backed(facts, 79, "an operation without path is refused", text=missing.text)
    return _no_path_refused(facts)


def _no_path_refused(facts: Facts) -> Match | None:
    """A path is refused of which no operation has one: the app took its absence for one."""
    said = facts.says(*PATH_BREACHES)
    if said is None or said.attribute is not None or not re.search(r"(?i)\bpath\b", said.text):
        return None
    if not patched(facts) or not facts.operations_seen or any(o.path for o in facts.operations):
        return None
    return possible(77, "a path is refused, though no operation has one", said.text)


def _dotted_refused(facts: Facts) -> Match | None:
    """The same where a key with a dot or a URN was sent without path."""
    said = facts.says(*PATH_BREACHES, *TYPE_BREACHES, Breach.PATH_MISSING)
    if said is not None and patched(facts):
        return backed(facts, 91, "keys with dots or URNs are refused", text=said.text)
    named = facts.says(Breach.VALUE_REFUSED)
    if named is not None and named.source == COMPOSED and _is_key(facts, named.attribute):
        return possible(83, "a key with dots or URNs is named as what is not valid", named.text)
    if mute_refusal(facts, Shape.DOTTED_KEYS):
        return possible(73, "a pathless operation with dotted or URN keys was sent")
    if facts.accepted_unseen:
        return possible(53, "a pathless operation with dotted or URN keys was accepted")
    return None


def _is_key(facts: Facts, name: str | None) -> bool:
    """Whether `name` is a key with a dot in the value of an operation without path."""
    values = [o.value for o in facts.operations if o.path is None and isinstance(o.value, dict)]
    keys = {key.casefold() for value in values for key in value}
    return name is not None and "." in name and name.casefold() in keys


def _flag(facts: Facts) -> Match | None:
    for exchange in facts.case.exchanges:
        if "aadoptscim" in exchange.url.casefold() and not exchange.ok:
            return likely(92, "the feature flag stands in the URL that reached the app")
    said = facts.says(Breach.FLAG)
    if said is not None:
        return backed(facts, 88, "the app speaks of Entra's compliance flag", text=said.text)
    if refused_alike(facts):
        return possible(75, "every change is refused in the dialect that Entra writes by default")
    return None


CAUSES: tuple[Cause, ...] = (
    Cause(
        rule=words(
            "patch-method-missing",
            "PATCH is not implemented",
            definition="PATCH is not implemented on the resource (405, patch.supported false).",
            explanation=(
                "Entra changes, disables and restores objects by PATCH only; it never sends PUT. "
                "Without PATCH nothing but create and delete works."
            ),
            request=(
                "Implement PATCH on /Users/{id} and /Groups/{id}; say patch.supported true. This "
                'must give 200 or 204: PATCH /Users/{id} {"Operations":[{"op":"Replace",'
                '"path":"active","value":"False"}]}.'
            ),
        ),
        match=_method_missing,
    ),
    Cause(
        rule=or_flag(
            words(
                "patch-op-case-sensitive",
                "Operation names with a capital are not recognised",
                definition="Add, Replace, Remove with a capital are not recognised.",
                explanation=(
                    "By default Entra writes Add, Replace and Remove. A server that knows the lower-case "
                    "names only refuses every change, so users are neither updated nor disabled."
                ),
                request=(
                    "Compare op without regard to letter case, before any schema validation: "
                    '{"op":"Replace","path":"displayName","value":"x"} must work.'
                ),
            )
        ),
        match=_op_case,
    ),
    Cause(
        rule=words(
            "patch-add-not-supported",
            "Add works less than replace",
            definition="op Add on a single-valued attribute is refused or ignored; only replace works.",
            explanation=(
                "Entra sends Add for a value that the app's object did not have. On a single-valued "
                "attribute Add means replace."
            ),
            request=(
                "Treat add on a single-valued attribute as replace, for externalId too: "
                '{"op":"Add","path":"externalId","value":"x"} must work, whether it had a value '
                "or not."
            ),
        ),
        match=_add,
    ),
    Cause(
        rule=or_flag(
            words(
                "boolean-string-rejected",
                "Booleans as text are refused",
                definition='"True"/"False" strings for booleans are refused.',
                explanation=(
                    'By default Entra writes booleans in PATCH as the texts "True" and "False". If '
                    "they are refused, users who lose access stay active."
                ),
                request=(
                    'Read "True" and "False", in any letter case, as booleans: {"op":"Replace",'
                    '"path":"active","value":"False"} must disable the user.'
                ),
            )
        ),
        match=_boolean,
    ),
    Cause(
        rule=words(
            "patch-value-shape-rejected",
            "The shape of a value is refused",
            definition="Value is refused because of its shape (scalar vs array, null, old $ref array).",
            explanation=(
                "A value arrives as text where an array or object is expected, as null, or (from "
                'old customappsso jobs) wrapped as [{"$ref":null,"value":…}].'
            ),
            request=(
                "Take a scalar for an array of one and an array of one for a scalar, and treat null "
                'and empty text as \'no value\': PATCH with {"op":"Add","path":"members",'
                '"value":[{"value":"<id>"}]} and with the object alone must do the same. Old '
                "jobs: create the app anew, so that it is a scim job."
            ),
        ),
        match=_value_shape,
    ),
    Cause(
        rule=words(
            "pathless-dotted-keys-unsupported",
            "Keys with dots in a pathless operation are not taken apart",
            definition="Pathless operation with dotted or URN keys is not expanded (what the flag produces).",
            explanation=(
                "With aadOptscim062020 Entra puts several changes into one operation without path; "
                "the keys of its value are attribute paths."
            ),
            request=(
                'Read each key as a path: {"op":"replace","value":{"displayName":"x",'
                '"name.givenName":"Ada","urn:ietf:params:scim:schemas:extension:enterprise:2.0:'
                'User:department":"R&D"}} sets three attributes.'
            ),
        ),
        match=_dotted,
    ),
    Cause(
        rule=CauseRule(
            id="needs-scim-compliance-flag",
            title="The app needs Entra's compliance flag",
            definition="App works only with aadOptscim062020 on the tenant URL (or the flag was "
            "misapplied).",
            layer=MAPPING,
            fixed_by=ADMIN,
            explanation="Without the flag Entra writes PATCH in its older form. Apps that take "
            "the RFC's form only fail on several points at once: names of operations, booleans, "
            "removal of members.",
            remediation=(
                FLAG,
                developer(
                    "Better: accept both forms, so that nobody needs it: PATCH with "
                    '{"op":"Replace","path":"active","value":"False"} and with '
                    '{"op":"replace","path":"active","value":false}.'
                ),
            ),
            references=(COMPATIBILITY, RFC_7644, RFC_7643),
        ),
        match=_flag,
    ),
)
"""PATCH syntax."""
