"""Reading YAML: what go-yaml takes, what it refuses, and at which line."""

import pytest

from ccci.compose.events import DEEPEST, parse
from ccci.compose.tree import ComposeError

BOTH = pytest.mark.parametrize("fast", [True, False], ids=["with C", "without C"])


def refused(content: bytes, *, fast: bool = True) -> ComposeError:
    with pytest.raises(ComposeError) as caught:
        parse(content, fast=fast)
    return caught.value


@BOTH
def test_every_key_and_entry_knows_its_line(fast: bool) -> None:
    found = parse(b"a: 1\nb:\n  c: x\n  d:\n    - e\n    - f\n", fast=fast)
    assert found.lines == {"a": 1, "b": 2}
    assert found["b"].lines == {"c": 3, "d": 4}
    assert found["b"]["d"].lines == [5, 6]


@BOTH
def test_merge_keys_give_what_is_not_written(fast: bool) -> None:
    content = b"x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {b: 3, <<: [*x, *y]}\n"
    assert parse(content, fast=fast)["z"] == {"b": 3, "a": 1, "c": 2}


@BOTH
def test_an_anchor_may_be_defined_again(fast: bool) -> None:
    assert parse(b"a: &x 1\nb: &x 2\nc: *x\n", fast=fast)["c"] == 2


@BOTH
def test_only_the_first_document_is_read(fast: bool) -> None:
    assert parse(b"a: 1\n---\nb: 2\n", fast=fast) == {"a": 1}


@BOTH
def test_a_key_that_is_there_twice_is_refused_and_the_last_is_kept(fast: bool) -> None:
    error = refused(b"a: 1\nb: 2\na: 3\n", fast=fast)
    assert error.line == 3
    assert 'line 3: mapping key "a" already defined at line 1' in error.message
    assert error.kept == {"a": 3, "b": 2}


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (b"", 1, "top-level object must be a mapping"),
        (b"- a\n", 1, "top-level object must be a mapping"),
        (b"1: a\n", 1, "top-level object must be a mapping"),
        (b"a: {1: b}\n", 1, "json: unsupported type"),
        (b"a: {!own b: c}\n", 1, "json: unsupported type"),
        (b"a:\n  b: .inf\n", 2, "json: unsupported value"),
        (b"a: 1\n? [b]\n: c\n", 2, "invalid map key"),
        (b"a: &a\n  b: *a\n", 2, "anchor 'a' value contains itself"),
        (b"a: 1\nb: *c\n", 2, "unknown anchor 'c' referenced"),
        (b"a: 1\nb:\n  <<: 3\n", 3, "map merge requires map"),
        (b"a: 1\nb: \xff\n", 2, "yaml: "),
        (b"a: 1\n\tb: 2\n", 2, "yaml: line 2: "),
    ],
)
def test_what_docker_refuses_is_refused_with_its_line(content: bytes, line: int, said: str) -> None:
    error = refused(content)
    assert said in error.message
    assert error.line == line


@BOTH
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_understood(encoding: str, fast: bool) -> None:
    assert parse("a: ä\n".encode(encoding), fast=fast) == {"a": "ä"}


def test_an_alias_bomb_is_refused_at_once() -> None:
    levels = ["l0: &l0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 40)]
    assert "excessive aliasing" in refused("\n".join(levels).encode()).message


@BOTH
def test_endless_nesting_is_refused(fast: bool) -> None:
    error = refused(b"a: " + b"[" * (DEEPEST + 100), fast=fast)
    assert error.message


def test_endless_nesting_by_aliases_is_refused() -> None:
    levels = ["l0: &l0 [x]", *(f"l{n}: &l{n} [*l{n - 1}]" for n in range(1, 1500))]
    assert "levels deep" in refused("\n".join(levels).encode()).message
