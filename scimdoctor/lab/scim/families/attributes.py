"""Faults of what is stored and how it is shown."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from scimdoctor.lab.scim.hooks import kept, shown, without
from scimdoctor.lab.scim.switch import Fault
from scimdoctor.scim import urns

if TYPE_CHECKING:
    from collections.abc import Callable

    from scimdoctor.lab.http import LabResponse
    from scimdoctor.lab.scim.call import Call
    from scimdoctor.scim.patch import Resource

_lost = partial(Fault, family="attributes", cause="attribute-not-stored-or-returned")
_shape = partial(Fault, family="attributes", cause="response-attribute-malformed")


def _without_custom(resource: Resource) -> Resource:
    custom = [k for k in resource if ":" in k and k != urns.ENTERPRISE_USER]
    return without(*custom)(resource)


def _with_text(change: Callable[[str], str], *names: str) -> Callable[[Resource], Resource]:
    """Change the text of some attributes, in lists the `value` of each element."""

    def changed(resource: Resource) -> Resource:
        return {k: _texted(v, change) if k in names else v for k, v in resource.items()}

    return changed


def _texted(value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401
    if isinstance(value, list):
        return [e | {"value": _texted(e.get("value"), change)} for e in value]
    return change(value) if isinstance(value, str) else value


def _manager_zero(call: Call, resource: Resource) -> Resource:
    if not call.is_user:
        return resource
    extension = resource.get(urns.ENTERPRISE_USER, {})
    return resource | {urns.ENTERPRISE_USER: {"manager": "0"} | extension}


def _extension_listed(call: Call, resource: Resource) -> Resource:
    if not call.is_user or urns.ENTERPRISE_USER not in resource:
        return resource
    return resource | {urns.ENTERPRISE_USER: [resource[urns.ENTERPRISE_USER]]}


def _name_wrapped(call: Call, resource: Resource) -> Resource:
    if not call.is_user or "userName" not in resource:
        return resource
    return resource | {"userName": {"value": resource["userName"]}}


def _each(name: str, change: Callable[[Any], Any]) -> Callable[[Resource], Resource]:
    """Change each element of one list."""

    def changed(resource: Resource) -> Resource:
        if name not in resource:
            return resource
        return resource | {name: [change(element) for element in resource[name]]}

    return changed


def _without_group_external_id(call: Call, _: Resource | None, after: Resource) -> Resource:
    return without("externalId")(after) if call.is_group else after


def _if_present(name: str, change: Callable[[Any], Any]) -> Callable[[Resource], Resource]:
    return lambda r: r | {name: change(r[name])} if name in r else r


def _as_text(value: Any) -> str:  # noqa: ANN401
    return " ".join(str(part) for part in value.values())


def _manager_as(change: Callable[[Any], Any]) -> Callable[[Resource], Resource]:
    return _if_present(urns.ENTERPRISE_USER, _if_present("manager", change))


def _flat(resource: Resource) -> Resource:
    extension = resource.get(urns.ENTERPRISE_USER, {})
    return {**without(urns.ENTERPRISE_USER)(resource), **extension}


def _repeated(elements: list[Any]) -> list[Any]:
    return [*elements, *(e | {"primary": False} for e in elements)]


def _named_by_parts(resource: Resource) -> Resource:
    name = resource.get("name", {})
    words = [name.get("givenName"), name.get("familyName")]
    text = " ".join(word for word in words if word)
    return resource | {"displayName": text} if text else resource


def _cut(call: Call, _: Resource | None, after: Resource) -> Resource:
    cut = _with_text(lambda text: text[:20], "displayName", "title")
    return cut(after) if call.is_user else after


def _first_number(resource: Resource) -> Resource:
    numbers = resource.get("phoneNumbers")
    return resource | {"phoneNumbers": numbers[:1]} if numbers else resource


def _as_number(text: str) -> str:
    digits = re.sub(r"\D", "", text)
    return str(int(digits)) if digits else text


def _with_folded_name(call: Call, _: Resource | None, after: Resource) -> Resource:
    return after | {"displayName": after["displayName"].lower()} if call.is_group else after


def _numbered(resource: Resource) -> Resource:
    return resource | {"id": int(resource["id"][:8], 16)}


def _number_again(call: Call) -> LabResponse | None:
    """Find resources by the number that `_numbered` shows."""
    for store in (call.provider.users, call.provider.groups):
        for known in store:
            if call.id == str(int(known[:8], 16)):
                call.id = known
    return None


def _slashed(resource: Resource) -> Resource:
    return resource | {"id": f"acct/{resource['id']}"}


def _unslash(call: Call) -> LabResponse | None:
    """The web framework decodes %2F before it looks for a route, so that none fits."""
    if call.id is not None and call.id.startswith("acct/"):
        call.endpoint = call.request.path
    return None


def _members_object(resource: Resource) -> Resource:
    members = resource.get("members")
    return resource | {"members": {"value": members}} if members else resource


def _primary_as_text(emails: list[Any]) -> list[Any]:
    return [_if_present("primary", lambda primary: str(primary).lower())(e) for e in emails]


FAULTS = (
    _lost(
        id="external-id-dropped",
        title="Does not keep externalId",
        stored=kept(without("externalId")),
    ),
    _lost(
        id="enterprise-extension-dropped",
        title="Does not keep the enterprise extension",
        stored=kept(without(urns.ENTERPRISE_USER)),
    ),
    _lost(
        id="custom-extension-dropped",
        title="Does not keep extensions that it does not know",
        stored=kept(_without_custom),
    ),
    _lost(
        id="addresses-dropped",
        title="Does not keep addresses",
        stored=kept(without("addresses")),
    ),
    _lost(
        id="phone-numbers-dropped",
        title="Does not keep telephone numbers",
        stored=kept(without("phoneNumbers")),
    ),
    _lost(
        id="title-dropped",
        title="Does not keep title and preferredLanguage",
        stored=kept(without("title", "preferredLanguage")),
    ),
    _lost(
        id="external-id-not-returned",
        title="Keeps externalId and never shows it",
        shown=shown(without("externalId")),
    ),
    _lost(
        id="active-not-returned",
        title="Never shows active",
        shown=shown(without("active")),
    ),
    _lost(
        id="values-lower-cased",
        title="Keeps userName and addresses in lower case",
        stored=kept(_with_text(str.lower, "userName", "emails", "externalId")),
    ),
    _lost(
        id="user-name-symbols-dropped",
        title="Keeps only letters, digits, dots and dashes of userName",
        stored=kept(_with_text(lambda text: re.sub(r"[^\w.@-]", "", text), "userName")),
    ),
    _lost(
        id="group-name-lower-cased",
        title="Keeps names in lower case",
        stored=kept(_with_text(str.lower, "displayName")),
    ),
    _lost(
        id="group-external-id-dropped",
        title="Does not keep the externalId of groups",
        stored=_without_group_external_id,
    ),
    _lost(
        id="phone-reformatted",
        title="Keeps only the digits of telephone numbers",
        stored=kept(_with_text(lambda text: re.sub(r"[^\d+]", "", text), "phoneNumbers")),
    ),
    _lost(
        id="values-trimmed",
        title="Cuts displayName and title of users to 20 characters",
        stored=_cut,
    ),
    _lost(
        id="non-ascii-replaced",
        title="Keeps a question mark for each non-ASCII character",
        stored=kept(
            _with_text(
                lambda text: text.encode("ascii", "replace").decode(), "displayName", "title"
            )
        ),
    ),
    _lost(
        id="display-name-recomputed",
        title="Replaces displayName by given name and family name",
        stored=kept(_named_by_parts),
    ),
    _lost(
        id="display-name-set-on-create",
        title="Gives a new user the given name and family name for displayName",
        stored=lambda _, before, after: _named_by_parts(after) if before is None else after,
    ),
    _lost(
        id="element-type-dropped",
        title="Does not keep the type of addresses and numbers",
        stored=kept(
            lambda r: _each("emails", without("type"))(_each("phoneNumbers", without("type"))(r))
        ),
    ),
    _shape(
        id="emails-as-text",
        title="Shows emails as a list of texts",
        shown=shown(_each("emails", lambda e: e.get("value"))),
    ),
    _shape(
        id="manager-as-text",
        title="Shows manager as bare text",
        shown=shown(_manager_as(lambda manager: manager.get("value"))),
    ),
    _shape(
        id="manager-as-list",
        title="Shows manager as a list",
        shown=shown(_manager_as(lambda manager: [manager])),
    ),
    _shape(
        id="active-as-text",
        title="Shows active as text",
        shown=shown(_if_present("active", str)),
    ),
    _shape(
        id="name-as-text",
        title="Shows name as text",
        shown=shown(_if_present("name", _as_text)),
    ),
    _shape(
        id="schemas-missing",
        title="Shows resources without schemas",
        shown=shown(without("schemas")),
    ),
    _shape(
        id="extension-flattened",
        title="Shows the enterprise attributes beside the core ones",
        shown=shown(_flat),
    ),
    _shape(
        id="element-types-repeated",
        title="Shows every e-mail address twice under one type",
        shown=shown(_if_present("emails", _repeated)),
    ),
    _shape(
        id="members-as-text",
        title="Shows members as a list of texts",
        shown=shown(_each("members", lambda e: e.get("value"))),
    ),
    _shape(
        id="members-as-object",
        title="Shows members as an object",
        shown=shown(_members_object),
    ),
    _shape(
        id="id-number",
        title="Shows ids as numbers",
        before=_number_again,
        shown=shown(_numbered),
    ),
    _shape(
        id="id-with-slash",
        title="Has ids with a slash, and no route for them",
        before=_unslash,
        shown=shown(_slashed),
    ),
    _shape(
        id="active-as-number",
        title="Shows active as 1 or 0",
        shown=shown(_if_present("active", int)),
    ),
    _shape(
        id="active-as-word",
        title="Shows active as enabled or disabled",
        shown=shown(_if_present("active", lambda value: "enabled" if value else "disabled")),
    ),
    _shape(
        id="manager-zero",
        title="Shows the manager 0 where there is none",
        shown=_manager_zero,
    ),
    _shape(
        id="list-shows-other-id",
        title="Shows another id in lists than in a read",
        cause="write-response-wrong",
        shown=lambda call, r: r | {"id": f"u-{r['id']}"} if call.is_list else r,
    ),
    _shape(
        id="manager-as-number",
        title="Shows the manager as a number with separators",
        shown=shown(_manager_as(lambda _: "1,204")),
    ),
    _shape(
        id="list-without-ids",
        title="Shows no id in lists",
        shown=lambda call, r: without("id")(r) if call.is_list else r,
    ),
    _shape(
        id="roles-as-text",
        title="Shows roles as a list of texts",
        shown=shown(_each("roles", lambda e: e.get("value"))),
    ),
    _lost(
        id="one-phone-number",
        title="Keeps the first telephone number of a new user only",
        stored=lambda _, before, after: _first_number(after) if before is None else after,
    ),
    _lost(
        id="user-name-without-domain",
        title="Shows userName without its domain",
        shown=shown(_with_text(lambda text: text.partition("@")[0], "userName")),
    ),
    _lost(
        id="employee-number-as-number",
        title="Keeps employeeNumber as a number, without its leading zeros",
        stored=kept(_if_present(urns.ENTERPRISE_USER, _if_present("employeeNumber", _as_number))),
    ),
    _lost(
        id="group-name-folded",
        title="Keeps the names of groups in lower case",
        stored=_with_folded_name,
    ),
    _shape(
        id="extension-as-list",
        title="Shows the enterprise extension as a list of one",
        shown=_extension_listed,
    ),
    _shape(
        id="user-name-as-object",
        title="Shows userName as an object",
        shown=_name_wrapped,
    ),
    _lost(
        id="title-cut-at-64",
        title="Cuts titles after 64 characters",
        stored=kept(_if_present("title", lambda title: title[:64])),
    ),
    _shape(
        id="email-primary-as-text",
        title="Shows primary of e-mail addresses as text",
        shown=shown(_if_present("emails", _primary_as_text)),
    ),
)
