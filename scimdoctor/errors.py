"""What scimdoctor raises when *it* could not do its work.

What the app's endpoint does wrong is never an exception: it is an `Exchange`. The tree::

    ScimDoctorError
    ├── ConfigurationError      a setting, option or file of settings is missing or wrong (exit 2)
    ├── AuthenticationError     Microsoft's sign-in refused or could not be reached
    ├── GraphError              Microsoft Graph answered, but not with what was asked for
    │   ├── GraphPermissionError    401/403: a permission, role or licence is missing
    │   ├── GraphNotFoundError      the object asked for does not exist in this tenant
    │   ├── GraphThrottledError     429 to the last attempt
    │   └── GraphUnavailableError   5xx, unreadable answer, or no connection
    │       └── GraphCircleError        its pages lead back to those that were read
    ├── SourceError             a file, folder or archive of events cannot be read or written
    │   └── ArchiveBusyError        another process has been writing to the archive for too long
    ├── WriteRefused            a request would change the app, and nothing allowed it
    │   ├── Declined                the user was asked and said no
    │   └── WritesUsedUp            as many writes as were agreed to have been sent
    └── Interrupted             the user stopped the run; what was done is in the message
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scimdoctor.model.finding import Finding


class ScimDoctorError(Exception):
    """The base of all errors that end a command with a message instead of a traceback.

    `hint` is the next step for the user, one sentence; `exit_status` is the process's.
    """

    exit_status = 3

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigurationError(ScimDoctorError):
    """A setting, option or settings file is missing or wrong."""

    exit_status = 2


class AuthenticationError(ScimDoctorError):
    """Signing in to Microsoft failed.

    `codes` are the AADSTS numbers; `correlation_id` is what Microsoft's support asks for.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        codes: tuple[int, ...] = (),
        correlation_id: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.codes = codes
        self.correlation_id = correlation_id


class GraphError(ScimDoctorError):
    """Microsoft Graph refused or failed a call.

    `status` and `code` are Graph's; `request_id` is Graph's `request-id`, `client_request_id`
    ours: both are what Microsoft's support asks for.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        client_request_id: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.client_request_id = client_request_id


class GraphPermissionError(GraphError):
    """A Graph permission, directory role, ownership or licence is missing."""


class GraphNotFoundError(GraphError):
    """The object asked for does not exist in this tenant."""


class GraphThrottledError(GraphError):
    """Graph still answered 429 when the last attempt was used up."""


class GraphUnavailableError(GraphError):
    """Graph could not be reached, or answered 5xx or something unreadable."""


class GraphCircleError(GraphUnavailableError):
    """The pages of a collection lead back to those that were already read."""


class SourceError(ScimDoctorError):
    """A file, folder or archive of events cannot be read or written."""


class ArchiveBusyError(SourceError):
    """Another process writes to the archive, and did not end while it was waited for."""


class WriteRefused(ScimDoctorError):
    """A request would change the app, and neither a mode nor an answer allows it."""

    exit_status = 2


class Declined(WriteRefused):
    """The user was asked and said no: an answer, not an error."""


class WritesUsedUp(WriteRefused):
    """As many writes as were agreed to have been sent; reads may go on."""


class Interrupted(ScimDoctorError):
    """The user stopped the run; `findings` are what it came to until then."""

    exit_status = 130

    def __init__(self, message: str, *, findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(message)
        self.findings = findings
