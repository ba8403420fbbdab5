"""Ports and unix sockets: is one free, and where a socket's path stays within the kernel's limit.

Which process listens where belongs to `processes`.
"""

from __future__ import annotations

import hashlib
import os
import socket
import tempfile
from pathlib import Path

from gxy_analytics.errors import GxyError

# sun_path holds 108 bytes with its terminator.
MAX_SOCKET_PATH = 107


class PortTakenError(GxyError):
    """Something else listens on a port that the stack needs."""


class SocketDirectoryError(GxyError):
    """The directory for a unix socket belongs to somebody else."""


def reachable_host(listen_host: str) -> str:
    """Return the host a client on this machine uses for a server bound to `listen_host`, ready for a URL."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listen_host, listen_host)  # noqa: S104
    return f"[{host}]" if ":" in host else host


def without_credentials(url: str | None) -> str | None:
    """`scheme://host...` of a `scheme://user:password@host...`."""
    if url is None:
        return None
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def claim(listen_host: str, port: int, what: str, setting: str) -> None:
    """Raise PortTakenError when `port` cannot be bound now, naming what wants it and the setting that moves it."""
    family = socket.AF_INET6 if ":" in listen_host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((listen_host, port))
            probe.listen(1)
        except OSError as error:
            raise PortTakenError(
                f"port {port} on {listen_host} is not free for {what} ({error.strerror}): "
                f"stop what listens there, set {setting} to another port, or move all ports with --port-base."
            ) from error


def socket_directory(directory: Path, name: str, owner: int | None = None) -> Path:
    """Return `directory` when a socket `name` fits there, else a private one under the temporary directory.

    `owner` (a uid) gets the private directory. Raises SocketDirectoryError when another user made it.
    """
    if len(os.fsencode(directory / name)) <= MAX_SOCKET_PATH:
        return directory
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]
    private = Path(tempfile.gettempdir()) / f"gxy-{digest}"
    private.mkdir(mode=0o700, exist_ok=True)
    wanted = os.geteuid() if owner is None else owner
    if private.stat().st_uid not in (os.geteuid(), wanted):
        raise SocketDirectoryError(f"{private} belongs to another user: remove it, or use a shorter --data-dir.")
    if private.stat().st_uid != wanted:
        os.chown(private, wanted, -1)
    return private
