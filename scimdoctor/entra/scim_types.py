"""What a `scimType` (RFC 7644 section 3.12, table 9) means in an answer to Entra, and who acts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scimdoctor.entra.steps import LOGS, MAPPINGS, PROVISIONING, admin, developer

if TYPE_CHECKING:
    from scimdoctor.model.rule import Remediation


@dataclass(frozen=True, slots=True, kw_only=True)
class ScimType:
    """One value: the causes it mostly comes from, and the steps."""

    name: str
    causes: tuple[str, ...]
    steps: tuple[Remediation, ...]


_DIAGNOSE = "scimdoctor diagnose APP"
_CHECK = "scimdoctor check-endpoint URL"
_PATHS = admin(
    f"Portal: {LOGS} > the event > Modified properties names the attribute. If the app cannot "
    f"store it: {MAPPINGS}: remove it.",
    _DIAGNOSE,
)

TYPES: tuple[ScimType, ...] = (
    ScimType(
        name="invalidFilter",
        causes=("filter-attribute-unsupported", "filter-value-parse-failure"),
        steps=(
            admin(
                f"Portal: {MAPPINGS}: match on an attribute that the app can filter on, mostly "
                "userName.",
                "scimdoctor mappings APP",
            ),
            developer(
                'GET <root>/Users?filter=externalId eq "x" must give 200, for every attribute '
                "that can be matched on and every value, percent-encoded ones included.",
                f"{_CHECK} --read-only --only query",
            ),
        ),
    ),
    ScimType(
        name="tooMany",
        causes=("filter-not-selective",),
        steps=(
            admin(
                f"In the app: remove accounts that are there twice. Portal: {LOGS} names them.",
                _DIAGNOSE,
            ),
            developer(
                'GET <root>/Users?filter=userName eq "x" must compare exactly and give the one '
                "user, not all.",
                f"{_CHECK} --read-only --only query",
            ),
        ),
    ),
    ScimType(
        name="uniqueness",
        causes=("existing-account-not-matchable",),
        steps=(
            admin(
                "Let the account that exists be found: in the app give it the value that Entra "
                f"matches on, or remove it. Portal: {MAPPINGS}: matching attribute.",
                "scimdoctor compare USER --app APP --endpoint URL",
            ),
            developer(
                'GET <root>/Users?filter=userName eq "x" must find every account that makes '
                "POST <root>/Users answer 409.",
                _CHECK,
            ),
        ),
    ),
    ScimType(
        name="mutability",
        causes=("immutable-attribute-refused",),
        steps=(
            admin(
                f"Portal: {MAPPINGS} > the attribute > Apply this mapping: Only during object "
                "creation.",
                "scimdoctor mappings APP",
            ),
            developer(
                'PATCH <root>/Users/<id> with {"op":"Replace","path":"userName",…} must give 200 '
                "or 204; of an attribute that cannot change, say so in /Schemas (mutability).",
                _CHECK,
            ),
        ),
    ),
    ScimType(
        name="invalidSyntax",
        causes=("patch-op-case-sensitive", "over-strict-validation"),
        steps=(
            admin(
                "If it is PATCH that is refused, the flag ?aadOptscim062020 on the tenant URL may "
                f"help: Portal: {PROVISIONING} > Admin credentials. See whether it does:",
                "scimdoctor check-endpoint 'URL?aadOptscim062020'",
            ),
            developer(
                "PATCH <root>/Users/<id> with "
                '{"Operations":[{"op":"Replace","path":"displayName","value":"B"}]} must give '
                "200 or 204, in any letter case of op.",
                _CHECK,
            ),
        ),
    ),
    ScimType(
        name="invalidPath",
        causes=("extension-urn-path-unsupported", "value-path-unsupported"),
        steps=(
            _PATHS,
            developer(
                'PATCH <root>/Users/<id> must take the paths emails[type eq "work"].value and '
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department.",
                f"{_CHECK} --only patch",
            ),
        ),
    ),
    ScimType(
        name="noTarget",
        causes=("value-path-no-match-rejected",),
        steps=(
            _PATHS,
            developer(
                'PATCH <root>/Users/<id> with path emails[type eq "work"].value must add the '
                "element where none matches.",
                f"{_CHECK} --only patch",
            ),
        ),
    ),
    ScimType(
        name="invalidValue",
        causes=(
            "required-attribute-empty-in-source",
            "value-not-allowed-by-app",
            "boolean-string-rejected",
            "patch-value-shape-rejected",
        ),
        steps=(
            admin(
                f"Portal: {LOGS} > the event: read which attribute it is; fill or correct it in "
                f"Entra, or {MAPPINGS}: give it a default value or an expression.",
                _DIAGNOSE,
            ),
            developer(
                'PATCH <root>/Users/<id> with {"op":"Replace","path":"active","value":"False"} '
                "must give 200 or 204; name in detail the attribute and the rule of any value "
                "that is refused.",
                _CHECK,
            ),
        ),
    ),
    ScimType(
        name="invalidVers",
        causes=("tenant-url-wrong",),
        steps=(
            admin(
                f"Portal: {PROVISIONING} > Admin credentials: enter the app's SCIM 2.0 address.",
                f"{_CHECK} --read-only",
            ),
            developer("GET <root>/Users under the tenant URL must speak SCIM 2.0."),
        ),
    ),
    ScimType(
        name="sensitive",
        causes=("filter-attribute-unsupported",),
        steps=(
            admin(
                f"Portal: {MAPPINGS}: match on an attribute that may stand in a URL.",
                "scimdoctor mappings APP",
            ),
            developer(
                'GET <root>/Users?filter=userName eq "x" must give 200: Entra asks by GET only.',
                f"{_CHECK} --read-only --only query",
            ),
        ),
    ),
)


def find_scim_type(name: str) -> ScimType | None:
    """The row called `name`, in any letter case; `None` if there is none."""
    return next((row for row in TYPES if row.name.casefold() == name.casefold()), None)
