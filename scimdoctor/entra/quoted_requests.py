"""Requests that stand in a text of the log: the only place where one is quoted.

Entra's own texts name the resource and the operation of a failed probe; some apps repeat the
filter that they could not read. Both are patterns over prose, so what they give carries a note.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from scimdoctor.entra import requests
from scimdoctor.model.frozen import frozen
from scimdoctor.model.reconstruction import Provenance, Purpose, ReconstructedRequest

if TYPE_CHECKING:
    from scimdoctor.model.exchange import ScimRequest

# Entra: "Received response from Web resource. Resource: URL Operation: GET Response Status Code: …"
_RESOURCE = re.compile(
    r"Resource:\s*(?P<url>https?://\S(?:.{0,4000}?\S)?)\s+Operation:\s*(?P<method>[A-Z]{3,7})\b"
)
# Apps: "The filter 'externalId eq "x"' is not supported", "Unknown path: urn:…:x eq "y"".
_FILTER = re.compile(
    r"""(?<![\[\w:.\-])(?P<path>[A-Za-z][\w:.\-]{0,200}(?:\[[^\]]{1,80}\](?:\.\w+)?)?)
        \s+eq\s+\\?"(?P<value>[^"\\\r\n]{1,300})\\?\"""",
    re.VERBOSE,
)
_ROOTED = re.compile(r"/(?:Users|Groups|Schemas|ResourceTypes|ServiceProviderConfig)(?:/|$)", re.I)


def probe_in(text: str) -> ReconstructedRequest | None:
    """The request in Entra's `Resource: … Operation: …`; `None` if there is none."""
    found = _RESOURCE.search(text)
    request = _relative(found["method"], found["url"]) if found else None
    if request is None:
        return None
    purpose = Purpose.TEST_CONNECTION if request.method == "GET" else Purpose.UPDATE
    return ReconstructedRequest(
        purpose=purpose,
        request=request,
        provenance=frozen({"url": Provenance.OBSERVED}),
        notes=("the log's text quotes this request; its body, if any, is not shown",),
        failed=True,
    )


def _relative(method: str, url: str) -> ScimRequest | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    roots = list(_ROOTED.finditer(parts.path))
    if method != "GET" or not roots:
        return None
    return requests.get(parts.path[roots[-1].start() :], parse_qsl(parts.query))


def filter_in(text: str, resource: str) -> ReconstructedRequest | None:
    """The matching query whose filter the app's answer repeats; `None` if it repeats none."""
    for found in _FILTER.finditer(text):
        path, value = found["path"], found["value"]
        if path.casefold() not in {"type", "primary", "value", "id"}:
            return ReconstructedRequest(
                purpose=Purpose.MATCH,
                request=requests.match_query(resource, path, value),
                provenance=frozen({path: Provenance.OBSERVED}),
                notes=("the app's answer repeats this filter, so the query is taken as refused",),
                failed=True,
            )
    return None
