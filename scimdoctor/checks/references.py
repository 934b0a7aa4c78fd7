"""Pages that findings refer to."""

from __future__ import annotations

_ENTRA = "https://learn.microsoft.com/entra/identity/app-provisioning"

TUTORIAL = f"{_ENTRA}/use-scim-to-provision-users-and-groups"
COMPATIBILITY = f"{_ENTRA}/application-provisioning-config-problem-scim-compatibility"
HOW_IT_WORKS = f"{_ENTRA}/how-provisioning-works"
KNOWN_ISSUES = f"{_ENTRA}/known-issues"
ATTRIBUTES = f"{_ENTRA}/customize-application-attributes"
QUARANTINE = f"{_ENTRA}/application-provisioning-quarantine-status"
RFC_EDITOR = "https://www.rfc-editor.org/rfc"
RFC7643 = f"{RFC_EDITOR}/rfc7643"
RFC7644 = f"{RFC_EDITOR}/rfc7644"
