"""The web app: webhooks, JSON API and pages, put together from the parts that it is handed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import Depends, FastAPI, Request
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from web import errors
from web.api import attachments, commands, drafts, health, issues, openings
from web.api import reviews as api
from web.api import template as asked
from web.auth import account, sign_in
from web.auth.authentication import Gate
from web.deps import WebDeps
from web.pages import draft_routes as writing
from web.pages import my_work as work
from web.pages import report_incident as reporting
from web.pages import review_routes as reviews
from web.pages import routes as pages
from web.pages import search
from web.rendering import Pages
from web.security import BodyLimit, JsonOnly, SecurityHeaders, hosts_to_answer
from web.webhooks import routes as webhooks
from web.webhooks.dispatch import Dispatcher

STATIC = Path(__file__).parent / "static"

DESCRIPTION = """Holdfast keeps the review of every ML incident open until prevention has really happened.

People say commands, which are accepted or refused with every reason. Sources and trackers tell facts, which are never
refused. Times are in UTC. Persons are named by handles, such as e-mail addresses. Bring an API token as a bearer token;
where no identity provider is set up, nobody has to, and it is recorded as “local, unauthenticated”."""


def create_app(deps: WebDeps) -> FastAPI:
    """The app over these parts. It starts nothing of its own, and connects to nothing."""
    dispatcher, rendering = Dispatcher(deps), Pages()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await dispatcher.idle()

    app = FastAPI(
        title="Holdfast",
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(Gate(deps).check)],
        lifespan=lifespan,
        responses={
            422: {"model": errors.ErrorBody, "description": "Something is wrong; the sentence names the field."}
        },
    )
    app.state.dispatcher = dispatcher
    errors.install(app, rendering)
    app.include_router(webhooks.routes(deps, dispatcher))
    app.include_router(openings.routes(deps))
    app.include_router(commands.routes(deps))
    app.include_router(attachments.routes(deps))
    app.include_router(drafts.routes(deps))
    app.include_router(health.routes(deps))
    app.include_router(api.routes(deps))
    app.include_router(asked.routes(deps))
    app.include_router(issues.routes(deps, dispatcher))
    app.include_router(sign_in.routes(deps, rendering))
    app.include_router(account.routes(deps, rendering))
    app.include_router(writing.routes(deps, rendering))
    app.include_router(reporting.routes(deps, rendering))  # before the page of a review that would be called “new”
    app.include_router(reviews.routes(deps, rendering))
    app.include_router(work.routes(deps, rendering))
    app.include_router(search.routes(deps, rendering))
    app.include_router(pages.routes(deps, rendering, app.openapi))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(JsonOnly)
    app.add_middleware(BodyLimit, refuse=lambda scope, *said: errors.answered(rendering, Request(scope), *said))
    app.add_middleware(
        TrustedHostMiddleware,
        allowed_hosts=hosts_to_answer(deps.web.allowed_hosts, deps.web.public_url),
        www_redirect=False,
    )
    app.add_middleware(SecurityHeaders)
    return app
