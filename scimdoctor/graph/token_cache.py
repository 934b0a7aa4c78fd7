"""Where a person's sign-in is kept between commands: encrypted where the platform can.

On Windows (DPAPI), macOS (Keychain) and Linux desktops (libsecret) msal-extensions encrypts it.
Elsewhere it is a file that only its owner can read, and the user is told. One file holds one
app registration in one tenant, so that profiles do not get each other's accounts.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from scimdoctor.graph.sign_in import SignIn
    from scimdoctor.progress import Progress


class OwnerOnlyFile:
    """A persistence for `PersistedTokenCache`: a file of mode 0600, replaced as a whole.

    `announce` is called when the file is first made.
    """

    is_encrypted = False

    def __init__(self, path: Path, *, announce: Callable[[], None] = lambda: None) -> None:
        self._path = path
        self._announce = announce

    def save(self, content: str) -> None:
        """Write `content`; a reader sees the old file or the new one, never a part."""
        is_new = not self._path.exists()
        descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(content)
            Path(name).replace(self._path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
        if is_new:
            self._announce()

    def load(self) -> str:
        """Return what was saved."""
        from msal_extensions.persistence import PersistenceNotFound

        try:
            return self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise PersistenceNotFound(location=str(self._path)) from None

    def time_last_modified(self) -> float:
        """Seconds since the epoch."""
        from msal_extensions.persistence import PersistenceNotFound

        try:
            return self._path.stat().st_mtime
        except FileNotFoundError:
            raise PersistenceNotFound(location=str(self._path)) from None

    def get_location(self) -> str:
        """The path, beside which the lock file is made."""
        return str(self._path)


def cache_path(sign_in: SignIn) -> Path | None:
    """Return the file of this registration and tenant; `None` if nothing is kept on disk."""
    if sign_in.cache_directory is None:
        return None
    identity = f"{sign_in.authority}|{sign_in.client_id}".casefold()
    return sign_in.cache_directory / f"{hashlib.sha256(identity.encode()).hexdigest()[:20]}.bin"


def open_cache(
    sign_in: SignIn,
    progress: Progress,
    *,
    encrypted: Callable[[str], Any] | None = None,
) -> Any:  # noqa: ANN401 - msal has no types
    """Return a token cache on disk; in memory, with a warning, if the disk refuses.

    `encrypted` makes the platform's encrypted persistence; tests replace it.
    """
    import msal
    from msal_extensions import PersistedTokenCache

    path = cache_path(sign_in)
    if path is None:
        return msal.SerializableTokenCache()
    try:
        persistence = _persistence(path, progress, encrypted)
        _forget_if_broken(persistence, path, progress)
        return PersistedTokenCache(persistence)
    except OSError as error:
        progress.message(
            f"The sign-in cannot be kept in {path.parent} ({error.strerror or error}); it lasts "
            "for this command only. Set SCIMDOCTOR_CACHE to a folder that can be written to."
        )
        return msal.SerializableTokenCache()


def forget(sign_in: SignIn) -> bool:
    """Delete the cache of this registration and tenant; return whether there was one."""
    path = cache_path(sign_in)
    if path is None or not path.exists():
        return False
    with contextlib.suppress(Exception):
        # The platform's store may refuse or be gone; the file is deleted in any case.
        _encrypted_persistence(str(path)).save("{}")
    path.unlink(missing_ok=True)
    Path(f"{path}.lockfile").unlink(missing_ok=True)
    return True


def _persistence(path: Path, progress: Progress, encrypted: Callable[[str], Any] | None) -> Any:  # noqa: ANN401 - msal_extensions has no types
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryFile(dir=path.parent):
        pass
    try:
        return (encrypted or _encrypted_persistence)(str(path))
    except Exception:  # noqa: BLE001 - each platform's library raises what it likes
        text = (
            f"This platform offers no encrypted store: the sign-in is kept in {path}, "
            "readable only by you (mode 0600). scimdoctor logout deletes it."
        )
        return OwnerOnlyFile(path, announce=lambda: progress.message(text))


def _encrypted_persistence(location: str) -> Any:  # noqa: ANN401 - msal_extensions has no types
    from msal_extensions import build_encrypted_persistence

    return build_encrypted_persistence(location)


def _forget_if_broken(persistence: Any, path: Path, progress: Progress) -> None:  # noqa: ANN401
    """Start anew when what was saved cannot be read: the cache is worth a sign-in, no more."""
    import json

    from msal_extensions.persistence import PersistenceNotFound

    try:
        json.loads(persistence.load())
    except PersistenceNotFound:
        return
    except Exception:  # noqa: BLE001 - decryption fails in each platform's own way
        progress.message(f"The saved sign-in {path} cannot be read and was deleted; sign in again.")
        path.unlink(missing_ok=True)
