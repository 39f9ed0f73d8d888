"""What both commands on waivers do. In: files, options. Out: the review of the files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from zhuanjie.cli.ledgers import arguments
from zhuanjie.cli.options import Selection
from zhuanjie.cli.progress import Progress
from zhuanjie.cli.session import Session
from zhuanjie.engine.api import UsageError, fail

if TYPE_CHECKING:
    from zhuanjie.engine.api import Policy, WaiverReview


def review(session: Session, files: Sequence[str], ledgers: Sequence[str], selection: Selection,
           policy: Policy, soon: int) -> WaiverReview:
    """Look through the files named, or those of the settings; see `api.review_waivers`."""
    from zhuanjie.engine import api

    paths = [*files] or [*selection.waivers]
    if not paths:
        raise fail(UsageError, "cli.waivers.none", hint="cli.waivers.none.hint")
    asked = arguments(selection, session, policy)
    del asked["waivers"]
    with Progress(session, quiet=session.quiet) as progress:
        return api.review_waivers(paths, policy, soon=soon, ledgers=[*ledgers] or None,
                                  progress=progress, **asked)
