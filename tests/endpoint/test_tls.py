"""What a probe of TLS sees of real servers on loopback, good and broken."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from scimdoctor.endpoint.tls import TlsFacts, probe_tls
from scimdoctor.lab.http import LabResponse
from scimdoctor.lab.loopback import LoopbackServer
from scimdoctor.lab.tls import LabTls, make_tls
from scimdoctor.outbound import tls_context

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TLS = make_tls()


def probed(
    folder: Path,
    served: LabTls = TLS,
    *,
    change: Callable[[ssl.SSLContext], object] = lambda _: None,
    client_certificate: Path | None = None,
) -> TlsFacts:
    """What is seen of a server with the certificate of `served` and its context changed."""
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(served.ca_pem)
    context = served.server_context()
    change(context)
    trust = tls_context(ca_file=ca_file, client_certificate=client_certificate)
    with LoopbackServer(lambda _: LabResponse(status=200), tls_context=context) as server:
        return probe_tls(
            "127.0.0.1", server.port, trust=trust, client_certificate=client_certificate
        )


def test_a_good_server_is_trusted_and_known(tmp_path: Path) -> None:
    facts = probed(tmp_path)

    assert facts.protocols == ("TLSv1.2", "TLSv1.3")
    assert facts.trusted is True
    assert facts.entra_suite is not None
    assert (facts.key, facts.key_bits) == ("EC", 256)
    assert facts.handshake_problem is None
    assert not facts.wants_client_certificate


@pytest.mark.parametrize(
    ("served", "words"),
    [
        (make_tls(now=datetime.now(UTC) - timedelta(days=9)), "expired"),
        (make_tls(now=datetime.now(UTC) + timedelta(days=9)), "not yet valid"),
        (make_tls(["other.example"]), "127.0.0.1"),
    ],
    ids=["expired", "not yet valid", "another name"],
)
def test_a_certificate_that_does_not_hold_is_not_trusted(
    tmp_path: Path, served: LabTls, words: str
) -> None:
    facts = probed(tmp_path, served)

    assert facts.trusted is False
    assert words in str(facts.trust_problem)
    assert facts.handshake_problem is None


def test_an_unknown_authority_is_named(tmp_path: Path) -> None:
    ca_file = tmp_path / "other.pem"
    ca_file.write_bytes(make_tls().ca_pem)
    with LoopbackServer(
        lambda _: LabResponse(status=200), tls_context=TLS.server_context()
    ) as server:
        facts = probe_tls("127.0.0.1", server.port, trust=tls_context(ca_file=ca_file))

    assert facts.trusted is False
    assert facts.issuer == "CN=scimdoctor lab authority"


def test_a_host_without_tls_1_2_says_why(tmp_path: Path) -> None:
    def newest_only(context: ssl.SSLContext) -> None:
        context.minimum_version = ssl.TLSVersion.TLSv1_3

    facts = probed(tmp_path, change=newest_only)

    assert facts.protocols == ("TLSv1.3",)
    assert "protocol version" in str(facts.handshake_problem)
    assert facts.trusted is True


def test_a_suite_that_entra_lacks_does_not_hide_the_version(tmp_path: Path) -> None:
    def old_suite(context: ssl.SSLContext) -> None:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")

    facts = probed(tmp_path, change=old_suite)

    assert "TLSv1.2" in facts.protocols
    assert facts.entra_suite is None


def test_the_client_certificate_is_shown_and_its_need_is_seen(tmp_path: Path) -> None:
    mine = tmp_path / "mine.pem"
    mine.write_bytes(TLS.server_pem)

    def demanding(context: ssl.SSLContext) -> None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=TLS.ca_pem.decode())

    asked = probed(tmp_path, change=demanding, client_certificate=mine)
    free = probed(tmp_path, client_certificate=mine)

    assert "TLSv1.2" in asked.protocols
    assert asked.entra_suite is not None
    assert asked.wants_client_certificate
    assert not free.wants_client_certificate


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_need_for_a_client_certificate_is_seen_where_none_is_given(
    tmp_path: Path, newest: ssl.TLSVersion
) -> None:
    def demanding(context: ssl.SSLContext) -> None:
        context.maximum_version = newest
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=TLS.ca_pem.decode())

    def other_suites(context: ssl.SSLContext) -> None:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("PSK:@SECLEVEL=0")

    facts = probed(tmp_path, change=demanding)

    assert facts.wants_client_certificate
    assert facts.handshake_problem
    assert not probed(tmp_path, change=other_suites).wants_client_certificate


def test_a_host_that_never_answers_is_asked_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        facts = probe_tls("127.0.0.1", port, trust=ssl.create_default_context(), timeout=0.1)

    assert facts.protocols == ()
    assert "in time" in str(facts.handshake_problem)
    assert facts.trusted is None
