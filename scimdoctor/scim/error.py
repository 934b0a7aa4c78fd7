"""SCIM error bodies (RFC 7644 section 3.12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scimdoctor.scim import urns

SCIM_TYPES = {
    "invalidFilter": "the filter could not be parsed, or its attribute cannot be compared so",
    "tooMany": "the filter gives more results than the server is willing to return",
    "uniqueness": "a value that must be unique is in use already",
    "mutability": "the attribute is read-only or immutable",
    "invalidSyntax": "the body is not of the expected structure",
    "invalidPath": "the PATCH path is not valid or not known",
    "noTarget": "the PATCH path matches nothing",
    "invalidValue": "a required value is missing or a value does not fit its attribute",
    "invalidVers": "the SCIM version is not supported",
    "sensitive": "the request would put sensitive data in the URL",
}
"""Every `scimType` of RFC 7644 table 9, in our words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScimError:
    """A parsed SCIM error."""

    status: int | None = None
    scim_type: str | None = None
    detail: str | None = None
    well_formed: bool = False
    """`schemas` holds the Error URN and `status` is text."""

    @classmethod
    def parse(cls, body: Any) -> ScimError | None:  # noqa: ANN401
        """Read a JSON body; `None` unless it has the Error URN, a `scimType` or a `detail`."""
        if not isinstance(body, dict):
            return None
        schemas = body.get("schemas")
        is_error = isinstance(schemas, list) and urns.ERROR in schemas
        if not (is_error or isinstance(body.get("scimType"), str) or "detail" in body):
            return None
        status, detail = body.get("status"), body.get("detail")
        digits = str(status) if isinstance(status, int | str) else ""
        scim_type = body.get("scimType")
        return cls(
            status=int(digits) if digits.isdecimal() else None,
            scim_type=scim_type if isinstance(scim_type, str) and scim_type else None,
            detail=detail if isinstance(detail, str) else None,
            well_formed=is_error and isinstance(status, str),
        )
