"""What a login is refused with. In: diagnostics. Out: the errors that carry them."""

from __future__ import annotations

from zhuanjie.web.store.errors import ForbiddenError, RegisterError


class LoginError(ForbiddenError):
    """It is not known who asks: a wrong name, password, code, key or ticket; it is not said which.
    """


class LockedOutError(RegisterError):
    """Too many attempts failed; `retry_after` seconds have to pass before the next."""

    retry_after: int = 0
