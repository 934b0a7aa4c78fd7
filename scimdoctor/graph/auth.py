"""Signing in to Microsoft with MSAL, in every way it offers that a tool may use.

All traffic goes through the `httpx.Client` given. What MSAL reports as a dictionary with an
`error`, or as an exception, leaves this module as an `AuthenticationError`.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import httpx
import msal

from scimdoctor.errors import AuthenticationError, ConfigurationError
from scimdoctor.graph.certificate import certificate_credential, read_credential
from scimdoctor.graph.clouds import Cloud
from scimdoctor.graph.sign_in import AuthMethod, SignIn
from scimdoctor.graph.sign_in_errors import broken, refused
from scimdoctor.graph.token_cache import open_cache
from scimdoctor.progress import SILENT, Progress
from scimdoctor.redaction import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_CAPABILITIES = ["CP1"]
"""Says that claims challenges are understood; Graph then gives long tokens and may challenge."""

_KNOWN_AUTHORITIES = frozenset(cloud.hosts.authority for cloud in Cloud)
_BROWSER_SECONDS = 300


class TokenProvider(Protocol):
    """Something that has access tokens."""

    def token(self, scopes: Sequence[str], *, claims_challenge: str | None = None) -> Secret:
        """Return a token for `scopes`, from the cache if it has one that is still good.

        `claims_challenge` is the JSON text of a challenge; it makes the cache be passed over.

        Raises:
            AuthenticationError: there is no way to get one without a person, or at all.
        """


class StaticTokenProvider:
    """A token that was obtained elsewhere."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def token(self, scopes: Sequence[str], *, claims_challenge: str | None = None) -> Secret:
        """Return the one token, whatever is asked for."""
        if claims_challenge:
            raise AuthenticationError(
                "Graph asks for a fresh sign-in, and the given token cannot be renewed.",
                hint="Get a new token.",
            )
        return self._token


def build_token_provider(
    sign_in: SignIn,
    *,
    http: httpx.Client,
    progress: Progress = SILENT,
    interactive: bool = False,
) -> TokenProvider:
    """Return the provider that `sign_in` asks for; nothing is sent yet.

    `interactive` allows asking a person (`login`); otherwise only a saved sign-in is used.

    Raises:
        ConfigurationError: something that the method needs is not set.
    """
    if sign_in.method is AuthMethod.MANAGED_IDENTITY:
        return ManagedIdentityTokens(sign_in, http=http)
    if not sign_in.client_id:
        raise ConfigurationError(
            "No client id is set.",
            hint="Register an app in Entra (README, 'Register the app') and give its application "
            "(client) id with --client-id, SCIMDOCTOR_CLIENT_ID or the profile.",
        )
    if sign_in.method.is_delegated:
        return DelegatedTokens(sign_in, http=http, progress=progress, interactive=interactive)
    _require_tenant(sign_in)
    return AppTokens(sign_in, http=http)


def _require_tenant(sign_in: SignIn) -> None:
    if not sign_in.tenant or sign_in.tenant.casefold() in {"common", "organizations", "consumers"}:
        raise ConfigurationError(
            "No tenant is set; signing in as an app needs the tenant id or a verified domain.",
            hint="Give it with --tenant, SCIMDOCTOR_TENANT or the profile.",
        )


class AppTokens:
    """The app signs in as itself: client secret, certificate or federated token."""

    def __init__(self, sign_in: SignIn, *, http: httpx.Client) -> None:
        self._sign_in = sign_in
        self._http = http
        self._credential = _credential(sign_in)
        self._lock = threading.Lock()

    @cached_property
    def _app(self) -> Any:  # noqa: ANN401 - msal has no types
        # Made late: MSAL asks the authority for its configuration in the constructor.
        return msal.ConfidentialClientApplication(
            self._sign_in.client_id,
            client_credential=self._credential,
            **_common(self._sign_in, self._http),
        )

    def token(self, scopes: Sequence[str], *, claims_challenge: str | None = None) -> Secret:
        """Return a token for the app; MSAL looks into its cache first."""
        with self._lock, _translated(self._sign_in):
            result = self._app.acquire_token_for_client(
                list(scopes), claims_challenge=claims_challenge
            )
        return _access_token(result, self._sign_in)


class ManagedIdentityTokens:
    """The Azure resource that we run on signs in; `client_id` picks a user-assigned identity."""

    def __init__(self, sign_in: SignIn, *, http: httpx.Client) -> None:
        self._sign_in = sign_in
        self._lock = threading.Lock()
        identity: Any = msal.SystemAssignedManagedIdentity()
        if sign_in.client_id:
            identity = msal.UserAssignedManagedIdentity(client_id=sign_in.client_id)
        self._client = msal.ManagedIdentityClient(identity, http_client=http)

    def token(self, scopes: Sequence[str], *, claims_challenge: str | None = None) -> Secret:
        """Return a token for the resource of the first scope."""
        resource = scopes[0].removesuffix("/.default")
        with self._lock:
            try:
                result = self._client.acquire_token_for_client(
                    resource=resource, claims_challenge=claims_challenge
                )
            except (httpx.HTTPError, msal.ManagedIdentityError, OSError, ValueError) as error:
                unreadable = isinstance(error, json.JSONDecodeError)
                why = "what answers is not Azure's metadata service" if unreadable else error
                raise AuthenticationError(
                    f"There is no managed identity to sign in with: {why}",
                    hint="Run on an Azure resource that has one, or choose another --auth.",
                ) from error
        return _access_token(result, self._sign_in)


class DelegatedTokens:
    """A person signs in, with a browser or a device code; the sign-in is kept on disk."""

    def __init__(
        self,
        sign_in: SignIn,
        *,
        http: httpx.Client,
        progress: Progress = SILENT,
        interactive: bool = False,
    ) -> None:
        self._sign_in = sign_in
        self._http = http
        self._progress = progress
        self._interactive = interactive
        self._lock = threading.Lock()

    @cached_property
    def _app(self) -> Any:  # noqa: ANN401 - msal has no types
        return msal.PublicClientApplication(
            self._sign_in.client_id,
            token_cache=open_cache(self._sign_in, self._progress),
            **_common(self._sign_in, self._http),
        )

    @property
    def account(self) -> str | None:
        """Who is signed in; `None` if nobody."""
        with _translated(self._sign_in):
            account = self._account()
        return str(account.get("username") or "") or None if account else None

    def token(self, scopes: Sequence[str], *, claims_challenge: str | None = None) -> Secret:
        """Return a token from the saved sign-in, else (if allowed) from a new one."""
        with self._lock, _translated(self._sign_in):
            account = self._account()
            result = account and self._app.acquire_token_silent_with_error(
                list(scopes), account, claims_challenge=claims_challenge
            )
            if not (result and "access_token" in result) and self._interactive:
                result = self._ask(list(scopes), claims_challenge)
        if not result:
            raise AuthenticationError(
                f"Nobody is signed in to {self._sign_in.tenant or 'Microsoft'}.",
                hint="Sign in first: scimdoctor login (or scimdoctor login --device-code).",
            )
        return _access_token(result, self._sign_in)

    def sign_in_anew(self, scopes: Sequence[str]) -> Secret:
        """Ask the person even if there is a saved sign-in, which the new one replaces.

        Raises:
            AuthenticationError: the sign-in failed.
        """
        with self._lock, _translated(self._sign_in):
            old = self._app.get_accounts()
            result = self._ask(list(scopes), None)
            token = _access_token(result, self._sign_in)
            claims = result.get("id_token_claims") or {}
            for account in old:
                if account.get("local_account_id") != claims.get("oid"):
                    self._app.remove_account(account)
        return token

    def _account(self) -> Mapping[str, Any] | None:
        accounts = self._app.get_accounts()
        return accounts[-1] if accounts else None

    def _ask(self, scopes: list[str], claims_challenge: str | None) -> dict[str, Any]:
        if self._sign_in.method is AuthMethod.DEVICE_CODE:
            return self._ask_by_device_code(scopes, claims_challenge)
        self._progress.message("A browser window opens for signing in …")
        result: dict[str, Any] = self._app.acquire_token_interactive(
            scopes,
            prompt="select_account",
            claims_challenge=claims_challenge,
            timeout=_BROWSER_SECONDS,
            auth_uri_callback=lambda uri: self._progress.message(
                f"No browser could be opened here. Open this address on this computer:\n{uri}\n"
                "On another computer use: scimdoctor login --device-code"
            ),
        )
        return result

    def _ask_by_device_code(
        self, scopes: list[str], claims_challenge: str | None
    ) -> dict[str, Any]:
        flow: dict[str, Any] = self._app.initiate_device_flow(scopes)
        if "user_code" not in flow:
            return flow
        self._progress.message(str(flow["message"]))
        result: dict[str, Any] = self._app.acquire_token_by_device_flow(
            flow, claims_challenge=claims_challenge
        )
        return result


def _common(sign_in: SignIn, http: httpx.Client) -> dict[str, Any]:
    host = sign_in.authority_host or sign_in.cloud.hosts.authority
    return {
        "authority": sign_in.authority,
        "http_client": http,
        "client_capabilities": _CAPABILITIES,
        # An authority of one's own is not to be asked of Microsoft.
        "instance_discovery": None if host in _KNOWN_AUTHORITIES else False,
    }


def _credential(sign_in: SignIn) -> Any:  # noqa: ANN401 - text or dictionary, as MSAL wants it
    if sign_in.method is AuthMethod.SECRET:
        if not sign_in.client_secret:
            raise ConfigurationError(
                "No client secret is set.",
                hint="Put it into SCIMDOCTOR_CLIENT_SECRET; it is never taken as an argument.",
            )
        return sign_in.client_secret.reveal()
    if sign_in.method is AuthMethod.CERTIFICATE:
        return certificate_credential(sign_in)
    if sign_in.federated_token_file is None:
        raise ConfigurationError(
            "No federated token file is set.",
            hint="Set SCIMDOCTOR_FEDERATED_TOKEN_FILE, or let workload identity set "
            "AZURE_FEDERATED_TOKEN_FILE.",
        )
    path = sign_in.federated_token_file
    # A callable, because the file is renewed while we run.
    return {
        "client_assertion": lambda: read_credential(path, "federated token file").decode().strip()
    }


def _access_token(result: object, sign_in: SignIn) -> Secret:
    if not isinstance(result, dict):
        raise AuthenticationError("Microsoft's sign-in gave no answer.", hint="Try again.")
    token = result.get("access_token")
    if not isinstance(token, str):
        raise refused(result, sign_in)
    return Secret(token)


@contextmanager
def _translated(sign_in: SignIn) -> Iterator[None]:
    """Turn what MSAL and the HTTP client raise into errors of ours."""
    try:
        yield
    except msal.BrowserInteractionTimeoutError as error:
        raise AuthenticationError(
            f"Nobody finished signing in within {_BROWSER_SECONDS // 60} minutes.",
            hint="Run scimdoctor login again; where the browser cannot reach this computer, use "
            "--device-code.",
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError, RuntimeError, ValueError) as error:
        raise broken(error, sign_in) from error
    except (msal.exceptions.MsalError, KeyError, TypeError, AttributeError) as error:
        # The last three are MSAL's way of saying that an answer is JSON, but not the one meant.
        raise broken(error, sign_in) from error
