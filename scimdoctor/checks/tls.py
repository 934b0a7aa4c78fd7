"""Whether Entra can make a TLS connection to the host."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scimdoctor.checks.check import Check, Unavailable, failed, passed
from scimdoctor.checks.references import TUTORIAL
from scimdoctor.model.rule import CheckRule, Requirement, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.endpoint.tls import TlsFacts

_SOON = timedelta(days=30)
_SMALLEST = {"RSA": 2048, "EC": 256}


def _facts(context: CheckContext) -> TlsFacts:
    """What the host offers, looked at once in a run."""
    parts = urlsplit(context.endpoint.base_url)
    if parts.scheme != "https":
        raise Unavailable("the endpoint is plain http; Entra takes https only")
    if context.options.tls_probe is None:
        raise Unavailable("TLS was not looked at in this run")
    if context.tls is None:
        context.tls = context.options.tls_probe(parts.hostname or "", parts.port or 443)
    if context.tls.connection_problem:
        raise Unavailable(f"the host was not reached directly: {context.tls.connection_problem}")
    return context.tls


def _protocol(context: CheckContext) -> Iterator[Result]:
    facts = _facts(context)
    offered = ", ".join(facts.protocols) or "no version that was tried"
    if "TLSv1.2" not in facts.protocols:
        yield failed(f"The host offers {offered}.")
    elif facts.entra_suite is None:
        yield failed(f"The host offers {offered}, but none of the suites that Entra has.")
    else:
        yield passed(f"The host offers {offered}, and {facts.entra_suite} to Entra.")


def _certificate(context: CheckContext) -> Iterator[Result]:
    facts = _facts(context)
    if not facts.trusted:
        yield failed(f"The certificate is not trusted here: {facts.trust_problem}.")
    if facts.not_after is not None and facts.trusted:
        left = facts.not_after - datetime.now(UTC)
        if left < _SOON:
            yield failed(
                f"The certificate ends on {facts.not_after:%Y-%m-%d}, in {left.days} days.",
                severity=Severity.MINOR,
            )
    smallest = _SMALLEST.get(facts.key or "", 0)
    if facts.key_bits is not None and facts.key_bits < smallest:
        yield failed(
            f"The certificate's {facts.key} key has {facts.key_bits} bits; Entra wants {smallest}."
        )


CHECKS = (
    Check(
        rule=CheckRule(
            id="tls/protocol",
            title="TLS 1.2 is offered, with a suite that Entra has",
            severity=Severity.BLOCKER,
            requirement=Requirement.ENTRA,
            cause="endpoint-unreachable-or-blocked",
            what="Shakes hands with TLS 1.2 and 1.3, and once more with Entra's suites only.",
            why="Entra connects with TLS 1.2 and eight suites; a host with TLS 1.3 alone is out of reach.",
            admin_sees="Test Connection fails before any status; a running job is quarantined.",
            fix="Offer TLS 1.2 with an ECDHE suite of AES-GCM beside TLS 1.3.",
            references=(TUTORIAL,),
        ),
        run=_protocol,
        writes=False,
    ),
    Check(
        rule=CheckRule(
            id="tls/certificate",
            title="The certificate is trusted, valid and strong enough",
            severity=Severity.BLOCKER,
            requirement=Requirement.ENTRA,
            cause="endpoint-unreachable-or-blocked",
            what="Verifies chain and name, and looks at the end of validity and the size of the key.",
            why="Entra trusts public certificate authorities only.",
            admin_sees="Test Connection fails before any status; a running job is quarantined.",
            fix="Serve a certificate of a public authority with its intermediate certificates, for the "
            "name in the tenant URL; renew it in time.",
            references=(TUTORIAL,),
        ),
        run=_certificate,
        writes=False,
    ),
)
