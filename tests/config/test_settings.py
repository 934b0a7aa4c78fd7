"""Settings: order of precedence, refusals, types."""

from __future__ import annotations

from pathlib import Path

import pytest

from scimdoctor.config import Settings, default_cache_directory, default_config_path, load_settings
from scimdoctor.errors import ConfigurationError
from scimdoctor.graph.clouds import Cloud
from scimdoctor.graph.sign_in import AuthMethod

PROFILE = """
default_profile = "one"

[profiles.one]
tenant = "one.example"
client_id = "from-file"
cloud = "us-gov"
app = "Example"

[profiles.two]
tenant = "two.example"
headers = { "X-Tenant" = "two" }
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(PROFILE, encoding="utf-8")
    return path


def load(config: Path, environ: dict[str, str] | None = None, **flags: str | None) -> Settings:
    return load_settings(flags, environ or {}, config_path=config)


def test_flag_over_environment_over_profile_over_default(config: Path) -> None:
    environ = {"SCIMDOCTOR_CLIENT_ID": "from-environment", "SCIMDOCTOR_APP": "from-environment"}
    settings = load(config, environ, app="from-flag", tenant=None)
    assert settings.app == "from-flag"
    assert settings.client_id == "from-environment"
    assert settings.tenant == "one.example"
    assert settings.cloud is Cloud.US_GOV
    assert settings.endpoint_auth == "bearer"
    assert settings.origins["app"] == "flag"
    assert "config.toml" in settings.origins["tenant"]


def test_profile_by_name_and_by_environment(config: Path) -> None:
    assert load_settings({}, {}, config_path=config, profile="two").tenant == "two.example"
    environ = {"SCIMDOCTOR_PROFILE": "two", "SCIMDOCTOR_CONFIG": str(config)}
    settings = load_settings({}, environ)
    assert settings.profile == "two"
    assert settings.headers == {"X-Tenant": "two"}


def test_the_only_profile_is_the_default(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('[profiles.x]\ntenant = "x.example"\n', encoding="utf-8-sig")
    assert load(path).tenant == "x.example"


def test_several_profiles_without_a_default_choose_none(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('[profiles.x]\ntenant="x"\n[profiles.y]\ntenant="y"\n')
    assert load(path).tenant is None
    assert load(path).unchosen == ("x", "y")
    assert load_settings({}, {}, config_path=path, profile="x").unchosen == ()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[profiles.a]\ntennant = 'x'", ["tennant", "[profiles.a]", "config.toml", "'tenant'"]),
        ("[profiles.a]\nclient_secret = 'x'", ["client_secret", "SCIMDOCTOR_CLIENT_SECRET"]),
        ("[profiles.a]\nendpoint_token = 'x'", ["endpoint_token", "SCIMDOCTOR_ENDPOINT_TOKEN"]),
        ("[profiles.a]\ntoken = 'x'", ["token", "secrets do not belong"]),
        ("[profiles.a]\npassword = 'x'", ["password", "secrets do not belong"]),
        ("[profiles.a]\nheaders = { Authorization = 'Bearer x' }", ["Authorization"]),
        ("[profiles.a]\nheaders = { X-Api-Key = 'x' }", ["X-Api-Key"]),
        ("[profiles.a]\nheaders = { X-Gateway-Auth = 'x' }", ["X-Gateway-Auth", "credential"]),
        ("default_profile = ['a']\n[profiles.a]", ["default_profile", "in quotes"]),
        ("default_profile = 3\n[profiles.a]", ["default_profile", "in quotes"]),
        ("[profiles.a]\nheaders = { X-Number = 1 }", ["headers"]),
        ("tenant = 'x'", ["tenant", "Known keys"]),
        ("profiles = 3", ["profiles"]),
        ("tenant = ", ["no valid TOML"]),
        ("default_profile = 'no'\n[profiles.a]", ["no profile 'no'", "Profiles there: a"]),
        ("[profiles.a]\ncloud = 'mars'", ["cloud", "global", "mars"]),
        ("[profiles.a]\ntenant = 7", ["tenant", "text"]),
        ("[profiles.a]\nauth = 'magic'", ["auth", "browser"]),
        ("[profiles.a]\ngraph_host = 'http://x'", ["graph_host", "https://"]),
        ("[profiles.a]\ninsecure_http = 'perhaps'", ["insecure_http", "true or false"]),
        ("[profiles.a]\nrequest_timeout = 'soon'", ["request_timeout", "seconds"]),
        ("[profiles.a]\nrequest_timeout = -1", ["request_timeout", "seconds"]),
        ("[profiles.a]\nendpoint_auth = 'kerberos'", ["endpoint_auth", "bearer"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_files_are_named_with_the_key(tmp_path: Path, content: str, words: list[str]) -> None:
    path = tmp_path / "config.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    said = f"{caught.value.message} {caught.value.hint}"
    assert [word for word in words if word not in said] == []
    assert caught.value.exit_status == 2


def test_secret_values_are_never_repeated(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[profiles.a]\nclient_secret = 'hunter2'", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    assert "hunter2" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize("host", ["https://u:hunter2@host", "https://u:hunter/2@host?token=x"])
def test_an_address_with_a_password_is_not_repeated(config: Path, host: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings({}, {"SCIMDOCTOR_GRAPH_HOST": host}, config_path=config)
    assert "hunter" not in str(caught.value)


def test_missing_file_matters_only_when_named(tmp_path: Path) -> None:
    environ = {"XDG_CONFIG_HOME": str(tmp_path)}
    with pytest.raises(ConfigurationError, match="no settings file"):
        load(tmp_path / "none.toml")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(tmp_path)
    assert load_settings({}, environ).tenant is None


def test_secrets_come_from_the_environment_and_hide_themselves(config: Path) -> None:
    environ = {"SCIMDOCTOR_CLIENT_SECRET": "s3cret \r\n", "SCIMDOCTOR_ENDPOINT_TOKEN": "t0ken"}
    settings = load(config, environ)
    assert settings.client_secret
    assert settings.client_secret.reveal() == "s3cret "
    assert settings.auth is AuthMethod.SECRET
    assert "s3cret" not in repr(settings)
    assert "t0ken" not in repr(settings)


def test_the_way_to_sign_in_follows_from_what_is_there(config: Path) -> None:
    assert load(config).auth is AuthMethod.BROWSER
    assert load(config, certificate="c.pem").auth is AuthMethod.CERTIFICATE
    workload = {
        "AZURE_FEDERATED_TOKEN_FILE": "/var/run/token",
        "AZURE_CLIENT_ID": "workload",
        "AZURE_TENANT_ID": "azure.example",
    }
    settings = load(config, workload)
    assert settings.auth is AuthMethod.FEDERATED
    assert settings.client_id == "from-file"
    assert settings.sign_in.federated_token_file == Path("/var/run/token")
    alone = {k: v for k, v in workload.items() if k != "AZURE_FEDERATED_TOKEN_FILE"}
    assert load(config, alone).federated_token_file is None


def test_sign_in_carries_what_msal_needs(config: Path) -> None:
    sign_in = load(config, authority_host="https://login.local:8443/", cache="~/x").sign_in
    assert sign_in.authority == "https://login.local:8443/one.example"
    assert sign_in.graph == "https://graph.microsoft.us"
    assert sign_in.graph_scope == "https://graph.microsoft.us/.default"
    assert sign_in.cache_directory == Path.home() / "x"


def test_platform_folders_are_absolute() -> None:
    assert default_config_path().name == "config.toml"
    assert default_config_path().is_absolute()
    assert default_cache_directory().is_absolute()
