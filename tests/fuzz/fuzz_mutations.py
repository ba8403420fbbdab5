"""What goes wrong on the way from a tracker to us, done to a good request at random: to its JSON tree, then to its bytes.

Every function takes its chance as an argument, so that a seed gives the same input again.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import brotli
import zstandard
from fuzz_json import Embedded, Token, Twice, bytes_of

WEIRD_NUMBERS = [
    *("NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1E+3000000", "1e-3000000", "01", "1.", ".5", "+1", "0x10", "1_0", "-"),
    *("-0", "-0.0", "0e0", "9007199254740993", "4294967296", "18446744073709551616", "-9223372036854775809", "1e15", "1e18"),
    *("9" * 30, "9" * 400, "9" * 4400, "-" + "9" * 4400, "0." + "3" * 60, "1." + "0" * 5000, "99999999999999.9999", "1e14"),
]
WEIRD_TEXTS = [
    *(
        "",
        " ",
        "\0",
        "a\0b",
        "\ud83d",
        "a\ude00",
        "\ufffe",
        "\u202e",
        "👩‍👩‍👧‍👦",
        "é",
        "ü" * 200,
        "x" * 200,
        "x" * 201,
        "\r\n\t\x1b[0m",
    ),
    *(
        "NaN",
        "sNaN",
        "nan",
        "Infinity",
        "-inf",
        "1e400000",
        "1e-400000",
        "9" * 5000,
        "-1",
        "1,5",
        "٣",
        "²",
        "１２",
        "1_000",
        " 7 ",
    ),
    *("true", "null", "{}", "[]", "%", "%zz", "%00", "%ff", "&=&", "'\";--", "$direct", "undefined", "[object Object]"),
    *(
        "http://",
        "https://[::1",
        "http://a:99999/",
        "http://u:p@h/x?y#z",
        "//",
        "javascript:x",
        "data:,",
        "https://h/?" + "a=b&" * 150,
    ),
    *("a@b.example", "+49 30 1234567890", "2026-11-22T10:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
    *(
        "2026-13-40",
        "24:00",
        "2026-W01-1",
        "1795345541557",
        "-62135596800001",
        "99999999999999",
        "1.7e308",
        "2026-11-22T10:00:60Z",
    ),
    *(
        "iglu:",
        "iglu:a/b/jsonschema/1-0-0",
        "iglu:a/" + "b" * 300 + "/jsonschema/1-0-0",
        "eyJ9",
        "====",
        "custom:",
        "page_viewed",
    ),
]
LONG_TEXTS = ["x" * 70_000, "é" * 40_000, "a=b&" * 9_000, "😀" * 9_000, '"' * 9_000, "9" * 70_000, "a@b.example " * 4_000]
DEPTHS = (3, 13, 40, 200, 900, 1100, 5000)
TOKENS = (
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\\ud83d",
    b"\\u0000",
    b"\\",
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"null",
    b"\n",
    b"&",
    b"=",
    b"%",
    b"+",
)


def weird(chance: Random) -> Any:
    """A value that hardly anybody expects."""
    kind = chance.random()
    if kind < 0.1:
        return chance.choice([None, True, False, [], {}, [[]], {"": ""}, [None], 0, -1, 1.5])
    if kind < 0.4:
        return Token(chance.choice(WEIRD_NUMBERS))
    if kind < 0.93:
        return chance.choice(WEIRD_TEXTS)
    return chance.choice(LONG_TEXTS) if chance.random() < 0.3 else deep(chance)


def deep(chance: Random) -> Token:
    """JSON as deep as anybody can send it, whole or not."""
    depth = chance.choice(DEPTHS)
    start, end = chance.choice([("[", "]"), ('{"a":', "}"), ('[{"properties":', "}]")])
    return Token(start * depth + "1" + end * (depth if chance.random() < 0.9 else depth - 1))


def places(tree: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a tree."""
    found: list[tuple[Any, Any]] = []
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            found += ((node, name) for name in node)
            waiting += (inner for inner in node.values() if isinstance(inner, dict | list))
        elif isinstance(node, list):
            found += ((node, number) for number in range(len(node)))
            waiting += (inner for inner in node if isinstance(inner, dict | list))
    return found


def mutate_tree(tree: dict[str, Any], chance: Random, names: Sequence[str]) -> None:
    """One mutation of `tree`, in place. `names` are fields that the protocol knows."""
    found = places(tree)
    if found:
        container, key = chance.choice(found)
        chance.choice(_TREE)(container, key, chance, names, found)


def _replace(container: Any, key: Any, chance: Random, *_: Any) -> None:
    container[key] = weird(chance)


def _drop(container: Any, key: Any, chance: Random, *_: Any) -> None:
    del container[key]
    if isinstance(container, Embedded) or (isinstance(container, list) and len(container) == 1):
        container.append(weird(chance))


def _rename(container: Any, key: Any, chance: Random, names: Sequence[str], *_: Any) -> None:
    if isinstance(container, dict):
        container[chance.choice(names) if chance.random() < 0.8 else chance.choice(WEIRD_TEXTS)] = container.pop(key)


def _add(container: Any, key: Any, chance: Random, names: Sequence[str], *_: Any) -> None:
    if isinstance(container, dict):
        container[chance.choice(names)] = weird(chance)
    else:
        container.append(weird(chance))


def _say_twice(container: Any, key: Any, chance: Random, *_: Any) -> None:
    if isinstance(container, dict):
        container[Twice(key)] = weird(chance)


def _nest(container: Any, key: Any, chance: Random, *_: Any) -> None:
    for _ in range(chance.choice((1, 1, 2, 14, 60))):
        container[key] = [container[key]] if chance.random() < 0.5 else {"a": container[key]}


def _other_type(container: Any, key: Any, chance: Random, *_: Any) -> None:
    value = container[key]
    if isinstance(value, dict | list):
        container[key] = list(value.values()) if isinstance(value, dict) else {str(n): one for n, one in enumerate(value)}
    elif isinstance(value, str) and not isinstance(value, Token):
        container[key] = Token(value) if value[:1].isdigit() else [value]
    else:
        container[key] = str(value)


def _repeat(container: Any, key: Any, chance: Random, *_: Any) -> None:
    if isinstance(container[key], list) and container[key] and not isinstance(container[key], Embedded):
        container[key] = container[key] * chance.choice((2, 2, 3, 30))


def _swap(container: Any, key: Any, chance: Random, _: Any, found: list[tuple[Any, Any]]) -> None:
    other, there = chance.choice(found)
    if not isinstance(other[there], dict | list) and not isinstance(container[key], dict | list):
        container[key], other[there] = other[there], container[key]


_TREE: list[Callable[..., None]] = [
    _replace,
    _replace,
    _replace,
    _drop,
    _rename,
    _add,
    _say_twice,
    _nest,
    _other_type,
    _repeat,
    _swap,
]


def mutate_bytes(data: bytes, chance: Random) -> bytes:
    """One mutation of bytes."""
    at = chance.randrange(len(data) + 1)
    until = min(len(data), at + int(chance.expovariate(0.05)))
    kind = chance.randrange(6)
    if kind == 0:
        return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
    if kind == 1:
        return data[:at] + chance.choice(TOKENS) + data[at:]
    if kind == 2:
        return data[:at] + data[until:]
    if kind == 3:
        return data[:until] + data[at:]
    if kind == 4:
        return data[:at]
    return data[:at] + chance.randbytes(chance.randrange(1, 9)) + data[at:]


def as_text(text: str, chance: Random) -> bytes:
    """The text in an encoding: seldom another one than UTF-8."""
    if chance.random() < 0.95:
        return bytes_of(text)
    name = chance.choice(["utf-16", "utf-16-le", "utf-32", "utf-8-sig", "latin-1", "shift-jis", "utf-7"])
    return text.encode(name, "replace")


def as_encoded(body: bytes, chance: Random) -> tuple[dict[str, str], bytes]:
    """The body with a Content-Encoding, seldom the wrong one, seldom damaged."""
    name = chance.choice(list(_ENCODERS))
    encoded = _ENCODERS[name](body)
    if chance.random() < 0.1:
        encoded = mutate_bytes(encoded, chance)
    if chance.random() < 0.1:
        name = chance.choice([*_ENCODERS, "identity", "compress", "", "é", "gzip, gzip", "\0"])
    return {"content-encoding": name}, encoded


_ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: gzip.compress(body, 1, mtime=0),
    "deflate": lambda body: zlib.compress(body, 1),
    "br": lambda body: brotli.compress(body, quality=1),
    "zstd": lambda body: zstandard.compress(body, 1),
}
