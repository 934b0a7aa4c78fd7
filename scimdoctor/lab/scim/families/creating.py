"""Faults of POST."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any

from scimdoctor.lab.scim.call import Call, ScimProblem, scim_response
from scimdoctor.lab.scim.hooks import (
    answered,
    empty,
    problem,
    refused_body,
    rejsoned,
    text_response,
    without,
)
from scimdoctor.lab.scim.resources import clashing, new_resource
from scimdoctor.lab.scim.switch import Fault
from scimdoctor.scim import urns
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from scimdoctor.lab.http import LabResponse
    from scimdoctor.lab.scim import switch
    from scimdoctor.scim.patch import Resource

VERIFIED_DOMAIN = "verified.example"
_ADDRESS = 'emails[type eq "work"].value'

_fault = partial(Fault, family="create")


def _is_user(body: Resource) -> bool:
    return urns.GROUP not in body.get("schemas", ())


def _extensions(body: Resource) -> set[str]:
    return {key for key, value in body.items() if ":" in key and isinstance(value, dict)}


def _has_unlisted_extension(body: Resource) -> bool:
    return not _extensions(body) <= set(body.get("schemas", ()))


def _lists_absent_extension(body: Resource) -> bool:
    listed = set(body.get("schemas", ())) - {urns.USER, urns.GROUP, urns.ENTRA_GROUP}
    return not listed <= _extensions(body)


def _failed_with_success(call: Call) -> LabResponse | None:
    if call.method != "POST" or not call.is_user or call.json().get("emails"):
        return None
    return text_response(200, "emails: 'NoneType' object is not subscriptable")


def _lacks(*paths: str) -> Callable[[Resource], bool]:
    """A user without one of these values."""
    return lambda body: (
        _is_user(body) and any(value_at(body, path) in (None, "", []) for path in paths)
    )


def _has_manager_text(body: Resource) -> bool:
    return isinstance(body.get(urns.ENTERPRISE_USER, {}).get("manager"), str)


def _has_foreign_domain(body: Resource) -> bool:
    address = value_at(body, _ADDRESS) or body.get("userName")
    return _is_user(body) and not str(address).casefold().endswith(f"@{VERIFIED_DOMAIN}")


def _has_odd_user_name(body: Resource) -> bool:
    return _is_user(body) and re.search(r"[+'&#]", str(body.get("userName"))) is not None


def _has_email(body: Resource) -> bool:
    return _is_user(body) and bool(body.get("emails"))


def _has_formatted_phone(body: Resource) -> bool:
    numbers = [str(phone.get("value")) for phone in body.get("phoneNumbers", ())]
    return any(not re.fullmatch(r"\+?\d+", number) for number in numbers)


def _created(call: Call, response: LabResponse) -> bool:
    return call.method == "POST" and response.status == 201


def _created_user(call: Call, response: LabResponse) -> bool:
    return call.is_user and _created(call, response)


def _duplicate(call: Call, response: LabResponse) -> bool:
    return call.method == "POST" and call.is_user and response.status == 409


def _another_status(status: int) -> Callable[[LabResponse], LabResponse]:
    return lambda _: ScimProblem(status, "The user could not be created.").response()


def _existing(call: Call, response: LabResponse) -> LabResponse:
    if not _duplicate(call, response):
        return response
    name = str(call.json().get("userName")).casefold()
    found = [u for u in call.provider.users.values() if str(u["userName"]).casefold() == name]
    return scim_response(200, call.provider.show(call, found[0])) if found else response


def _freed(call: Call, body: Resource) -> Resource:
    """Let a second resource of the same name in, by storing it under a name of its own first."""
    wanted = new_resource(body, "User" if call.is_user else "Group")
    key = "userName" if call.is_user else "displayName"
    if key not in wanted or clashing(wanted, call.provider.store(call).values()) is None:
        return body
    call.notes["name"] = wanted[key]
    return body | {key: f"{wanted[key]}\u200b{call.serial}"}


def named_again(call: Call, _: Resource | None, after: Resource) -> Resource:
    """Give what `freed_if` let in the name that it asked for."""
    key = "userName" if call.is_user else "displayName"
    return after | {key: call.notes["name"]} if "name" in call.notes else after


def freed_if(when: Callable[[Call, Resource], bool]) -> switch.Body:
    """Let a second resource of a name in, if it is meant."""
    return lambda call, body: _freed(call, body) if when(call, body) else body


def differs_in_case(call: Call, body: Resource) -> bool:
    """Whether no user has exactly this userName."""
    taken = {user.get("userName") for user in call.provider.users.values()}
    return call.is_user and body.get("userName") not in taken


def _clashes_by(path: str, detail: str) -> switch.Body:
    """Refuse a user whose value at `path` another user has."""

    def body(call: Call, resource: Resource) -> Resource:
        value = value_at(resource, path)
        taken = [value_at(user, path) for user in call.provider.users.values()]
        if call.is_user and value is not None and value in taken:
            raise ScimProblem(409, detail)
        return resource

    return body


def _clashes_by_absence(call: Call, resource: Resource) -> Resource:
    """Keep the address under a unique key, empty where there is none."""
    others = call.provider.users.values()
    if call.is_user and not resource.get("emails") and not all(u.get("emails") for u in others):
        raise ScimProblem(409, "The address is in use.")
    return resource


def _overwritten_by(path: str) -> Callable[[Call], LabResponse | None]:
    """Take a new user for the one who has the same value at `path`."""

    def instead(call: Call) -> LabResponse | None:
        if not call.is_user or call.method != "POST":
            return None
        body = new_resource(call.json(), "User")
        key = value_at(body, path)
        users = call.provider.users.values()
        found = next((u for u in users if key and value_at(u, path) == key), None)
        if found is None or clashing(body, users) is not None:
            return None
        found.update(without("id", "meta")(body))
        return scim_response(201, call.provider.show(call, found))

    return instead


def _overwritten_by_name(call: Call) -> LabResponse | None:
    """Write a new user over the one of the same userName."""
    if not call.is_user or call.method != "POST":
        return None
    body = new_resource(call.json(), "User")
    name = str(body.get("userName")).casefold()
    users = call.provider.users.values()
    found = next((u for u in users if str(u["userName"]).casefold() == name), None)
    if found is None:
        return None
    found.update(without("id", "meta")(body))
    return scim_response(201, call.provider.show(call, found))


def _always_active(call: Call, before: Resource | None, after: Resource) -> Resource:
    return after | {"active": True} if before is None and call.is_user else after


def _deactivated(body: Any) -> Any:  # noqa: ANN401
    return body | {"active": not body.get("active", True)}


def _unrelated_id(body: Any) -> Any:  # noqa: ANN401
    return body | {"id": body["id"][::-1]}


def _never_stored(call: Call, response: LabResponse) -> LabResponse:
    if _created_user(call, response):
        call.provider.users.popitem()
    return response


_DUPLICATE = "duplicate-create-not-409"
_EMPTY = "required-attribute-empty-in-source"
_STRICT = "over-strict-validation"
_WRITE = "write-response-wrong"


def _has_fax(body: Resource) -> bool:
    return any(number.get("type") == "fax" for number in body.get("phoneNumbers") or ())


def _without_four_bytes(_: Call, __: Resource | None, after: Resource) -> Resource:
    if any(ord(letter) > 0xFFFF for letter in json.dumps(after, ensure_ascii=False)):
        raise ScimProblem(500, "Incorrect string value.")
    return after


def _made_anything(call: Call, response: LabResponse) -> bool:
    return call.method == "POST" and response.status == 201


FAULTS = (
    _fault(
        id="unlisted-extension-refused",
        title="Refuses an extension that schemas does not list",
        cause=_STRICT,
        body=refused_body(_has_unlisted_extension, "An extension is not listed in schemas."),
    ),
    _fault(
        id="listed-extension-absent-refused",
        title="Refuses a body without the extension that schemas lists",
        cause=_STRICT,
        body=refused_body(_lists_absent_extension, "A listed extension is absent."),
    ),
    _fault(
        id="empty-roles-refused",
        title="Refuses an empty roles array",
        cause=_STRICT,
        body=refused_body(lambda b: b.get("roles") == [], "roles must not be empty."),
    ),
    _fault(
        id="meta-refused",
        title="Refuses meta in the body",
        cause=_STRICT,
        body=refused_body(lambda b: "meta" in b, "meta is read-only.", scim_type="mutability"),
    ),
    _fault(
        id="group-entra-urn-refused",
        title="Refuses the URN that Entra adds to groups",
        cause=_STRICT,
        body=refused_body(
            lambda b: urns.ENTRA_GROUP in b.get("schemas", ()), "Unknown schema.", status=422
        ),
    ),
    _fault(
        id="group-external-id-refused",
        title="Refuses externalId on groups",
        cause="mapping-targets-unsupported-attribute",
        body=refused_body(
            lambda b: not _is_user(b) and "externalId" in b, "externalId is not allowed."
        ),
    ),
    _fault(
        id="group-create-needs-members",
        title="Refuses a new group without members",
        cause=_STRICT,
        body=refused_body(lambda b: not _is_user(b) and not b.get("members"), "Give members."),
    ),
    _fault(
        id="emails-required",
        title="Refuses a user without an e-mail address",
        cause=_EMPTY,
        body=refused_body(_lacks("emails"), "emails is required."),
    ),
    _fault(
        id="family-name-required",
        title="Refuses a user without a family name",
        cause=_EMPTY,
        body=refused_body(_lacks("name.familyName"), "name.familyName is required."),
    ),
    _fault(
        id="phone-required",
        title="Refuses a user without a telephone number",
        cause=_EMPTY,
        body=refused_body(_lacks("phoneNumbers"), "phoneNumbers is required."),
    ),
    _fault(
        id="display-name-required",
        title="Refuses a user without a display name",
        cause=_EMPTY,
        body=refused_body(_lacks("displayName"), "displayName is required."),
    ),
    _fault(
        id="create-fails-with-200",
        title="Answers 200 with a text to POST of a user without an e-mail address",
        cause=_WRITE,
        instead=_failed_with_success,
    ),
    _fault(
        id="email-domain-not-verified",
        title=f"Refuses addresses of other domains than {VERIFIED_DOMAIN}",
        cause="value-not-allowed-by-app",
        body=refused_body(_has_foreign_domain, "The domain of the address is not verified."),
    ),
    _fault(
        id="user-name-characters-refused",
        title="Refuses user names with +, apostrophe, & or #",
        cause="value-not-allowed-by-app",
        body=refused_body(_has_odd_user_name, "userName has characters that are not allowed."),
    ),
    _fault(
        id="create-manager-text-refused",
        title="Refuses a new user whose manager is bare text",
        cause="manager-value-shape",
        body=refused_body(_has_manager_text, "manager must be an object."),
    ),
    _fault(
        id="create-extension-500",
        title="Fails with 500 on a new user with the enterprise extension",
        cause="unhandled-exception-500",
        body=refused_body(
            lambda b: urns.ENTERPRISE_USER in b,
            "An unexpected error occurred.",
            status=500,
            scim_type=None,
        ),
    ),
    _fault(
        id="create-405",
        title="Answers 405 to POST of a user",
        cause=_WRITE,
        instead=problem(lambda c: c.is_user and c.method == "POST", 405, "POST is not allowed."),
    ),
    _fault(
        id="inactive-create-ignored",
        title="Makes every new user active",
        cause="attribute-not-stored-or-returned",
        stored=_always_active,
    ),
    _fault(
        id="duplicate-created-again",
        title="Creates a second user of the same userName",
        cause=_DUPLICATE,
        body=freed_if(lambda call, _: call.is_user),
        stored=named_again,
    ),
    _fault(
        id="group-duplicate-created-again",
        title="Creates a second group of the same displayName",
        cause=_DUPLICATE,
        body=freed_if(lambda call, _: call.is_group),
        stored=named_again,
    ),
    _fault(
        id="duplicate-case-sensitive",
        title="Creates a second user whose userName differs in case only",
        cause=_DUPLICATE,
        body=freed_if(differs_in_case),
        stored=named_again,
    ),
    _fault(
        id="duplicate-200",
        title="Answers 200 with the existing user to a duplicate",
        cause=_DUPLICATE,
        answer=_existing,
    ),
    _fault(
        id="duplicate-400",
        title="Answers 400 to a duplicate",
        cause=_DUPLICATE,
        answer=answered(_duplicate, _another_status(400)),
    ),
    _fault(
        id="duplicate-500",
        title="Fails with 500 on a duplicate",
        cause=_DUPLICATE,
        answer=answered(_duplicate, _another_status(500)),
    ),
    _fault(
        id="duplicate-without-scim-type",
        title="Answers 409 to a duplicate without scimType uniqueness",
        cause=_DUPLICATE,
        answer=answered(_duplicate, rejsoned(without("scimType"))),
    ),
    _fault(
        id="duplicate-by-email",
        title="Answers 409 to a new user whose address another user has",
        cause=_DUPLICATE,
        body=_clashes_by(_ADDRESS, "The address is in use."),
    ),
    _fault(
        id="duplicate-by-external-id",
        title="Answers 409 to a new user whose externalId another user has",
        cause=_DUPLICATE,
        body=_clashes_by("externalId", "externalId is in use."),
    ),
    _fault(
        id="duplicate-overwrites-by-external-id",
        title="Overwrites the user who has the externalId of a new one",
        cause=_DUPLICATE,
        instead=_overwritten_by("externalId"),
    ),
    _fault(
        id="duplicate-overwrites-by-email",
        title="Overwrites the user who has the address of a new one",
        cause=_DUPLICATE,
        instead=_overwritten_by(_ADDRESS),
    ),
    _fault(
        id="duplicate-by-absence",
        title="Answers 409 to a new user without an address if another user has none",
        cause=_DUPLICATE,
        body=_clashes_by_absence,
    ),
    _fault(
        id="create-202",
        title="Answers 202 without a body to POST",
        cause=_WRITE,
        answer=answered(_created, empty(202)),
    ),
    _fault(
        id="create-empty-body",
        title="Answers 201 without a body to POST",
        cause=_WRITE,
        answer=answered(_created, empty(201)),
    ),
    _fault(
        id="create-without-id",
        title="Leaves the id out of the answer to POST",
        cause=_WRITE,
        answer=answered(_created, rejsoned(without("id"))),
    ),
    _fault(
        id="create-other-id",
        title="Answers POST with an id that nobody has",
        cause=_WRITE,
        answer=answered(_created, rejsoned(_unrelated_id)),
    ),
    _fault(
        id="create-active-wrong",
        title="Answers POST with the opposite of active",
        cause=_WRITE,
        answer=answered(_created_user, rejsoned(_deactivated)),
    ),
    _fault(
        id="create-not-stored",
        title="Answers 201 and stores no user",
        cause=_WRITE,
        answer=_never_stored,
    ),
    _fault(
        id="create-body-nested",
        title="Wraps the new resource in an object of its own",
        cause=_WRITE,
        answer=answered(_created, rejsoned(lambda body: {"data": body})),
    ),
    _fault(
        id="email-value-refused",
        title="Answers 412 to a work e-mail address outside its own domain",
        cause="value-not-allowed-by-app",
        body=refused_body(_has_email, "The address is not allowed.", status=412, scim_type=None),
    ),
    _fault(
        id="phone-format-refused",
        title="Refuses telephone numbers that are not written in digits",
        cause="value-not-allowed-by-app",
        body=refused_body(_has_formatted_phone, "Not a telephone number.", scim_type=None),
    ),
    _fault(
        id="language-region-refused",
        title="Takes no preferredLanguage but two letters",
        cause="value-not-allowed-by-app",
        body=refused_body(
            lambda body: len(str(body.get("preferredLanguage", "en"))) != 2,
            "preferredLanguage is not a language.",
        ),
    ),
    _fault(
        id="address-street-required",
        title="Refuses an address without a street",
        cause=_STRICT,
        body=refused_body(
            lambda body: any(not e.get("streetAddress") for e in body.get("addresses", ())),
            "addresses.0.streetAddress must be a text.",
        ),
    ),
    _fault(
        id="duplicate-overwrites",
        title="Answers 201 to a duplicate and overwrites the existing user",
        cause=_DUPLICATE,
        instead=_overwritten_by_name,
    ),
    _fault(
        id="create-scope-403",
        title="Answers 403 to POST of a user: the token may not create",
        cause="app-policy-refuses-change",
        instead=problem(
            lambda c: c.is_user and c.method == "POST", 403, "The scope users.create is needed."
        ),
    ),
    _fault(
        id="external-id-number-only",
        title="Refuses a user whose externalId is no number",
        cause="value-not-allowed-by-app",
        body=refused_body(
            lambda b: _is_user(b) and not str(b.get("externalId", "0")).isdecimal(),
            "externalId is a number.",
        ),
    ),
    _fault(
        id="fax-refused",
        title="Refuses a telephone number of the type fax",
        cause="mapping-targets-unsupported-attribute",
        body=refused_body(_has_fax, "phoneNumbers.type must be work or mobile."),
    ),
    _fault(
        id="four-byte-characters-500",
        title="Fails with 500 on characters of four bytes in UTF-8",
        cause="unhandled-exception-500",
        stored=_without_four_bytes,
    ),
    _fault(
        id="create-303",
        title="Answers 303 with the place of the new resource to a create",
        cause="write-response-wrong",
        answer=answered(_made_anything, empty(303)),
    ),
)
