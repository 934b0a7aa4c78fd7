"""Causes in how a PATCH is written: what Entra sends and a server does not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.causes.answers import dotted_keys, doubled_types
from scimdoctor.causes.attributes import (
    COMMON,
    bare_name,
    is_extension,
    is_indexed,
    is_value_path,
)
from scimdoctor.causes.breach import Breach
from scimdoctor.causes.facts import Stage
from scimdoctor.causes.match import (
    ADMIN,
    APP,
    ATTRIBUTES,
    CHECK,
    COMPATIBILITY,
    CREDENTIALS,
    EITHER,
    ENDPOINT,
    MAPPING,
    MAPPINGS,
    RFC_7643,
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
from scimdoctor.causes.sent import Shape
from scimdoctor.model.rule import CauseRule

if TYPE_CHECKING:
    from scimdoctor.causes.facts import Facts

_TYPE_BREACHES = (
    Breach.NOT_OBJECT,
    Breach.NOT_ARRAY,
    Breach.NOT_STRING,
    Breach.WRONG_TYPE,
)
_PATH_BREACHES = (
    Breach.PATH_REFUSED,
    Breach.UNKNOWN_ATTRIBUTE,
    Breach.UNKNOWN_SCHEMA,
    Breach.NO_TARGET,
)
_MUTE_STATUSES = frozenset({400, 422, 500, 501})
_FLAG = admin(
    f"Portal: {CREDENTIALS}: append ?aadOptscim062020 to the tenant URL, save, and restart "
    "provisioning; Entra then writes RFC-style PATCH requests.",
    "scimdoctor check-endpoint 'URL?aadOptscim062020'",
)


def _patched(facts: Facts) -> bool:
    """Whether an update was refused in a way that its syntax may explain."""
    refused = facts.refused and facts.stage is Stage.UPDATE
    return refused and facts.status not in {401, 403, 405, 409, 415, 429}


def _mute(facts: Facts, *shapes: Shape) -> bool:
    """Whether a PATCH of one of `shapes` was refused without an explanation."""
    silent = facts.mute or (facts.says(Breach.CRASH) is not None and _only_crash(facts))
    seen = facts.exchange is not None and facts.has(*shapes)
    return _patched(facts) and silent and seen and facts.status in _MUTE_STATUSES


def _only_crash(facts: Facts) -> bool:
    return all(c.breach is Breach.CRASH for c in facts.reading.complaints)


def _method_missing(facts: Facts) -> Match | None:
    if facts.stage is Stage.UPDATE and facts.status in {405, 501}:
        return likely(91, f"the update is answered {facts.status}: PATCH is not implemented")
    if facts.code("MethodNotAllowed") and facts.stage in {Stage.UPDATE, Stage.UNKNOWN}:
        return likely(84, "error code MethodNotAllowed on an update")
    said = facts.says(Breach.METHOD, Breach.NO_ROUTE)
    if said is not None and facts.stage is Stage.UPDATE and facts.status in {None, 404, 405, 501}:
        return backed(facts, 86, "the app knows no PATCH there", text=said.text)
    for exchange in facts.case.exchanges:
        body = exchange.json
        patch = body.get("patch") if isinstance(body, dict) else None
        if isinstance(patch, dict) and patch.get("supported") is False:
            return likely(93, "the ServiceProviderConfig says patch.supported false")
    return None


def _op_case(facts: Facts) -> Match | None:
    said = facts.says(Breach.OP_REFUSED)
    lower = facts.operations_seen and not facts.has(Shape.CAPITAL_OP)
    if said is not None and facts.stage in {Stage.UPDATE, Stage.UNKNOWN} and not lower:
        return backed(facts, 90, "the operation's name is refused", text=said.text)
    if _mute(facts, Shape.CAPITAL_OP) and facts.status != 500:
        return possible(50, "operations are written with a capital (Add, Replace, Remove)")
    return None


def _add(facts: Facts) -> Match | None:
    if not _patched(facts):
        return None
    said = facts.says(Breach.ADD_REFUSED)
    named = bare_name(facts.path_refused)
    if said is not None and named != "members":
        weight = 91 if named in COMMON or not named else 88
        return backed(facts, weight, "Add is refused", text=said.text)
    unknown = facts.says(*_PATH_BREACHES)
    adds = [o for o in facts.operations if o.verb == "add"]
    if unknown is not None and adds and named in COMMON:
        text = f"Add of {named} is refused, an attribute that every resource has"
        return backed(facts, 89, text, text=unknown.text)
    if _mute(facts, Shape.ADD) and len(adds) == len(facts.operations):
        return possible(57, "only Add operations on plain attributes were sent")
    return None


def _boolean(facts: Facts) -> Match | None:
    if facts.stage not in {Stage.UPDATE, Stage.CREATE}:
        return None
    said = facts.says(Breach.NOT_BOOLEAN)
    if said is not None:
        return backed(facts, 92, "a boolean is asked for", text=said.text)
    vague = facts.says(Breach.WRONG_TYPE, Breach.VALUE_REFUSED, Breach.NOT_STRING)
    if vague is not None and facts.has(Shape.TEXT_BOOLEAN) and _names_boolean(vague.attribute):
        return backed(facts, 86, "a boolean was sent as text", text=vague.text)
    if vague is not None and bare_name(vague.attribute) == "active":
        return backed(facts, 84, "the value of active is refused", text=vague.text)
    if _mute(facts, Shape.TEXT_BOOLEAN):
        return possible(66, 'active was sent as the text that Entra writes, "True" or "False"')
    disables = facts.case.event is not None and facts.case.event.provisioning_action == "disable"
    only_active = {bare_name(o.path) for o in facts.operations} <= {"active"}
    if _patched(facts) and facts.mute and disables and only_active and facts.exchange is None:
        return possible(54, 'disabling is refused; Entra sends active as the text "False"')
    return None


def _names_boolean(path: str | None) -> bool:
    return path is None or bare_name(path) == "active" or path.casefold().endswith("primary")


def _value_shape(facts: Facts) -> Match | None:
    if facts.stage not in {Stage.UPDATE, Stage.CREATE}:
        return None
    said = facts.says(*_TYPE_BREACHES)
    if said is not None and facts.says(Breach.NOT_BOOLEAN) is None:
        name = bare_name(said.attribute)
        weight = 70 if name in {"manager", "roles", "active"} else 83
        return backed(facts, weight, "the value's shape is refused", text=said.text)
    if _mute(facts, Shape.REF_ARRAY):
        return possible(72, 'a plain value was sent as [{"$ref": null, "value": …}]')
    if _mute(facts, Shape.NULL_VALUE):
        return possible(64, "a null was sent as the value")
    return None


def _dotted(facts: Facts) -> Match | None:
    if facts.stage is not Stage.UPDATE:
        return None
    sent = facts.has(Shape.DOTTED_KEYS)
    stored = dotted_keys(facts.answer) if facts.succeeded and isinstance(facts.answer, dict) else ()
    if sent and stored:
        return likely(94, f"the app stored the key {stored[0]!r} as written")
    said = facts.says(*_PATH_BREACHES, *_TYPE_BREACHES, Breach.PATH_MISSING)
    if sent and said is not None and _patched(facts):
        return backed(facts, 91, "keys with dots or URNs are refused", text=said.text)
    if _mute(facts, Shape.DOTTED_KEYS):
        return possible(73, "a pathless operation with dotted or URN keys was sent")
    if sent and facts.succeeded:
        return possible(53, "a pathless operation with dotted or URN keys was accepted")
    missing = facts.says(Breach.PATH_MISSING)
    if missing is not None and _patched(facts) and not facts.has(Shape.REMOVE_MEMBERS_BY_VALUE):
        return backed(facts, 79, "an operation without path is refused", text=missing.text)
    return None


def _extension(facts: Facts) -> Match | None:
    if not _patched(facts) or bare_name(facts.path_refused) == "manager":
        return None
    said = facts.says(*_PATH_BREACHES, *_TYPE_BREACHES, Breach.VALUE_PATH_REFUSED)
    on_extension = is_extension(facts.path_refused) or _only_extension(facts)
    if said is not None and on_extension:
        exact = said.breach is not Breach.UNKNOWN_ATTRIBUTE or facts.says(Breach.PATH_REFUSED)
        weight = 88 if exact or facts.operations_seen else 80
        return backed(facts, weight, "a path with an extension's URN is refused", text=said.text)
    if _mute(facts, Shape.EXTENSION_PATH):
        return possible(68, "a path with an extension's URN was sent")
    return None


def _only_extension(facts: Facts) -> bool:
    paths = [o.path for o in facts.operations]
    return bool(paths) and all(is_extension(path) for path in paths)


def _value_path(facts: Facts) -> Match | None:
    if not _patched(facts):
        return None
    named = is_value_path(facts.path_refused)
    sent = facts.has(Shape.VALUE_PATH)
    said = facts.says(
        Breach.VALUE_PATH_REFUSED, Breach.PATH_REFUSED, Breach.FILTER_REFUSED, Breach.FILTER_SYNTAX
    )
    if facts.says(Breach.NO_TARGET) is not None and (named or sent):
        return possible(60, "the filter in the path matched nothing")
    if said is not None and (named or sent or said.breach is Breach.VALUE_PATH_REFUSED):
        weight = 87 if named or said.breach is Breach.VALUE_PATH_REFUSED else 83
        return backed(facts, weight, "a path with a filter is refused", text=said.text)
    other = facts.says(Breach.UNKNOWN_ATTRIBUTE, *_TYPE_BREACHES)
    if other is not None and sent and not is_indexed(other.attribute):
        return possible(74, "a path with a filter was sent", other.text)
    if _mute(facts, Shape.VALUE_PATH):
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
    return backed(facts, 92 if named else 82, "no element matched", text=said.text)


def _duplicates(facts: Facts) -> Match | None:
    if facts.stage is not Stage.UPDATE:
        return None
    made = doubled_types(facts.answer) if facts.succeeded and isinstance(facts.answer, dict) else ()
    if made:
        return likely(95, f"{', '.join(made)} hold several elements of one type afterwards")
    if facts.succeeded and facts.has(Shape.SEVERAL_VALUE_PATH_ADDS):
        return possible(55, "several Adds with one filter were accepted")
    return None


def _manager(facts: Facts) -> Match | None:
    if facts.stage not in {Stage.UPDATE, Stage.CREATE}:
        return None
    said = facts.says(*_TYPE_BREACHES, Breach.VALUE_REFUSED, *_PATH_BREACHES, Breach.REQUIRED)
    about = said is not None and bare_name(said.attribute) == "manager"
    if about and facts.refused and facts.says(Breach.REFERENCE) is None:
        return backed(facts, 93, "the manager's value is refused", text=said.text if said else None)
    only = facts.operations_seen and all(bare_name(o.path) == "manager" for o in facts.operations)
    if facts.refused and only and said is not None and facts.says(Breach.REFERENCE) is None:
        return backed(facts, 90, "only the manager was sent", text=said.text)
    if _mute(facts, Shape.MANAGER):
        return possible(71, "manager was sent as Entra does: a bare id, or a removal")
    if facts.succeeded and facts.has(Shape.MANAGER) and only:
        return possible(54, "a change of manager was accepted")
    return None


def _roles(facts: Facts) -> Match | None:
    if not (facts.refused or facts.succeeded) or not facts.has(Shape.ROLES_TEXT):
        return _roles_by_text(facts)
    said = facts.says(*_TYPE_BREACHES, Breach.VALUE_REFUSED, *_PATH_BREACHES)
    if facts.stage is Stage.UPDATE and facts.refused and said is not None:
        return backed(facts, 88, "the shape of roles is refused", text=said.text)
    if _mute(facts, Shape.ROLES_TEXT):
        return possible(74, "roles were sent from an app-role expression")
    if facts.succeeded:
        return possible(56, "roles from an app-role expression were accepted")
    return None


def _roles_by_text(facts: Facts) -> Match | None:
    said = facts.says(*_TYPE_BREACHES)
    about = said is not None and bare_name(said.attribute) == "roles"
    if said is not None and about and facts.refused:
        return backed(facts, 87, "the shape of roles is refused", text=said.text)
    return None


def _flag(facts: Facts) -> Match | None:
    for exchange in facts.case.exchanges:
        if "aadoptscim" in exchange.url.casefold() and not exchange.ok:
            return likely(92, "the feature flag stands in the URL that reached the app")
    said = facts.says(Breach.FLAG)
    if said is not None:
        return backed(facts, 88, "the app speaks of Entra's compliance flag", text=said.text)
    return None


_PATCH = "https://www.rfc-editor.org/rfc/rfc7644#section-3.5.2"


def _words(
    id_: str, title: str, definition: str, explanation: str, request: str, flag: bool = False
) -> CauseRule:
    """The words of a cause that the app's developer ends by understanding one more form."""
    steps = (developer(request, CHECK), *((_FLAG,) if flag else ()))
    return CauseRule(
        id=id_,
        title=title,
        definition=definition,
        layer=ENDPOINT,
        fixed_by=EITHER if flag else APP,
        explanation=explanation,
        remediation=steps,
        references=(_PATCH, COMPATIBILITY),
    )


CAUSES: tuple[Cause, ...] = (
    Cause(
        rule=_words(
            "patch-method-missing",
            "PATCH is not implemented",
            "PATCH is not implemented on the resource (405, patch.supported false).",
            "Entra changes, disables and restores objects by PATCH only; it never sends PUT. "
            "Without PATCH nothing but create and delete works.",
            "Implement PATCH on /Users/{id} and /Groups/{id}; say patch.supported true. This "
            'must give 200 or 204: PATCH /Users/{id} {"Operations":[{"op":"Replace",'
            '"path":"active","value":"False"}]}.',
        ),
        match=_method_missing,
    ),
    Cause(
        rule=_words(
            "patch-op-case-sensitive",
            "Operation names with a capital are not recognised",
            "Add, Replace, Remove with a capital are not recognised.",
            "By default Entra writes Add, Replace and Remove. A server that knows the lower-case "
            "names only refuses every change, so users are neither updated nor disabled.",
            "Compare op without regard to letter case, before any schema validation: "
            '{"op":"Replace","path":"displayName","value":"x"} must work.',
            True,
        ),
        match=_op_case,
    ),
    Cause(
        rule=_words(
            "patch-add-not-supported",
            "Add works less than replace",
            "op Add on a single-valued attribute is refused or ignored; only replace works.",
            "Entra sends Add for a value that the app's object did not have. On a single-valued "
            "attribute Add means replace.",
            "Treat add on a single-valued attribute as replace, for externalId too: "
            '{"op":"Add","path":"externalId","value":"x"} must work, whether it had a value '
            "or not.",
        ),
        match=_add,
    ),
    Cause(
        rule=_words(
            "boolean-string-rejected",
            "Booleans as text are refused",
            '"True"/"False" strings for booleans are refused.',
            'By default Entra writes booleans in PATCH as the texts "True" and "False". If '
            "they are refused, users who lose access stay active.",
            'Read "True" and "False", in any letter case, as booleans: {"op":"Replace",'
            '"path":"active","value":"False"} must disable the user.',
            True,
        ),
        match=_boolean,
    ),
    Cause(
        rule=_words(
            "patch-value-shape-rejected",
            "The shape of a value is refused",
            "Value is refused because of its shape (scalar vs array, null, old $ref array).",
            "A value arrives as text where an array or object is expected, as null, or (from "
            'old customappsso jobs) wrapped as [{"$ref":null,"value":…}].',
            "Take a scalar for an array of one and an array of one for a scalar, and treat null "
            "and empty text as 'no value'. Old jobs: create the app anew, so that it is a scim "
            "job.",
        ),
        match=_value_shape,
    ),
    Cause(
        rule=_words(
            "pathless-dotted-keys-unsupported",
            "Keys with dots in a pathless operation are not taken apart",
            "Pathless operation with dotted or URN keys is not expanded (what the flag produces).",
            "With aadOptscim062020 Entra puts several changes into one operation without path; "
            "the keys of its value are attribute paths.",
            'Read each key as a path: {"op":"replace","value":{"displayName":"x",'
            '"name.givenName":"Ada","urn:ietf:params:scim:schemas:extension:enterprise:2.0:'
            'User:department":"R&D"}} sets three attributes.',
        ),
        match=_dotted,
    ),
    Cause(
        rule=_words(
            "extension-urn-path-unsupported",
            "A path with an extension's URN is not resolved",
            "Path with the enterprise or custom extension URN is not resolved.",
            "Extension attributes are addressed by URN and name, joined by a colon; the URN "
            "itself holds dots.",
            'Match the longest known URN first, then the attribute: {"op":"Add","path":'
            '"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":'
            '"R&D"} must work, with the extension absent before, too.',
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
                    'Support paths of the form emails[type eq "work"].value for add, replace '
                    "and remove, and create the element when none matches.",
                    CHECK,
                ),
                admin(
                    f"Until then remove the mappings with brackets: {MAPPINGS}.",
                    "scimdoctor mappings APP",
                ),
            ),
            references=(_PATCH, TUTORIAL),
        ),
        match=_value_path,
    ),
    Cause(
        rule=_words(
            "value-path-no-match-rejected",
            "A filter in a path works only when something matches",
            "Value filter works only when an element matches; Entra expects it to be created.",
            'Entra sends Add or Replace on emails[type eq "work"].value also for a user without '
            "a work e-mail. The RFC allows 400 noTarget for replace, but then the value can "
            "never be set.",
            'Create the element when none matches: {"op":"Replace","path":"emails[type eq '
            '\\"work\\"].value","value":"a@example.com"} on a user without e-mails adds one.',
        ),
        match=_no_target,
    ),
    Cause(
        rule=_words(
            "value-path-add-creates-duplicates",
            "Several filtered Adds make several elements",
            "Several filtered Adds make several elements instead of filling one.",
            'Entra sends one Add for each sub-attribute of addresses[type eq "work"]. They '
            "belong to one element.",
            "Apply operations in order and reuse the element that matches the filter, also if "
            "an operation before made it.",
        ),
        match=_duplicates,
    ),
    Cause(
        rule=_words(
            "manager-value-shape",
            "manager as a bare id is not handled",
            "manager as a bare string, or its removal, is not handled.",
            "Entra sends the manager as a plain id, not as an object, and clears it by Remove "
            "or an empty text.",
            'Take both forms: {"op":"Add","path":"urn:ietf:params:scim:schemas:extension:'
            'enterprise:2.0:User:manager","value":"<id>"} and value {"value":"<id>"}; Remove and '
            '"" clear it.',
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
                    f"Or map SingleAppRoleAssignment([appRoleAssignments]) to roles[primary eq "
                    f'"True"].value: {MAPPINGS}.'
                ),
            ),
            references=(ATTRIBUTES,),
        ),
        match=_roles,
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
            remediation=(_FLAG, developer("Better: accept both forms, so that nobody needs it.")),
            references=(COMPATIBILITY, RFC_7644, RFC_7643),
        ),
        match=_flag,
    ),
)
"""PATCH syntax."""
