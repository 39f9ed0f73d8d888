"""What every measurement shares. In: calls and processes. Out: medians, and docs/benchmarks.md.

Each script writes a section of its own into the page and leaves the others as they are.
"""

from __future__ import annotations

import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tabulate import tabulate

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
COMMAND = str(Path(sys.executable).parent / "zhuanjie")
AS_OF = "2007-12-31"
SECTIONS = ("one_record", "gate", "bulk", "texts", "workbooks", "peers", "scaling", "postgresql",
            "spark", "watch", "register", "register_server", "years",
            "pages", "pages_server")
HEAD = """\
# Benchmarks

Each section is written by one script of [bench/](../bench), which measures all it compares in one
run; `make bench` runs them all. Times are medians. Ratios hold better than times: what runs beside
on the machine slows everything.
"""
_LINE = re.compile(r"^<!-- line: (.*) -->\n", re.MULTILINE)
_BY_HAND = re.compile(r"^<!-- by hand -->\n.*?^<!-- end -->\n", re.MULTILINE | re.DOTALL)
_BETWEEN = """
import os, sys, time
told, args = int(sys.argv[1]), sys.argv[2:]
os.set_inheritable(told, False)
start = time.perf_counter()
_, status, used = os.wait4(os.posix_spawnp(args[0], args, os.environ), 0)
seconds = time.perf_counter() - start
os.write(told, f"{status} {seconds} {used.ru_utime + used.ru_stime} {used.ru_maxrss}".encode())
"""
"""A small process that begins the measured one: Linux counts into the peak of a process what the
one that began it held just then."""
_LINES = ("work", "ours", "what it is held against", "ratio")


def ready(address: str, serving: subprocess.Popen[bytes], seconds: float = 120) -> None:
    """Wait until the server answers; raises SystemExit where it ends, or does not in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and serving.poll() is None:
        try:
            with urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    raise SystemExit(f"the register does not answer at {address}")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table that the page opens with: our figure, and the one it is held against.

    Both are of one `unit`; the ratio is ours to the other's.
    """

    work: str
    ours: float
    limit: str
    other: float
    unit: str = "s"

    def __str__(self) -> str:
        ours, other = (f"{n:,.0f}" if n >= 100 else f"{n:.2g}" if n < 1 else f"{n:.1f}"
                       for n in (self.ours, self.other))
        return " | ".join((self.work, f"{ours} {self.unit}", f"{self.limit}: {other} {self.unit}",
                           f"{self.ours / self.other:.2f}"))


@dataclass(frozen=True, slots=True)
class Run:
    """One process: seconds on the clock, seconds of processor time, megabytes at its peak."""

    seconds: float
    work: float
    peak: float


def process(args: Sequence[str]) -> Run:
    """Run a process to its end; what it says is shown where it fails, and nothing is measured."""
    out, told = os.pipe()
    with tempfile.TemporaryFile() as said:
        subprocess.run([sys.executable, "-I", "-S", "-c", _BETWEEN, str(told), *args], stdout=said,
                       stderr=said, pass_fds=[told], check=True)
        os.close(told)
        with os.fdopen(out) as answer:
            status, seconds, work, peak = map(float, answer.read().split())
        if status:
            said.seek(0)
            sys.exit(f"{' '.join(args)}\n{said.read().decode(errors='replace')[-2000:]}")
    return Run(seconds, work, peak / 1024)


def middle(runs: Sequence[Run]) -> Run:
    """Medians; the peak is the highest."""
    return Run(statistics.median(r.seconds for r in runs), statistics.median(r.work for r in runs),
               max(r.peak for r in runs))


def median(call: Callable[[], Any], seconds: float = 1.5) -> float:
    """The median time of a call in microseconds, over at least 200 calls."""
    call()
    times: list[int] = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until or len(times) < 200:
        start = time.perf_counter_ns()
        call()
        times.append(time.perf_counter_ns() - start)
    return statistics.median(times) / 1000


def generated(folder: Path, records: int, *more: str) -> Path:
    """A ledger of so many records with the usual violations, made once in a folder."""
    ledger = folder / f"ledger-{records}.parquet"
    if not ledger.exists():
        process([COMMAND, "generate", "--records", str(records), "--seed", "80", "--quiet",
                 "--as-of", AS_OF, "--output", str(ledger), *more])
    return ledger


def auditing(ledger: Path, output: Path, policy: str = "fujian-2007-80") -> list[str]:
    """How our own audit is called."""
    return [COMMAND, "audit", str(ledger), "--policy", policy, "--as-of", AS_OF, "--fail-on",
            "never", "--quiet", "--output", str(output)]


@contextmanager
def workplace(given: Path | None) -> Iterator[Path]:
    """A folder for ledgers and findings: one given, which keeps them, or one of the moment."""
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def table(rows: Sequence[Sequence[Any]], headers: Sequence[str], formats: Sequence[str]) -> str:
    """A table in Markdown."""
    return tabulate(rows, headers=headers, floatfmt=tuple(formats), tablefmt="github",
                    disable_numparse=[i for i, f in enumerate(formats) if not f],
                    colalign=("left", *["right"] * (len(headers) - 1)))


def thousands(number: float) -> str:
    """A count that people can read, to three digits that matter."""
    digits = max(0, len(str(int(number))) - 3)
    return f"{round(number, -digits):,.0f}"


def report(name: str, title: str, body: str, packages: Sequence[str],
           lines: Sequence[Line] = ()) -> None:
    """Print a section and put it into the page, with machine, versions and day.

    Its `lines` stand in the page's first table, too. What the page marks as written by hand stays,
    and so do sections beside this one that no script writes.
    """
    sections = _sections()
    by_hand = "".join(f"{part}\n" for part in _BY_HAND.findall(sections.get(name, "")))
    text = f"## {title}\n\n{body.strip()}\n\n{by_hand}{_circumstances(packages)}\n"
    print(text)
    beside = [part for part in re.split(r"^(?=## )", sections.get(name, ""), flags=re.MULTILINE)[1:]
              if not part.startswith(f"## {title}\n")]
    sections[name] = "\n".join([
        "".join(f"<!-- line: {line} -->\n" for line in lines) + text, *beside])
    told = [line.split(" | ") for name in SECTIONS
            for line in _LINE.findall(sections.get(name, ""))]
    opening = f"\n{table(told, _LINES, [''] * len(_LINES))}\n" if told else ""
    PAGE.write_text(HEAD + opening + "".join(
        f"\n<!-- {name}: written by bench/{name.removesuffix('_server')}.py -->\n{sections[name]}"
        for name in SECTIONS if name in sections), encoding="utf-8")


def _sections() -> dict[str, str]:
    if not PAGE.exists():
        return {}
    parts = re.split(r"^<!-- (\w+): written by .*? -->\n", PAGE.read_text("utf-8"),
                     flags=re.MULTILINE)
    return {name: text.rstrip("\n") + "\n"
            for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def _circumstances(packages: Sequence[str]) -> str:
    named: Mapping[str, str] = {name: version(name) for name in ("polars", *packages)}
    versions = ", ".join(f"{name} {number}" for name, number in named.items())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (f"{datetime.now(UTC):%Y-%m-%d}, {_processor()}, {os.cpu_count()} cores, "
            f"{memory:.0f} GB, {platform.system()} {platform.release()}, "
            f"Python {platform.python_version()}, zhuanjie {version('zhuanjie')}; {versions}.")


def _processor() -> str:
    try:
        found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text("utf-8"))
    except OSError:
        found = None
    return found[1] if found else platform.machine()
