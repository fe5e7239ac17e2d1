"""What programs print before they die, each log held to the step that its last words ask for."""

import pytest

from ccci.swarm.judge.next_steps import by_log

FILES = "its user may not use what it names"
SQL = "its database does not let it do that"
TAKEN = "inside of the container the address is taken"
MEMORY = "it reached a limit of memory of its own"
DISK = "make room on the disk"
PLATFORM = "the image is built for another platform"
READ_ONLY = "it writes where it may not"

LOGS: tuple[tuple[str, str], ...] = (
    # The last words name it.
    ("open /run/secrets/key: Permission denied", FILES),
    ("starting\n[Errno 13] Permission denied: '/data'", FILES),
    ("exec /bin/app: exec format error", PLATFORM),
    ("write: No space left on device", DISK),
    ("mkdir: can't create directory '/cache': Read-only file system", READ_ONLY),
    # So do those before a frame, a stopping program, or whoever started it.
    (
        (
            "node:events:495\n      throw er;\n\n\nError: listen EADDRINUSE: address already "
            "in use :::3000\n    at Server.setupListenHandle (node:net:1817:16)\n"
            "    at throwError (a.js)\n  errno: -98\n  syscall: 'listen'\n}\n\nNode.js v20.9.0"
        ),
        TAKEN,
    ),
    (
        (
            "Error: EACCES: permission denied, mkdir '/data'\n"
            "    at Object.mkdirSync (node:fs:1397:3)\nerror Command failed with exit code 1."
        ),
        FILES,
    ),
    (
        (
            "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)\n"
            "nginx: [emerg] still could not bind()"
        ),
        TAKEN,
    ),
    (
        (
            'FATAL:  could not write lock file "postmaster.pid": No space left on device\n'
            "LOG:  database system is shut down"
        ),
        DISK,
    ),
    (
        (
            "[ERROR] mysqld: Can't create/write to file '/var/lib/mysql/x' (OS errno 13 - "
            "Permission denied)\n[ERROR] Aborting\n[Note] mysqld: Shutdown complete"
        ),
        FILES,
    ),
    (
        (
            "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n"
            "----- Native stack trace -----\n\n 1: 0xb83f50 node::Abort() [node]"
        ),
        MEMORY,
    ),
    (
        (
            'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space\n'
            "\tat java.base/java.util.Arrays.copyOf(Arrays.java:3537)"
        ),
        MEMORY,
    ),
    # What it got over does not.
    (
        (
            "WARN /proc/sys/vm/overcommit_memory: Permission denied (ignored)\n"
            "FATAL: missing SESSION_KEY"
        ),
        "",
    ),
    ("chown: /data: Operation not permitted\nError: DATABASE_URL is required", ""),
    ("listen: address already in use, retrying\nusage: serve PORT", ""),
    ("chmod: Read-only file system\nKeyError: 'SESSION_KEY'", ""),
    ('level=warning msg="open /etc/x: permission denied"\nlistening on :80', ""),
    ("Error: No space left on device\npanic: invalid configuration\n\ngoroutine 1 [running]:", ""),
    # A database's grants are no matter of files.
    ("ERROR:  permission denied for table users", SQL),
    ("psycopg2.errors.InsufficientPrivilege: permission denied for schema public", SQL),
    ('ERROR:  permission denied to create extension "postgis"', SQL),
    ("ERROR:  must be owner of table users", SQL),
    # Nothing that is known.
    ("usage: serve PORT", ""),
    ("", ""),
)


@pytest.mark.parametrize(("log", "begins"), LOGS)
def test_the_last_words_of_a_log_decide(log: str, begins: str) -> None:
    found = by_log.step(tuple(log.splitlines()))
    assert found.startswith(begins) if begins else not found
