"""One input of the fuzzer. In: files and a call. Out: the same on disk and back again.

An input is whole by itself: the files that stand in the working folder, the arguments of the
call, what comes on stdin, and what its maker knows of the answer.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

HEAD = "case.json"


@dataclass(frozen=True)
class FuzzInput:
    """What one run is given."""

    kind: str
    args: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    stdin: bytes = b""
    form: str = ""
    """The format that stdout, or the file `output`, should parse as; "" where none is known."""
    output: str = ""
    """The file, or the folder, that the call asks for."""
    writes: tuple[str, ...] = ()
    """Files that the call may change, beside `output`."""
    rows: int | None = None
    """Rows of the ledger below its headings, where its maker knows them."""
    blank: int = 0
    """So many of `rows` may hold nothing, and need not be spoken of."""
    secrets: tuple[str, ...] = ()
    """Texts that must not be shown."""
    call: str = ""
    """A call of the library in place of the command: its name; `args` are Python literals."""

    def put(self, folder: Path) -> None:
        """Write the files into `folder`."""
        for name, data in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def save(self, folder: Path, **said: Any) -> None:
        """Keep the input as a case: its files, and a head that says the rest."""
        folder.mkdir(parents=True, exist_ok=True)
        self.put(folder / "files")
        head = {k: v for k, v in asdict(replace(self, files={})).items() if v not in ("", b"", ())}
        head.pop("files")
        if self.stdin:
            head["stdin"] = base64.b64encode(self.stdin).decode()
        (folder / HEAD).write_text(json.dumps({**said, **head}, indent=1) + "\n")

    @classmethod
    def load(cls, folder: Path) -> FuzzInput:
        """A case that was kept."""
        head = json.loads((folder / HEAD).read_text())
        known = {k: tuple(v) if isinstance(v, list) else v for k, v in head.items()
                 if k in cls.__dataclass_fields__}
        if "stdin" in known:
            known["stdin"] = base64.b64decode(known["stdin"])
        held = folder / "files"
        return cls(**known, files={p.relative_to(held).as_posix(): p.read_bytes()
                                   for p in sorted(held.rglob("*")) if p.is_file()})

    @property
    def size(self) -> int:
        """About how large it is."""
        return (sum(map(len, self.files.values())) + len(self.stdin)
                + sum(len(a) for a in self.args))
