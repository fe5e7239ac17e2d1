"""What failed probes of real checks print, each held to the step that is true of it."""

from typing import Any

import pytest

from ccci.swarm.decode.specs import spec as decoded
from ccci.swarm.judge.next_steps import by_probe
from ccci.swarm.judge.next_steps.by_probe import Reading, read
from ccci.swarm.model import Container, Spec

OCI = (
    "exit -1: OCI runtime exec failed: exec failed: unable to start container process: "
    'exec: "{}": {}: unknown'
)
METER = (
    "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n"
    "                                 Dload  Upload   Total   Spent    Left  Speed\n"
    "\n  0   404    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0\n"
)
TRACEBACK = (
    "Traceback (most recent call last):\n"
    '  File "/usr/lib/python3.12/urllib/request.py", line 404, in open\n'
)
MYSQL = (
    "mysqladmin: connect to server at 'localhost' failed\n"
    "error: 'Can't connect to local MySQL server through socket '/run/mysqld/mysqld.sock' (2 "
    '"No such file or directory")\'\n'
    "Check that mysqld is running and that the socket: '/run/mysqld/mysqld.sock' exists!"
)
PSQL = (
    'psql: error: connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: '
    "No such file or directory\n"
    "\tIs the server running locally and accepting connections on that socket?"
)
NODE = (
    "Error: connect ECONNREFUSED 127.0.0.1:3000\n"
    "    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1555:16) {\n"
    "  errno: -111,\n  code: 'ECONNREFUSED',\n  syscall: 'connect',\n"
    "  address: '127.0.0.1',\n  port: 3000\n}"
)
RABBIT = (
    "Error: unable to perform an operation on node 'rabbit@b1'. Please see diagnostics information "
    "and suggestions below.\n\nDIAGNOSTICS\n===========\n\nattempted to contact: [rabbit@b1]\n\n"
    "rabbit@b1:\n  * connected to epmd (port 4369) on b1\n"
    "  * epmd reports: node 'rabbit' not running at all\n"
    "  * suggestion: start the node\n\nCurrent node details:\n * node name: 'rabbitmqcli-407@b1'"
)
HTML = "<html><head><title>Permission denied: 404</title></head></html>\n"

PROBES: tuple[tuple[str, Reading | None], ...] = (
    # What could not be run.
    (OCI.format("curl", "executable file not found in $PATH"), by_probe.PROGRAM),
    (OCI.format("/bin/check", "stat /bin/check: no such file or directory"), by_probe.PROGRAM),
    (OCI.format("/check.sh", "permission denied"), by_probe.UNEXECUTABLE),
    (OCI.format("/check.sh", "exec format error"), by_probe.FORMAT),
    ('exit 1: exec: "curl": executable file not found in $PATH', by_probe.PROGRAM),
    ("exit 1: OCI runtime exec failed: /check.sh: permission denied", by_probe.UNEXECUTABLE),
    ("exit 127", by_probe.PROGRAM),
    ("exit 127: /bin/sh: 1: curl: not found", by_probe.PROGRAM),
    ("exit 1: /bin/sh: 1: curl: not found", by_probe.PROGRAM),
    ("exit 1: /bin/sh: curl: not found", by_probe.PROGRAM),
    ("exit 1: bash: line 1: nc: command not found", by_probe.PROGRAM),
    ("exit 1: /usr/local/bin/healthcheck: line 3: jq: command not found", by_probe.PROGRAM),
    ("exit 1: /usr/bin/env: 'python': No such file or directory", by_probe.PROGRAM),
    ("exit 126: /check.sh: Permission denied", by_probe.UNEXECUTABLE),
    ("exit 126: sh: /check.sh: Exec format error", by_probe.FORMAT),
    ("exit 1: /bin/sh: /check.sh: Permission denied", by_probe.UNEXECUTABLE),
    ("exit 2: sh: 0: cannot open /check.sh: No such file", by_probe.SCRIPT),
    ("exit 2: sh: can't open '/check.sh': No such file or directory", by_probe.SCRIPT),
    (
        "exit 2: python: can't open file '/check.py': [Errno 2] No such file or directory",
        by_probe.SCRIPT,
    ),
    (
        ("exit 1: node:internal/modules/cjs/loader:1080\n  throw err;\n  ^\n\n"
        "Error: Cannot find module '/app/healthcheck.js'\n    at Module._load (node:internal)"),
        by_probe.SCRIPT,
    ),
    ("exit 1: Could not open input file: /check.php", by_probe.SCRIPT),
    ("exit 1: Error: Unable to access jarfile /check.jar", by_probe.SCRIPT),
    (f"exit 1: {TRACEBACK}ModuleNotFoundError: No module named 'requests'", by_probe.LIBRARY),
    ("exit 2: /bin/sh: 1: Syntax error: Unterminated quoted string", by_probe.SHELL_LINE),
    (
        "exit 2: /bin/sh: 1: cannot open /dev/tcp/127.0.0.1/9000: No such file",
        by_probe.BASH,
    ),
    ("exit 1: /bin/sh: 1: [[: not found", by_probe.BASH),
    (
        ("exit 1: wget: unrecognized option: no-check-certificate\nBusyBox v1.36.1 multi-call "
        "binary.\n\nUsage: wget [-cqS] [--spider] URL..."),
        by_probe.ARGUMENTS,
    ),
    (
        ("exit 2: curl: option --retry-all-errors: is unknown\n"
        "curl: try 'curl --help' for more information"),
        by_probe.ARGUMENTS,
    ),
    ("exit 3: curl: (3) URL using bad/illegal format or missing URL", by_probe.ARGUMENTS),
    # What hangs, and what gave up.
    ("exit -1: Health check exceeded timeout (2s)", by_probe.HANGS),
    ("exit -1: Health check exceeded timeout (2s): HTTP Error 404: Not Found", by_probe.HANGS),
    ("exit 28: curl: (28) Operation timed out after 5001 milliseconds", by_probe.GAVE_UP),
    ("exit 28: curl: (28) Connection timeout after 5001 ms", by_probe.GAVE_UP),
    ("exit 1: wget: download timed out", by_probe.GAVE_UP),
    (f"exit 1: {TRACEBACK}TimeoutError: timed out", by_probe.GAVE_UP),
    ("exit 1: dial tcp 127.0.0.1:80: i/o timeout", by_probe.GAVE_UP),
    ("exit 1: 127.0.0.1:2379 is unhealthy: context deadline exceeded", by_probe.GAVE_UP),
    ("exit 2: psql: error: timeout expired", by_probe.GAVE_UP),
    (
        ('exit 1: Get "http://localhost/": net/http: request canceled (Client.Timeout exceeded '
        "while awaiting headers)"),
        by_probe.GAVE_UP,
    ),
    # An HTTP status is one where a program tells it as one.
    ("exit 22: curl: (22) The requested URL returned error: 404", by_probe.NO_SUCH_PATH),
    ("exit 1: wget: server returned error: HTTP/1.1 404 Not Found", by_probe.NO_SUCH_PATH),
    (f"exit 1: {TRACEBACK}HTTPError: HTTP Error 404: Not Found", by_probe.NO_SUCH_PATH),
    ("exit 8: 2026-01-05 10:04:05 ERROR 404: Not Found.", by_probe.NO_SUCH_PATH),
    (
        ("exit 8: HTTP request sent, awaiting response... 404 Not Found\n"
        "Remote file does not exist -- broken link!!!"),
        by_probe.NO_SUCH_PATH,
    ),
    ("exit 1: 404", by_probe.NO_SUCH_PATH),
    (
        ("exit 1: requests.exceptions.HTTPError: 404 Client Error: Not Found for url: "
        "http://localhost/health"),
        by_probe.NO_SUCH_PATH,
    ),
    ("exit 1: Bad healthcheck status: 404 Not Found", by_probe.NO_SUCH_PATH),
    ("exit 1: Status: 404 Not Found\nContent-type: text/html", by_probe.NO_SUCH_PATH),
    ('exit 1: {"statusCode":404,"message":"Cannot GET /health"}', by_probe.NO_SUCH_PATH),
    ("exit 22: curl: (22) The requested URL returned error: 401", by_probe.NOT_LET_IN),
    ("exit 1: wget: server returned error: HTTP/1.1 403 Forbidden", by_probe.NOT_LET_IN),
    ("exit 22: curl: (22) The requested URL returned error: 400 Bad Request", by_probe.REFUSED),
    ("exit 22: curl: (22) The requested URL returned error: 408 Request Timeout", by_probe.REFUSED),
    ("exit 22: curl: (22) The requested URL returned error: 429", by_probe.TOO_OFTEN),
    ("exit 22: curl: (22) The requested URL returned error: 503", by_probe.APP_FAILS),
    (f"exit 22: {METER}curl: (22) The requested URL returned error: 503", by_probe.APP_FAILS),
    (f"exit 1: {HTML}curl: (22) The requested URL returned error: 500", by_probe.APP_FAILS),
    (
        "exit 22: curl: (22) The requested URL returned error: 504 Gateway Timeout",
        by_probe.BEHIND,
    ),
    ("exit 1: wget: server returned error: HTTP/1.1 502 Bad Gateway", by_probe.BEHIND),
    # TLS, names.
    (
        ("exit 60: curl: (60) SSL certificate problem: self-signed certificate\nMore details here: "
        "https://curl.se/docs/sslcerts.html"),
        by_probe.TLS,
    ),
    ("exit 35: curl: (35) error:0A00010B:SSL routines::wrong version number", by_probe.TLS),
    (
        ("exit 1: ssl_client: localhost: handshake failed: error:1409442E\n"
        "wget: error getting response: Connection reset by peer"),
        by_probe.CLOSED,
    ),
    (
        'exit 1: Get "https://localhost/": http: server gave HTTP response to HTTPS client',
        by_probe.TLS,
    ),
    ("exit 1: Error: self-signed certificate; code: 'DEPTH_ZERO_SELF_SIGNED_CERT'", by_probe.TLS),
    (
        (f"exit 1: {TRACEBACK}URLError: <urlopen error [SSL: CERTIFICATE_VERIFY_FAILED] "
        "certificate verify failed>"),
        by_probe.TLS,
    ),
    ("exit 1: 400 The plain HTTP request was sent to HTTPS port", by_probe.TLS),
    ("exit 6: curl: (6) Could not resolve host: web", by_probe.NAME),
    ("exit 1: wget: bad address 'web:80'", by_probe.NAME),
    ("exit 1: Could not connect to Redis at db:6379: Name or service not known", by_probe.NAME),
    ("exit 1: Error: getaddrinfo ENOTFOUND web", by_probe.NAME),
    ("exit 1: dial tcp: lookup web on 127.0.0.11:53: no such host", by_probe.NAME),
    ("exit 1: java.net.UnknownHostException: web", by_probe.NAME),
    ("exit 2: nc: getaddrinfo: Name does not resolve", by_probe.NAME),
    (
        'exit 2: psql: error: could not translate host name "db" to address: unknown error',
        by_probe.NAME,
    ),
    # Sockets.
    (f"exit 1: {MYSQL}", by_probe.NO_SERVER),
    ("exit 1: " + MYSQL.rpartition("\n")[0], by_probe.NO_SERVER),
    (f"exit 2: {PSQL}", by_probe.NO_SERVER),
    ("exit 2: " + PSQL.rpartition("\n")[0], by_probe.NO_SERVER),
    ("exit 1: dial unix /run/app.sock: connect: no such file or directory", by_probe.NO_SERVER),
    ("exit 1: Error: connect ENOENT /run/app.sock", by_probe.NO_SERVER),
    ("exit 1: dial unix /var/run/docker.sock: connect: permission denied", by_probe.USER),
    # Not up, not ready.
    ("exit 7: curl: (7) Failed to connect to localhost port 80: Connection refused",
     by_probe.NOTHING_LISTENS),
    ((f"exit 7: {METER}curl: (7) Failed to connect to localhost port 404 after 0 ms: Couldn't "
     "connect to server"), by_probe.NOTHING_LISTENS),
    ("exit 1: wget: can't connect to remote host (127.0.0.1): Connection refused",
     by_probe.NOTHING_LISTENS),
    ("exit 1: nc: connect to localhost port 80 (tcp) failed: Connection refused",
     by_probe.NOTHING_LISTENS),
    (f"exit 1: {NODE}", by_probe.NOTHING_LISTENS),
    ("exit 1: MongoNetworkError: connect ECONNREFUSED 127.0.0.1:27017", by_probe.NOTHING_LISTENS),
    ("exit 1: Could not connect to Redis at 127.0.0.1:6379: Connection refused",
     by_probe.NOTHING_LISTENS),
    ("exit 2: localhost:5432 - no response", by_probe.NOTHING_LISTENS),
    (f"exit 69: {RABBIT}", by_probe.NOTHING_LISTENS),
    (("exit 70: Error:\nRabbitMQ on node rabbit@b1 is not running or has not fully booted yet "
     "(check with is_booting)"), by_probe.NOT_READY),
    (("exit 1: [2026-01-05] WARN Connection to node -1 (localhost/127.0.0.1:9092) could not be "
     "established. Broker may not be available."), by_probe.NOTHING_LISTENS),
    ("exit 1: Timed out waiting for a node assignment. Call: listTopics",
     by_probe.NOTHING_LISTENS),
    ("exit 1: java.net.ConnectException: refused", by_probe.NOTHING_LISTENS),
    ("exit 255: ldap_sasl_bind(SIMPLE): Can't contact LDAP server (-1)",
     by_probe.NOTHING_LISTENS),
    ("exit 1: Failed to connect and authenticate to rabbit@b1 in 60000 ms",
     by_probe.NOTHING_LISTENS),
    ("exit 1: dial tcp 10.0.1.5:80: connect: no route to host", by_probe.NOTHING_LISTENS),
    ("exit 52: curl: (52) Empty reply from server", by_probe.CLOSED),
    ((f"exit 1: {TRACEBACK}http.client.RemoteDisconnected: Remote end closed connection without "
     "response"), by_probe.CLOSED),
    ("exit 1: Error: read ECONNRESET", by_probe.CLOSED),
    ('exit 1: Get "http://localhost/": EOF', by_probe.CLOSED),
    ("exit 1: localhost:5432 - rejecting connections", by_probe.NOT_READY),
    (('exit 2: psql: error: connection to server at "localhost" (127.0.0.1), port 5432 failed: '
     "FATAL:  the database system is starting up"), by_probe.NOT_READY),
    ("exit 1: LOADING Redis is loading the dataset in memory", by_probe.NOT_READY),
    ("exit 1: healthcheck innodb_initialized failed", by_probe.NOT_READY),
    ("exit 1: MongoServerError: no replset config has been received", by_probe.NOT_READY),
    ('exit 1: {"status":"starting","timeout":30}', by_probe.NOT_READY),
    ('exit 1: {"cluster_name":"es","status":"yellow","timed_out":true}', by_probe.ALONE),
    ('exit 1: {"cluster_name":"es","status":"red","timed_out":true}', by_probe.NOT_WELL),
    ('exit 1: {"status":"DOWN","components":{"db":{"status":"DOWN"}}}', by_probe.NOT_WELL),
    # Logins.
    ("exit 1: NOAUTH Authentication required.", by_probe.LOGIN),
    ("exit 1: MongoServerError: Authentication failed.", by_probe.LOGIN),
    (("exit 1: mysqladmin: connect to server at 'localhost' failed\nerror: 'Access denied for user "
     "'root'@'localhost' (using password: NO)'"), by_probe.LOGIN),
    ('exit 2: FATAL:  password authentication failed for user "postgres"', by_probe.LOGIN),
    ('exit 2: FATAL:  permission denied for database "shop"', by_probe.LOGIN),
    ('exit 2: psql: error: FATAL:  database "root" does not exist', by_probe.LOGIN),
    ('exit 2: FATAL:  no pg_hba.conf entry for host "127.0.0.1"', by_probe.LOGIN),
    ("exit 49: ldap_bind: Invalid credentials (49)", by_probe.LOGIN),
    ("exit 1: MongoServerError: not authorized on admin to execute command", by_probe.LOGIN),
    # Files.
    ("exit 1: cat: /tmp/healthy: No such file or directory", by_probe.FILE),
    (f"exit 1: {TRACEBACK}FileNotFoundError: [Errno 2] No such file or directory: '/tmp/healthy'",
     by_probe.FILE),
    ("exit 1: cat: /run/state: Permission denied", by_probe.USER),
    ("exit 1: touch: /tmp/probe: No space left on device", by_probe.DISK),
    ("exit 2: sh: 1: Cannot fork", by_probe.MEMORY),
    # What tells nothing.
    ("exit 1", None),
    ("exit 7", None),
    ("exit 1: not ready", None),
    ("exit 1: pid 407 is not there", None),
    ("exit 1: read 404 bytes", None),
    ("exit 1: received 503 bytes", None),
    ('exit 1: {"uptime":404,"timeout":30}', None),
)  # fmt: skip


@pytest.mark.parametrize(("probe", "reading"), PROBES)
def test_a_probe_is_read_as_what_it_says(probe: str, reading: Reading | None) -> None:
    assert read(probe, None) == reading


def test_each_row_is_what_some_probe_prints() -> None:
    idle = {words.pattern for words, _ in (*by_probe.rows(), *by_probe.unrun())}
    for probe, _ in PROBES:
        lines = probe.partition(": ")[2].splitlines()
        idle -= {
            words.pattern
            for words, _ in (*by_probe.rows(), *by_probe.unrun())
            if any(words.search(line) for line in lines)
        }
    assert idle == set()


def checked_by(*test: str) -> Spec:
    return Spec("", "", "", container=Container(test=test))


def test_a_silent_curl_is_read_by_its_code_where_the_code_is_its_own() -> None:
    silent = checked_by("CMD", "curl", "-sf", "http://localhost/")
    assert read("exit 7", silent) == by_probe.NOTHING_LISTENS
    assert read("exit 28", silent) == by_probe.GAVE_UP
    assert read("exit 7", checked_by("CMD", "pg_isready", "-q")) is None
    assert read("exit 7", checked_by("CMD-SHELL", "curl -sf http://a/ || exit 7")) is None


@pytest.mark.parametrize(
    "said",
    [
        {"TaskTemplate": None},
        {"TaskTemplate": {"ContainerSpec": None}},
        {"TaskTemplate": {"ContainerSpec": {"Healthcheck": None}}},
    ],
)
def test_a_silent_probe_of_a_spec_that_says_nothing_of_a_check_is_not_known(said: Any) -> None:
    assert read("exit 7", decoded(said)) is None


def test_the_last_words_of_a_probe_decide() -> None:
    words = "Connection refused\nHTTP/1.1 503 Service Unavailable"
    assert read(f"exit 1: {words}", None) == by_probe.APP_FAILS


def test_a_probe_of_any_length_is_read_at_once() -> None:
    assert read("exit 1: " + "exec: " * 100_000, None) is None
