"""The next step by what the last probe of a health check said. Pure text.

First the Engine's own words (moby daemon/health.go) and the shell's, each with a code of its own;
then those of the program that asks, from its last line up: it got over what stands before.
"""

import re
from dataclasses import dataclass
from functools import cache

from ccci.swarm.exit_codes import NOT_EXECUTABLE, NOT_FOUND
from ccci.swarm.model import Spec


@dataclass(frozen=True, slots=True)
class Reading:
    """What a probe's words ask for; `longer` is for what the app may only need more time."""

    step: str
    longer: str = ""


def read(probe: str, spec: Spec | None) -> Reading | None:
    """Return what a failed probe (`exit CODE: OUTPUT`) asks for, or None where it is not known."""
    found = _PROBE.match(probe)
    code, output = (int(found[1]), found[2] or "") if found else (None, probe)
    return _by_code(code, output, spec) or _by_words(output)


_PROBE = re.compile(r"exit (-?\d+)(?:: (.*))?$", re.DOTALL)
_NEVER_RAN = -1
"""The Engine's code for what it could not run (moby daemon/health.go)."""


def _by_code(code: int | None, output: str, spec: Spec | None) -> Reading | None:
    if code == _NEVER_RAN:
        return next((each for words, each in unrun() if words.search(output)), None)
    if code == NOT_EXECUTABLE:
        return FORMAT if "exec format error" in output.lower() else UNEXECUTABLE
    if code == NOT_FOUND:
        return PROGRAM
    if not output and code in _CURL and _asks_by_curl(spec):
        return _CURL[code]
    return None


def _asks_by_curl(spec: Spec | None) -> bool:
    """Say whether the exit code is curl's own: what stands behind `||` would change it."""
    test = " ".join(spec.container.test) if spec else ""
    return re.search(r"\bcurl\b", test) is not None and "||" not in test


def _by_words(output: str) -> Reading | None:
    for line in reversed(output[-_READ:].splitlines()):
        for words, reading in rows():
            if words.search(line):
                return reading
    return None


_READ = 4096
"""What the Engine keeps of a probe's output (moby daemon/health.go: maxOutputLen)."""

PROGRAM = Reading(
    "the image has no such program: let the check's `test` use one that it has (`CMD-SHELL` needs "
    "a shell, `CMD` does not), or install it in the image"
)
UNEXECUTABLE = Reading(
    "the probe may not be executed: `chmod +x` in the image, or `mode: 0555` for a config"
)
FORMAT = Reading(
    "the probe's script begins with no `#!`, or its program is built for another platform than the "
    "node's"
)
LIBRARY = Reading(
    "the image lacks a library that the check's `test` uses: do without it, or install it there"
)
SCRIPT = Reading(
    "the probe's script is not in the container: mend its path in the check's `test`, or bring it "
    "there, in the image or as a config"
)
HANGS = Reading("the probe hangs: mend what it waits for, or raise the check's `timeout`{timeout}")
GAVE_UP = Reading(
    "the probe's program waited in vain for an answer: mend what it waits for, or let it wait "
    "longer, within the check's `timeout`{timeout}"
)
NOTHING_LISTENS = Reading(
    "nothing listens where the probe asks: mend the port or address in the check's `test`",
    " to begin",
)
NO_SERVER = Reading(
    "no server listens at the socket that the probe asks: mend the socket's path or the host in "
    "the check's `test`",
    " to begin",
)
CLOSED = Reading(
    "something listens, but closes the connection without an answer: let the check's `test` speak "
    "what is spoken there (`http://` or `https://`)",
    " to be ready",
)
NAME = Reading(
    "the probe asks for a name that is not known in the container: ask `localhost`",
)
TLS = Reading(
    "the probe and the app do not agree about TLS: let the check's `test` ask by `http://` or "
    "`https://` as the app does, for a name in its certificate, or take any (`curl -k`)"
)
NO_SUCH_PATH = Reading(
    "the app answers, but has nothing under the probe's path: mend the path in the check's `test`"
)
NOT_LET_IN = Reading(
    "the app answers, but refuses the probe's request: mend the path or the credentials in the "
    "check's `test`"
)
LOGIN = Reading(
    "the app answers, but refuses the probe's login: mend the user, the password or the database "
    "in the check's `test`"
)
REFUSED = Reading(
    "the app answers, but refuses the probe's request: mend its path, its host name or its method "
    "in the check's `test`"
)
TOO_OFTEN = Reading("the app is asked too often: raise the check's `interval`")
BEHIND = Reading(
    "a proxy answers the probe, but the app behind it does not: mend where the proxy sends it",
    " to begin",
)
APP_FAILS = Reading(
    "it is the app that fails, not the check: mend what it answers with an error", " to be ready"
)
NOT_WELL = Reading(
    "the app answers that it is not well: mend what it names, or ask for less in the check's "
    "`test`",
    " to be ready",
)
NOT_READY = Reading(
    "the app answers that it is not ready: see what it still waits for",
    " to be ready",
)
ALONE = Reading(
    "yellow is all that a cluster of one node reaches: let the check's `test` take it "
    "(`wait_for_status=yellow`), or keep no replicas of its shards"
)
ARGUMENTS = Reading(
    "the probe's program does not take what the check's `test` gives it: mend its options (those "
    "of BusyBox are fewer) or its address"
)
BASH = Reading(
    "only bash knows what the check's `test` says (`/dev/tcp`, `[[`), and `CMD-SHELL` runs `sh`: "
    'ask in another way, or say `["CMD", "bash", "-c", …]`'
)
SHELL_LINE = Reading(
    "the shell cannot read the check's `test`: mend its quotes (a `$` of its own is written `$$`)"
)
FILE = Reading(
    "the file that the probe looks for is not there: see why the app does not write it, or mend "
    "its path in the check's `test`",
    " to write it",
)
USER = Reading(
    "the probe's user may not use what it names: mend `user:`, or the owner or mode of the file"
)
DISK = Reading("make room on the disk of the node, or of the volume that the probe writes to")
MEMORY = Reading(
    "the container has no memory or no process left for its probe: raise `memory` or `pids` in "
    "`deploy.resources.limits`"
)

# curl's manual, EXIT CODES: with `-s` alone they are all that it says.
_CURL = {6: NAME, 7: NOTHING_LISTENS, 28: GAVE_UP, 35: TLS, 52: CLOSED, 56: CLOSED, 60: TLS}

# What the Engine says of a probe that it could not run, or that it killed (moby daemon/health.go,
# runc's libcontainer).
_UNRUN: tuple[tuple[str, Reading], ...] = (
    (r"^health check exceeded timeout", HANGS),
    (r"executable file not found|no such file or directory|not a directory", PROGRAM),
    (r"exec format error", FORMAT),
    (r"permission denied|is a directory", UNEXECUTABLE),
)

_SHELL = r"(?:\S*/)?(?:ba|da|a|z)?sh: (?:line )?(?:\d+: )?"
_SCRIPT_LINE = r"/\S+: (?:line )?\d+: "
_STATUS = (
    r"(?:\berror:? (?:HTTP/[\d.]+ )?|\bHTTP(?:/[\d.]+)?(?: error| status| code)*:? "
    r"|\bawaiting response\.\.\. |\b(?:status|response)(?: ?code)?:? |\b(?:returned|got|received) "
    r'|"(?:status|statusCode|code)" ?: ?"?)'
)
_PHRASE = (
    r"client error|server error|bad|unauthori[sz]ed|forbidden|not|method|gone|too many|internal"
    r"|service|gateway"
)
_ENDS = r"(?![\w.]|\s*(?:k?b|bytes|m?s|packets|of)\b)"
_UNWELL = r"down|unhealthy|fail(?:ed|ing|ure)?|error|red|critical|out_of_service|unavailable"
_BEGINS = r"starting|start(?:ing)?[_ -]?up|initiali[sz]ing|loading|booting|pending|not[_ -]?ready"


def _status(codes: str) -> str:
    """Return the pattern of an HTTP status where a program tells it as one, not of any number."""
    return rf"{_STATUS}(?:{codes}){_ENDS}|(?:^|: )(?:{codes})(?=$| (?:{_PHRASE})\b)"


_TABLE: tuple[tuple[str, Reading], ...] = (
    # What could not be run, in the words of a shell whose code `|| exit 1` hides.
    (r"^OCI runtime exec failed.*permission denied", UNEXECUTABLE),
    (r"\bexec: \"[^\"]*\": (?:executable file not found|stat .*no such file)", PROGRAM),
    (r"/dev/tcp/.*(?:no such file|not found)|\[\[: not found|: bad substitution", BASH),
    (rf"^(?:{_SHELL}|{_SCRIPT_LINE})\S+: (?:command )?not found$", PROGRAM),
    (r"^\S*\benv: .*no such file or directory$", PROGRAM),
    (rf"^{_SHELL}/\S+: permission denied$", UNEXECUTABLE),
    (rf"^{_SHELL}(?:can't|cannot) open |^{_SHELL}/\S+: no such file or directory$", SCRIPT),
    (r"can't open file '|^could not open input file|cannot find module '/", SCRIPT),
    (r"unable to access jarfile|could not find or load main class", SCRIPT),
    (r"no module named|cannot find module|\bLoadError\b|error while loading shared lib", LIBRARY),
    (rf"^{_SHELL}.*(?:syntax error|unterminated quoted|unexpected EOF while looking)", SHELL_LINE),
    (
        r"unrecogni[sz]ed (?:option|argument)|(?:unknown|invalid|illegal) option\b|^usage: ",
        ARGUMENTS,
    ),
    (r"^curl: (?:option |no URL|try 'curl|\([123]\) )", ARGUMENTS),
    # TLS: curl (35, 51, 58, 60, 77), BusyBox, Python, Go, and what a server of the other kind says.
    (r"^curl: \((?:35|51|58|60|77)\)|ssl_client: |\[SSL: |\bx509: |certificate verify", TLS),
    (r"HTTP response to HTTPS client|HTTP request to an HTTPS server", TLS),
    (r"plain HTTP request was sent to HTTPS|certificate (?:has expired|is not trusted)", TLS),
    (r"\bSSL routines\b|wrong version number|\btlsv1 alert\b", TLS),
    (r"DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|ERR_TLS_CERT|EPROTO\b", TLS),
    # Names, before what failed because of them.
    (r"could not resolve|\bbad address\b|name or service not known|name resolution", NAME),
    (r"could not translate host name|no such host|\bEAI_AGAIN|\bENOTFOUND|unknown host", NAME),
    (r"nodename nor servname|name does not resolve|UnknownHostException", NAME),
    # Sockets of files: psql, mysqladmin, Go's `dial unix`.
    (r"on socket \".*no such file or directory|locally and accepting connections", NO_SERVER),
    (r"through socket '|that the socket: '|connect(?:: no such file| ENOENT)", NO_SERVER),
    (r"dial unix \S+: connect: permission denied", USER),
    # An HTTP status, as each program tells it.
    (_status(r"401|403|407"), NOT_LET_IN),
    (rf"{_status('404|410')}|remote file does not exist", NO_SUCH_PATH),
    (_status(r"429"), TOO_OFTEN),
    (_status(r"4\d\d"), REFUSED),
    (_status(r"502|504"), BEHIND),
    (_status(r"5\d\d"), APP_FAILS),
    # Not ready, in the words of databases and brokers.
    (r"rejecting connections|database system is (?:starting|not yet|in recovery)", NOT_READY),
    (
        r"^LOADING |\bnot fully booted|\bis (?:still )?not (?:yet )?(?:ready|initiali[sz]ed)",
        NOT_READY,
    ),
    (r"^healthcheck \w+ failed", NOT_READY),
    (r"no replset config|not(?: a)? (?:master|primary)\b|NotYetInitialized", NOT_READY),
    (r"\"status\" ?: ?\"yellow\"", ALONE),
    (rf'"(?:status|state|health)" ?: ?"(?:{_UNWELL})"', NOT_WELL),
    (rf'"(?:status|state|health)" ?: ?"(?:{_BEGINS})"', NOT_READY),
    # Logins.
    (r"\bNOAUTH\b|\bWRONGPASS\b|\bNOPERM\b|authentication failed|access denied for user", LOGIN),
    (r"(?:role|database|user) \"[^\"]*\" does not exist|\bunknown database\b", LOGIN),
    (r"permission denied (?:for|to) |requires? authentication|invalid credentials", LOGIN),
    (r"\bnot authorized\b|\bunauthori[sz]ed\b|no pg_hba\.conf entry", LOGIN),
    # Connections.
    (r"connection refused|\bECONNREFUSED\b|couldn't connect|can't connect to", NOTHING_LISTENS),
    (r"no route to host|can't contact|actively refused|\bnodedown\b", NOTHING_LISTENS),
    (r"node 'rabbit' not running|suggestion: start the node|for a node assign", NOTHING_LISTENS),
    (r"- no response$", NOTHING_LISTENS),
    (r"ConnectException|broker may not be available|NoBrokersAvailable", NOTHING_LISTENS),
    (r"connection reset|empty reply|\bECONNRESET\b|socket hang up|closed connection", CLOSED),
    (r"closed the connection|RemoteDisconnected|unexpected EOF$|: EOF$|recv failure", CLOSED),
    (r"timed out|\btimeout (?:after|expired|exceeded|reached)|\bi/o timeout", GAVE_UP),
    (r"deadline exceeded|\bETIMEDOUT\b|connection timeout|TimeoutException", GAVE_UP),
    (r"Client\.Timeout exceeded|TimeoutError|- timeout$", GAVE_UP),
    (r"failed to connect|could not connect|cannot connect|unable to connect", NOTHING_LISTENS),
    # Files, disks, memory.
    (r"no space left on device|disk quota exceeded", DISK),
    (r"cannot allocate memory|can(?:'t|not) fork|resource temporarily unavailable", MEMORY),
    (r"no such file or directory|\bENOENT\b", FILE),
    (r"permission denied|\bEACCES\b|operation not permitted", USER),
)


@cache
def rows() -> tuple[tuple[re.Pattern[str], Reading], ...]:
    """Return what a line of a probe's output is held against, the first that fits."""
    return tuple((re.compile(text, re.IGNORECASE), each) for text, each in _TABLE)


@cache
def unrun() -> tuple[tuple[re.Pattern[str], Reading], ...]:
    """Return what the Engine's own words about a probe are held against."""
    return tuple((re.compile(text, re.IGNORECASE), each) for text, each in _UNRUN)
