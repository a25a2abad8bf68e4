"""Becomes a command, after arranging on whose behalf it runs and that it ends with its parent.

    launch.py [--namespace | --user UID:GID] SIGNAL COMMAND [ARGUMENT ...]

Linux only; run as a script, not imported, because what it changes holds for its whole process.
SIGNAL is what the kernel sends to the command when its parent dies, however that happens.
"""

import ctypes
import os
import sys

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1

libc = ctypes.CDLL(None, use_errno=True)


def enter_namespace() -> None:
    """Seem an unprivileged user to ourselves, while files stay those of the user we were."""
    if libc.unshare(CLONE_NEWUSER) != 0:
        sys.exit(f"cannot make a user namespace: {os.strerror(ctypes.get_errno())}")


def become(user: int, group: int) -> None:
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)


def main(arguments: list[str]) -> None:
    if arguments[0] == "--namespace":
        enter_namespace()
        arguments = arguments[1:]
    elif arguments[0] == "--user":
        user, group = arguments[1].split(":")
        become(int(user), int(group))
        arguments = arguments[2:]
    # Only now: a change of credentials clears it.
    libc.prctl(PR_SET_PDEATHSIG, int(arguments[0]), 0, 0, 0)
    try:
        os.execvp(arguments[1], arguments[1:])  # noqa: S606 - becoming the command is the purpose
    except OSError as error:
        sys.exit(f"cannot run {arguments[1]}: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
