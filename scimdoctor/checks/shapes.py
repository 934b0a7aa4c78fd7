"""Judges the shape of answers; pure. What Entra can read is the measure, not the letter of the RFC."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from scimdoctor.scim import urns
from scimdoctor.scim.error import ScimError
from scimdoctor.scim.paths import member

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from scimdoctor.model.exchange import Exchange

_SHOWN = 160
_STRINGS = ("userName", "displayName", "externalId", "title", "nickName", "preferredLanguage")
_COMPLEX_LISTS = ("emails", "phoneNumbers", "addresses", "roles", "members", "groups")


def is_html(exchange: Exchange) -> bool:
    """Whether the answer is a web page."""
    response = exchange.response
    if response is None:
        return False
    start = response.text[:200].lstrip().casefold()
    page = response.media_type == "text/html" and start.startswith("<")
    return page or start.startswith(("<!doctype html", "<html"))


def is_redirect(exchange: Exchange) -> bool:
    """Whether the answer sends the client elsewhere, where Entra does not follow a write."""
    return exchange.status is not None and 300 <= exchange.status < 400


def resources_of(exchange: Exchange) -> list[dict[str, Any]]:
    """The resources of a list answer, however it spells it; empty if there are none."""
    answer = exchange.json
    if isinstance(answer, list):
        found: Any = answer
    elif isinstance(answer, dict):
        found = member(answer, "Resources")
    else:
        found = None
    resources = [r for r in found if isinstance(r, dict)] if isinstance(found, list) else []
    return [r for r in resources if not _is_blank(r)]


def _is_blank(resource: Mapping[str, Any]) -> bool:
    """Whether it has no value at all, so that it is nobody."""
    return not any(value for name, value in resource.items() if name.casefold() != "schemas")


def list_problem(exchange: Exchange) -> str | None:
    """Why a successful answer is no ListResponse that Entra can read; `None` if it is one."""
    answer = exchange.json
    if isinstance(answer, list):
        return "a bare JSON array instead of a ListResponse"
    if not isinstance(answer, dict):
        return "no JSON object"
    schemas = answer.get("schemas")
    if not isinstance(schemas, list) or not _holds(schemas, urns.LIST_RESPONSE):
        return f"no ListResponse: schemas is {_or_missing(answer, 'schemas')}"
    counted = "count=0" in exchange.request.query.split("&")
    return None if counted else _count_problem(answer)


def names_other_format(exchange: Exchange) -> bool:
    """Whether Content-Type itself says that the body is neither JSON nor plain text."""
    named = exchange.response.media_type if exchange.response else None
    return named is not None and "json" not in named and not named.startswith("text/plain")


def encoding_problem(exchange: Exchange) -> str | None:
    """Why the bytes of an answer are no JSON text as RFC 8259 has it; `None` if they are."""
    body = exchange.response.body if exchange.response else b""
    if body.startswith(b"\xef\xbb\xbf"):
        return "a byte order mark before the JSON"
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return "text that is not UTF-8"
    return None


def _holds(values: list[Any], wanted: str) -> bool:
    return any(isinstance(v, str) and v.casefold() == wanted.casefold() for v in values)


def _count_problem(answer: dict[str, Any]) -> str | None:
    total, resources = answer.get("totalResults"), answer.get("Resources")
    if isinstance(total, bool) or not isinstance(total, int):
        return f"totalResults is {shown(total)}, not a number"
    if resources is None:
        return _absent_problem(answer, total)
    if not isinstance(resources, list):
        return f"Resources is {shown(resources)}, not an array"
    if len(resources) > total:
        return f"totalResults is {total}, but Resources holds {len(resources)}"
    if total and not resources and _start(answer) <= total:
        return f"totalResults is {total}, but Resources is empty"
    if not all(isinstance(r, dict) for r in resources):
        return "Resources holds something that is no object"
    if any(_is_blank(r) for r in resources):
        return "Resources holds a resource without a value"
    return None


def _start(answer: dict[str, Any]) -> int:
    start = answer.get("startIndex")
    return start if isinstance(start, int) else 1


def _absent_problem(answer: dict[str, Any], total: int) -> str | None:
    """Leaving Resources out is legal when nothing was found (RFC 7644 section 3.4.2)."""
    if "Resources" in answer:
        return "Resources is null"
    wrong = next((key for key in answer if key.casefold() == "resources"), None)
    if wrong is not None:
        return f"the array is called {wrong!r} instead of 'Resources'"
    return f"totalResults is {total}, but Resources is missing" if total else None


def resource_problems(resource: Mapping[str, Any]) -> Iterator[str]:
    """Everything in `resource` that Entra cannot read into its attributes."""
    identifier = resource.get("id")
    if identifier is not None and not isinstance(identifier, str):
        yield f"id is {shown(identifier)}, not a string"
    schemas = resource.get("schemas")
    if not isinstance(schemas, list) or not all(isinstance(s, str) for s in schemas):
        yield f"schemas is {_or_missing(resource, 'schemas')}, not an array of URNs"
    active = resource.get("active")
    if active is not None and not isinstance(active, bool):
        yield f"active is {shown(active)}, not a boolean"
    yield from (
        f"{name} is {shown(resource[name])}, not a string"
        for name in _STRINGS
        if not isinstance(resource.get(name), str | None)
    )
    if not isinstance(resource.get("name"), dict | None):
        yield f"name is {shown(resource['name'])}, not an object"
    for name in _COMPLEX_LISTS:
        yield from _complex_list_problems(name, resource.get(name))
    yield from _extension_problems(resource.get(urns.ENTERPRISE_USER))


def primary_problems(resource: Mapping[str, Any]) -> Iterator[str]:
    """Elements whose primary is no boolean, which lenient readers of JSON still understand."""
    for name in ("emails", "phoneNumbers", "addresses"):
        found = resource.get(name)
        for element in found if isinstance(found, list) else ():
            told = element.get("primary") if isinstance(element, dict) else None
            if not isinstance(told, bool | None):
                yield f"primary in {name} is {shown(told)}, not a boolean"
                break


def _or_missing(holder: Mapping[str, Any], name: str) -> str:
    return shown(holder[name]) if name in holder else "missing"


def _complex_list_problems(name: str, value: Any) -> Iterator[str]:  # noqa: ANN401
    if value is None:
        return
    if name in {"emails", "phoneNumbers", "addresses"} and isinstance(value, list):
        types = [e.get("type") for e in value if isinstance(e, dict) and e.get("type")]
        if len(types) != len(set(types)):
            yield f"{name} holds several elements of the same type: {shown(value)}"
    if not isinstance(value, list):
        yield f"{name} is {shown(value)}, not an array"
        return
    for element in value:
        if not isinstance(element, dict):
            yield f"{name} holds {shown(element)}, not an object"
            return
        inner = element.get("value")
        if name != "addresses" and not isinstance(inner, str | None):
            yield f"{name} holds a value {shown(inner)} that is no string"
            return


def _extension_problems(extension: Any) -> Iterator[str]:  # noqa: ANN401
    if extension is None:
        return
    if not isinstance(extension, dict):
        yield f"the enterprise extension is {shown(extension)}, not an object"
        return
    manager = extension.get("manager")
    if manager is not None and not isinstance(manager, dict):
        yield f"manager is {shown(manager)}, not an object with value"
    elif isinstance(manager, dict) and not isinstance(manager.get("value"), str | None):
        yield f"manager.value is {shown(manager.get('value'))}, not a string"
    yield from (
        f"{name} of the enterprise extension is {shown(extension[name])}, not a string"
        for name in ("employeeNumber", "department", "costCenter", "organization", "division")
        if not isinstance(extension.get(name), str | None)
    )


def member_ids(group: Mapping[str, Any]) -> list[str]:
    """The ids of the members that a group shows."""
    found = member(group, "members")
    elements = found if isinstance(found, list) else []
    return [_member_id(e) for e in elements]


def _member_id(element: Any) -> str:  # noqa: ANN401 - JSON value
    return str(element.get("value") if isinstance(element, dict) else element)


def shown_otherwise(group: Mapping[str, Any], one: str) -> Any:  # noqa: ANN401 - JSON value
    """The element that stands for the member `one` without its id for a value; `None` if none does."""
    found = member(group, "members")
    for element in found if isinstance(found, list) else ():
        texts = element.values() if isinstance(element, dict) else (element,)
        if any(str(text).rpartition("/")[2] == one for text in texts):
            return element
    return None


def without_members(group: Mapping[str, Any], ids: Collection[str]) -> dict[str, Any]:
    """The group as if these were no members."""
    return {
        name: [e for e in value if _member_id(e) not in ids]
        if name.casefold() == "members" and isinstance(value, list)
        else value
        for name, value in group.items()
    }


def difference(sent: Any, got: Any) -> str | None:  # noqa: ANN401 - JSON values
    """How `got` differs from what was sent: `missing`, `type`, `case`, `reformatted`, `other`."""
    if got is None or got in ("", [], {}):
        return None if sent in (None, "", [], {}) else "missing"
    if isinstance(sent, bool) or isinstance(got, bool):
        return _boolean_difference(sent, got)
    if sent == got:
        return None
    if not isinstance(sent, str) or not isinstance(got, str):
        return "type" if str(sent) == str(got) else "other"
    if sent.casefold() == got.casefold():
        return "case"
    return "reformatted" if _letters(sent) == _letters(got) else "other"


def _boolean_difference(sent: Any, got: Any) -> str | None:  # noqa: ANN401
    if isinstance(got, bool):
        return None if str(sent).casefold() == str(got).casefold() else "other"
    if isinstance(got, int):
        got = bool(got)
    return "type" if str(sent).casefold() == str(got).casefold() else "other"


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def flat(resource: Mapping[str, Any]) -> dict[str, str]:
    """Each attribute of a resource as canonical text; objects by sub-attribute, empty ones left out."""
    found: dict[str, str] = {}
    for name, value in resource.items():
        if name.casefold() in {"schemas", "meta", "groups", "password"}:
            continue
        if isinstance(value, dict):
            inner = {f"{name}:{k}" if ":" in name else f"{name}.{k}": v for k, v in value.items()}
        else:
            inner = {name: value}
        found |= {path: _canonical(v) for path, v in inner.items() if v not in (None, "", [], {})}
    return found


def _canonical(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, list):
        return "[" + ",".join(sorted(_canonical(v) for v in value)) + "]"
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def shown(value: Any) -> str:  # noqa: ANN401
    """`value` as short JSON, for a message."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def answer_words(exchange: Exchange) -> str:
    """What was answered, in a few words: status, and the app's own explanation if there is one."""
    response = exchange.response
    if response is None:
        return f"no answer ({exchange.failure.message if exchange.failure else 'unknown'})"
    error = None if response.is_success else ScimError.parse(response.json)
    if error is not None and (error.detail or error.scim_type):
        parts = [p for p in (error.scim_type, error.detail) if p]
        return f"{response.status} ({_short(': '.join(parts))})"
    if response.is_success or not response.body.strip():
        return str(response.status)
    if is_html(exchange):
        return f"{response.status} with a web page"
    return f"{response.status} ({_short(response.text.strip())})"


def _short(text: str) -> str:
    joined = " ".join(text.split())
    return joined if len(joined) <= _SHOWN else joined[: _SHOWN - 1] + "…"


def request_words(exchange: Exchange) -> str:
    """What was sent, in a few words: method and path, and the operations of a PATCH."""
    request = exchange.request
    body = request.json
    if request.method == "PATCH" and isinstance(body, dict):
        return f"PATCH {request.path} with {_short(json.dumps(body.get('Operations'), ensure_ascii=False))}"
    return f"{request.method} {_short(request.target)}"


def same_moment(one: Any, other: Any) -> bool:  # noqa: ANN401 - JSON values
    """Whether two texts are the same date and time (RFC 7643 section 2.3.5)."""
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    try:
        return datetime.fromisoformat(one) == datetime.fromisoformat(other)
    except (ValueError, TypeError):
        return False
