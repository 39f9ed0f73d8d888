"""`zhuanjie serve`: the register over HTTP. In: where it is kept, where to listen. Out: answers."""

from __future__ import annotations

import gc

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.session import session_of
from zhuanjie.engine.api import lacking, missing

_PORT = 8740
_GARBAGE = 50_000
"""Objects that are made before garbage is looked for: answers make some, and nobody waits long."""


@define("serve")
@option("--database", help_key="database", metavar="URL")
@option("--host", help_key="host", default="127.0.0.1", metavar="ADDRESS")
@option("--port", help_key="port", type=options.Count(0), default=_PORT, metavar="NUMBER")
@option("--insecure", help_key="insecure", is_flag=True)
@options.lang
@click.pass_context
def command(ctx: click.Context, *, database: str | None, host: str, port: int,
            insecure: bool) -> int:
    """Serve the register until a signal ends it."""
    if lacking("web"):
        raise missing("web")
    from zhuanjie.engine import api
    from zhuanjie.web.api.server import listen, serve, url_of
    from zhuanjie.web.api.settings import http_settings
    from zhuanjie.web.operations.logs import log_to
    from zhuanjie.web.pages.site import make_site
    from zhuanjie.web.service.register import open_register

    session = session_of(ctx)
    settings = http_settings(api.settings().register)
    with listen(host, port, settings, insecure=insecure) as listening:
        register = open_register(database)
        try:
            app = make_site(register, settings)
            first = register.access.begin(title=session.say("register.serve.office"))

            def ready() -> None:
                if first is not None:  # shown once, and only where it can be used
                    session.tell(session.say("register.serve.first", user=first.user.id,
                                             password=first.password))
                session.tell(session.say("register.serve.ready", url=url_of(listening)))

            log_to()
            gc.set_threshold(_GARBAGE)
            serve(app, listening, ready)
        finally:
            register.close()
    session.tell(session.say("register.serve.stopped"))
    return exit_codes.OK
