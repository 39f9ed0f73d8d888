"""What machines ask of a register. In: health, figures. Out: `/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from zhuanjie.web.operations.health import Readiness
from zhuanjie.web.operations.metrics import CONTENT_TYPE, RegisterMetrics

_HEADERS: Final = {"Cache-Control": "no-store"}
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


def operation_routes(readiness: Readiness, metrics: RegisterMetrics,
                     token: str | None = None) -> list[Route]:
    """The routes. Figures are for this machine alone, or for who has the token."""
    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"}, headers=_HEADERS)

    async def readyz(_request: Request) -> Response:
        state = await run_in_threadpool(readiness.state)
        good = all(state.values())
        return JSONResponse({"status": "ok" if good else "unavailable", "checks": state},
                            200 if good else 503, headers=_HEADERS)

    async def figures(request: Request) -> Response:
        if not may_ask(request, token):
            return Response("", 404, _HEADERS)
        return Response(await run_in_threadpool(metrics.text), 200,
                        _HEADERS | {"Content-Type": CONTENT_TYPE})

    return [Route("/healthz", healthz, methods=["GET"], name="healthz"),
            Route("/readyz", readyz, methods=["GET"], name="readyz"),
            Route("/metrics", figures, methods=["GET"], name="metrics")]


def may_ask(request: Request, token: str | None) -> bool:
    """Whether who asks has the token, or is on this machine and sent by nobody else."""
    said = request.headers.get("authorization", "")
    if token and hmac.compare_digest(said.encode(), f"Bearer {token}".encode()):
        return True
    # A proxy on this machine passes on what the world sends it.
    if any(name in request.headers for name in _FORWARDED) or request.client is None:
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
