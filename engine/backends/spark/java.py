"""The Java process that a Spark session starts here. In: where calls keep files. Out: its options.

Half of what its start costs is finding, checking and linking ten thousand classes, the same each
time. Where calls keep files, the second process notes them down as it ends (class data sharing),
and those that follow begin with them: not the first, since many a machine sees no second one. Java
itself passes over an archive that other classes or another Java made.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pyspark

from zhuanjie.engine.core.kept_files import KeptFiles, kept_files, name_of

_JAVA: Final = "SPARK_SUBMIT_OPTS"
"""Where options for Java stand before those of Spark's settings, of which the last one holds."""
_PLAINLY: Final = "-XX:TieredStopAtLevel=1"
_USED, _NOTED = "-XX:SharedArchiveFile=", "-XX:ArchiveClassesAtExit="
_SILENT: Final = "-Xlog:disable"
"""What does not fit an archive Java would tell on stdout, which is ours."""
_ARCHIVE: Final = "spark-{}.jsa"
_PLAIN: Final = re.compile(r"[\w./@+-]+")
"""A path that needs no quotes, and is one path to Java."""
_OTHERS: Final = re.compile(r"SharedArchive|ArchiveClasses|Xshare|class-?path", re.IGNORECASE)
_TOLD: Final = ("PYSPARK_SUBMIT_ARGS", _JAVA, "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS")
_PLACES: Final = ("SPARK_HOME", "SPARK_CONF_DIR", "HADOOP_CONF_DIR", "YARN_CONF_DIR",
                  "SPARK_DIST_CLASSPATH", "SPARK_REMOTE")
"""What says which classes there are, beside Spark and Java themselves."""
_TRIES: Final = range(1, 3)
"""After so many processes the next one notes its classes; if nothing came of the last, no more."""


@contextmanager
def started_fast() -> Iterator[None]:
    """Have a Java process that starts here compile plainly, unless it is told otherwise, and begin
    with the classes that are kept.

    Where it deals out numbers, compiling well costs more than all that it runs.
    """
    told = os.environ.get(_JAVA)
    os.environ[_JAVA] = " ".join(filter(None, (_PLAINLY, *_sharing(), told)))
    try:
        yield
    finally:
        os.environ.pop(_JAVA)
        if told is not None:
            os.environ[_JAVA] = told


def _sharing() -> tuple[str, ...]:
    """Options to begin with the classes kept, or to keep them; none where neither is to be."""
    kept, java = kept_files(), _java()
    if kept is None or java is None or any(_OTHERS.search(os.environ.get(n, "")) for n in _TOLD):
        return ()
    name = name_of("spark", pyspark.__version__, pyspark.__file__, java,
                   *(os.environ.get(place, "") for place in _PLACES))
    tries = kept.read(name) or ""
    if not tries:
        kept.write(name, "1")
        return ()
    archive = kept.folder / _ARCHIVE.format(name[:16])
    if _PLAIN.fullmatch(str(archive)) is None:
        return ()
    with suppress(OSError):
        if _is_whole(archive):
            return f"{_USED}{archive}", _SILENT
    if len(tries) not in _TRIES:
        return ()
    kept.write(name, f"{tries}1")
    _removed(kept)
    return f"{_NOTED}{archive}", _SILENT


def _java() -> str | None:
    """The Java that Spark will take, with its age."""
    home = os.environ.get("JAVA_HOME")
    found = str(Path(home, "bin", "java")) if home else shutil.which("java")
    if found is None:
        return None
    with suppress(OSError):
        path = Path(found).resolve(strict=True)
        return f"{path} {path.stat().st_mtime_ns}"
    return None


def _is_whole(archive: Path) -> bool:
    """Whether an archive is this user's and finished: its first bytes are written last."""
    with os.fdopen(os.open(archive, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        state = os.fstat(file.fileno())
        return (stat.S_ISREG(state.st_mode) and state.st_uid == os.geteuid()
                and not state.st_mode & 0o022 and any(file.read(4)))


def _removed(kept: KeptFiles) -> None:
    """Remove other archives: one takes as much as all else that is kept."""
    with suppress(OSError):
        for other in kept.folder.glob(_ARCHIVE.format("*")):
            other.unlink()
