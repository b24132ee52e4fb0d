"""Sets of CPUs as Linux, libvirt and Nova write them."""

from __future__ import annotations

from collections.abc import Iterable


def parse_cpus(text: str) -> frozenset[int]:
    """The CPUs of a specification such as ``0-3,^2,8``; a part with ``^`` takes CPUs away.

    >>> sorted(parse_cpus("0-3,^2,8"))
    [0, 1, 3, 8]
    >>> parse_cpus("")
    frozenset()
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    excluded = {cpu for part in parts if part.startswith("^") for cpu in _span(part[1:])}
    return frozenset(cpu for part in parts if not part.startswith("^") for cpu in _span(part)) - excluded


def format_cpus(cpus: Iterable[int]) -> str:
    """CPUs in the shortest form that all of them read.

    >>> format_cpus({0, 1, 2, 8})
    '0-2,8'
    """
    spans: list[list[int]] = []
    for cpu in sorted(set(cpus)):
        if spans and spans[-1][-1] == cpu - 1:
            spans[-1][1:] = [cpu]
        else:
            spans.append([cpu])
    return ",".join("-".join(map(str, span)) for span in spans)


def _span(part: str) -> range:
    first, _, last = part.partition("-")
    return range(int(first), int(last or first) + 1)
