"""Whether Entra can make a TLS connection to the host."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scimdoctor.checks.check import Check, Unavailable, failed, noted, passed
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
    offered = ", ".join(facts.protocols)
    if facts.wants_client_certificate and facts.handshake_problem:
        yield failed(
            "The host lets nobody in without a client certificate, and none was given "
            f"(--client-certificate): {facts.handshake_problem}. Entra's provisioning settings have no "
            "place for one.",
            cause="auth-scheme-unsupported",
        )
    elif not offered:
        yield failed(f"No version of TLS is agreed on: {facts.handshake_problem}.")
    elif "TLSv1.2" not in facts.protocols:
        yield failed(
            f"The host agrees on {offered}, and not on TLS 1.2: {facts.handshake_problem}."
        )
    elif facts.entra_suite is None:
        yield failed(f"The host offers {offered}, but none of the suites that Entra has.")
    elif facts.wants_client_certificate:
        yield noted(
            "The host lets nobody in without a client certificate, and Entra's provisioning "
            "settings have no place for one. Let Entra's requests in by their token alone."
        )
    else:
        yield passed(f"The host offers {offered}, and {facts.entra_suite} to Entra.")


def _certificate(context: CheckContext) -> Iterator[Result]:
    facts = _facts(context)
    if facts.key_bits is None and facts.trusted is None:
        raise Unavailable("no handshake succeeded, so no certificate was seen")
    key = f"{facts.key or 'other'} key has {facts.key_bits} bits"
    smallest = _SMALLEST.get(facts.key or "", 0)
    until = f"{facts.not_after:%Y-%m-%d %H:%M} UTC" if facts.not_after else "an unknown day"
    if facts.key_bits is not None and facts.key_bits < smallest:
        yield failed(f"The certificate's {key}; Entra wants {smallest}.")
    elif facts.trusted is False:
        yield failed(f"The certificate is not trusted here: {_distrust(facts, until)}.")
    elif facts.trusted is None:
        raise Unavailable(f"its trust could not be tested: {facts.trust_problem}")
    elif facts.not_after is not None and facts.not_after - datetime.now(UTC) < _SOON:
        yield failed(f"The certificate ends on {until}.", severity=Severity.MINOR)
    else:
        yield passed(f"The certificate is trusted here and ends on {until}; its {key}.")


def _distrust(facts: TlsFacts, until: str) -> str:
    """OpenSSL's reason, and what it means to who has to mend it."""
    problem = str(facts.trust_problem)
    if "expired" in problem:
        return f"{problem} ({until})"
    if "local issuer" in problem or "first certificate" in problem:
        return (
            f"{problem}. It was issued by {facts.issuer or 'nobody'}: either the host leaves out the "
            "intermediate certificates that lead to a public authority, or it has a private one "
            "(--ca-file tries it with that; Entra does not know it)"
        )
    return problem


CHECKS = (
    Check(
        rule=CheckRule(
            id="tls/protocol",
            title="TLS 1.2 is offered, with a suite that Entra has",
            severity=Severity.BLOCKER,
            requirement=Requirement.ENTRA,
            cause="endpoint-unreachable-or-blocked",
            what="Shakes hands with each version from TLS 1.0 to 1.3, and once more with Entra's suites only.",
            why="Entra connects with TLS 1.2 and eight suites; a host with TLS 1.3 alone is out of reach.",
            admin_sees="Test Connection fails before any status; a running job is quarantined.",
            fix="Offer TLS 1.2 with an ECDHE suite of AES-GCM beside TLS 1.3; let requests in by their token "
            "alone.",
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
