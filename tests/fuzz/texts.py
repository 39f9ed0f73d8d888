"""Mutators for what has no structure of its own. In: bytes. Out: other bytes, much like them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from fuzz import nasty

BYTES = (b"\x00", b"\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n", b"\r\n\r\n", b'"', b"'", b",",
         b"\t", b";", b"{", b"}", b"[", b"]", b":", b"\\", b"\\u0000", b"\\ud800", b"&", b"*", b"<", b">",
         b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\x80", b"\x1a", b"%", b"/", b"#", b"-- ",
         b"9" * 5000, b"(" * 300, b"[" * 3000, b"{" * 500, b"\x00" * 64, b"1e999", b"NaN", b"-Infinity")


def mutate(rng: Random, data: bytes, words: Sequence[bytes] = ()) -> bytes:
    """One change, or a few."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        data = _once(rng, data, words)
    return data


def _span(rng: Random, data: bytes) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.choice((1, 1, 2, 4, 16, 64, 512)))


def _once(rng: Random, data: bytes, words: Sequence[bytes]) -> bytes:
    start, end = _span(rng, data)
    match rng.randrange(9):
        case 0:
            return data[:start] + data[end:]
        case 1:
            return data[:start] + rng.choice(BYTES) + data[end:]
        case 2:
            return data[:start] + rng.choice(BYTES) + data[start:]
        case 3:
            return data[:end] + data[start:end] * rng.choice((1, 2, 50)) + data[end:]
        case 4:
            return data[:start]
        case 5:
            a, b = _span(rng, data)
            return data[:start] + data[a:b] + data[end:]
        case 6 if data:
            at = rng.randrange(len(data))
            return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1:]
        case 7:
            return data[:start] + nasty.text(rng).encode(errors="surrogatepass") + data[start:]
        case _:
            word = rng.choice(words) if words else rng.choice(BYTES)
            return data[:start] + word + (data[start:] if rng.random() < 0.5 else data[end:])
