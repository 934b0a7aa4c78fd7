"""Makes the rules of a family of checks, which have most of their references in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.checks.references import RFC_EDITOR
from scimdoctor.model.rule import CheckRule, Requirement, Severity

if TYPE_CHECKING:
    from collections.abc import Callable


def family(
    name: str,
    *references: str,
    rfc: str | None = None,
    of_groups: bool = False,
    of_mapping: bool = False,
    **usual: str,
) -> Callable[..., CheckRule]:
    """A builder for the rules called `name`/….

    `usual` is what a rule has that says nothing else: severity, requirement, cause, admin_sees.
    `rfc` is the section that most of them follow; a rule of another says `section`, of RFC 7644, or
    `rfc`.
    """

    def rule(check: str, title: str, **own: str) -> CheckRule:
        words = {"severity": "major", "requirement": "MUST", **usual, **own}
        section = f"RFC 7644 §{words['section']}" if "section" in words else words.get("rfc", rfc)
        return CheckRule(
            id=f"{name}/{check}",
            title=title,
            severity=Severity(words["severity"]),
            requirement=Requirement(words["requirement"]),
            cause=words["cause"],
            of_groups=of_groups,
            of_mapping=of_mapping,
            what=words["what"],
            why=words["why"],
            admin_sees=words["admin_sees"],
            fix=words["fix"],
            rfc=section,
            references=(*references, _page(section)) if section else references,
        )

    return rule


def _page(section: str) -> str:
    """Where a section such as "RFC 7644 §3.5.2" is published."""
    document, _, number = section.removeprefix("RFC ").partition(" §")
    return f"{RFC_EDITOR}/rfc{document}#section-{number}"
