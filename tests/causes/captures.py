"""HTTP archives as people hand them over: failing conversations between Entra and an app.

Each row was written down with its cause before any rule was run on it. The hosts, base paths,
tools (browser, proxy, Postman) and frameworks differ on purpose.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
CORE_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ENTRA_GROUP = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
UID = "7f2c1d7e-6a1b-4a52-9f43-5c3b0f0d9e11"
GID = "b1a7c0de-9d1e-4a53-8c51-0ff0a1c2d3e4"
ADA, BOB, CY = (
    "0c3e9d0a-1111-4f4e-9a70-6b1b8e6f0001",
    "0c3e9d0a-2222-4f4e-9a70-6b1b8e6f0002",
    "0c3e9d0a-3333-4f4e-9a70-6b1b8e6f0003",
)
WORK_MAIL = 'emails[type eq "work"].value'
DEPARTMENT = f"{ENTERPRISE}:department"
MANAGER = f"{ENTERPRISE}:manager"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One request with its answer; `answer` is text as it came, or JSON."""

    method: str
    path: str
    status: int
    answer: Any = None
    sent: Any = None
    media: str = "application/scim+json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    milliseconds: float = 143.2
    form: dict[str, str] | None = None
    error: str | None = None


def get(path: str, status: int, answer: Any = None, **more: Any) -> Entry:
    return Entry(method="GET", path=path, status=status, answer=answer, **more)


def post(path: str, sent: Any, status: int, answer: Any = None, **more: Any) -> Entry:
    return Entry(method="POST", path=path, status=status, answer=answer, sent=sent, **more)


def patch(
    path: str, operations: list[dict[str, Any]], status: int, answer: Any = None, **more: Any
) -> Entry:
    sent = {"schemas": [PATCH_OP], "Operations": operations}
    return Entry(method="PATCH", path=path, status=status, answer=answer, sent=sent, **more)


def users(attribute: str, value: str) -> str:
    return "/Users?filter=" + quote(f'{attribute} eq "{value}"', safe="").replace("%20", "+")


def groups(value: str) -> str:
    return "/Groups?excludedAttributes=members&filter=" + quote(
        f'displayName eq "{value}"', safe=""
    ).replace("%20", "+")


def found(*resources: Any) -> dict[str, Any]:
    return {
        "schemas": [LIST],
        "totalResults": len(resources),
        "startIndex": 1,
        "itemsPerPage": len(resources),
        "Resources": list(resources),
    }


def refusal(detail: str | None, status: int = 400, scim_type: str | None = None) -> dict[str, Any]:
    body = {"schemas": [ERROR], "status": str(status), "scimType": scim_type, "detail": detail}
    return {k: v for k, v in body.items() if v is not None}


def new_user(**other: Any) -> dict[str, Any]:
    """What Entra posts."""
    return {
        "schemas": [CORE, ENTERPRISE],
        "externalId": "adelev",
        "userName": "adele.vance@contoso.example",
        "active": True,
        "displayName": "Adele Vance",
        "emails": [{"primary": True, "type": "work", "value": "adele.vance@contoso.example"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "Adele Vance", "familyName": "Vance", "givenName": "Adele"},
        "roles": [],
        ENTERPRISE: {"department": "Retail"},
    } | other


def kept_user(**other: Any) -> dict[str, Any]:
    """What a good app returns."""
    body = new_user() | {
        "id": UID,
        "meta": {
            "resourceType": "User",
            "location": f"https://app.example/Users/{UID}",
            "created": "2026-05-04T10:11:12Z",
            "lastModified": "2026-05-04T10:11:12Z",
        },
    }
    del body["roles"]
    return {k: v for k, v in (body | other).items() if v is not ...}


def new_group(name: str = "Sales Germany") -> dict[str, Any]:
    return {
        "schemas": [CORE_GROUP, ENTRA_GROUP],
        "externalId": "8aa1a0c0-7c4c-430d-8fa5-c6bc1ea9f3b1",
        "displayName": name,
        "meta": {"resourceType": "Group"},
    }


def kept_group(*members: str, name: str = "Sales Germany", **other: Any) -> dict[str, Any]:
    listed = {"members": [{"value": m, "display": m[:4]} for m in members]} if members else {}
    return (
        {
            "schemas": [CORE_GROUP],
            "id": GID,
            "externalId": "8aa1a0c0-7c4c-430d-8fa5-c6bc1ea9f3b1",
            "displayName": name,
            "meta": {"resourceType": "Group"},
        }
        | listed
        | other
    )


def op(name: str, path: str | None, *value: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"op": name}
    if path is not None:
        made["path"] = path
    return made | ({"value": value[0]} if value else {})


DISABLE = [op("Replace", "active", "False")]
RENAME = [op("Replace", "displayName", "Adele Vance-Smith")]
ME = f"/Users/{UID}"
TEAM = f"/Groups/{GID}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A file, the cause that is behind it, and who wrote it."""

    cause: str | None
    entries: tuple[Entry, ...]
    base: str = "https://api.contoso.example/scim"
    tool: str = "proxy"
    """`proxy`, `browser`, `postman` (headers as an object), `mitm` (bodies in base64), `bare`."""

    also: frozenset[str] = frozenset()
    """Other names that a good engineer could give it as well."""


def capture(cause: str | None, *entries: Entry, also: tuple[str, ...] = (), **more: Any) -> Capture:
    return Capture(cause=cause, entries=entries, also=frozenset(also), **more)


_BROWSER_HEADERS = {
    ":authority": "app.example",
    ":method": "POST",
    "sec-ch-ua": '"Chromium";v="126"',
    "user-agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
    "cookie": "session=abc",
    "accept-encoding": "gzip, deflate, br",
}


def har_of(made: Capture) -> dict[str, Any]:
    """The HAR document of a capture."""
    entries = [_entry(entry, made, number) for number, entry in enumerate(made.entries)]
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": made.tool, "version": "1"},
            "pages": [],
            "entries": entries,
        }
    }


def _headers(made: Capture, own: dict[str, str]) -> Any:
    if made.tool == "postman":
        return own
    extra = _BROWSER_HEADERS if made.tool == "browser" else {}
    return [{"name": name, "value": value} for name, value in (own | extra).items()]


def _entry(entry: Entry, made: Capture, number: int) -> dict[str, Any]:
    sent = {
        "Authorization": "Bearer eyJhbGciOiJub25lIn0.e30.sig0123456789",
        "Accept": "application/scim+json",
    } | {k: v for k, v in entry.headers.items() if not k.startswith("<-")}
    request: dict[str, Any] = {
        "method": entry.method,
        "url": made.base + entry.path,
        "httpVersion": "HTTP/1.1",
        "headers": _headers(made, sent),
        "queryString": [],
        "cookies": [],
        "headersSize": -1,
        "bodySize": -1,
    }
    if entry.form is not None:
        request["postData"] = {
            "mimeType": "application/x-www-form-urlencoded",
            "params": [{"name": k, "value": v} for k, v in entry.form.items()],
        }
    elif entry.sent is not None:
        request["postData"] = {
            "mimeType": "application/scim+json; charset=utf-8",
            "text": json.dumps(entry.sent),
        }
    if made.tool == "mitm" and "postData" in request and "text" in request["postData"]:
        request["postData"] |= {
            "text": base64.b64encode(request["postData"]["text"].encode()).decode(),
            "encoding": "base64",
        }
    seconds = f"{number:02}"
    return {
        "startedDateTime": f"2026-06-30T08:15:{seconds}.120+02:00",
        "time": entry.milliseconds,
        "request": request,
        "response": _response(entry, made),
        "cache": {},
        "timings": {"send": 1, "wait": 2, "receive": 3},
    }


def _response(entry: Entry, made: Capture) -> dict[str, Any]:
    if entry.error is not None:
        return {
            "status": 0,
            "statusText": "",
            "headers": [],
            "content": {"size": 0, "mimeType": "x-unknown"},
            "_error": entry.error,
        }
    body = (
        entry.answer
        if isinstance(entry.answer, str)
        else ""
        if entry.answer is None
        else json.dumps(entry.answer)
    )
    content: dict[str, Any] = {"size": len(body), "mimeType": entry.media if body else ""}
    if body and made.tool == "mitm":
        content |= {"text": base64.b64encode(body.encode()).decode(), "encoding": "base64"}
    elif body:
        content["text"] = body
    listed = {"content-type": entry.media, "server": "nginx"} if body else {"server": "nginx"}
    own = {k[2:]: v for k, v in entry.headers.items() if k.startswith("<-")}
    return {
        "status": entry.status,
        "statusText": "",
        "httpVersion": "HTTP/1.1",
        "headers": _headers(made, listed | own),
        "content": content,
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1,
    }


PROBE = users("userName", "3b0c8a1a-67d5-4c37-9a3f-3b2c8f5f8b5a")
HTML = '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{}</title></head><body><div id="root"></div></body></html>'
JSON_MEDIA = "application/json"
PAGE = "text/html; charset=utf-8"

CAPTURES: dict[str, Capture] = {
    # Reachability and tenant URL
    "single-page-app": capture("tenant-url-wrong", get(PROBE, 200, HTML.format("Contoso Portal"), media=PAGE), base="https://app.contoso.example", tool="browser"),
    "sign-in-redirect": capture("tenant-url-wrong", get(PROBE, 302, "", headers={"<-location": "https://app.contoso.example/login?next=%2FUsers"}), base="https://app.contoso.example"),
    "kong-no-route": capture("tenant-url-wrong", get(PROBE, 404, {"message": "no Route matched with those values", "request_id": "1e0a"}, media=JSON_MEDIA), base="https://gw.contoso.example/v1", tool="postman"),
    "spring-404-root": capture("tenant-url-wrong", get(PROBE, 404, {"timestamp": "2026-06-30T06:15:00.000+00:00", "status": 404, "error": "Not Found", "path": "/Users"}, media=JSON_MEDIA), also=("filter-no-match-404",), base="https://idp.contoso.example"),
    "express-404": capture("tenant-url-wrong", get(PROBE, 404, HTML.replace("<div id=\"root\"></div>", "<pre>Cannot GET /scim/Users</pre>").format("Error"), media=PAGE), base="https://api.contoso.example/scim"),
    "doubled-slash": capture("tenant-url-wrong", get("/" + PROBE, 404, "404 page not found\n", media="text/plain"), base="https://api.contoso.example/scim/v2"),
    "users-twice": capture("tenant-url-wrong", get("/Users" + PROBE, 404, {"detail": "Not Found"}, media=JSON_MEDIA), base="https://api.contoso.example/scim/v2"),
    "aws-gateway": capture("tenant-url-wrong", get(PROBE, 403, {"message": "Missing Authentication Token"}, media=JSON_MEDIA), base="https://abc123.execute-api.eu-west-1.amazonaws.com", also=("endpoint-unreachable-or-blocked",)),
    "chrome-no-dns": capture("endpoint-unreachable-or-blocked", get(PROBE, 0, error="net::ERR_NAME_NOT_RESOLVED"), tool="browser"),
    "chrome-bad-certificate": capture("endpoint-unreachable-or-blocked", get(PROBE, 0, error="net::ERR_CERT_DATE_INVALID"), tool="browser"),
    "cloudflare-challenge": capture("endpoint-unreachable-or-blocked", get(PROBE, 403, HTML.replace("<div id=\"root\"></div>", "Enable JavaScript and cookies to continue <script src=\"/cdn-cgi/challenge-platform/h/b\"></script>").format("Just a moment..."), media=PAGE, headers={"<-server": "cloudflare", "<-cf-ray": "8a1"})),
    "akamai-denied": capture("endpoint-unreachable-or-blocked", post("/Users", new_user(), 403, "<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>\n<H1>Access Denied</H1>\nYou don't have permission to access \"http&#58;&#47;&#47;api\" on this server.<P>\nReference&#32;&#35;18&#46;2c\n</BODY></HTML>", media="text/html")),
    "incapsula": capture("endpoint-unreachable-or-blocked", patch(ME, DISABLE, 403, "<html style=\"height:100%\"><head><META NAME=\"ROBOTS\" CONTENT=\"NOINDEX, NOFOLLOW\"></head><body>Request unsuccessful. Incapsula incident ID: 877000470</body></html>", media="text/html")),
    "nginx-504": capture("endpoint-too-slow-or-throttled", get(groups("Sales"), 504, "<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n<body>\r\n<center><h1>504 Gateway Time-out</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n", media="text/html", milliseconds=60010)),
    "slow-but-fine": capture("endpoint-too-slow-or-throttled", get(PROBE, 200, found(), milliseconds=74210.5)),
    "throttled": capture("endpoint-too-slow-or-throttled", get(users("userName", "a@contoso.example"), 200, found()), post("/Users", new_user(), 429, {"error": {"code": "rate_limit_exceeded", "message": "Too many requests, please retry after 30 seconds"}}, media=JSON_MEDIA, headers={"<-retry-after": "30"})),
    "seats": capture("app-prerequisite-missing", post("/Users", new_user(), 403, refusal("No available seats. Please purchase additional licenses.", 403))),
    "plan": capture("app-prerequisite-missing", get(PROBE, 403, {"ok": False, "error": "SCIM provisioning is only available on the Enterprise plan"}, media=JSON_MEDIA)),
    # Credentials
    "jwt-expired": capture("token-expired-or-revoked", get(PROBE, 401, {"message": "The incoming token has expired"}, media=JSON_MEDIA)),
    "www-authenticate-expired": capture("token-expired-or-revoked", get(PROBE, 401, "", headers={"<-www-authenticate": 'Bearer error="invalid_token", error_description="The token expired at 06/30/2026 06:00:00"'}), tool="postman"),
    "basic-wanted": capture("auth-scheme-unsupported", get(PROBE, 401, "", headers={"<-WWW-Authenticate": 'Basic realm="SCIM"'})),
    "invalid-client": capture("oauth-token-endpoint-incompatible", post("/oauth2/token", None, 401, {"error": "invalid_client", "error_description": "Client authentication failed"}, media=JSON_MEDIA, form={"grant_type": "client_credentials", "client_id": "entra", "scope": "scim"}), base="https://login.contoso.example"),
    "token-wants-json": capture("oauth-token-endpoint-incompatible", post("/token", None, 415, {"title": "Unsupported Media Type", "status": 415}, media="application/problem+json", form={"grant_type": "client_credentials", "client_id": "entra"}), base="https://login.contoso.example"),
    # Content negotiation
    "aspnet-415": capture("request-content-type-refused", get(users("userName", "a@contoso.example"), 200, found()), post("/Users", new_user(), 415, {"type": "https://tools.ietf.org/html/rfc9110#section-15.5.16", "title": "Unsupported Media Type", "status": 415, "traceId": "00-1"}, media="application/problem+json")),
    "express-unparsed": capture("request-content-type-refused", post("/Users", new_user(), 400, refusal("userName is required", 400, "invalidValue")), also=("over-strict-validation",)),
    "rails-406": capture("request-content-type-refused", get(PROBE, 406, refusal("Only application/json is acceptable", 406))),
    "media-swapped": capture("response-content-type-wrong", get(PROBE, 200, found(), media="application/json+scim;charset=UTF-8"), tool="mitm"),
    "media-text": capture("response-content-type-wrong", get(users("userName", "adele.vance@contoso.example"), 200, found(kept_user()), media="text/plain; charset=utf-8")),
    # Queries
    "no-groups-404": capture("groups-endpoint-missing", get(PROBE, 200, found()), get(groups("c0a1"), 404, {"error": "Not Found"}, media=JSON_MEDIA)),
    "no-groups-405": capture("groups-endpoint-missing", get(PROBE, 200, found()), get(groups("Sales"), 501, refusal("Groups are not implemented", 501))),
    "empty-as-404": capture("filter-no-match-404", get(users("userName", "newcomer@contoso.example"), 404, refusal("User not found", 404)), base="https://api.contoso.example/api/scim/v2/tenant/42"),
    "empty-as-404-plain": capture("filter-no-match-404", get(PROBE, 404, {"message": "No users found"}, media=JSON_MEDIA), base="https://api.contoso.example/scim/v2", tool="mitm"),
    "bare-array": capture("list-response-malformed", get(PROBE, 200, []), base="https://api.contoso.example/scim/v2"),
    "null-resources": capture("list-response-malformed", get(PROBE, 200, {"schemas": [LIST], "totalResults": 0, "itemsPerPage": 0, "startIndex": 1, "Resources": None}), tool="mitm"),
    "own-envelope": capture("list-response-malformed", get(users("userName", "adele.vance@contoso.example"), 200, {"data": [kept_user()], "total": 1, "page": 1}, media=JSON_MEDIA)),
    "total-as-text": capture("list-response-malformed", get(PROBE, 200, {"schemas": [LIST], "totalResults": "0", "Resources": []})),
    "schemas-array": capture("list-response-malformed", get("/Schemas", 200, [{"id": CORE, "name": "User", "attributes": []}])),
    "externalid-filter": capture("filter-attribute-unsupported", get(users("externalId", "adelev"), 400, refusal("Only filtering by userName is supported", 400, "invalidFilter"))),
    "mail-filter-django": capture("filter-attribute-unsupported", get(users(WORK_MAIL, "adele.vance@contoso.example"), 400, {"detail": "Unsupported filter attribute: emails"}, media=JSON_MEDIA)),
    "extension-filter": capture("filter-attribute-unsupported", get(users(f"{ENTERPRISE}:employeeNumber", "700123"), 501, refusal("filter not implemented for this attribute", 501))),
    "value-case": capture("filter-case-sensitive", get(users("userName", "Adele.Vance@Contoso.example"), 200, found()), get(users("userName", "adele.vance@contoso.example"), 200, found(kept_user()))),
    "operator-case": capture("filter-case-sensitive", get("/Users?filter=userName%20Eq%20%22a%40contoso.example%22", 400, refusal("Unknown operator: Eq", 400, "invalidFilter"))),
    "apostrophe": capture("filter-value-parse-failure", get(users("userName", "miles.o'brien@contoso.example"), 500, {"message": "SQLSTATE[42000]: Syntax error or access violation: 1064 near 'brien@contoso.example'"}, media=JSON_MEDIA), also=("unhandled-exception-500",)),
    "ampersand": capture("filter-value-parse-failure", get(groups("R&D"), 400, refusal("Invalid filter: unterminated string", 400, "invalidFilter"))),
    "blank": capture("filter-value-parse-failure", get(groups("Sales Germany"), 400, {"error": "could not parse filter expression"}, media=JSON_MEDIA)),
    "not-found-but-there": capture("filter-misses-existing", get(users("userName", "adele.vance@contoso.example"), 200, found()), get(ME, 200, kept_user())),
    "listed-but-not-found": capture("filter-misses-existing", get(users("userName", "adele.vance@contoso.example"), 200, found()), get("/Users?startIndex=1&count=100", 200, found(kept_user()))),
    "wildcard-groups": capture("filter-not-selective", get(groups("app"), 200, found(kept_group(name="app"), kept_group(name="app-admins", id="2")))),
    "filter-ignored": capture("filter-not-selective", get(PROBE, 200, found(kept_user(), kept_user(id=BOB, userName="bob@contoso.example"), kept_user(id=CY, userName="cy@contoso.example")))),
    "members-anyway": capture("excluded-attributes-ignored", get(f"{TEAM}?excludedAttributes=members", 200, kept_group(ADA, BOB))),
    "gone-when-disabled": capture("disabled-user-not-returned", patch(ME, DISABLE, 204), get(ME, 404, refusal(f"Resource {UID} not found", 404))),
    "not-listed-when-disabled": capture("disabled-user-not-returned", get(users("userName", "adele.vance@contoso.example"), 200, found(kept_user())), patch(ME, DISABLE, 200, kept_user(active=False)), get(users("userName", "adele.vance@contoso.example"), 200, found())),
    "other-tenant": capture("existing-account-not-matchable", get(users("userName", "adele.vance@contoso.example"), 200, found()), post("/Users", new_user(), 409, refusal("A user with this email already belongs to another organization", 409, "uniqueness")), also=("filter-misses-existing",)),
    "manager-text": capture("response-attribute-malformed", get(users("userName", "adele.vance@contoso.example"), 200, found(kept_user(**{ENTERPRISE: {"manager": "Miriam Graham"}})))),
    "mails-text": capture("response-attribute-malformed", get(ME, 200, kept_user(emails=["adele.vance@contoso.example"])), tool="mitm"),
    "number-id": capture("response-attribute-malformed", post("/Users", new_user(), 201, kept_user(id=4711))),
    "active-text": capture("response-attribute-malformed", get(users("userName", "adele.vance@contoso.example"), 200, found(kept_user(active="true")))),
    # Create
    "entra-urn": capture("over-strict-validation", get(groups("Sales Germany"), 200, found()), post("/Groups", new_group(), 400, refusal(f"Unsupported schema: {ENTRA_GROUP}", 400, "invalidSyntax"))),
    "empty-roles": capture("over-strict-validation", post("/Users", new_user(), 400, {"errors": [{"instancePath": "/roles", "schemaPath": "#/properties/roles/minItems", "keyword": "minItems", "params": {"limit": 1}, "message": "must NOT have fewer than 1 items"}]}, media=JSON_MEDIA)),
    "meta-refused": capture("over-strict-validation", post("/Users", new_user(), 422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "meta"], "msg": "Extra inputs are not permitted"}]}, media=JSON_MEDIA)),
    "no-family-name": capture("required-attribute-empty-in-source", post("/Users", new_user(name={"formatted": "Robot"}, displayName="Robot"), 400, {"name": {"familyName": ["This field is required."]}}, media=JSON_MEDIA)),
    "no-mail": capture("required-attribute-empty-in-source", post("/Users", {k: v for k, v in new_user().items() if k != "emails"}, 400, refusal("Attribute 'emails' is required and must not be empty", 400, "invalidValue"))),
    "bad-domain": capture("value-not-allowed-by-app", post("/Users", new_user(), 400, refusal("The email domain contoso.example is not verified for this organization", 400, "invalidValue"))),
    "long-name": capture("value-not-allowed-by-app", post("/Users", new_user(), 422, {"message": "The given data was invalid.", "errors": {"userName": ["The user name may not be greater than 20 characters."]}}, media=JSON_MEDIA)),
    "sqlite-unique": capture("duplicate-create-not-409", post("/Users", new_user(), 500, {"error": "SQLITE_CONSTRAINT: UNIQUE constraint failed: users.email"}, media=JSON_MEDIA)),
    "drf-unique": capture("duplicate-create-not-409", post("/Users", new_user(), 400, {"userName": ["user with this username already exists."]}, media=JSON_MEDIA)),
    "external-id-dropped": capture("attribute-not-stored-or-returned", post("/Users", new_user(), 201, kept_user(externalId=...))),
    "extension-dropped-later": capture("attribute-not-stored-or-returned", post("/Users", new_user(), 201, kept_user()), get(ME, 200, kept_user(**{ENTERPRISE: ...}))),
    "department-dropped-patch": capture("attribute-not-stored-or-returned", patch(ME, [op("Add", DEPARTMENT, "R&D"), op("Replace", "displayName", "Adele V")], 200, kept_user(displayName="Adele V", **{ENTERPRISE: ..., "schemas": [CORE]})), also=("extension-urn-path-unsupported", "patch-accepted-not-applied")),
    "created-without-id": capture("write-response-wrong", post("/Users", new_user(), 201, {"success": True, "message": "User created"}, media=JSON_MEDIA)),
    "created-202": capture("write-response-wrong", post("/Users", new_user(), 202, {"status": "queued"}, media=JSON_MEDIA)),
    "patch-stale": capture("write-response-wrong", patch(ME, RENAME, 200, kept_user()), get(ME, 200, kept_user(displayName="Adele Vance-Smith"))),
    "created-inactive": capture("write-response-wrong", post("/Users", new_user(), 201, kept_user(active=False))),
    # PATCH syntax
    "patch-405": capture("patch-method-missing", get(users("userName", "adele.vance@contoso.example"), 200, found(kept_user())), patch(ME, DISABLE, 405, "", headers={"<-allow": "GET, PUT, DELETE"})),
    "express-cannot-patch": capture("patch-method-missing", patch(ME, DISABLE, 404, HTML.replace("<div id=\"root\"></div>", f"<pre>Cannot PATCH /scim/v2/Users/{UID}</pre>").format("Error"), media=PAGE), base="https://api.contoso.example/scim/v2"),
    "op-enum-nest": capture("patch-op-case-sensitive", patch(ME, RENAME, 400, {"statusCode": 400, "message": ["Operations.0.op must be one of the following values: add, remove, replace"], "error": "Bad Request"}, media=JSON_MEDIA)),
    "op-enum-go": capture("patch-op-case-sensitive", patch(TEAM, [op("Add", "members", [{"value": ADA}])], 400, refusal('invalid operation "Add": must be one of "add", "remove" or "replace"', 400, "invalidSyntax"))),
    "op-enum-jackson": capture("patch-op-case-sensitive", patch(ME, DISABLE, 400, {"status": 400, "error": "Bad Request", "message": "JSON parse error: Cannot deserialize value of type `com.acme.scim.Op` from String \"Replace\": not one of the values accepted for Enum class: [ADD, REMOVE, REPLACE]"}, media=JSON_MEDIA)),
    "add-refused": capture("patch-add-not-supported", patch(ME, [op("Add", "title", "Buyer")], 400, refusal("Operation 'add' is not allowed on single-valued attribute 'title'; use 'replace'", 400, "invalidSyntax"))),
    "boolean-pydantic": capture("boolean-string-rejected", patch(ME, DISABLE, 422, {"detail": [{"type": "bool_type", "loc": ["body", "active"], "msg": "Input should be a valid boolean", "input": "False"}]}, media=JSON_MEDIA)),
    "boolean-dotnet": capture("boolean-string-rejected", patch(ME, DISABLE, 400, {"title": "One or more validation errors occurred.", "status": 400, "errors": {"$.Operations[0].value": ["The JSON value could not be converted to System.Boolean."]}}, media="application/problem+json")),
    "null-value": capture("patch-value-shape-rejected", patch(ME, [op("Replace", "title", None)], 400, {"message": "Operations.0.value should not be null"}, media=JSON_MEDIA)),
    "mail-needs-array": capture("patch-value-shape-rejected", patch(ME, [op("Replace", "emails", "a@contoso.example")], 400, refusal("emails: expected array, received string", 400, "invalidValue"))),
    "dotted-literal": capture("pathless-dotted-keys-unsupported", patch(ME, [op("replace", None, {"displayName": "Adele V", "name.givenName": "Adela"})], 200, kept_user(displayName="Adele V", **{"name.givenName": "Adela"}))),
    "dotted-ignored": capture("pathless-dotted-keys-unsupported", get(ME, 200, kept_user()), patch(ME, [op("replace", None, {"displayName": "Adele V", "name.givenName": "Adela", DEPARTMENT: "R&D"})], 204), get(ME, 200, kept_user(displayName="Adele V"))),
    "urn-path": capture("extension-urn-path-unsupported", patch(ME, [op("Add", DEPARTMENT, "R&D")], 400, refusal(f"Attribute {DEPARTMENT} is not defined", 400, "invalidPath"))),
    "urn-path-500": capture("extension-urn-path-unsupported", patch(ME, [op("Replace", DEPARTMENT, "R&D")], 500, refusal("Internal Server Error", 500)), also=("unhandled-exception-500",)),
    "filtered-path": capture("value-path-unsupported", patch(ME, [op("Replace", WORK_MAIL, "a@contoso.example")], 400, refusal("Path filters are not supported", 400, "invalidPath"))),
    "filtered-path-regexp": capture("value-path-unsupported", patch(ME, [op("Replace", 'phoneNumbers[type eq "mobile"].value', "+1 555")], 400, {"error": 'invalid path: phoneNumbers[type eq "mobile"].value'}, media=JSON_MEDIA)),
    "no-such-phone": capture("value-path-no-match-rejected", get(ME, 200, kept_user()), patch(ME, [op("Add", 'phoneNumbers[type eq "mobile"].value', "+1 555")], 400, refusal("No matching element for the value filter", 400, "noTarget"))),
    "three-addresses": capture("value-path-add-creates-duplicates", patch(ME, [op("Add", 'addresses[type eq "work"].streetAddress', "1 Way"), op("Add", 'addresses[type eq "work"].locality', "Rome"), op("Add", 'addresses[type eq "work"].country', "IT")], 204), get(ME, 200, kept_user(addresses=[{"type": "work", "streetAddress": "1 Way"}, {"type": "work", "locality": "Rome"}, {"type": "work", "country": "IT"}]))),
    "manager-object": capture("manager-value-shape", patch(ME, [op("Add", MANAGER, BOB)], 400, refusal("manager must be an object with a 'value' property", 400, "invalidValue"))),
    "manager-500": capture("manager-value-shape", patch(ME, [op("Add", MANAGER, BOB)], 500, {"message": "Cannot read properties of undefined (reading 'value')"}, media=JSON_MEDIA), also=("unhandled-exception-500",)),
    "roles-text": capture("roles-json-string-shape", patch(ME, [op("Add", "roles", [{"value": '{"id":"8774f594-1d59-4279-b9d9-59ef09a23530","value":"Admin","displayName":"Admin"}'}])], 400, refusal("Invalid value for roles", 400, "invalidValue"))),
    "flag-in-path": capture("needs-scim-compliance-flag", get("/?aadOptscim062020" + PROBE, 404, {"error": "not found"}, media=JSON_MEDIA), base="https://api.contoso.example/scim/v2", also=("tenant-url-wrong",)),
    # PATCH effect
    "disable-ignored": capture("patch-accepted-not-applied", patch(ME, DISABLE, 200, kept_user()), get(ME, 200, kept_user())),
    "disable-ignored-204": capture("patch-accepted-not-applied", patch(ME, DISABLE, 204), get(users("userName", "adele.vance@contoso.example"), 200, found(kept_user()))),
    "rename-wipes-name": capture("replace-clears-unsent-values", get(ME, 200, kept_user()), patch(ME, [op("Replace", "name.familyName", "Smith")], 204), get(ME, 200, kept_user(name={"familyName": "Smith"}))),
    "put-like-patch": capture("replace-clears-unsent-values", get(ME, 200, kept_user(title="Buyer")), patch(ME, RENAME, 200, kept_user(displayName="Adele Vance-Smith")), get(ME, 200, kept_user(displayName="Adele Vance-Smith"))),
    "group-wiped": capture("members-remove-value-not-understood", get(TEAM, 200, kept_group(ADA, BOB, CY)), patch(TEAM, [op("Remove", "members", [{"value": ADA}])], 204), get(TEAM, 200, kept_group())),
    "removal-refused": capture("members-remove-value-not-understood", patch(TEAM, [op("Remove", "members", [{"value": ADA}])], 400, refusal("A remove operation must not have a value", 400, "invalidSyntax"))),
    "removal-ignored": capture("members-remove-value-not-understood", patch(TEAM, [op("Remove", "members", [{"value": ADA}])], 200, kept_group(ADA, BOB))),
    "lost-update": capture("concurrent-member-update-lost", patch(TEAM, [op("Add", "members", [{"value": ADA}])], 204, milliseconds=90_000.0), patch(TEAM, [op("Add", "members", [{"value": BOB}])], 204, milliseconds=90_000.0), patch(TEAM, [op("Add", "members", [{"value": CY}])], 204, milliseconds=90_000.0), get(TEAM, 200, kept_group(CY))),
    "added-twice": capture("non-idempotent-write", patch(TEAM, [op("Add", "members", [{"value": ADA}])], 204), patch(TEAM, [op("Add", "members", [{"value": ADA}])], 409, refusal("Member already exists in group", 409))),
    "deleted-twice": capture("non-idempotent-write", Entry(method="DELETE", path=ME, status=204), Entry(method="DELETE", path=ME, status=404, answer=refusal("Not found", 404)), also=("target-changed-outside-entra",)),
    "null-pointer": capture("unhandled-exception-500", post("/Users", new_user(), 500, {"timestamp": 1719727200000, "status": 500, "error": "Internal Server Error", "exception": "java.lang.NullPointerException", "path": "/scim/v2/Users"}, media=JSON_MEDIA)),
    "django-500": capture("unhandled-exception-500", post("/Groups", new_group(), 500, "<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>Server Error (500)</title>\n</head>\n<body>\n  <h1>Server Error (500)</h1><p></p>\n</body>\n</html>\n", media=PAGE)),
    "rename-refused": capture("immutable-attribute-refused", patch(ME, [op("Replace", "userName", "adele.smith@contoso.example")], 400, refusal("Attribute 'userName' is immutable", 400, "mutability"))),
    "last-owner": capture("app-policy-refuses-change", patch(ME, DISABLE, 403, refusal("The last owner of a workspace cannot be deactivated", 403))),
    "no-delete": capture("app-policy-refuses-change", Entry(method="DELETE", path=ME, status=405, answer=refusal("Deleting users is not supported", 405))),
    "unknown-member": capture("reference-unresolvable", patch(TEAM, [op("Add", "members", [{"value": ADA}])], 404, refusal(f"User {ADA} not found", 404))),
    # Mapping and behaviour
    "nick-name": capture("mapping-targets-unsupported-attribute", post("/Users", new_user(nickName="Del"), 400, refusal("Unknown attribute: nickName", 400, "invalidSyntax"))),
    "hex-prefix": capture("soft-delete-renames-user", patch(ME, [op("Replace", "userName", "f246ebf765425391a909ba219b6eb504adele.vance@contoso.example"), op("Replace", "active", "False")], 400, refusal("userName must be a valid e-mail address of a verified domain", 400, "invalidValue"))),
    "deleted-in-app": capture("target-changed-outside-entra", patch(ME, RENAME, 404, refusal(f"Resource {UID} not found", 404))),
    # Nothing is wrong
    "fine-create": capture(None, get(users("userName", "adele.vance@contoso.example"), 200, found()), post("/Users", new_user(), 201, kept_user()), get(ME, 200, kept_user())),
    "fine-disable": capture(None, get(ME, 200, kept_user()), patch(ME, DISABLE, 200, kept_user(active=False)), get(ME, 200, kept_user(active=False)), get(users("userName", "adele.vance@contoso.example"), 200, found(kept_user(active=False)))),
    "fine-group": capture(None, get(groups("Sales Germany"), 200, found()), post("/Groups", new_group(), 201, kept_group()), patch(TEAM, [op("Add", "members", [{"value": ADA}])], 204), get(TEAM, 200, kept_group(ADA)), patch(TEAM, [op("Add", "members", [{"value": BOB}])], 204), get(TEAM, 200, kept_group(ADA, BOB)), patch(TEAM, [op("Remove", "members", [{"value": ADA}])], 204), get(TEAM, 200, kept_group(BOB))),
    "fine-update": capture(None, patch(ME, [op("Replace", WORK_MAIL, "a@contoso.example"), op("Add", DEPARTMENT, "R&D"), op("Replace", "name.givenName", "Adela")], 200, kept_user(emails=[{"primary": True, "type": "work", "value": "a@contoso.example"}], name={"formatted": "Adela Vance", "familyName": "Vance", "givenName": "Adela"}, **{ENTERPRISE: {"department": "R&D"}})), tool="mitm"),
    "fine-restore": capture(None, patch(ME, DISABLE, 204), get(ME, 200, kept_user(active=False)), patch(ME, [op("Replace", "active", "True")], 204), get(ME, 200, kept_user())),
    "fine-delete": capture(None, Entry(method="DELETE", path=ME, status=204), get(ME, 404, refusal(f"Resource {UID} not found", 404))),
    "fine-discovery": capture(None, get("/ServiceProviderConfig", 200, {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"], "patch": {"supported": True}, "bulk": {"supported": False}, "filter": {"supported": True, "maxResults": 200}, "changePassword": {"supported": False}, "sort": {"supported": False}, "etag": {"supported": False}, "authenticationSchemes": []}), get("/Schemas", 200, found({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"], "id": CORE, "name": "User", "attributes": []}))),
}  # fmt: skip
