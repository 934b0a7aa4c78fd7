"""What the commands that a report prints are completed with, so that they can be pasted."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from scimdoctor.cli.endpoint_session import parse_tenant_url
from scimdoctor.diagnose.remedies import Known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.cli.options import EndpointOptions, Sources, Window
    from scimdoctor.cli.session import Session


def known_of(
    session: Session,
    sources: Sources,
    *,
    app: str | None,
    url: str | None,
    window: Window | None = None,
    options: EndpointOptions | None = None,
) -> Known:
    """The app, the tenant URL with its flags, the saved files and the other options of this run."""
    url = url or session.settings.endpoint
    tenant_url = parse_tenant_url(url) if url else None
    flags = "&".join(tenant_url.flags) if tenant_url else ""
    given = (
        *(("--from", path) for path in sources.from_ or ()),
        *(("--har", str(path)) for path in sources.har or ()),
        *((("--job", str(sources.job)),) if sources.job else ()),
        *((("--schema", str(sources.schema)),) if sources.schema else ()),
    )
    trusted = session.settings.ca_file
    return Known(
        app=app or (None if given else session.settings.app),
        url=f"{tenant_url.base_url}{'?' if flags else ''}{flags}" if tenant_url else None,
        files=given,
        app_given=bool(app),
        window=tuple(_words(window)),
        signing=(*_words(options), *(("--ca-file", str(trusted)) if trusted else ())),
        program=session.typed,
    )


def _words(options: Window | EndpointOptions | None) -> Iterator[str]:
    """The options as they are typed; headers may hold secrets and are left out."""
    for one in fields(options) if options is not None else ():
        value = getattr(options, one.name)
        if not value or one.name == "header":
            continue
        name = f"--{one.name.replace('_', '-')}"
        for each in value if isinstance(value, list) else [value]:
            yield from (name,) if each is True else (name, str(each))
