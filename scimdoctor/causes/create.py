"""Causes around creating objects and storing what is sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from scimdoctor.causes.attributes import (
    OPTIONAL_PARTS,
    STRUCTURAL,
    attribute_in,
    bare_name,
    in_rfc,
    is_extension,
    is_indexed,
    leaf,
)
from scimdoctor.causes.breach import COMPOSED, Breach, Hint
from scimdoctor.causes.dialects.remark import BODY
from scimdoctor.causes.facts import QUERIES, Stage
from scimdoctor.causes.match import (
    ADMIN,
    APP,
    ATTRIBUTES,
    CHECK,
    ENDPOINT,
    MAPPINGS,
    ON_DEMAND,
    PROVISIONING,
    RESTART,
    RFC_7643,
    RFC_7644,
    SOURCE,
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
from scimdoctor.causes.patching import TYPE_BREACHES, only_members
from scimdoctor.causes.phrases import hinted
from scimdoctor.causes.sent import Shape, lists_absent_extension, lists_entra_group
from scimdoctor.causes.unread import holds, is_logged
from scimdoctor.causes.wording import (
    is_of_number,
    is_vague_parameter,
    names_attribute_only,
    names_rule,
    says_nothing,
)
from scimdoctor.causes.write_response import lacking_in_answer, write_response
from scimdoctor.entra.scoping import scoping_verdict
from scimdoctor.model.rule import CauseRule
from scimdoctor.scim.paths import member

if TYPE_CHECKING:
    from scimdoctor.causes.breach import Complaint
    from scimdoctor.causes.facts import Facts


_WRITING = frozenset({Stage.CREATE, Stage.UPDATE, Stage.UNKNOWN})


_ODD_SHAPES = (
    Shape.VALUE_PATH,
    Shape.EXTENSION_PATH,
    Shape.MANAGER,
    Shape.ROLES_TEXT,
    Shape.TEXT_BOOLEAN,
    Shape.REF_ARRAY,
    Shape.NULL_VALUE,
    Shape.DOTTED_KEYS,
    Shape.REMOVE_MEMBERS_BY_VALUE,
)
"""What explains a vague refusal better than a value does."""

_STRICT_BREACHES = frozenset(
    {
        Breach.IMMUTABLE,
        Breach.REQUIRED,
        Breach.UNKNOWN_ATTRIBUTE,
        Breach.VALUE_REFUSED,
        Breach.WRONG_TYPE,
    }
)


_NOT_OF_A_VALUE = (
    Breach.PATH_MISSING,
    Breach.MEDIA_TYPE,
    Breach.BODY_MISSING,
    Breach.PREREQUISITE,
    Breach.METHOD,
    Breach.MALFORMED_LIST,
    Breach.ANSWER_LACKS,
    Breach.ANSWER_STATUS,
)
"""What is called missing, too, but is no value of an attribute."""

_OTHER_TYPES = frozenset({"notarget", "invalidfilter", "uniqueness", "mutability"})
"""Values of scimType that speak against a missing value (RFC 7644 table 9), lower case."""

_SCIM_NAME = re.compile(r"[a-z][A-Z]|[.:\[]")
"""What tells an attribute's name from an English word (`displayName`, not `addresses`)."""

_MEMBER_PARTS = frozenset({"display", "$ref", "type"})


def _duplicate(facts: Facts) -> Match | None:
    database = facts.says(Breach.DATABASE_UNIQUE)
    if database is not None and facts.stage in _WRITING:
        return backed(facts, 88, "a database's words about a unique index", text=database.text)
    if facts.stage is not Stage.CREATE:
        return None
    said = facts.says(Breach.UNIQUE)
    if said is not None and facts.status not in {None, 409, 412}:
        text = f"a clash is answered {facts.status} instead of 409"
        return backed(facts, 85, text, text=said.text)
    if facts.status == 409 and facts.reading.scim_type != "uniqueness":
        return possible(58, "a 409 without scimType uniqueness")
    return None


def _over_strict(facts: Facts) -> Match | None:
    # Entra quotes the URL of a test, in which the parameter stands; only the app's words count.
    words = facts.reason.body or "" if facts.stage is Stage.TEST else facts.reading.words
    if facts.refused and "excludedattributes" in words.casefold() and facts.stage in QUERIES:
        text = "the parameter excludedAttributes is refused (RFC 7644 section 3.4.2.5)"
        return backed(facts, 89, text, text=words)
    if facts.stage not in _WRITING:
        return None
    return first(_strict_complaint(facts), _strict_schemas(facts), _strict_generic(facts))


def _strict_complaint(facts: Facts) -> Match | None:
    unknown = facts.says(Breach.UNKNOWN_ATTRIBUTE, Breach.REQUIRED, Breach.WRONG_TYPE)
    for complaint in facts.reading.complaints:
        name = complaint.attribute
        if complaint.breach not in _STRICT_BREACHES:
            continue
        if leaf(name) == "$ref" and facts.stage is Stage.UPDATE:
            text = f"{name} is refused, which Entra adds to each value of a list"
            return possible(85, text, complaint.text)
        empty = bare_name(name) == "roles" and _sends_empty_roles(facts)
        if empty or _is_structural(name) or _is_part_sent_always(facts, complaint):
            return backed(
                facts, 89, f"{name} cannot be mapped away: Entra sends it so", text=complaint.text
            )
    told = _unfilled(facts)
    if told is not None:
        return told
    required = facts.says(Breach.REQUIRED)
    if required is not None and _is_optional(required.attribute):
        text = f"{required.attribute} is asked for, which RFC 7643 lets a client leave out"
        return backed(facts, 87, text, text=required.text)
    at = unknown.attribute if unknown is not None else None
    indexed = is_indexed(at) and not _is_in_operation(at)
    if unknown is not None and facts.stage is Stage.UPDATE and indexed:
        text = f"a PATCH is refused for {unknown.attribute}, which it does not mention"
        return backed(facts, 87, text, text=unknown.text)
    return _unsent_all_the_same(facts) or _sent_all_the_same(facts, facts.says(Breach.REQUIRED))


def _is_structural(name: str | None) -> bool:
    """Whether Entra sends it whatever the mapping says, and not as the mapping says."""
    return bare_name(name) in STRUCTURAL - {"roles"} and not _is_in_operation(name)


def _sends_empty_roles(facts: Facts) -> bool:
    """Whether a create holds the empty list of roles that Entra sends for a user without any."""
    return isinstance(facts.body, dict) and facts.body.get("roles") == []


def _is_in_operation(name: str | None) -> bool:
    """Whether it is the value or the name of an operation, which may well be at fault."""
    return bare_name(name) == "operations" and leaf(name) in {"value", "op", "path"}


def _unfilled(facts: Facts) -> Match | None:
    """A create that is refused for what Entra never fills, or sends without a part."""
    said = facts.says(Breach.REQUIRED)
    if facts.stage is not Stage.CREATE or not facts.refused:
        return None
    if facts.is_group and facts.status in {400, 422} and _asks_for_members(facts):
        text = "Entra creates every group without members, and adds them afterwards"
        return backed(facts, 88, text, text=facts.reading.words)
    if said is not None and _names_empty_roles(facts, said):
        return possible(93, "roles: [] is what Entra sends where no role is mapped", said.text)
    part = _unsent_part(facts)
    if part is not None:
        text = f"{part} is refused, which was not sent and need not be (RFC 7643 section 2.2)"
        return possible(84, text, facts.reading.words)
    return None


def _asks_for_members(facts: Facts) -> bool:
    """Whether the refusal of a new group names members, of which none were sent."""
    sent = {bare_name(operation.path) for operation in facts.operations}
    sent |= {str(key).casefold() for key in facts.body} if isinstance(facts.body, dict) else set()
    named = attribute_in(facts.reading.words)
    said = facts.says(Breach.REFERENCE, Breach.POLICY, Breach.LICENCE)
    return bare_name(named) == "members" and "members" not in sent and said is None


def _names_empty_roles(facts: Facts, said: Complaint) -> bool:
    """Whether it is the emptiness of `roles` that is minded, not their absence."""
    sent = any(bare_name(o.path) == "roles" for o in facts.operations)
    if isinstance(facts.body, dict) and facts.body.get("roles"):
        sent = True
    return bare_name(said.attribute) == "roles" and not sent and bool(hinted(Hint.EMPTY, said.text))


def _unsent_part(facts: Facts) -> str | None:
    """The part of a complex attribute that is refused although others of it were sent, not this."""
    said = facts.says(Breach.VALUE_REFUSED, Breach.WRONG_TYPE, Breach.NOT_STRING)
    name = said.attribute if said is not None else None
    if name is None or leaf(name) == bare_name(name) or not in_rfc(name):
        return None
    sent = [o.path for o in facts.operations if bare_name(o.path) == bare_name(name)]
    whole = any(leaf(path) == bare_name(path) for path in sent)
    return None if not sent or whole or leaf(name) in {leaf(p) for p in sent} else name


def _unsent_all_the_same(facts: Facts) -> Match | None:
    """A PATCH that is refused for an attribute that it does not touch."""
    said = facts.says(Breach.VALUE_REFUSED, Breach.REQUIRED)
    name = said.attribute if said is not None else None
    paths = [operation.path for operation in facts.operations]
    if said is None or name is None or facts.stage is not Stage.UPDATE or not in_rfc(name):
        return None
    # A word such as "name" may mean what was sent; and what is unfit may be the member's.
    spelled = said.structured or _SCIM_NAME.search(name) is not None
    if not spelled or only_members(facts):
        return None
    known = bool(paths) and all(paths)
    touched = {part for path in paths for part in (bare_name(path), leaf(path))}
    if not known or {bare_name(name), leaf(name)} & touched:
        return None
    text = f"a PATCH is refused for {name}, which it does not touch"
    return backed(facts, 87, text, text=said.text)


def _is_optional(name: str | None) -> bool:
    """Whether it is a part of a multi-valued attribute that need not be sent."""
    return leaf(name) in OPTIONAL_PARTS and bare_name(name) not in OPTIONAL_PARTS


def _is_part_sent_always(facts: Facts, complaint: Complaint) -> bool:
    """Whether it is a part that Entra adds to every member, or to the e-mail of a create."""
    primary = bare_name(complaint.attribute) in {"primary", "emails"}
    unknown = complaint.breach is Breach.UNKNOWN_ATTRIBUTE and facts.stage is Stage.CREATE
    added = primary and unknown and leaf(complaint.attribute) == "primary"
    return added or _is_member_part(complaint.attribute)


def _is_member_part(name: str | None) -> bool:
    return bare_name(name) == "members" and leaf(name) in _MEMBER_PARTS


def _sent_all_the_same(facts: Facts, complaint: Complaint | None) -> Match | None:
    if complaint is None or complaint.attribute is None or facts.stage is not Stage.CREATE:
        return None
    if holds(facts.body, complaint.attribute):
        text = f"{complaint.attribute} is called missing, yet the request holds it"
        return likely(90, text, complaint.text)
    if is_logged(facts, complaint):
        text = f"{complaint.attribute} is called missing, yet the log shows a value for it"
        return possible(72, text, complaint.text)
    return None


def _strict_schemas(facts: Facts) -> Match | None:
    said = facts.says(Breach.UNKNOWN_SCHEMA)
    on_extension = is_extension(facts.path_refused) and facts.stage is Stage.UPDATE
    if said is not None and not on_extension and not facts.has(Shape.EXTENSION_PATH):
        return backed(facts, 86, "the schemas list is refused", text=said.text)
    if not (facts.refused and facts.stage is Stage.CREATE and facts.status in {400, 422, 500}):
        return None
    if facts.mute and lists_entra_group(facts.body):
        return possible(72, "schemas names Microsoft's group URN besides the core one")
    if facts.mute and _sends_empty_roles(facts):
        return possible(66, "the body holds an empty roles list, as Entra sends it")
    if facts.mute and lists_absent_extension(facts.body):
        return possible(70, "schemas names the enterprise extension, which the body leaves out")
    return None


def _strict_generic(facts: Facts) -> Match | None:
    if facts.stage is Stage.CREATE and says_nothing(facts.says(Breach.VALUE_REFUSED)):
        return possible(50, "the value that is refused may be one of those that Entra always sends")
    if facts.stage is Stage.CREATE and facts.says(*TYPE_BREACHES):
        return possible(62, "a create may be refused for a value whose form is legal")
    words = facts.reading.words.casefold()
    vague = "schema" in words and ("violat" in words or "validation" in words)
    if facts.refused and vague and facts.status in {400, 422, None}:
        return possible(60, "a schema validation refuses a body of Entra's usual form")
    return None


def _empty_attribute(facts: Facts) -> tuple[str, ...]:
    """The attribute without a value, where the event or, for the matching one, the mapping tells."""
    event, schema = facts.case.event, facts.case.schema
    if event is None:
        return ()
    mapping = schema.mapping_for(group=event.is_group) if schema else None
    return scoping_verdict(event, mapping).reasons


def _required_empty(facts: Facts) -> Match | None:
    if facts.skip is not None and facts.skip.cause == "required-attribute-empty-in-source":
        return likely(
            93, *_empty_attribute(facts), f"skip reason {facts.skip.name}: {facts.skip.meaning}"
        )
    if facts.code("MandatoryFieldsMissing", "MissingValues", "ImportSkipped"):
        return likely(91, f"error code {facts.error_code}: a required attribute has no value")
    if facts.stage is Stage.CREATE and says_nothing(facts.says(Breach.VALUE_REFUSED)):
        return possible(54, "a value that is wrong may be one that is missing")
    silent = facts.mute and not facts.reading.words
    vague = silent and (facts.reading.scim_type or "").casefold() == "invalidvalue"
    if vague and facts.stage is Stage.CREATE:
        return possible(56, "a value is missing or does not fit, says the SCIM error's type")
    part = _unsent_part(facts) if facts.stage is Stage.CREATE else None
    if part is not None:
        return possible(80, f"{part} is refused, which was not sent", facts.reading.words)
    unsent = _named_but_unsent(facts)
    if unsent is not None:
        return possible(64, f"the app speaks of {unsent}, which was not sent", facts.reading.words)
    said = facts.says(Breach.REQUIRED)
    otherwise = (facts.reading.scim_type or "").casefold() in _OTHER_TYPES
    if said is None or otherwise or facts.stage not in _WRITING | {Stage.MATCH}:
        return None
    return _required_said(facts, said)


def _named_but_unsent(facts: Facts) -> str | None:
    """An attribute that a create's refusal names without a complaint we can read, and that lacks."""
    if facts.stage is not Stage.CREATE or not facts.mute or facts.status not in {400, 422}:
        return None
    sent = facts.body if isinstance(facts.body, dict) else {o.path: 1 for o in facts.operations}
    names = {bare_name(str(key)) for key in sent}
    named = attribute_in(facts.reading.words)
    spelled = named is not None and _SCIM_NAME.search(named) is not None
    absent = spelled and bare_name(named) not in names | STRUCTURAL | {"members"}
    return named if named is not None and names and absent and in_rfc(named) else None


def _required_said(facts: Facts, said: Complaint) -> Match | None:
    name = bare_name(said.attribute)
    if name in STRUCTURAL | {"members", "operations", "op", "path", BODY} or _is_member_part(name):
        return None
    if facts.says(*_NOT_OF_A_VALUE) or _is_optional(said.attribute):
        return None
    weight = 86 if name else 74
    if not name and facts.has(Shape.EMPTY_LIST, Shape.NULL_VALUE):
        weight = 60
    if name and holds(facts.body, said.attribute or ""):
        weight = 50
    if not name and facts.stage is Stage.UPDATE:
        return possible(min(weight, 62), "a change is said to lack something", said.text)
    if name and is_logged(facts, said):
        return possible(50, f"the app calls {said.attribute} missing", said.text)
    what = said.attribute or "an attribute"
    return backed(facts, weight, f"the app requires {what}, which was not sent", text=said.text)


def _value_refused(facts: Facts) -> Match | None:
    if facts.code("InvalidDomain", "SchemaPropertyCanOnlyAcceptValue", "InvitationCreationFailure"):
        return likely(90, f"error code {facts.error_code}: the app does not take the value")
    if facts.code("InvitationCreationFailureInvalidPropertyValue"):
        return likely(90, "a value of the invitation is not acceptable")
    said = facts.says(Breach.VALUE_REFUSED)
    of_ids = said is not None and only_members(facts) and not is_of_number(said)
    if (of_ids and not facts.says(Breach.POLICY)) or lacking_in_answer(facts) is not None:
        return None
    if said is None or facts.stage not in _WRITING or facts.status in {401, 404, 405, 415}:
        return None
    if facts.stage is Stage.CREATE and _unsent_part(facts) is not None:
        return possible(60, "the app speaks of a value, though none was sent there", said.text)
    if names_attribute_only(said):
        return possible(79, f"{said.attribute} or its value is not allowed", said.text)
    return _vaguely_refused(facts, said) or _refused_by_rule(facts, said)


def _vaguely_refused(facts: Facts, said: Complaint) -> Match | None:
    if said.attribute is not None and is_vague_parameter(said):
        return possible(72, f"{said.attribute} is refused; why is not said", said.text)
    if says_nothing(said):
        return possible(58, "a value is refused; neither which nor why is said", said.text)
    if facts.status is not None and facts.status >= 500:
        weight = 66 if hinted(Hint.LENGTH, said.text) else 60
        return possible(weight, "the app speaks of a value it does not take", said.text)
    return None


def _refused_by_rule(facts: Facts, said: Complaint) -> Match:
    weight = 80 if said.attribute else 76
    odd = said.attribute is None and facts.has(*_ODD_SHAPES) and not names_rule(said)
    path = facts.says(Breach.PATH_REFUSED)
    odd = odd or (path is not None and path.text == said.text)
    of_path = (facts.reading.scim_type or "").casefold() == "invalidpath"
    if facts.stage is Stage.UPDATE and (odd or (of_path and said.source == COMPOSED)):
        weight = 58
    return backed(facts, weight, "a value breaks a rule of the app", text=said.text)


def _not_stored(facts: Facts) -> Match | None:
    seen = next((c for c in facts.contradictions if c.kind == "not-stored"), None)
    if seen is not None:
        return likely(93, seen.summary)
    lacking = lacking_in_answer(facts)
    if lacking is not None and bare_name(lacking.attribute) not in {*STRUCTURAL, ""}:
        return possible(76, f"{lacking.attribute} is not in the app's answer", lacking.text)
    created = facts.stage is Stage.CREATE and facts.succeeded
    if not created or not isinstance(facts.body, dict) or not isinstance(facts.answer, dict):
        return None
    if "id" not in facts.answer:
        return None
    lost = [k for k in _scalars(facts.body) if member(facts.answer, k) is None]
    lists = [k for k, v in facts.body.items() if isinstance(v, list) and v and k != "schemas"]
    lost += [k for k in lists if member(facts.answer, k) in ([], None)]
    if lost:
        return likely(88, f"the answer to the create leaves out {', '.join(lost)}")
    return None


def _scalars(body: dict[str, Any]) -> list[str]:
    kinds = (str, bool, int, float)
    kept = [k for k, v in body.items() if isinstance(v, kinds) or (isinstance(v, dict) and v)]
    return [k for k in kept if k not in {"password", "meta", "schemas"}]


CAUSES: tuple[Cause, ...] = (
    Cause(
        rule=CauseRule(
            id="over-strict-validation",
            title="Validation refuses a legal body",
            definition="Schema validation refuses a legal body (schemas list, optional fields, "
            "unrelated stored values).",
            layer=ENDPOINT,
            fixed_by=APP,
            explanation="Entra sends parts that no mapping can take out: URNs in schemas, "
            "meta, roles: [], members without display. A server must ignore what it does not "
            "need and check only what a request touches.",
            remediation=(
                developer(
                    "Ignore unknown URNs and attributes, and validate only what is sent. This "
                    'must give 201: POST /Groups {"schemas":["urn:ietf:params:scim:schemas:core:'
                    '2.0:Group","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/'
                    '2.0/Group"],"displayName":"x"}.',
                    CHECK,
                ),
            ),
            references=(f"{RFC_7644}#section-3.3", f"{RFC_7643}#section-2.2"),
        ),
        match=_over_strict,
    ),
    Cause(
        rule=CauseRule(
            id="required-attribute-empty-in-source",
            title="A required attribute is empty in Entra",
            definition="App requires an attribute that is empty for this user in Entra, so it is "
            "not sent.",
            layer=SOURCE,
            fixed_by=ADMIN,
            explanation="Entra leaves empty attributes out. The app needs this one, so objects "
            "without it fail while others succeed.",
            remediation=(
                admin(
                    f"Fill the attribute in Entra, or give its mapping a default value ({MAPPINGS} "
                    "> attribute > Default value if null), or take such objects out of scope.",
                    ON_DEMAND,
                ),
                developer(
                    "Do not require more than RFC 7643 does: POST /Users "
                    '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"x"} '
                    "must give 201."
                ),
            ),
            references=(ATTRIBUTES,),
        ),
        match=_required_empty,
    ),
    Cause(
        rule=CauseRule(
            id="value-not-allowed-by-app",
            title="A value breaks a rule of the app",
            definition="Value breaks a rule of the app (e-mail domain, name characters, "
            "normalised name not unique).",
            layer=SOURCE,
            fixed_by=ADMIN,
            explanation="The request is well formed, but the app does not take this value: an "
            "e-mail domain it has not verified, characters or a length it does not allow, a "
            "choice it does not list.",
            remediation=(
                admin(
                    "Correct the value in Entra, change it in the mapping by an expression, "
                    f"allow it in the app (verify the domain), or scope such objects out: {MAPPINGS}.",
                    ON_DEMAND,
                ),
                developer(
                    "Answer 400 with scimType invalidValue and a detail that names the attribute "
                    "and the rule; POST <root>/Users with what RFC 7643 allows must give 201."
                ),
            ),
            references=(ATTRIBUTES,),
        ),
        match=_value_refused,
    ),
    Cause(
        rule=CauseRule(
            id="duplicate-create-not-409",
            title="A clash is not answered as 409 uniqueness",
            definition="Uniqueness is checked on the wrong key, or a clash is not answered as "
            "409 uniqueness.",
            layer=ENDPOINT,
            fixed_by=APP,
            explanation="When the object exists, the answer to POST must be 409 with scimType "
            "uniqueness, on the attribute that the filter can find. Anything else looks like "
            "a broken server, and Entra cannot recover.",
            remediation=(
                developer(
                    "Check userName (in any letter case) before storing; a second POST "
                    "<root>/Users with the same one must give 409 with "
                    '{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"409",'
                    '"scimType":"uniqueness"}.',
                    CHECK,
                ),
            ),
            references=(f"{RFC_7644}#section-3.3",),
        ),
        match=_duplicate,
    ),
    Cause(
        rule=CauseRule(
            id="attribute-not-stored-or-returned",
            title="An attribute is accepted but not kept",
            definition="Attribute is accepted with success but never stored or never returned.",
            layer=ENDPOINT,
            fixed_by=APP,
            explanation="Entra compares what it reads with what it should be. A value that is "
            "not returned differs for ever: it is sent in each cycle, or matching breaks.",
            remediation=(
                developer(
                    "Store and return every attribute that is accepted, externalId above all: "
                    'after POST /Users {"userName":"x","externalId":"7"} the answer and '
                    'GET /Users/{id} must show "externalId":"7".',
                    CHECK,
                ),
                admin(
                    f"Remove the mapping of what the app does not keep: {MAPPINGS}.",
                    "scimdoctor mappings APP",
                ),
            ),
            references=(f"{RFC_7643}#section-3.1", TUTORIAL),
        ),
        match=_not_stored,
    ),
    Cause(
        rule=CauseRule(
            id="write-response-wrong",
            title="The answer to a write is wrong",
            definition="POST or PATCH answers a wrong status, stale or empty body, or a wrong "
            "active value.",
            layer=ENDPOINT,
            fixed_by=APP,
            explanation="Entra learns id and state from the answer to a write. Without an id, "
            "with the old values or an odd status it records a failure or the wrong state.",
            remediation=(
                developer(
                    "Answer POST with 201 and the stored resource with id; PATCH with 200 and "
                    "the resource after the change, or 204; DELETE with 204.",
                    CHECK,
                ),
                admin(
                    "After the repair, retry the failed objects. "
                    f"Portal: {PROVISIONING} > Restart provisioning.",
                    RESTART,
                ),
            ),
            references=(f"{RFC_7644}#section-3.3", f"{RFC_7644}#section-3.5.2"),
        ),
        match=write_response,
    ),
)
"""Create."""
