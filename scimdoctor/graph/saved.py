"""Jobs and schemas that somebody saved as JSON, from Graph or from the portal."""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING, Any

from scimdoctor.errors import SourceError
from scimdoctor.graph.job_json import parse_job
from scimdoctor.graph.json_values import as_objects, field
from scimdoctor.graph.schema_json import parse_schema

if TYPE_CHECKING:
    from pathlib import Path

    from scimdoctor.model.synchronization import SynchronizationJob, SynchronizationSchema

_LARGEST_BYTES = 64 * 1024 * 1024
_SAVE_JSON = "Save the answer of Microsoft Graph again as JSON, whole and as UTF-8."


def load_job(path: Path) -> SynchronizationJob:
    """Read a saved `synchronizationJob`, alone or as the first of a list.

    Raises:
        SourceError: the file cannot be read, is no JSON, or holds no job.
    """
    document = _load(path)
    _refuse_graph_error(path, document)
    first = next(iter(as_objects(document)), {})
    if not any(field(first, name) for name in ("schedule", "status", "templateId")):
        raise SourceError(
            f"{path} holds no synchronization job.",
            hint="Save the answer of GET /servicePrincipals/{id}/synchronization/jobs.",
        )
    return parse_job(document)


def load_schema(path: Path) -> SynchronizationSchema:
    """Read a saved `synchronizationSchema`.

    Raises:
        SourceError: the file cannot be read, is no JSON, or holds no schema.
    """
    document = _load(path)
    _refuse_graph_error(path, document)
    schema = parse_schema(document)
    if not schema.object_mappings:
        raise SourceError(
            f"{path} holds no attribute mappings.",
            hint="Download it in the portal under Attribute mapping > Show advanced options > "
            "Review your schema, or save GET …/synchronization/jobs/{id}/schema.",
        )
    return schema


def save_schema(schema: SynchronizationSchema, path: Path) -> None:
    """Write `schema` as Graph gave it, whole or not at all.

    Raises:
        SourceError: the file cannot be written.
    """
    draft = path.with_name(f"{path.name}.part")
    try:
        draft.write_text(json.dumps(schema.raw, indent=1) + "\n", encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise SourceError(f"{path} cannot be written: {error.strerror}.") from error


def _refuse_graph_error(path: Path, document: object) -> None:
    """A refusal of Graph that was saved in place of the answer: {"error": {"code", "message"}}."""
    error = field(document, "error")
    if field(error, "code") is None and field(error, "message") is None:
        return
    parts = (str(field(error, name) or "") for name in ("code", "message"))
    said = " ".join(": ".join(filter(None, parts)).split())[:300]
    raise SourceError(
        f"{path} holds an error of Microsoft Graph: {said}",
        hint="Ask Graph again with the permission Synchronization.Read.All, and save that answer.",
    )


def _load(path: Path) -> Any:  # noqa: ANN401 - JSON enters here
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise SourceError(f"{path} is too large to be a job or a schema.")
        data = path.read_bytes()
        # PowerShell's > writes UTF-16
        wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read: {error.strerror}.",
            hint="Check the path, and that you may read the file.",
        ) from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is no UTF-8 text.", hint=_SAVE_JSON) from error
    try:
        return json.loads(text)
    except RecursionError as error:
        raise SourceError(f"{path} is nested too deeply to be read.") from error
    except ValueError as error:
        shown = text.lstrip()[:1]
        hint = "It looks like a web page; save the JSON itself." if shown == "<" else _SAVE_JSON
        raise SourceError(f"{path} is no JSON: {error}.", hint=hint) from error
