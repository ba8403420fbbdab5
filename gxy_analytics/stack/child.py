"""Become another program that dies with its parent: `python -I -S child.py <parent pid> <signal> <user or -> program args...`.

Run by path, before anything of the project is importable: standard library only. Who starts what belongs to `supervisor`.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG = 1
RESET = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE)


def main(arguments: list[str]) -> None:
    """Drop to `user` unless it is `-`, ask the kernel for `signal` on the parent's death, then exec the program."""
    parent, death_signal, user, *program = arguments
    if user != "-":
        account = pwd.getpwnam(user)
        os.initgroups(user, account.pw_gid)
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
    # A shell script's background job ignores SIGINT, and its children inherit that: Dagster would then ignore SIGTERM too.
    for number in RESET:
        signal.signal(number, signal.SIG_DFL)
    # Only after setuid: a change of credentials clears it.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death_signal))
    if os.getppid() != int(parent):
        sys.exit("the parent died before this child began")
    os.execv(program[0], program)  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])
