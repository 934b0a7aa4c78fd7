"""The provider without faults does all that Entra needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from scimdoctor.lab.scim.faults import TRAITS
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.lab.scim.transport import ProviderTransport
from scimdoctor.scim import urns
from scimdoctor.scim.paths import member

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

EXAMPLES = sorted((Path(__file__).parents[2] / "data" / "scim").glob("*.json"))
ORDER = [path.stem for path in EXAMPLES if path.stem != "60-roles-complex-patch"]
ORDER.insert(ORDER.index("30-user-delete"), "60-roles-complex-patch")
ORDER.remove("17-user-restore-default")
ORDER.insert(ORDER.index("20-manager-check"), "17-user-restore-default")
TOKEN = {"Authorization": "Bearer lab-token"}


@pytest.fixture
def provider() -> ScimServiceProvider:
    return ScimServiceProvider()


@pytest.fixture
def scim(provider: ScimServiceProvider) -> Iterator[httpx.Client]:
    transport = ProviderTransport(provider.handle)
    with httpx.Client(transport=transport, base_url="http://lab/scim", headers=TOKEN) as client:
        yield client


def user(scim: httpx.Client, user_name: str, **more: Any) -> dict[str, Any]:
    answer = scim.post("/Users", json={"schemas": [urns.USER], "userName": user_name} | more)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def patch(scim: httpx.Client, target: str, *operations: Mapping[str, Any]) -> httpx.Response:
    return scim.patch(target, json={"schemas": [urns.PATCH_OP], "Operations": list(operations)})


def filled(text: str, ids: Mapping[str, str]) -> str:
    for name, value in ids.items():
        text = text.replace("{" + name + "}", value)
    return text


def test_every_published_request_is_answered_as_expected(scim: httpx.Client) -> None:
    boss, member = user(scim, "boss@example.com"), user(scim, "member@example.com")
    ids = {"manager-id": boss["id"], "user-id": member["id"], "unknown-id": "4f0c"}
    for name in ORDER:
        raw = (EXAMPLES[0].parent / f"{name}.json").read_text()
        example = json.loads(filled(raw, ids))
        if example["path"] == "/(none)":
            example["path"] = "/Users?filter=userName"
        body = json.dumps(example["body"]) if "body" in example else None
        headers = {**example["headers"], **TOKEN}
        answer = scim.request(example["method"], example["path"], headers=headers, content=body)
        expected = example["expect"]
        assert answer.status_code in expected["status"], (name, answer.text)
        found = answer.json() if answer.content else {}
        assert_fits(found, expected)
        if example["method"] == "POST" and "id" in found:
            ids["id"] = found["id"]


def assert_fits(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert set(expected.get("require", ())) <= found.keys()
    for key in ("schemas", "totalResults", "startIndex", "Resources", "status", "scimType"):
        if key in expected.get("body", {}):
            assert found[key] == expected["body"][key]
    if "totalResults" in expected:
        assert found["totalResults"] == expected["totalResults"]
        assert found["Resources"][0]["active"] is expected["active"]


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Basic lab-token", "Bearer"])
def test_wrong_credentials_are_refused(scim: httpx.Client, header: str) -> None:
    answer = scim.get("/Users", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["schemas"] == [urns.ERROR]


def test_the_scheme_is_read_in_any_case(scim: httpx.Client) -> None:
    assert scim.get("/Users", headers={"Authorization": "bearer lab-token"}).status_code == 200


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("application/scim+json", 201),
        ("application/scim+json; charset=utf-8", 201),
        ("application/json", 201),
        ("text/plain", 415),
    ],
)
def test_media_types(scim: httpx.Client, media_type: str, status: int) -> None:
    headers = {"Content-Type": media_type}
    answer = scim.post("/Users", content=b'{"userName":"ada"}', headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/scim+json; charset=utf-8"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/Me", 404),
        ("GET", "/Schemas/nonsense", 404),
        ("GET", f"/Schemas/{urns.USER}", 200),
        ("GET", "/ResourceTypes/Group", 200),
        ("GET", "/ServiceProviderConfig", 200),
        ("DELETE", "/Users", 405),
        ("POST", "/Schemas", 405),
        ("GET", "/Users?count=x", 400),
        ("GET", "/Users?filter=userName+eq", 400),
    ],
)
def test_paths_and_methods(scim: httpx.Client, method: str, path: str, status: int) -> None:
    answer = scim.request(method, path)
    assert answer.status_code == status
    if status == 405:
        assert answer.headers["allow"]


def test_it_answers_at_the_root_of_the_host_too(provider: ScimServiceProvider) -> None:
    transport = ProviderTransport(provider.handle)
    with httpx.Client(transport=transport, base_url="http://lab", headers=TOKEN) as client:
        body = user(client, "ada")
    assert body["meta"]["location"] == f"http://lab/Users/{body['id']}"


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b"{}", b'{"userName":" "}'])
def test_bad_bodies_are_400(scim: httpx.Client, body: bytes) -> None:
    answer = scim.post("/Users", content=body)
    assert answer.status_code == 400
    assert answer.json()["scimType"] in {"invalidSyntax", "invalidValue"}


@pytest.mark.parametrize("body", [{}, {"Operations": []}, {"Operations": "x"}])
def test_bad_patches_are_400(scim: httpx.Client, body: dict[str, Any]) -> None:
    ada = user(scim, "ada")
    assert scim.patch(f"/Users/{ada['id']}", json=body).status_code == 400


def test_user_names_are_unique_without_case(scim: httpx.Client) -> None:
    ada, bob = user(scim, "Ada"), user(scim, "bob", externalId="x")
    assert scim.post("/Users", json={"userName": "ADA"}).json()["scimType"] == "uniqueness"
    clash = {"op": "Replace", "path": "userName", "value": "aDa"}
    assert patch(scim, f"/Users/{bob['id']}", clash).status_code == 409
    assert user(scim, "cyd", externalId="x")["externalId"] == "x"
    own = {"op": "Replace", "path": "userName", "value": "ADA"}
    assert patch(scim, f"/Users/{ada['id']}", own).json()["userName"] == "ADA"


def test_a_failing_patch_changes_nothing(scim: httpx.Client) -> None:
    ada = user(scim, "ada", displayName="Ada")
    good = {"op": "Replace", "path": "displayName", "value": "Half"}
    answer = patch(scim, f"/Users/{ada['id']}", good, {"op": "Nonsense", "path": "x"})
    assert answer.status_code == 400
    assert scim.get(f"/Users/{ada['id']}").json() == ada


def test_pages_and_counts(scim: httpx.Client) -> None:
    for number in range(5):
        user(scim, f"u{number}")
    page = scim.get("/Users?startIndex=4&count=3").json()
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (5, 4, 2)
    assert [u["userName"] for u in page["Resources"]] == ["u3", "u4"]
    assert scim.get("/Users?count=0").json()["Resources"] == []


def test_attributes_are_projected(scim: httpx.Client) -> None:
    name = {"givenName": "A", "familyName": "B"}
    extension = {"department": "R", "employeeNumber": "1"}
    user(scim, "ada", name=name, **{urns.ENTERPRISE_USER: extension})
    wanted = f"id,name.givenName,{urns.ENTERPRISE_USER}:department"
    [found] = scim.get("/Users", params={"attributes": wanted}).json()["Resources"]
    assert found.keys() == {"schemas", "id", "name", urns.ENTERPRISE_USER}
    assert found["name"] == {"givenName": "A"}
    dropped = f"name.givenName,{urns.ENTERPRISE_USER}:department,meta,id"
    [found] = scim.get("/Users", params={"excludedAttributes": dropped}).json()["Resources"]
    assert found["name"] == {"familyName": "B"}
    assert found[urns.ENTERPRISE_USER] == {"employeeNumber": "1"}
    assert "meta" not in found
    assert "id" in found


def test_versions(scim: httpx.Client) -> None:
    ada = user(scim, "ada")
    path, old = f"/Users/{ada['id']}", ada["meta"]["version"]
    assert scim.get(path, headers={"If-None-Match": old}).status_code == 304
    same = {"op": "Replace", "path": "userName", "value": "ada"}
    assert patch(scim, path, same).headers["etag"] == old
    new = {"op": "Replace", "path": "title", "value": "Boss"}
    assert patch(scim, path, new).headers["etag"] != old
    assert scim.delete(path, headers={"If-Match": old}).status_code == 412
    assert scim.delete(path, headers={"If-Match": "*"}).status_code == 204


def test_members_vanish_with_their_user(scim: httpx.Client) -> None:
    ada, bob = user(scim, "ada"), user(scim, "bob")
    members = [{"value": ada["id"]}, {"value": bob["id"]}]
    group = scim.post("/Groups", json={"displayName": "g", "members": members}).json()
    scim.delete(f"/Users/{ada['id']}")
    [left] = scim.get(f"/Groups/{group['id']}").json()["members"]
    assert left == {"value": bob["id"], "$ref": f"http://lab/scim/Users/{bob['id']}"}


def test_an_unknown_member_is_refused(scim: httpx.Client) -> None:
    group = scim.post("/Groups", json={"displayName": "g"}).json()
    add = {"op": "Add", "path": "members", "value": [{"value": "nobody"}]}
    assert patch(scim, f"/Groups/{group['id']}", add).status_code == 400


def test_put_replaces(scim: httpx.Client) -> None:
    ada = user(scim, "ada", title="Boss")
    found = scim.put(f"/Users/{ada['id']}", json={"userName": "ada2"}).json()
    assert (found["id"], found["userName"], found.get("title")) == (ada["id"], "ada2", None)


def test_values_are_kept_as_sent(scim: httpx.Client) -> None:
    extension = "urn:ietf:params:scim:schemas:extension:Contoso:2.0:User"
    sent = {
        "displayName": "  Ädâ O'Hara \U0001f600 ",
        "phoneNumbers": [{"type": "work", "value": "+31 (0)30-000"}],
        extension: {"badge": "007"},
    }
    ada = user(scim, "Ada@Example.COM", **sent)
    assert {key: ada[key] for key in sent} == sent
    assert ada["schemas"] == [urns.USER, extension]
    assert ada["userName"] == "Ada@Example.COM"


def test_passwords_are_never_shown(scim: httpx.Client) -> None:
    assert "password" not in user(scim, "ada", password="secret-value")


@pytest.mark.parametrize("trait", TRAITS, ids=lambda trait: trait.id)
def test_a_trait_leaves_the_main_work_alone(trait: Any) -> None:
    provider = ScimServiceProvider(traits=[trait.id])
    transport = ProviderTransport(provider.handle)
    with httpx.Client(transport=transport, base_url="http://lab/scim", headers=TOKEN) as scim:
        answer = scim.post("/Users", json={"userName": "ada", "title": "Boss", "active": True})
        path = f"/Users/{answer.json()['id']}"
        off = {"op": "Replace", "path": "active", "value": "False"}
        assert patch(scim, path, off).is_success
        scim.get(path)
        assert member(scim.get(path).json(), "active") is False
        scim.get("/Users")
        assert scim.get('/Users?filter=userName+eq+"ADA"').json()["totalResults"] == 1
        assert scim.delete(path).status_code == 204
