"""A pack as it is, or as it was. In: an id, a folder or `REVISION:path`. Out: the policy.

A revision is read with git into a folder of its own, the packs it builds on beside it; the working
tree is not touched.
"""

from __future__ import annotations

import io
import posixpath
import shutil
import subprocess
import tarfile
from datetime import date
from pathlib import Path

from msgspec.structs import replace

from zhuanjie.engine.core.errors import PolicyError, UsageError, fail
from zhuanjie.engine.core.temporary import new_folder, room
from zhuanjie.engine.core.yaml_source import read_source
from zhuanjie.engine.policy.base_ref import base_id
from zhuanjie.engine.policy.check import build_policy
from zhuanjie.engine.policy.found import MANIFEST, find_folder
from zhuanjie.engine.policy.locate import load_chain, policy_periods
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.engine.policy.timeline import PackTimeline


def policy_at(spec: str) -> Policy:
    """The policy that `spec` names.

    Raises UsageError for what is not there, PolicyError for a pack that cannot be used.
    """
    revision, colon, path = spec.partition(":")
    if colon and not Path(spec).exists():
        return _revision(revision, path)
    return build_policy(load_chain(find_folder(spec)))


def policies_at(specs: str, day: date) -> Policy:
    """The policy that `specs` names, or several between commas that judge by date, as on a day.

    Raises what `policy_at` raises, and PolicyError where it is not clear which judges a record.
    """
    names = [spec.strip() for spec in specs.split(",") if spec.strip()]
    if len(names) < 2 or Path(specs).exists():
        return policy_at(specs)
    policies = {p.chain[-1].folder: p for p in map(policy_at, names)}
    periods = policy_periods([(p.manifest, folder) for folder, p in policies.items()])
    return PackTimeline(periods, lambda folder, numbers: (
        build_policy(policies[folder].chain, numbers) if numbers else policies[folder])).on(day)


def policy_before(base: str, policy: Policy) -> Policy:
    """The policy to compare with: `base` as `policy_at` takes it, or a bare git revision.

    A bare revision means the same pack as it was then.
    """
    folder = policy.chain[-1].folder.resolve()
    try:
        return policy_at(base)
    except UsageError as error:
        if ":" in base or not _is_revision(base, folder):
            raise error from None
    top = Path(_git(folder, "rev-parse", "--show-toplevel").decode().strip())
    return _revision(base, folder.relative_to(top.resolve()).as_posix(), top)


def _revision(revision: str, path: str, cwd: Path | None = None) -> Policy:
    here = cwd or Path.cwd()
    top = Path(_git(here, "rev-parse", "--show-toplevel").decode().strip())
    if not _is_revision(revision, here):
        raise fail(UsageError, "author.no-revision", hint="author.no-revision.hint",
                   revision=revision)
    if path.startswith("."):
        prefix = _git(here, "rev-parse", "--show-prefix").decode().strip()
        path = posixpath.normpath(posixpath.join(prefix, path))
    path = path.strip("/")
    if not _holds(top, revision, path):
        packs = _packs(top, revision)
        raise fail(UsageError, "author.no-path", hint="author.no-path.hint" if packs else None,
                   revision=revision, path=path, packs=", ".join(packs))
    with room():
        root = new_folder()
    try:
        with room():
            _extract(top, revision, path, root)
        try:
            policy = build_policy(load_chain(root / path))
        except PolicyError as error:
            # The reader knows the revision, not the folder it was read into.
            raise PolicyError(*(
                replace(d, place=replace(d.place, file=(d.place.file or "").replace(
                    f"{root}/", f"{revision}:"))) for d in error.diagnostics)) from None
    finally:
        shutil.rmtree(root, ignore_errors=True)
    for pack in policy.chain:
        for source in (pack.source, *(topic.source for topic in pack.topics)):
            source.file = source.file.replace(f"{root}/", f"{revision}:")
    return policy


def _extract(top: Path, revision: str, path: str, root: Path) -> None:
    """Unpack a pack of a revision, and those it builds on where they stand beside it."""
    done: set[str] = set()
    while path not in done and _holds(top, revision, path):
        done.add(path)
        packed = _git(top, "archive", "--format=tar", revision, "--", path)
        with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
            tar.extractall(root, filter="data")
        data = read_source(root / path / MANIFEST, PolicyError).data
        base = base_id(data.get("builds_on")) if isinstance(data, dict) else None
        if base is None:
            return
        path = posixpath.join(posixpath.dirname(path), base)


def _holds(top: Path, revision: str, path: str) -> bool:
    """Whether a revision has a pack at a path."""
    name = f"{revision}:{path}/{MANIFEST}" if path else f"{revision}:{MANIFEST}"
    return _ask(top, "cat-file", "-e", name) is not None


def _packs(top: Path, revision: str) -> list[str]:
    listed = _git(top, "ls-tree", "-r", "--name-only", revision).decode()
    return [posixpath.dirname(n) for n in listed.splitlines() if posixpath.basename(n) == MANIFEST]


def _is_revision(revision: str, here: Path) -> bool:
    return bool(revision) and not revision.startswith("-") and _ask(
        here, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}") is not None


def _git(here: Path, *args: str) -> bytes:
    """What a git command prints; raises UsageError where there is no repository or no git."""
    out = _ask(here, *args)
    if out is None:
        raise fail(UsageError, "author.no-repository", hint="author.no-repository.hint",
                   folder=str(here))
    return out


def _ask(here: Path, *args: str) -> bytes | None:
    try:
        done = subprocess.run(["git", "-C", str(here), *args], capture_output=True, check=False)
    except OSError:
        raise fail(UsageError, "author.no-git", hint="author.no-git.hint") from None
    return done.stdout if done.returncode == 0 else None
