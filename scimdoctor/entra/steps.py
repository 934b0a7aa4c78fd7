"""Steps to a cure, for whoever can take them, and the places in the portal they are taken at."""

from __future__ import annotations

from scimdoctor.model.rule import FixedBy, Remediation

PROVISIONING = "Enterprise applications > the app > Provisioning"
MAPPINGS = f"{PROVISIONING} > Mappings"
CREDENTIALS = f"{PROVISIONING} > Admin credentials"
LOGS = f"{PROVISIONING} > Provisioning logs"


def admin(text: str, command: str | None = None) -> Remediation:
    """A step for the Entra admin."""
    return Remediation(who=FixedBy.ENTRA_ADMIN, text=text, command=command)


def developer(text: str, command: str | None = None) -> Remediation:
    """A step for the app's developer."""
    return Remediation(who=FixedBy.APP_DEVELOPER, text=text, command=command)
