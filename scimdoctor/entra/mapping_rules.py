"""The rules that an attribute mapping is judged by, in words; `mapping_lint` applies them.

Sources: Microsoft, "Customize user provisioning attribute mappings", "Reference for writing
expressions", "Known issues for provisioning".
"""

from __future__ import annotations

from scimdoctor.model.rule import CheckRule, Requirement, Severity

_CUSTOMIZE = (
    "https://learn.microsoft.com/entra/identity/app-provisioning/customize-application-attributes"
)
_EXPRESSIONS = (
    "https://learn.microsoft.com/entra/identity/app-provisioning/"
    "functions-for-customizing-application-data"
)
_ISSUES = "https://learn.microsoft.com/entra/identity/app-provisioning/known-issues"

NO_MATCHING = CheckRule(
    id="mapping/matching-attribute-set",
    title="At least one attribute is used for matching",
    severity=Severity.BLOCKER,
    requirement=Requirement.ENTRA,
    cause="matching-attribute-misconfigured",
    what="One mapping of each object has a matching precedence of 1.",
    why="Entra looks an object up by its matching attribute before it creates or updates it.",
    admin_sees="The job fails or every object is skipped as soon as a cycle starts.",
    fix="Open the attribute that names the object for good, switch on *Match objects using this "
    "attribute* and give it precedence 1.",
    references=(_CUSTOMIZE,),
)
MATCHING_TYPE = CheckRule(
    id="mapping/matching-attribute-filterable",
    title="The matching attribute is a single text that can be filtered on",
    severity=Severity.MAJOR,
    requirement=Requirement.ENTRA,
    cause="matching-attribute-misconfigured",
    what="No Reference, Boolean or multi-valued attribute is used for matching.",
    why='The matching query is `attribute eq "text"`; other types have no such filter.',
    admin_sees="Failures in the matching step, or duplicates in the app.",
    fix="Match on userName, externalId or another single text attribute.",
    references=(_CUSTOMIZE,),
)
MATCHING_MUTABLE = CheckRule(
    id="mapping/matching-attribute-stable",
    title="The matching attribute does not change during a person's time",
    severity=Severity.MINOR,
    requirement=Requirement.ENTRA,
    cause="matching-attribute-misconfigured",
    what="The source of the matching attribute is one that people keep: objectId or employeeId, "
    "not a name or an address.",
    why="After a restart Entra finds people again by this attribute alone. One that was changed "
    "in between is not found, and is created a second time.",
    admin_sees="409 conflicts or duplicates after a restart, for people who were renamed.",
    fix="Match on externalId fed by objectId if the app can filter on it; else keep userName and "
    "expect this after renames.",
    references=(_CUSTOMIZE,),
)
REQUIRED_UNMAPPED = CheckRule(
    id="mapping/required-attribute-mapped",
    title="Every attribute that the app requires is mapped",
    severity=Severity.MAJOR,
    requirement=Requirement.ENTRA,
    cause="mapping-missing-attribute",
    what="Each target attribute marked as required, and writable, has a mapping.",
    why="Without a mapping it is never sent, and the app refuses the create.",
    admin_sees="Creates fail with 400, or are skipped as AttributeValidationFailed.",
    fix="Add a mapping for the attribute, with a default value if its source may be empty.",
    references=(_CUSTOMIZE,),
)
ACTIVE_UNMAPPED = CheckRule(
    id="mapping/active-mapped",
    title="active is mapped, so that people can be disabled",
    severity=Severity.MAJOR,
    requirement=Requirement.ENTRA,
    cause="mapping-missing-attribute",
    what="The user mapping has the target `active`.",
    why="Entra disables by `active`. Where it is not mapped, people who leave are deleted.",
    admin_sees="Delete instead of Disable, or leavers who stay active.",
    fix='Map active by `Switch([IsSoftDeleted], , "False", "True", "True", "False")`.',
    references=(_CUSTOMIZE,),
)
ACTIVE_WRONG = CheckRule(
    id="mapping/active-follows-the-account",
    title="active is true for people in scope and false for those who left",
    severity=Severity.MAJOR,
    requirement=Requirement.ENTRA,
    cause="mapping-missing-attribute",
    what="The mapping of `active` is evaluated for a person in scope with an account that is enabled "
    "(IsSoftDeleted False, accountEnabled True), and for one who left (the opposite).",
    why="Entra disables and restores people by this value alone.",
    admin_sees="Leavers who stay active in the app, or people who are disabled there on their first "
    "day.",
    fix='Map active by `Switch([IsSoftDeleted], , "False", "True", "True", "False")`.',
    references=(_CUSTOMIZE,),
)
UNREADABLE = CheckRule(
    id="mapping/expression-readable",
    title="The expression can be read, and its functions exist",
    severity=Severity.MAJOR,
    requirement=Requirement.ENTRA,
    cause="mapping-missing-attribute",
    what="The expression follows the grammar and calls known functions with fitting arguments.",
    why="An expression that fails gives the attribute no value, for anyone.",
    admin_sees="The attribute stays empty in the app, or objects are skipped.",
    fix="Correct the expression at the place shown, and test it in the expression builder.",
    references=(_EXPRESSIONS,),
)
CONSTANT_NULL = CheckRule(
    id="mapping/expression-can-give-a-value",
    title="The mapping can produce a value",
    severity=Severity.MINOR,
    requirement=Requirement.ENTRA,
    cause="mapping-missing-attribute",
    what="The mapping has a source or a default, and its expression is not null for everyone.",
    why="Null is not sent: the attribute would never reach the app.",
    admin_sees="The attribute is missing from modifiedProperties of every event.",
    fix="Give the mapping a source, or remove it.",
    references=(_EXPRESSIONS,),
)
SWITCH_PAIRS = CheckRule(
    id="mapping/switch-arguments-paired",
    title="Switch has a value for each key",
    severity=Severity.MAJOR,
    requirement=Requirement.ENTRA,
    cause="mapping-missing-attribute",
    what="Switch has an even number of arguments: source, default, then keys and values in turn.",
    why="With one missing, every later key is taken for a value.",
    admin_sees="Wrong or empty values.",
    fix='Count the commas; an empty default still needs its place: `Switch([a], , "key", …)`.',
    references=(_EXPRESSIONS,),
)
SWITCH_DEFAULT = CheckRule(
    id="mapping/switch-has-default",
    title="Switch says what to do with a value that no key fits",
    severity=Severity.INFO,
    requirement=Requirement.ENTRA,
    cause=None,
    what="Switch over anything but a Boolean has a default, or is meant to leave the rest out.",
    why="Keys are compared with letter case; what fits none gives null, and null is not sent.",
    admin_sees="The attribute is missing for some people.",
    fix="Fill the second argument, or wrap it in IgnoreFlowIfNullOrEmpty to show that it is meant.",
    references=(_EXPRESSIONS,),
)
IIF_NULL = CheckRule(
    id="mapping/iif-condition-not-null",
    title="IIF does not compare an attribute that may be empty",
    severity=Severity.MINOR,
    requirement=Requirement.ENTRA,
    cause="mapping-missing-attribute",
    what="Conditions of IIF compare attributes that everyone has, and hold no IsPresent, "
    "IsNullOrEmpty or IgnoreFlowIfNullOrEmpty.",
    why="Where the attribute is empty the check fails, and neither branch can be relied on.",
    admin_sees="The attribute is empty for people whose source attribute is.",
    fix='Use Switch: `Switch([country], [department], "USA", [country])`; a key "" fits empty.',
    references=(_EXPRESSIONS,),
)
UNSTABLE = CheckRule(
    id="mapping/expression-stable",
    title="The expression gives the same value each time",
    severity=Severity.MAJOR,
    requirement=Requirement.ENTRA,
    cause="mapping-missing-attribute",
    what="Guid, RandomString and Now are used on creation only; SelectUniqueValue is not used.",
    why="A value that changes with each evaluation makes every cycle update every person.",
    admin_sees="Endless updates, or an error for SelectUniqueValue, which apps cannot use.",
    fix="Set *Apply this mapping* to *Only during object creation*, or use a stored attribute.",
    references=(_EXPRESSIONS,),
)
TYPE_MISMATCH = CheckRule(
    id="mapping/type-fits",
    title="The value's type fits the target attribute",
    severity=Severity.MAJOR,
    requirement=Requirement.ENTRA,
    cause="mapping-targets-unsupported-attribute",
    what="Boolean targets get True or False, Integer targets numbers, Reference targets references.",
    why="A value of another type is refused by Entra or by the app.",
    admin_sees="Failures that speak of an invalid value or a schema violation.",
    fix="Change the source, convert it by an expression, or correct the attribute's type.",
    references=(_CUSTOMIZE,),
)
DUPLICATE = CheckRule(
    id="mapping/target-mapped-once",
    title="Each target attribute is mapped once",
    severity=Severity.MAJOR,
    requirement=Requirement.ENTRA,
    cause="mapping-missing-attribute",
    what="No two mappings of one object have the same target.",
    why="Which of them wins is not defined.",
    admin_sees="Values that change back and forth.",
    fix="Remove one of the two.",
    references=(_CUSTOMIZE,),
)
ROLES = CheckRule(
    id="mapping/role-function-fits",
    title="App roles are mapped by one function, to the target made for it",
    severity=Severity.MAJOR,
    requirement=Requirement.ENTRA,
    cause="role-mapping-wrong",
    what='SingleAppRoleAssignment goes to `roles[primary eq "True"].value`, the Complex functions '
    "to `roles`, and they are not combined.",
    why="Each function makes a shape of its own; the wrong target gets a value it cannot hold.",
    admin_sees="Role changes that fail, or JSON text as a role's name.",
    fix="Keep one of the functions and move it to its target.",
    references=(_CUSTOMIZE,),
)
CUSTOM = CheckRule(
    id="mapping/custom-attribute-in-extension",
    title="A custom attribute is a single value in a schema extension",
    severity=Severity.MAJOR,
    requirement=Requirement.ENTRA,
    cause="custom-attribute-definition-invalid",
    what="Attributes outside SCIM's own schemas are named "
    "`urn:ietf:params:scim:schemas:extension:NAME:2.0:User:attribute`, without sub-attributes.",
    why="Entra can send custom attributes of other apps in this form only.",
    admin_sees="The attribute is never sent, or saving the mapping fails.",
    fix="Add it again under an extension URN, single-valued and not complex.",
    rfc="RFC 7643 §3.3",
    references=(_CUSTOMIZE,),
)
ABSENT = CheckRule(
    id="mapping/target-in-schemas",
    title="The app's /Schemas knows every mapped attribute",
    severity=Severity.MINOR,
    requirement=Requirement.SHOULD,
    cause="mapping-targets-unsupported-attribute",
    what="Each target attribute appears in what the endpoint answers to `GET /Schemas`.",
    why="An attribute that the app does not know may be refused, or dropped without a word.",
    admin_sees="400 on create or update, or an attribute that is sent again in every cycle.",
    fix="Remove the mapping, or let the app's developer add the attribute.",
    rfc="RFC 7643 §7",
    references=(_CUSTOMIZE,),
)
UNKNOWN_SOURCE = CheckRule(
    id="mapping/source-attribute-known",
    title="The source attributes exist",
    severity=Severity.MINOR,
    requirement=Requirement.ENTRA,
    cause="mapping-missing-attribute",
    what="Every attribute in brackets is one of the source object's, as the schema lists them.",
    why="An attribute that does not exist is always empty.",
    admin_sees="The target attribute is never sent.",
    fix="Correct the name, or add the source attribute under *Show advanced options*.",
    references=(_CUSTOMIZE,),
)
UNKNOWN_TARGET = CheckRule(
    id="mapping/target-attribute-known",
    title="The target attributes are in the app's attribute list",
    severity=Severity.MINOR,
    requirement=Requirement.ENTRA,
    cause="mapping-targets-unsupported-attribute",
    what="Every target attribute of a SCIM app is one of the target object's, as the schema lists "
    "them.",
    why="Entra has no type for an attribute that is not listed, and may not send it.",
    admin_sees="The attribute is never sent, or saving the mapping fails.",
    fix="Correct the name, or add the attribute to the app's list under *Show advanced options*.",
    references=(_CUSTOMIZE,),
)
EXTERNAL_ID = CheckRule(
    id="mapping/external-id-stable",
    title="externalId is fed by something unique that stays",
    severity=Severity.INFO,
    requirement=Requirement.SHOULD,
    cause=None,
    what="The source of externalId is objectId or employeeId.",
    why="The default, mailNickname, is neither unique nor permanent; apps that key on it clash.",
    admin_sees="409 on externalId, or people mixed up after a rename.",
    fix="Map objectId to externalId before the first cycle; later it renames everyone once.",
    rfc="RFC 7643 §3.1",
    references=(_CUSTOMIZE, _ISSUES),
)
CHANGED = CheckRule(
    id="mapping/unchanged",
    title="The mapping is as it was saved",
    severity=Severity.MINOR,
    requirement=Requirement.ENTRA,
    cause=None,
    what="The mapping equals the saved schema that it is compared with.",
    why="Each change of a mapping starts a new initial cycle.",
    admin_sees="A new initial cycle, and updates of many people at once.",
    fix="If the change was not meant, put the saved value back.",
    references=(_CUSTOMIZE,),
)

MAPPING_RULES: tuple[CheckRule, ...] = (
    NO_MATCHING,
    MATCHING_TYPE,
    MATCHING_MUTABLE,
    REQUIRED_UNMAPPED,
    ACTIVE_UNMAPPED,
    ACTIVE_WRONG,
    UNREADABLE,
    CONSTANT_NULL,
    SWITCH_PAIRS,
    SWITCH_DEFAULT,
    IIF_NULL,
    UNSTABLE,
    TYPE_MISMATCH,
    DUPLICATE,
    ROLES,
    CUSTOM,
    ABSENT,
    UNKNOWN_SOURCE,
    UNKNOWN_TARGET,
    EXTERNAL_ID,
    CHANGED,
)
