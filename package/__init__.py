"""zhuanjie 转接: obligations as data, and a program that says what is not met. Out: its version.

The engine's names are in `zhuanjie.engine`. This folder is called otherwise than the package: a
folder `zhuanjie` beside `engine` would hide the installed one from whatever runs in a checkout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __version__: str
    """The version of the distribution that is installed."""

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    # Looked up when asked for: most imports of the package do not.
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version

    return version(__name__)
