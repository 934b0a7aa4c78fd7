"""Causes in the attribute mapping."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scimdoctor.causes.aimed import names_role
from scimdoctor.causes.attributes import (
    DEFAULT_TARGETS,
    OPTIONAL_PARTS,
    STRUCTURAL,
    bare_name,
    in_rfc,
    is_extension,
    is_indexed,
    leaf,
)
from scimdoctor.causes.breach import Breach
from scimdoctor.causes.facts import Stage
from scimdoctor.causes.match import (
    ADMIN,
    ATTRIBUTES,
    CHECK,
    EITHER,
    MAPPING,
    MAPPINGS,
    ON_DEMAND,
    PROVISIONING,
    RESTART,
    TUTORIAL,
    Cause,
    Match,
    admin,
    backed,
    developer,
    first,
    likely,
    possible,
)
from scimdoctor.causes.patching import only_members, plain_path
from scimdoctor.causes.sent import Shape
from scimdoctor.causes.wording import is_vague_parameter, names_attribute_only
from scimdoctor.model.rule import CauseRule, FixedBy, Layer

if TYPE_CHECKING:
    from scimdoctor.causes.breach import Complaint
    from scimdoctor.causes.facts import Facts
    from scimdoctor.model.synchronization import ObjectMapping

_WRITING = frozenset({Stage.CREATE, Stage.UPDATE, Stage.UNKNOWN})
_EXPECTED = ("userName", "active")
"""Targets that a user mapping cannot do without."""


def _unsupported(facts: Facts) -> Match | None:
    if facts.code("SchemaAttributeNotFound"):
        return likely(92, "Entra's error code: the app does not know a mapped attribute")
    said = facts.says(Breach.UNKNOWN_ATTRIBUTE)
    if facts.stage not in _WRITING or facts.status in {401, 403, 409}:
        return None
    if said is None:
        return first(_plain_path(facts), _unwritable(facts), _not_allowed(facts))
    name = said.attribute
    if bare_name(name) in STRUCTURAL - {"roles"} or is_indexed(name):
        return None
    if facts.says(Breach.REQUIRED, Breach.OP_REFUSED, Breach.VALIDATOR_ATTRIBUTE, Breach.REFERENCE):
        return None
    return _unknown_attribute(facts, said)


def _unknown_attribute(facts: Facts, said: Complaint) -> Match:
    name = said.attribute
    if is_vague_parameter(said):
        # No app that speaks SCIM lacks userName (RFC 7643 section 4.1).
        weight = 60 if bare_name(name) in {"", "username"} else 74
        weight = 50 if only_members(facts) else weight
        return possible(weight, "a parameter is refused, by its name or its value", said.text)
    if name is None:
        return possible(68, "the app does not know an attribute", said.text)
    part = leaf(name) != bare_name(name) or facts.says(Breach.NO_TARGET) is not None
    if part and in_rfc(name) and facts.stage is Stage.UPDATE:
        # Defined by the RFC: the app may store it, and not find it by its path or without a value.
        return possible(72, f"the app does not know {name}", said.text)
    return backed(facts, _weight_of(facts), f"the app does not know {name}", text=said.text)


def _weight_of(facts: Facts) -> int:
    return 84 if facts.says(Breach.VALUE_REFUSED) is None else 81


def _plain_path(facts: Facts) -> Match | None:
    """A path without filter or URN that the app does not take: an attribute that it lacks."""
    said, path = facts.says(Breach.PATH_REFUSED, Breach.NO_TARGET), plain_path(facts)
    if said is None or path is None:
        return None
    if said.breach is Breach.NO_TARGET:
        # An Add to an attribute without a value may be refused so, too.
        known = any(operation.path == path for operation in facts.operations)
        return possible(72, f"{path} is no target, says the app", said.text) if known else None
    return backed(facts, 79, f"the path {path} is refused", text=said.text)


def _unwritable(facts: Facts) -> Match | None:
    """At a create nothing changes: what may not be written there is not for SCIM to fill."""
    said = facts.says(Breach.IMMUTABLE)
    if said is None or facts.stage is not Stage.CREATE or said.attribute is None:
        return None
    if facts.says(Breach.POLICY, Breach.PREREQUISITE, Breach.LICENCE):
        return None
    return possible(70, f"{said.attribute} may not be written, though it is new", said.text)


def _not_allowed(facts: Facts) -> Match | None:
    """An attribute, not a value of it, is said not to be allowed."""
    said = facts.says(Breach.VALUE_REFUSED)
    if said is None or not names_attribute_only(said) or bare_name(said.attribute) in STRUCTURAL:
        return None
    return possible(82, f"{said.attribute} is not allowed, whatever its value", said.text)


def _mapping(facts: Facts) -> ObjectMapping | None:
    schema = facts.case.schema
    return schema.mapping_for(group=facts.is_group) if schema is not None else None


def _targets(facts: Facts) -> set[str]:
    mapping = _mapping(facts)
    if mapping is None:
        return set()
    return {bare_name(m.target_attribute_name) for m in mapping.attribute_mappings}


def _missing(facts: Facts) -> Match | None:
    targets = _targets(facts)
    if not targets:
        return _not_mapped_by_default(facts)
    said = facts.says(Breach.REQUIRED)
    unmapped = said is not None and bare_name(said.attribute) not in targets
    if said is not None and unmapped and bare_name(said.attribute) == "roles":
        # A role may be missing, or the empty list that stands for it be refused.
        return possible(91, "the app asks for roles, which the mapping does not fill", said.text)
    sent_so = bare_name(said.attribute if said is not None else None) in STRUCTURAL
    if said is not None and said.attribute and unmapped and not sent_so:
        text = f"the app requires {said.attribute}, which the mapping does not fill"
        return likely(92, text, said.text)
    absent = [n for n in _EXPECTED if n.casefold() not in targets and not facts.is_group]
    disabling = facts.case.event is not None and facts.case.event.provisioning_action == "disable"
    if absent and (facts.case.event is None or disabling):
        return likely(78, f"the mapping has no {', '.join(absent)}")
    if facts.case.event is None and _constant_active(facts):
        return likely(76, "active is mapped to a constant, so nobody is ever disabled")
    return None


def _not_mapped_by_default(facts: Facts) -> Match | None:
    said = facts.says(Breach.REQUIRED)
    if said is None or facts.stage is not Stage.CREATE or not said.attribute:
        return None
    name = bare_name(said.attribute)
    if facts.is_group and name == "displayname":
        text = "every group in Entra has a displayName, so the mapping does not send it"
        return possible(87, text, said.text)
    by_default = name in DEFAULT_TARGETS | STRUCTURAL - {"roles"}
    if by_default or not in_rfc(name) or leaf(said.attribute) in OPTIONAL_PARTS:
        return None
    text = f"the app requires {said.attribute}, which Entra does not map by default"
    return possible(87, text, said.text)


def _constant_active(facts: Facts) -> bool:
    mapping = _mapping(facts)
    listed = mapping.attribute_mappings if mapping is not None else ()
    active = [m for m in listed if bare_name(m.target_attribute_name) == "active"]
    return any(m.source is not None and m.source.type == "Constant" for m in active)


def _custom(facts: Facts) -> Match | None:
    said = facts.says(Breach.CUSTOM_ATTRIBUTE)
    if said is not None and facts.status is None:
        return likely(93, "Entra could not export the attribute", said.text)
    mapping = _mapping(facts)
    if mapping is None or facts.refused:
        return None
    odd = [
        m.target_attribute_name
        for m in mapping.attribute_mappings
        if _is_odd(m.target_attribute_name)
    ]
    if odd:
        return likely(70, f"{odd[0]} is a custom attribute without an extension's URN")
    return None


def _is_odd(target: str) -> bool:
    if is_extension(target):
        return "." in leaf(target) or "." in target.rpartition(":")[2]
    return ":" in target and not target.casefold().startswith(("urn:", "http"))


def _roles(facts: Facts) -> Match | None:
    said = facts.says(Breach.ROLE_DEFINITION)
    if said is not None:
        return likely(94, "Entra cannot build the list of roles", said.text)
    refused = facts.says(Breach.VALUE_REFUSED)
    about = refused is not None and bare_name(refused.attribute) == "roles"
    operations = [o for o in facts.operations if bare_name(o.path) == "roles"]
    # Sent as text, or not sent at all: then it is not which role it is.
    by_shape = facts.has(Shape.ROLES_TEXT) and facts.operations_seen
    by_shape = by_shape or (bool(operations) and all(o.value is None for o in operations))
    if refused is not None and about and facts.stage in _WRITING and not by_shape:
        # The mapping may send a wrong role, or the app may lack the right one: words tell neither.
        return possible(84, "the role's value is refused", refused.text)
    missing = facts.says(Breach.PREREQUISITE)
    if missing is not None and names_role(facts.operations, missing.text):
        return possible(80, "the app has no role of the value that was sent", missing.text)
    return _both_expressions(facts)


def _both_expressions(facts: Facts) -> Match | None:
    mapping = _mapping(facts)
    listed = mapping.attribute_mappings if mapping is not None else ()
    roles = [m for m in listed if bare_name(m.target_attribute_name) == "roles"]
    texts = [(m.source.expression or "") if m.source is not None else "" for m in roles]
    single = any("SingleAppRole" in text for text in texts)
    if single and any("AppRoleAssignmentsComplex" in text for text in texts):
        return likely(77, "both app-role expressions are mapped, which excludes one another")
    if roles and not any("AppRole" in text for text in texts):
        return possible(58, "roles is mapped without an app-role expression")
    return None


def _sso(facts: Facts) -> Match | None:
    said = facts.says(Breach.SSO)
    if said is None or facts.says(Breach.UNLINKED_ACCOUNT, Breach.PREREQUISITE) is not None:
        return None
    return possible(86, "the app speaks of single sign-on's identity", said.text)


def _soft_delete(facts: Facts) -> Match | None:
    if not facts.has(Shape.RENAMED_BY_DELETE):
        return None
    if facts.refused:
        return likely(93, "the new userName is 32 hexadecimal digits and the old one")
    return possible(62, "the userName that a deleted user gets was accepted")


_TESTED = re.compile(r"(?i)\battribute (\S.{0,100}?) for (?:User|Group)\b")
"""How Entra's "Test Schema" names what it refuses."""


def _false_positive(facts: Facts) -> Match | None:
    said = facts.says(Breach.VALIDATOR_ATTRIBUTE)
    tested = _TESTED.search(said.text) if said is not None else None
    name = tested[1] if tested is not None else (said.attribute if said is not None else None)
    if said is not None and in_rfc(name):
        return likely(93, f"{name} is defined by RFC 7643, whatever the test says", said.text)
    operations = facts.body.get("Operations") if isinstance(facts.body, dict) else None
    if facts.stage is Stage.UPDATE and facts.refused and operations == []:
        return likely(93, "a PATCH without an operation is refused, which Entra never sends")
    if facts.says(Breach.MALFORMED_LIST) is not None and facts.exchange is None:
        return possible(52, "only a validator says so; no answer was seen")
    return None


CAUSES: tuple[Cause, ...] = (
    Cause(
        rule=CauseRule(
            id="mapping-targets-unsupported-attribute",
            title="The mapping sends an attribute that the app refuses",
            definition="Mapping (often the default one) sends attributes that the app refuses.",
            layer=MAPPING,
            fixed_by=ADMIN,
            explanation="The default mapping fills some twenty attributes. An app that refuses "
            "the ones it does not know fails for every user that has a value there.",
            remediation=(
                admin(
                    f"Portal: {MAPPINGS}: delete the mapping of the attribute that the app "
                    "names, then retry.",
                    ON_DEMAND,
                ),
                developer(
                    "Ignore attributes you do not store: POST /Users with a title and a nickName "
                    "that you do not know must give 201."
                ),
            ),
            references=(ATTRIBUTES, TUTORIAL),
        ),
        match=_unsupported,
    ),
    Cause(
        rule=CauseRule(
            id="mapping-missing-attribute",
            title="A needed mapping is absent",
            definition="Needed mapping is absent or fed from the wrong source (for example "
            "active).",
            layer=MAPPING,
            fixed_by=ADMIN,
            explanation="What is not mapped is not sent. Without active nobody is ever disabled; "
            "without an attribute that the app needs, every object fails.",
            remediation=(
                admin(
                    f"Portal: {MAPPINGS}: add the mapping. For active: "
                    'Switch([IsSoftDeleted], , "False", "True", "True", "False").',
                    "scimdoctor mappings APP",
                ),
            ),
            references=(ATTRIBUTES,),
        ),
        match=_missing,
    ),
    Cause(
        rule=CauseRule(
            id="custom-attribute-definition-invalid",
            title="A custom attribute has a form that Entra cannot send",
            definition="Custom attribute was added in a form Entra cannot send (no extension "
            "URN, complex, multi-valued).",
            layer=MAPPING,
            fixed_by=ADMIN,
            explanation="Custom attributes must be simple, single values under an extension's "
            "URN. Others are left out without a word, or only when creating.",
            remediation=(
                admin(
                    f"Portal: {MAPPINGS} > Show advanced options > Edit attribute list: name it "
                    "urn:ietf:params:scim:schemas:extension:NAME:2.0:User:attribute, type "
                    "String, single value.",
                    "scimdoctor mappings APP",
                ),
            ),
            references=(ATTRIBUTES,),
        ),
        match=_custom,
    ),
    Cause(
        rule=CauseRule(
            id="role-mapping-wrong",
            title="The role mapping is wrong",
            definition="App-role expression or target is wrong for the roles attribute, or app "
            "roles are defined twice.",
            layer=MAPPING,
            fixed_by=ADMIN,
            explanation="Roles come from app-role assignments through an expression; the app "
            "role's value must be what the app knows, and names must be unique.",
            remediation=(
                admin(
                    f"App registrations > App roles: unique names, values as the app knows "
                    f"them. {MAPPINGS}: SingleAppRoleAssignment to roles[primary eq "
                    '"True"].value, or AppRoleAssignmentsComplex to roles, never both.',
                    "scimdoctor mappings APP",
                ),
            ),
            references=(ATTRIBUTES,),
        ),
        match=_roles,
    ),
    Cause(
        rule=CauseRule(
            id="sso-identity-conflict",
            title="SCIM and single sign-on disagree about the identity",
            definition="SCIM identity and SSO identity disagree, so sign-in fails or undoes "
            "provisioning.",
            layer=MAPPING,
            fixed_by=EITHER,
            explanation="The app links a sign-in to a provisioned account by one value (NameID, "
            "externalId, e-mail). If SCIM sends another there, people cannot sign in or get a "
            "second account.",
            remediation=(
                admin(
                    f"Map the attribute that the app links by (mostly externalId) from the same "
                    f"source as NameID or sub, before provisioning anybody: {MAPPINGS}.",
                    "scimdoctor mappings APP",
                ),
                developer(
                    "Document which attribute links sign-in and SCIM; POST <root>/Users with an "
                    "externalId must link the account that signs in with that value."
                ),
            ),
            references=(ATTRIBUTES,),
        ),
        match=_sso,
    ),
    Cause(
        rule=CauseRule(
            id="soft-delete-renames-user",
            title="A deleted user arrives under a changed name",
            definition="Deleting a user in Entra sends a new userName with a hex prefix together "
            "with active false.",
            layer=Layer.ENTRA_SERVICE,
            fixed_by=FixedBy.APP_DEVELOPER,
            explanation="Entra renames a deleted user to its object id without dashes and the "
            "old name, to free the name. The change is sent with the disabling.",
            remediation=(
                developer(
                    "Apply active false and ignore a userName that is the stored one behind 32 "
                    "hexadecimal digits; a later rename must heal it. PATCH with active "
                    '"False" and userName "0123456789abcdef0123456789abcdefada@example.com" must '
                    "disable ada@example.com.",
                    CHECK,
                ),
                admin(
                    "Nothing is wrong in the mapping; retry after the app's repair. "
                    f"Portal: {PROVISIONING} > Restart provisioning.",
                    RESTART,
                ),
            ),
            references=(TUTORIAL,),
        ),
        match=_soft_delete,
    ),
    Cause(
        rule=CauseRule(
            id="validator-false-positive",
            title="Microsoft's validator complains of legal behaviour",
            definition="Microsoft validator or Test Schema complains about legal behaviour.",
            layer=Layer.ENTRA_SERVICE,
            fixed_by=FixedBy.NOBODY,
            explanation="The test is stricter than, or differs from, the RFC and from what "
            "provisioning needs. Provisioning itself works.",
            remediation=(
                admin(
                    "Run the test again; judge by provisioning on demand. "
                    f"Portal: {PROVISIONING} > Provision on demand.",
                    ON_DEMAND,
                ),
                developer(
                    "If you must pass the test, leave the attribute out of what GET "
                    "<root>/Schemas gives."
                ),
            ),
            references=(TUTORIAL,),
        ),
        match=_false_positive,
    ),
)
"""Mapping, and what looks like it."""
