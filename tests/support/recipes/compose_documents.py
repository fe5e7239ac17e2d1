"""Compose files made up for comparing our reader with docker's: mostly right, sometimes odd."""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

VARIABLES = {
    "D": "7s",
    "N": "3",
    "F": "0.25",
    "W": "rollback",
    "B": "yes",
    "EMPTY": "",
    "P": "8080",
    "V": "data",
}


@dataclass(frozen=True)
class Plain:
    """A scalar that is written as it stands, so that YAML decides what it is."""

    text: str


Tree = Any


def plain(*texts: str) -> st.SearchStrategy[Tree]:
    return st.sampled_from([Plain(text) for text in texts])


def quoted(*texts: str) -> st.SearchStrategy[Tree]:
    return st.sampled_from(texts)


def mostly(good: st.SearchStrategy[Tree], odd: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    """Return the good one thirty times out of thirty-one: one oddity refuses a whole file."""
    return st.integers(0, 30).flatmap(lambda number: odd if number == 17 else good)


DURATION = mostly(
    plain("5s", "1m30s", "0s", "1h", "1.5s", "500ms", "2m", "${D}", "${D:-1s}", "$D", "0", "'1m'"),
    plain("10", "5 s", "-5s", "1d", "${EMPTY}", "", "yes", "1.s", ".5s", "+5s", "5S", "1e3s"),
)
INTEGER = mostly(
    plain("0", "1", "2", "3", "${N}", "${N:-2}", "2.0", "0x3", "0o3", "03", "1_0", "1e1", "+2"),
    plain("'3'", "-1", "2.5", "yes", "", "${W}", "0b11", "08", "1e", "2001-01-01"),
)
RATIO = mostly(
    plain("0", "0.5", ".5", "1", "1e-1", "${F}", "0.30", "5e-1"),
    plain("'0.3'", "${W}", "", ".inf", "0,5"),
)
WORD = mostly(
    plain("pause", "continue", "rollback", "${W}", "${W:-pause}", "${NOT_SET:-pause}", "$$W"),
    plain("1", "", "yes", "${NOT_SET:?needed}", "$", "${", "2001-01-01", "~", "'$ ${W}'"),
)
ORDER = mostly(plain("start-first", "stop-first"), plain("parallel", "${NOT_SET}", "1"))
BOOLEAN = mostly(plain("true", "false", "True", "${B}"), plain("yes", "1", "'true'", "${N}", ""))
SIZE = mostly(
    plain("512m", "1g", "1.5gib", "100M", "64kb", "'100'", "2GB", "${NOT_SET:-1g}"),
    plain("100", "1 gb", "12q", "''", "-1m", "1.2.3m", "1gbb", "m"),
)
TEST = mostly(
    st.one_of(
        st.just([Plain("CMD"), Plain("true")]),
        st.just([Plain("NONE")]),
        plain("curl -f http://localhost", "NONE", "$$x"),
        st.just([Plain("CMD-SHELL"), "exit ${N}"]),
    ),
    st.one_of(st.just([]), st.just([Plain("CMD"), Plain("1")]), plain("", "1", "''")),
)
PORT = mostly(
    st.one_of(
        plain("80", "8080:80", "8080-8081:80-81", "53:53/udp", "9000-9001:90", "${P}:80", "443"),
        quoted("127.0.0.1:80:80", "80:80/TCP", "[::1]:81:81", "::1:82:82", "80/udp", "83-84"),
        st.fixed_dictionaries(
            {"target": plain("80", "443"), "mode": plain("host", "ingress")},
            optional={
                "published": plain("80", "8080", "${P}"),
                "protocol": plain("tcp", "udp"),
            },
        ),
    ),
    st.one_of(
        plain("80.5", "90000:80", "80:80/foo", "a:80", "80:", ":80", "", "80-70:80-70", "80.0"),
        plain("1.2.3:80:80", "80-81:80-82", "80:80-81", "-80", "0", "true"),
        st.just({"target": Plain("'80'")}),
        st.just({"target": Plain("80"), "other": Plain("1")}),
    ),
)
MOUNT = mostly(
    st.one_of(
        plain("data:/data", "data:/data:ro", "other:/other:rw,nocopy", "/anon", "./rel:/rel"),
        plain("/abs:/abs:ro", "a", "ab", "${V}:/v", "c:/x", "x:y:z", "name.d:/n"),
        st.fixed_dictionaries(
            {"type": plain("volume", "tmpfs"), "target": plain("/data", "/t")},
            optional={
                "source": plain("data", "other"),
                "read_only": BOOLEAN,
                "volume": st.just({"nocopy": Plain("true")}),
            },
        ),
        st.just({"type": Plain("bind"), "source": Plain("/b"), "target": Plain("/b")}),
    ),
    st.one_of(
        plain(":/x", "data:/d:ro:x", "''", "data:", "1", "${NOT_SET}:/x", "c:\\a:/b", "a::b"),
        st.just({"type": Plain("bind"), "target": Plain("/b")}),
        st.just({"source": Plain("data"), "target": Plain("/b")}),
        st.just({"type": Plain("volume"), "target": Plain("/b"), "size": Plain("1")}),
    ),
)
SCALAR = plain("1", "a", "'x y'", "1.5", "~", "", "no", "0x10", "1e3", "$$", "${N}", "$N-a")
PAIRS = mostly(
    st.one_of(
        st.dictionaries(quoted("a", "b.c", "D"), SCALAR, max_size=3),
        st.lists(quoted("a=b", "c", "D=", "e=$N"), max_size=3, unique=True),
    ),
    st.one_of(
        st.just({"a": Plain("true")}),
        st.just(["a", "a"]),
        st.just({"a": {"b": Plain("1")}}),
        st.just([Plain("1")]),
        plain("a"),
        st.just({"d": Plain("2001-01-01")}),
    ),
)
COMMAND = mostly(
    st.one_of(plain("sh -c x", "'a \"b c\"'", "run # it"), st.just(["a", "b c"])),
    st.one_of(plain('"a \'b"', "'a \\'", "1"), st.just([Plain("1")])),
)
UPDATE = st.fixed_dictionaries(
    {},
    optional={
        "parallelism": INTEGER,
        "delay": DURATION,
        "failure_action": WORD,
        "monitor": DURATION,
        "max_failure_ratio": RATIO,
        "order": ORDER,
    },
)
HEALTH = st.fixed_dictionaries(
    {},
    optional={
        "test": TEST,
        "interval": DURATION,
        "timeout": DURATION,
        "retries": INTEGER,
        "start_period": DURATION,
        "start_interval": DURATION,
        "disable": BOOLEAN,
    },
)
RESTART = st.fixed_dictionaries(
    {},
    optional={
        "condition": plain("any", "none", "on-failure"),
        "delay": DURATION,
        "max_attempts": INTEGER,
        "window": DURATION,
    },
)
RESOURCES = st.fixed_dictionaries(
    {},
    optional={
        "limits": st.fixed_dictionaries({}, optional={"memory": SIZE, "cpus": quoted("0.5")}),
        "reservations": st.fixed_dictionaries({}, optional={"memory": SIZE}),
    },
)
DEPLOY = st.fixed_dictionaries(
    {},
    optional={
        "mode": plain("replicated", "global", "replicated-job", "global-job"),
        "replicas": INTEGER,
        "labels": PAIRS,
        "update_config": UPDATE,
        "rollback_config": UPDATE,
        "restart_policy": RESTART,
        "resources": RESOURCES,
    },
)
SERVICE = mostly(
    st.fixed_dictionaries(
        {"image": plain("nginx:1.25", "app:$N", "${NOT_SET-x}:1", "x")},
        optional={
            "deploy": DEPLOY,
            "healthcheck": HEALTH,
            "ports": st.lists(PORT, max_size=3),
            "volumes": st.lists(MOUNT, max_size=3),
            "stop_grace_period": DURATION,
            "labels": PAIRS,
            "environment": PAIRS,
            "command": COMMAND,
            "depends_on": st.lists(plain("db", "app"), max_size=2, unique_by=lambda x: x.text),
            "networks": st.one_of(
                st.just([Plain("one")]), st.just({"one": Plain(""), "two": {"aliases": ["x"]}})
            ),
            "tty": BOOLEAN,
            "restart": plain("always", "'no'", "on-failure:3"),
            "x-mine": SCALAR,
        },
    ),
    st.one_of(
        st.just({"image": Plain("x"), "unknown": Plain("1")}),
        st.just({"image": Plain("x"), "extends": Plain("db")}),
        st.just({"image": Plain("x"), "mem_limit": Plain("1g")}),
        st.just({"image": Plain("x"), "depends_on": {"db": {}}}),
        st.just({"image": Plain("x"), "shm_size": Plain("64")}),
        st.just({"image": Plain("x"), "deploy": Plain("")}),
        st.just({"image": Plain("x"), "healthcheck": Plain("")}),
        st.just({"image": Plain("x"), "ports": Plain("")}),
        plain("", "x"),
        st.just({}),
    ),
)
VERSION = mostly(
    st.one_of(st.none(), quoted("3.8", "3.7", "3", "3.13", "3.12")),
    st.one_of(quoted("2.4", "3.14", "3.0", "3.2", "3.4", "4"), plain("3.8", "3", "")),
)
SECTION = mostly(
    st.one_of(
        plain(""),
        st.just({"external": Plain("true")}),
        st.just({"external": Plain("${B}"), "name": Plain("n")}),
        st.just({"external": {"name": Plain("n")}}),
        st.just({"name": Plain("${V}")}),
    ),
    st.one_of(
        st.just({"external": {"name": Plain("n")}, "name": Plain("m")}),
        st.just({"external": Plain("true"), "driver": Plain("local")}),
        st.just({"external": Plain("yes")}),
        st.just({"internal": Plain("true")}),
        plain("x"),
    ),
)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Draw the text of one compose file."""
    tree: dict[str, Tree] = {}
    version: Tree = draw(VERSION)
    if version is not None:
        tree["version"] = version
    names = quoted("app", "db", "my.app", "a-b_c", "0")
    services: dict[str, Tree] = draw(st.dictionaries(names, SERVICE, max_size=3))
    lines: list[str] = []
    with_defaults: bool = draw(st.booleans())
    if services and with_defaults:
        tree["x-defaults"] = {"deploy": draw(DEPLOY)}
        lines = _text({"x-defaults": tree.pop("x-defaults")}).splitlines()
        lines[0] += " &defaults"
        first = next(iter(services.values()))
        if isinstance(first, dict):
            first["<<"] = Plain("*defaults")
    tree["services"] = services
    for section in ("networks", "volumes"):
        if draw(st.booleans()):
            tree[section] = draw(st.dictionaries(quoted("one", "data"), SECTION, max_size=2))
    odd = draw(mostly(st.just(""), quoted(*_ODD_ENDINGS)))
    return "\n".join([*lines, _text(tree) + odd])


_ODD_ENDINGS = (
    "services: {}\n",
    "name: x\n",
    "x-more: {1: 2}\n",
    "x-more: [$NOT_SET, '${NOT_SET:?}']\n",
    "- a\n",
    "include: [a.yml]\n",
    "---\nmore: [\n",
    "x-more: {<<: 3}\n",
    "x-more: *nothing\n",
    "x-more: !!int a\n",
    "x-more: !own {a: 1}\n",
)


def _text(tree: dict[str, Tree]) -> str:
    return "".join(f"{line}\n" for line in _lines(tree, ""))


def _lines(tree: Tree, indent: str) -> list[str]:
    lines: list[str] = []
    if isinstance(tree, dict):
        entries = [
            (f"{key if key == '<<' else _quote(key)}:", value) for key, value in tree.items()
        ]
    else:
        entries = [("-", value) for value in tree]
    for head, value in entries:
        if isinstance(value, Plain):
            lines.append(f"{indent}{head} {value.text}".rstrip())
        elif isinstance(value, str):
            lines.append(f"{indent}{head} {_quote(value)}")
        elif not value:
            lines.append(f"{indent}{head} {'{}' if isinstance(value, dict) else '[]'}")
        else:
            lines += [f"{indent}{head}", *_lines(value, f"{indent}  ")]
    return lines


def _quote(text: str) -> str:
    return text if text.isidentifier() else f"'{text}'"
