"""Real MSAL against the lab's authority, in process."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from scimdoctor.errors import AuthenticationError, ConfigurationError, ScimDoctorError
from scimdoctor.graph import token_cache
from scimdoctor.graph.aadsts import AADSTS, numbers_in
from scimdoctor.graph.auth import DelegatedTokens, build_token_provider
from scimdoctor.graph.login import log_in
from scimdoctor.graph.sign_in import AuthMethod, SignIn
from scimdoctor.graph.sign_in_errors import broken, refused
from scimdoctor.graph.token_cache import cache_path, forget, open_cache
from scimdoctor.redaction import Secret
from tests.fakes.microsoft import CLIENT_ID, Messages, Microsoft

if TYPE_CHECKING:
    from collections.abc import Iterator

SCOPES = ("https://graph.microsoft.com/.default",)


@pytest.fixture
def microsoft() -> Microsoft:
    return Microsoft()


@pytest.fixture
def http(microsoft: Microsoft) -> Iterator[httpx.Client]:
    with httpx.Client(transport=microsoft.transport) as client:
        yield client


def token_of(sign_in: SignIn, http: httpx.Client, **more: Any) -> Secret:
    return build_token_provider(sign_in, http=http, **more).token(SCOPES)


def form(microsoft: Microsoft) -> str:
    return microsoft.requests[-1].content.decode()


def test_client_secret_and_msal_cache(microsoft: Microsoft, http: httpx.Client) -> None:
    tokens = build_token_provider(microsoft.sign_in(), http=http)
    first = tokens.token(SCOPES).reveal()
    asked = len(microsoft.requests)
    assert tokens.token(SCOPES).reveal() == first
    assert len(microsoft.requests) == asked
    assert "CP1" in form(microsoft)


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"client_secret": Secret("wrong")}, 7000215, "not its id"),
        ({"client_id": "00000000-0000-0000-0000-00000000dead"}, 700016, "--client-id"),
        ({"tenant": "elsewhere.example"}, 90002, "--tenant"),
    ],
    ids=["secret", "client-id", "tenant"],
)
def test_refusals_say_what_to_do(
    microsoft: Microsoft, http: httpx.Client, change: dict[str, Any], code: int, words: str
) -> None:
    with pytest.raises(AuthenticationError) as caught:
        token_of(microsoft.sign_in(**change), http)
    error = caught.value
    assert f"AADSTS{code}" in error.message
    assert code in error.codes
    assert words in str(error.hint)
    assert "wrong" not in error.message.replace("is wrong", "")
    assert error.exit_status == 3


def test_expired_secret_has_a_correlation_id(microsoft: Microsoft, http: httpx.Client) -> None:
    microsoft.tenant.registrations[CLIENT_ID].secret_expired = True
    with pytest.raises(AuthenticationError, match="has expired") as caught:
        token_of(microsoft.sign_in(), http)
    assert caught.value.correlation_id
    assert caught.value.correlation_id in caught.value.message
    assert "Trace ID" not in caught.value.message


def test_disabled_app(microsoft: Microsoft, http: httpx.Client) -> None:
    microsoft.tenant.registrations[CLIENT_ID].disabled = True
    with pytest.raises(AuthenticationError, match="7000112"):
        token_of(microsoft.sign_in(), http)


Material = tuple[rsa.RSAPrivateKey, x509.Certificate]


def key_and_certificate(ended_days_ago: int = -1) -> Material:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now - timedelta(days=ended_days_ago))
        .sign(key, hashes.SHA256())
    )
    return key, certificate


@pytest.fixture(scope="module")
def material() -> Material:
    return key_and_certificate()


def write_certificate(
    folder: Path,
    material: Material,
    kind: str,
    passphrase: bytes | None = None,
) -> Path:
    key, certificate = material
    protection: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        protection = serialization.BestAvailableEncryption(passphrase)
    path = folder / f"app.{kind}"
    if kind == "pfx":
        path.write_bytes(
            pkcs12.serialize_key_and_certificates(b"x", key, certificate, None, protection)
        )
    else:
        pem = serialization.Encoding.PEM
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, protection)
        path.write_bytes(private + certificate.public_bytes(pem))
    return path


@pytest.mark.parametrize("kind", ["pem", "pfx"])
@pytest.mark.parametrize("passphrase", [None, b"open sesame"], ids=["plain", "protected"])
def test_certificates(
    microsoft: Microsoft,
    http: httpx.Client,
    tmp_path: Path,
    material: Material,
    kind: str,
    passphrase: bytes | None,
) -> None:
    path = write_certificate(tmp_path, material, kind, passphrase)
    secret = Secret(passphrase.decode()) if passphrase else None
    sign_in = microsoft.sign_in(
        AuthMethod.CERTIFICATE, certificate=path, certificate_passphrase=secret
    )
    assert token_of(sign_in, http)
    assert "client_assertion=" in form(microsoft)


@pytest.mark.parametrize("kind", ["pem", "pfx"])
def test_wrong_passphrase(
    microsoft: Microsoft,
    http: httpx.Client,
    tmp_path: Path,
    material: Material,
    kind: str,
) -> None:
    path = write_certificate(tmp_path, material, kind, b"right")
    sign_in = microsoft.sign_in(
        AuthMethod.CERTIFICATE, certificate=path, certificate_passphrase=Secret("not so")
    )
    with pytest.raises(ConfigurationError) as caught:
        token_of(sign_in, http)
    assert "SCIMDOCTOR_CERTIFICATE_PASSPHRASE" in str(caught.value.hint)
    assert "not so" not in caught.value.message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"method": AuthMethod.CERTIFICATE}, "No certificate"),
        ({"method": AuthMethod.CERTIFICATE, "certificate": Path("none.pem")}, "cannot be read"),
        ({"client_secret": None}, "No client secret"),
        ({"method": AuthMethod.FEDERATED}, "No federated token file"),
        ({"client_id": None}, "No client id"),
        ({"tenant": None}, "No tenant"),
        ({"tenant": "common"}, "No tenant"),
    ],
)
def test_what_is_not_set(
    microsoft: Microsoft, http: httpx.Client, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        token_of(microsoft.sign_in(**change), http)
    assert caught.value.hint or "read" in words


def test_a_pem_without_key(microsoft: Microsoft, http: httpx.Client, tmp_path: Path) -> None:
    path = tmp_path / "only.pem"
    path.write_text("-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n")
    with pytest.raises(ConfigurationError, match="both the private key and the certificate"):
        token_of(microsoft.sign_in(AuthMethod.CERTIFICATE, certificate=path), http)


def test_federated_token_file(microsoft: Microsoft, http: httpx.Client, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("federated-assertion\n")
    sign_in = microsoft.sign_in(AuthMethod.FEDERATED, federated_token_file=path)
    assert token_of(sign_in, http)
    assert "client_assertion=federated-assertion&" in form(microsoft) + "&"
    path.unlink()
    with pytest.raises(ConfigurationError, match="federated token file"):
        token_of(sign_in, http)


@pytest.mark.parametrize("client_id", [None, CLIENT_ID])
def test_managed_identity(client_id: str | None) -> None:
    asked: list[httpx.Request] = []

    def service(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(
            200,
            json={"access_token": "mi", "expires_in": "3600", "resource": "x", "token_type": "B"},
        )

    with httpx.Client(transport=httpx.MockTransport(service)) as http:
        sign_in = SignIn(method=AuthMethod.MANAGED_IDENTITY, client_id=client_id)
        assert token_of(sign_in, http).reveal() == "mi"
    assert asked[0].url.host == "169.254.169.254"
    assert asked[0].url.params["resource"] == "https://graph.microsoft.com"
    assert asked[0].url.params.get("client_id") == client_id


def test_no_managed_identity() -> None:
    def nobody(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route to host")

    with (
        httpx.Client(transport=httpx.MockTransport(nobody)) as http,
        pytest.raises(AuthenticationError, match="no managed identity") as caught,
    ):
        token_of(SignIn(method=AuthMethod.MANAGED_IDENTITY), http)
    assert "--auth" in str(caught.value.hint)


def device_sign_in(microsoft: Microsoft, folder: Path | None) -> SignIn:
    return microsoft.sign_in(AuthMethod.DEVICE_CODE, cache_directory=folder)


def test_device_code_is_kept_and_forgotten(
    microsoft: Microsoft, http: httpx.Client, tmp_path: Path
) -> None:
    folder = tmp_path / "made" / "on the way"
    sign_in, messages = device_sign_in(microsoft, folder), Messages()
    claims = log_in(sign_in, progress=messages, transport=microsoft.transport)
    assert claims
    assert claims.user == "admin@lab.example"
    assert any("LABLABLAB" in text for text in messages.said)
    path = cache_path(sign_in)
    assert path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert any("0600" in text for text in messages.said)

    quiet = Messages()
    later = DelegatedTokens(sign_in, http=http, progress=quiet)
    assert later.account == "admin@lab.example"
    assert later.token(SCOPES)
    assert quiet.said == []
    assert forget(sign_in)
    assert not list(folder.iterdir())
    assert not forget(sign_in)


def test_another_tenant_has_a_cache_of_its_own(microsoft: Microsoft, tmp_path: Path) -> None:
    here = device_sign_in(microsoft, tmp_path)
    there = microsoft.sign_in(AuthMethod.DEVICE_CODE, cache_directory=tmp_path, tenant="other")
    assert cache_path(here) != cache_path(there)
    assert cache_path(device_sign_in(microsoft, None)) is None
    assert not forget(device_sign_in(microsoft, None))


def test_a_second_login_replaces_the_first(microsoft: Microsoft, tmp_path: Path) -> None:
    sign_in = device_sign_in(microsoft, tmp_path)
    log_in(sign_in, transport=microsoft.transport)
    microsoft.tenant.user = "other@lab.example"
    log_in(sign_in, transport=microsoft.transport)
    with httpx.Client(transport=microsoft.transport) as http:
        assert DelegatedTokens(sign_in, http=http).account == "other@lab.example"
    saved = json.loads((cache_path(sign_in) or tmp_path).read_text())
    assert len(saved["Account"]) == 1


def test_nobody_signed_in(microsoft: Microsoft, http: httpx.Client, tmp_path: Path) -> None:
    with pytest.raises(AuthenticationError, match="Nobody is signed in") as caught:
        token_of(device_sign_in(microsoft, tmp_path), http)
    assert "scimdoctor login" in str(caught.value.hint)
    assert not list(tmp_path.iterdir())


def test_a_revoked_sign_in(microsoft: Microsoft, http: httpx.Client, tmp_path: Path) -> None:
    sign_in = device_sign_in(microsoft, tmp_path)
    microsoft.tenant.token_lifetime_seconds = 1
    log_in(sign_in, transport=microsoft.transport)
    microsoft.authority.revoke_sign_ins()
    with pytest.raises(AuthenticationError, match="revoked") as caught:
        token_of(sign_in, http)
    assert "scimdoctor login" in str(caught.value.hint)
    microsoft.tenant.token_lifetime_seconds = 3600
    tokens = DelegatedTokens(sign_in, http=http, interactive=True)
    assert tokens.token(SCOPES)


def test_the_cache_is_refreshed_silently(
    microsoft: Microsoft, http: httpx.Client, tmp_path: Path
) -> None:
    sign_in = device_sign_in(microsoft, tmp_path)
    microsoft.tenant.token_lifetime_seconds = 1
    log_in(sign_in, transport=microsoft.transport)
    assert token_of(sign_in, http)
    assert "grant_type=refresh_token" in form(microsoft)


def test_public_client_flows_not_allowed(
    microsoft: Microsoft, http: httpx.Client, tmp_path: Path
) -> None:
    microsoft.tenant.registrations[CLIENT_ID].public_client = False
    with pytest.raises(AuthenticationError, match="7000218") as caught:
        token_of(device_sign_in(microsoft, tmp_path), http, interactive=True)
    assert "Allow public client flows" in str(caught.value.hint)


def test_an_expired_device_code(microsoft: Microsoft, tmp_path: Path) -> None:
    microsoft.authority._device_codes = _Forgetful()
    with pytest.raises(AuthenticationError, match="device code has expired"):
        log_in(device_sign_in(microsoft, tmp_path), transport=microsoft.transport)


class _Forgetful(dict[str, int]):
    def __setitem__(self, key: str, value: int) -> None:
        """Keep nothing."""


def test_a_folder_that_cannot_be_written_to(microsoft: Microsoft, tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("in the way")
    messages = Messages()
    sign_in = device_sign_in(microsoft, blocked / "cache")
    assert log_in(sign_in, progress=messages, transport=microsoft.transport)
    assert any("SCIMDOCTOR_CACHE" in text for text in messages.said)


def test_a_broken_cache_is_started_anew(microsoft: Microsoft, tmp_path: Path) -> None:
    sign_in, messages = device_sign_in(microsoft, tmp_path), Messages()
    path = cache_path(sign_in)
    assert path
    path.write_text("{ truncated")
    assert log_in(sign_in, progress=messages, transport=microsoft.transport)
    assert any("cannot be read and was deleted" in text for text in messages.said)
    assert json.loads(path.read_text())["Account"]


class Vault:
    """Stands in for the platform's encrypted store."""

    is_encrypted = True

    def __init__(self, location: str) -> None:
        self.location, self.kept = location, ""

    def save(self, content: str) -> None:
        self.kept = content

    def load(self) -> str:
        from msal_extensions.persistence import PersistenceNotFound

        if not self.kept:
            raise PersistenceNotFound(location=self.location)
        return self.kept

    def time_last_modified(self) -> float:
        return 0.0

    def get_location(self) -> str:
        return self.location


def test_the_platforms_store_is_preferred(microsoft: Microsoft, tmp_path: Path) -> None:
    messages = Messages()
    cache = open_cache(device_sign_in(microsoft, tmp_path), messages, encrypted=Vault)
    assert cache.is_encrypted
    assert messages.said == []


def test_replacing_the_file_is_all_or_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = token_cache.OwnerOnlyFile(tmp_path / "cache.bin")
    file.save("old")

    def fail(*_args: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        file.save("new")
    assert file.load() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["cache.bin"]


class Replies:
    """An authority that answers everything alike."""

    def __init__(self, *, fail: Exception | None = None, **answer: Any) -> None:
        self.fail, self.answer = fail, answer

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.fail:
            raise self.fail
        return httpx.Response(**self.answer)


@pytest.mark.parametrize(
    ("replies", "words"),
    [
        (Replies(fail=httpx.ConnectError("[Errno -2] Name unknown")), "could not be reached"),
        (Replies(fail=httpx.ReadTimeout("")), "could not be reached"),
        (Replies(status_code=200, html="<html>Sign in to Wi-Fi</html>"), "cannot be used"),
        (Replies(status_code=502, html="<html>Bad gateway</html>"), "could not be reached"),
        (Replies(status_code=200, json={}), "cannot be used|could not be reached"),
        (Replies(status_code=200, json=[]), "cannot be used|could not be reached"),
    ],
    ids=["down", "slow", "html", "gateway", "empty", "list"],
)
def test_an_authority_that_cannot_be_talked_to(
    microsoft: Microsoft, replies: Replies, words: str
) -> None:
    with (
        httpx.Client(transport=httpx.MockTransport(replies)) as http,
        pytest.raises(AuthenticationError) as caught,
    ):
        token_of(microsoft.sign_in(), http)
    assert any(word in caught.value.message for word in words.split("|"))
    assert caught.value.hint


def test_errors_without_numbers() -> None:
    sign_in = SignIn(tenant="contoso.example")
    assert "declined" in refused({"error": "authorization_declined"}, sign_in).message
    plain = refused({"error": "interaction_required", "error_description": "x"}, sign_in)
    assert "scimdoctor login" in str(plain.hint)
    assert refused({}, sign_in).message.endswith("unknown error")
    odd = refused(
        {"error": "x", "error_codes": "no", "error_description": "AADSTS53003: a"}, sign_in
    )
    assert odd.codes == (53003,)
    assert "Conditional Access" in odd.message


def test_secrets_do_not_leave_with_errors() -> None:
    text = "failed for ?client_secret=abc123456 and Bearer abcdefghijkl"
    error = refused({"error": "x", "error_description": text}, SignIn())
    assert "abc123456" not in error.message
    assert "abcdefghijkl" not in error.message


@pytest.mark.parametrize(
    "error",
    [
        ValueError(""),
        RuntimeError("boom"),
        PermissionError(13, "Permission denied", "/x/cache.bin"),
        OSError("odd"),
    ],
)
def test_every_exception_gets_a_hint(error: Exception) -> None:
    translated = broken(error, SignIn(tenant="t"))
    assert translated.hint
    assert translated.exit_status == 3


def test_our_own_errors_pass() -> None:
    ours = ScimDoctorError("x")
    assert broken(ours, SignIn()) is ours


def test_the_table_is_complete() -> None:
    for number, (meaning, step) in AADSTS.items():
        assert 10_000 <= number < 10_000_000
        assert meaning.endswith((".", ")"))
        assert step.endswith((".", "SCIMDOCTOR_CLIENT_SECRET."))
    assert numbers_in("AADSTS50076: x AADSTS50076 AADSTS7000215") == (50076, 7000215)


def test_an_expired_certificate(microsoft: Microsoft, http: httpx.Client, tmp_path: Path) -> None:
    path = write_certificate(tmp_path, key_and_certificate(ended_days_ago=3), "pem")
    with pytest.raises(ConfigurationError, match="expired on") as caught:
        token_of(microsoft.sign_in(AuthMethod.CERTIFICATE, certificate=path), http)
    assert "Renew" in str(caught.value.hint)


def test_a_pfx_without_certificate(
    microsoft: Microsoft, http: httpx.Client, tmp_path: Path, material: Material
) -> None:
    path = tmp_path / "key.pfx"
    protection = serialization.NoEncryption()
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(b"x", material[0], None, None, protection)
    )
    with pytest.raises(ConfigurationError, match="holds no certificate"):
        token_of(microsoft.sign_in(AuthMethod.CERTIFICATE, certificate=path), http)


def test_a_device_flow_that_is_not_allowed_to_begin(microsoft: Microsoft, tmp_path: Path) -> None:
    microsoft.tenant.registrations.clear()
    with pytest.raises(AuthenticationError, match="700016"):
        log_in(device_sign_in(microsoft, tmp_path), transport=microsoft.transport)
