"""Compose files that hold what go-yaml and Go's own parsers read otherwise than their cousins.

Kinds, each with many members: tabs around comments, byte order marks, merge keys by alias, numbers
in texts and variables, numbers that Go's integers do not hold, marks for the end of a text.
"""

from collections.abc import Iterator
from itertools import product

HEAD = "services:\n  a:\n    image: x:1\n"
_MARK = "\ufeff"
_NUMBERS = """
    1e400 1e-400 1e308p 1_024m 1_0 1__0 _1 1_ 0x1p-2 0x.8p0m 0x1.8p1g 0x_1p4 0x1 0b11 0o7 1e1_0
    1e1_ 1_e1 1._5 1_.5 +5m -0 -0m .5m .m 5.m 9223372036854775807 9223372036854775808 1e19 0x1p9999
    0x1p-9999 inf infinity nan 5\u0661 5\u00b2
"""
_SIZES = (
    *_NUMBERS.split(),
    "1" * 400,
    "nan ",
    "inf ",
    "Inf b",
    "infinity k",
    "nan b",
    "5  m",
    "1\u212a",
)
_VALUES = (*_NUMBERS.split(), "+Inf", "-inf", "NaN", "1e39", "-1e39", " 1", "", "1" * 400)
_INTEGERS = ("1_0", "+1", "-1", "010", "0x10", "", "\u00b2", "\u0663", "9" * 19, "9" * 5000, "-0")
_KEYS = """
    deploy: {replicas: .nan}|deploy: {replicas: .inf}|deploy: {replicas: 1e30}
    deploy: {replicas: 18446744073709551616}|deploy: {replicas: -0.0}
    deploy: {update_config: {max_failure_ratio: .inf}}
    deploy: {update_config: {max_failure_ratio: .nan}}
    deploy: {update_config: {max_failure_ratio: 1e39}}
    deploy: {update_config: {parallelism: 1e30}}|deploy: {restart_policy: {max_attempts: 1e19}}
    deploy: {placement: {max_replicas_per_node: -1}}
    deploy: {placement: {max_replicas_per_node: 1e3}}
    deploy: {placement: {max_replicas_per_node: -0.0}}
    deploy: {resources: {limits: {pids: -1}}}
    healthcheck: {retries: .nan}|healthcheck: {retries: -1}|healthcheck: {retries: 1.5}
    restart: 'on-failure:\u00b2'|restart: 'on-failure:-5'
    ulimits: {nofile: 9223372036854775808}|ulimits: {nofile: 9223372036854775807}
    ulimits: {nofile: {soft: 1, hard: 9223372036854775808}}|ulimits: {nofile: -1}
    ports: [{target: -1}]|ports: [{target: 4294967296}]|ports: [{target: 1, published: 1e30}]
    configs: [{source: a, mode: -1}]|secrets: [{source: a, mode: -1}]|secrets: [{mode: 1.5}]
    volumes: ["a\\0b:/x"]|volumes: ["a:/x\\0ro"]|volumes: ["abc\\0"]|volumes: ["abc\\0def\\0ro"]
    volumes: ["\\0abc"]|volumes: ["abc:/d:ro\\0x:y"]|command: "a\\0b"
    stop_grace_period: '9223372036854775808ns'|stop_grace_period: '-9223372036854775808ns'
"""
_BEFORE = (
    "",
    "    # c\n",
    "# c\n",
    "    user: y # c\n",
    "    command: 'x # y'\n",
    "    labels: [a,\n # c\n",
    "    command: |\n      # c\n",
    "    labels:\n      - a=1 # c\n",
    "    command: 'x\n      # y'\n",
)
_TABBED = (
    "\t# d\n",
    "  \t# d\n",
    "\t\n\t# d\n",
    "\t\n",
    "\n\t# d\n",
    "    # e\n\t# d\n",
    "\t# d\r\n",
    "\t# d",
    "\t#\n\t\n  \t  # q\n",
    "    # e\n" + " " * 505 + "\t# d\n",
    "    # e\n" + " " * 515 + "\t# d\n",
    "    # e\n" + "\n" * 520 + "\t# d\n",
    "    # e\n\t# d\n    command: |\n      t\n    # f\n\t# g\n",
    "    # e\n\t# d\n    command: |\n      # x\n      \t# y\n    # f\n  \t# g\n",
)
_AFTER = ("    tty: true\n", "  b: {image: y:1}\n", "", "  b: {command: [x:y]}\n")
_MARKED = (
    _MARK + HEAD,
    _MARK + _MARK + HEAD,
    "# c\n" + _MARK + HEAD,
    "---\n" + _MARK + HEAD,
    HEAD + _MARK,
    HEAD + _MARK + "\n",
    HEAD + _MARK + "# c\n",
    HEAD + "    " + _MARK + "user: a\n",
    HEAD + _MARK + "    user: a\n",
    HEAD + f"    user: 'a{_MARK}'\n",
    HEAD + f"    user: a{_MARK}\n",
    HEAD + f"    command: 'a\n{_MARK}      b'\n",
    HEAD + f"    command: [a,\n{_MARK} b]\n",
    HEAD + f"    # {_MARK}\n",
    HEAD + f"    healthcheck: {{test: 'a{_MARK}\ue000'}}\n",
    HEAD + f"    healthcheck: {{test: a{_MARK}}}\n",
)
_MERGES = (
    "x-a: &a [{replicas: 5}]\nDEPLOY {<<: *a}\n",
    "x-a: &a {replicas: 5}\nDEPLOY {<<: [*a]}\n",
    "x-a: &a [{replicas: 5}]\nDEPLOY {<<: [*a]}\n",
    "x-a: &a []\nDEPLOY {<<: *a}\n",
    "x-a: &a\nDEPLOY {<<: *a}\n",
    "DEPLOY {<<: []}\n",
    "DEPLOY {<<: &m [{replicas: 2}]}\n",
    "DEPLOY {<<: !!seq [{replicas: 2}]}\n",
    "DEPLOY {<<: [[{replicas: 2}]]}\n",
    "x-a: &a\n  - {replicas: 5}\nDEPLOY\n      <<: *a\n",
)


def dialects() -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each file with the variables it is read under."""
    ratio = HEAD + "    deploy: {update_config: {max_failure_ratio: '${V}'}}\n"
    yield from ((ratio, {"V": text}) for text in _VALUES)
    replicas = HEAD + "    deploy: {replicas: '${V}'}\n"
    yield from ((replicas, {"V": text}) for text in _INTEGERS)
    yield from ((text, {}) for text in _without_variables())


def _without_variables() -> Iterator[str]:
    for text in _SIZES:
        yield HEAD + f"    deploy: {{resources: {{limits: {{memory: '{text}'}}}}}}\n"
    for key in _KEYS.replace("\n", "|").split("|"):
        yield HEAD + f"    {key.strip()}\n"
    yield from _MARKED
    yield from (text.replace("DEPLOY", HEAD + "    deploy:") for text in _MERGES)
    for before, tabbed, after in product(_BEFORE, _TABBED, _AFTER):
        yield HEAD + before + tabbed + after
