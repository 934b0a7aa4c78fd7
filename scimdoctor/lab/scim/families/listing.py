"""Faults of list answers, paging and discovery."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from scimdoctor.lab.scim.hooks import answered, empty, problem, rejsoned, without
from scimdoctor.lab.scim.searching import found_by
from scimdoctor.lab.scim.switch import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from scimdoctor.lab.http import LabResponse
    from scimdoctor.lab.scim.call import Call
    from scimdoctor.scim.patch import Resource

_discovery = partial(Fault, family="discovery", cause="list-response-malformed")
_list = partial(Fault, family="list", cause="list-response-malformed")


def _is_schemas(call: Call, response: LabResponse) -> bool:
    return call.endpoint == "Schemas" and response.status == 200


def _finds_nothing(call: Call, response: LabResponse) -> bool:
    return call.is_list and b'"totalResults":0' in response.body


def _on_lists(change: Callable[[Resource], Any]) -> Callable[[Call, Resource], Any]:
    return lambda call, body: change(body) if call.is_list else body


def _pascal(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: _pascal(part) for key, part in value.items()}
    return [_pascal(part) for part in value] if isinstance(value, list) else value


def _nulls(schemas: Resource) -> Resource:
    for schema in schemas["Resources"]:
        for attribute in schema["attributes"]:
            attribute.setdefault("canonicalValues", None)
            attribute.setdefault("referenceTypes", None)
    return schemas


def _without_when_empty(body: Resource) -> Resource:
    return body if body["Resources"] else without("Resources")(body)


def _counting_all(call: Call, body: Resource) -> Resource:
    provider = call.provider
    return body | {"totalResults": len(provider.groups if call.is_group else provider.users)}


def _forget_paging(call: Call) -> None:
    call.parameters.pop("startIndex", None)
    call.parameters.pop("count", None)


def _count_from_zero(call: Call) -> None:
    if call.parameters.get("startIndex", "").isdecimal():
        call.parameters["startIndex"] = str(int(call.parameters["startIndex"]) + 1)


def _count_pages(call: Call) -> None:
    start, count = call.parameters.get("startIndex", ""), call.parameters.get("count", "")
    if start.isdecimal() and count.isdecimal():
        call.parameters["startIndex"] = str((int(start) - 1) * int(count) + 1)


def _nameless_without_members(call: Call, resource: Resource) -> Resource:
    excludes = call.is_group and "excludedAttributes" in call.parameters
    return without("displayName")(resource) if excludes and call.is_read else resource


def _each_twice(call: Call, resources: list[Resource]) -> list[Resource] | None:
    found = found_by(call.filter, resources) if call.filter else None
    return None if found is None else [resource for resource in found for _ in range(2)]


def _forget_exclusion(call: Call) -> None:
    call.parameters.pop("excludedAttributes", None)


def _forget_exclusion_in_lists(call: Call) -> None:
    if call.is_list:
        _forget_exclusion(call)


FAULTS = (
    _discovery(
        id="schemas-bare-array",
        title="Answers /Schemas with a bare array",
        answer=answered(_is_schemas, rejsoned(lambda body: body["Resources"])),
    ),
    _discovery(
        id="schemas-pascal-case",
        title="Writes the properties of /Schemas with a capital",
        answer=answered(_is_schemas, rejsoned(_pascal)),
    ),
    _discovery(
        id="schemas-with-nulls",
        title="Has null properties in /Schemas",
        answer=answered(_is_schemas, rejsoned(_nulls)),
    ),
    _discovery(
        id="schemas-500",
        title="Fails with 500 on /Schemas",
        cause="unhandled-exception-500",
        instead=problem(lambda c: c.endpoint == "Schemas", 500, "An unexpected error occurred."),
    ),
    _list(
        id="list-bare-array",
        title="Answers lists with a bare array",
        listed=_on_lists(lambda body: body["Resources"]),
    ),
    _list(
        id="group-list-bare-array",
        title="Answers lists of groups with a bare array",
        listed=lambda call, body: body["Resources"] if call.is_list and call.is_group else body,
    ),
    _list(
        id="list-resources-null",
        title="Has Resources null in an empty list",
        listed=_on_lists(lambda body: body | {"Resources": body["Resources"] or None}),
    ),
    _list(
        id="list-resources-missing",
        title="Leaves Resources out of an empty list",
        listed=_on_lists(_without_when_empty),
    ),
    _list(
        id="list-resources-lower-case",
        title="Calls the list resources instead of Resources",
        listed=_on_lists(
            lambda body: without("Resources")(body) | {"resources": body["Resources"]}
        ),
    ),
    _list(
        id="list-total-text",
        title="Has totalResults as text",
        listed=_on_lists(lambda body: body | {"totalResults": str(body["totalResults"])}),
    ),
    _list(
        id="list-total-zero",
        title="Has totalResults 0 beside resources",
        listed=_on_lists(lambda body: body | {"totalResults": 0}),
    ),
    _list(
        id="list-total-missing",
        title="Leaves totalResults out",
        listed=_on_lists(without("totalResults")),
    ),
    _list(
        id="list-schemas-missing",
        title="Leaves schemas out of lists",
        listed=_on_lists(without("schemas")),
    ),
    _list(
        id="list-start-index-wrong",
        title="Says startIndex 0 in every list",
        listed=_on_lists(lambda body: body | {"startIndex": 0}),
    ),
    _list(
        id="list-repeats-resource",
        title="Lists every resource that it finds twice",
        cause="filter-not-selective",
        search=_each_twice,
    ),
    _list(
        id="list-empty-204",
        title="Answers 204 when it finds nothing",
        answer=answered(_finds_nothing, empty(204)),
    ),
    _list(
        id="paging-ignored",
        title="Ignores startIndex and count",
        before=_forget_paging,
    ),
    _list(
        id="paging-from-zero",
        title="Counts startIndex from 0",
        before=_count_from_zero,
    ),
    _list(
        id="excluded-attributes-ignored",
        title="Returns members although they are excluded",
        cause="excluded-attributes-ignored",
        before=_forget_exclusion,
    ),
    _list(
        id="excluded-attributes-ignored-in-list",
        title="Returns members in lists although they are excluded",
        cause="excluded-attributes-ignored",
        before=_forget_exclusion_in_lists,
    ),
    _list(
        id="attributes-parameter-refused",
        title="Answers 400 to the attributes parameter",
        cause="over-strict-validation",
        instead=problem(
            lambda c: "attributes" in c.parameters, 400, "Unknown parameter attributes."
        ),
    ),
    _list(
        id="list-in-envelope",
        title="Puts the resources of a list into data",
        listed=_on_lists(lambda body: {"data": body["Resources"], "total": body["totalResults"]}),
    ),
    _list(
        id="list-single-object",
        title="Answers the resource itself when a list has one",
        listed=_on_lists(
            lambda body: body["Resources"][0] if len(body["Resources"]) == 1 else body
        ),
    ),
    _list(
        id="list-resources-by-id",
        title="Has an object with ids as keys in Resources",
        listed=_on_lists(
            lambda body: body | {"Resources": {r["id"]: r for r in body["Resources"]}}
        ),
    ),
    _list(
        id="list-total-of-all",
        title="Counts every resource in totalResults, whatever the filter",
        listed=_counting_all,
    ),
    _list(
        id="list-blank-resource",
        title="Shows a resource without a value in an empty list",
        listed=_on_lists(lambda body: body | {"Resources": body["Resources"] or [{"id": None}]}),
    ),
    _list(
        id="exclusion-refused",
        title="Refuses excludedAttributes in lists",
        cause="over-strict-validation",
        instead=problem(
            lambda c: c.is_list and "excludedAttributes" in c.parameters,
            400,
            "Unknown parameter excludedAttributes.",
        ),
    ),
    _list(
        id="paging-by-page-number",
        title="Takes startIndex for the number of a page",
        before=_count_pages,
    ),
    _list(
        id="second-page-500",
        title="Fails with 500 on every page but the first",
        cause="unhandled-exception-500",
        instead=problem(
            lambda c: c.parameters.get("startIndex", "1") != "1", 500, "Index out of range."
        ),
    ),
    _list(
        id="exclusion-drops-name",
        title="Leaves displayName out together with the members",
        cause="attribute-not-stored-or-returned",
        shown=_nameless_without_members,
    ),
    _list(
        id="list-wraps-resources",
        title="Puts each resource of a list of users into an object of its own",
        cause="response-attribute-malformed",
        listed=lambda call, body: (
            body | {"Resources": [{"resource": r} for r in body["Resources"]]}
            if call.is_list and call.is_user
            else body
        ),
    ),
)
