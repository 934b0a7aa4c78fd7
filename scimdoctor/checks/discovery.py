"""The discovery endpoints: absent is legal, broken is not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scimdoctor.checks.check import Check, failed, noted
from scimdoctor.checks.ids import ACCEPTED
from scimdoctor.checks.references import RFC7644, TUTORIAL
from scimdoctor.checks.shapes import answer_words, is_html, list_problem, resources_of
from scimdoctor.entra import requests
from scimdoctor.model.rule import CheckRule, Requirement, Severity
from scimdoctor.scim import urns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.model.exchange import Exchange

_USER_SCHEMAS = {urns.USER.casefold(), urns.ENTERPRISE_USER.casefold()}
_NOT_OFFERED = {400, 401, 403, 404, 405, 501}


def _config(context: CheckContext) -> Iterator[Result]:
    exchange = context.send(requests.get("/ServiceProviderConfig"))
    yield from _absent(exchange)
    if not exchange.ok:
        return
    answer = exchange.json
    if not isinstance(answer, dict):
        yield failed("GET /ServiceProviderConfig was answered with no JSON object.", exchange)
        return
    context.service_provider_config = answer
    for feature in ("patch", "filter"):
        stated = answer.get(feature)
        if isinstance(stated, dict) and stated.get("supported") is False:
            yield noted(f"/ServiceProviderConfig says {feature}.supported is false.", exchange)


def _absent(exchange: Exchange) -> Iterator[Result]:
    """Say that a discovery endpoint is not offered, or that it fails."""
    words = f"GET {exchange.request.path} was answered {answer_words(exchange)}"
    if exchange.status in _NOT_OFFERED:
        yield noted(
            f"{words}; Entra does without it for apps that are not in its gallery.", exchange
        )
    elif not exchange.ok:
        yield failed(f"{words}.", exchange, cause="unhandled-exception-500")


def _list(context: CheckContext, path: str) -> tuple[Exchange, tuple[Result, ...]]:
    """Ask for a list; gives what is wrong with the answer, too."""
    exchange = context.send(requests.get(path))
    if not exchange.ok:
        return exchange, tuple(_absent(exchange))
    if is_html(exchange):
        return exchange, (noted(f"GET {path} was answered with a web page.", exchange),)
    problem = list_problem(exchange)
    if problem is None:
        return exchange, ()
    return exchange, (failed(f"GET {path} was answered with {problem}.", exchange),)


def _resource_types(context: CheckContext) -> Iterator[Result]:
    exchange, problems = _list(context, "/ResourceTypes")
    yield from (replace(p, severity=Severity.INFO) for p in problems)
    endpoints = {str(r.get("endpoint", "")).strip("/") for r in resources_of(exchange)}
    context.resource_types = endpoints or None


def _schemas(context: CheckContext) -> Iterator[Result]:
    exchange, problems = _list(context, "/Schemas")
    yield from problems
    listed = resources_of(exchange)
    if listed:
        context.declared = {str(s.get("id")).casefold(): _names(s) for s in listed}
        core = [s for s in listed if str(s.get("id")).casefold() in _USER_SCHEMAS]
        context.required_by_schema = {name for schema in core for name in _required(schema)}
        if _has_null(listed):
            yield failed("GET /Schemas was answered with attributes that are null.", exchange)


def _has_null(value: Any) -> bool:  # noqa: ANN401 - JSON value
    if isinstance(value, dict):
        return any(_has_null(v) for v in value.values())
    if isinstance(value, list):
        return any(_has_null(v) for v in value)
    return value is None


def _attributes(schema: dict[str, Any]) -> list[dict[str, Any]]:
    found = schema.get("attributes")
    return [a for a in found if isinstance(a, dict)] if isinstance(found, list) else []


def _names(schema: dict[str, Any]) -> set[str]:
    """Names of attributes, and of sub-attributes with their attribute: `name`, `name.givenName`."""
    found: set[str] = set()
    for attribute in _attributes(schema):
        name = str(attribute.get("name")).casefold()
        inner = attribute.get("subAttributes")
        subs = [s for s in inner if isinstance(s, dict)] if isinstance(inner, list) else []
        found |= {name, *(f"{name}.{str(s.get('name')).casefold()}" for s in subs)}
    return found


def _required(schema: dict[str, Any]) -> Iterator[str]:
    for attribute in _attributes(schema):
        name = str(attribute.get("name")).casefold()
        if attribute.get("required") is True:
            yield name
        yield from (
            f"{name}.{str(sub.get('name')).casefold()}"
            for sub in attribute.get("subAttributes") or ()
            if isinstance(sub, dict) and sub.get("required") is True
        )


def _rule(name: str, *, cause: str, title: str, fix: str, section: str) -> CheckRule:
    return CheckRule(
        id=f"discovery/{name}",
        title=title,
        severity=Severity.MINOR,
        requirement=Requirement.SHOULD,
        cause=cause,
        what="Asks the discovery endpoint and reads its answer; that it is absent is no fault.",
        why="Entra reads /Schemas for gallery apps and when their mapping is edited; "
        "other apps work without discovery, but what is offered must be readable.",
        admin_sees="the attribute list of the mapping page lacks the app's own attributes.",
        fix=fix,
        rfc=f"RFC 7644 §{section}",
        references=(TUTORIAL, f"{RFC7644}#section-{section}"),
    )


CHECKS = (
    Check(
        rule=_rule(
            "service-provider-config",
            cause="list-response-malformed",
            title="/ServiceProviderConfig is readable, if it is there",
            fix="Answer one ServiceProviderConfig resource as a JSON object.",
            section="4",
        ),
        run=_config,
        requires=(ACCEPTED,),
        writes=False,
    ),
    Check(
        rule=_rule(
            "resource-types",
            cause="list-response-malformed",
            title="/ResourceTypes is a ListResponse, if it is there",
            fix="Answer a ListResponse with one resource for each resource type.",
            section="4",
        ),
        run=_resource_types,
        requires=(ACCEPTED,),
        writes=False,
    ),
    Check(
        rule=_rule(
            "schemas",
            cause="list-response-malformed",
            title="/Schemas is a ListResponse, if it is there",
            fix="Answer a ListResponse with one Schema resource for each schema, "
            "the app's own extensions among them.",
            section="4",
        ),
        run=_schemas,
        requires=(ACCEPTED,),
        writes=False,
    ),
)
