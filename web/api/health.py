"""Whether this process answers, and whether everything that it needs can be reached."""

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from records.database import DatabaseError
from web.deps import WebDeps


class Wellness(BaseModel):
    """Whether this can do its work, and what it lacks."""

    ready: bool
    lacking: tuple[str, ...] = ()


def routes(deps: WebDeps) -> APIRouter:
    """Two routes for whoever watches processes."""
    router = APIRouter(tags=["Health"])

    @router.get("/healthz", summary="Whether this process answers")
    def alive() -> Wellness:
        """Always, while it does."""
        return Wellness(ready=True)

    @router.get(
        "/readyz",
        summary="Whether everything that is needed can be reached",
        response_model=Wellness,
        responses={503: {"model": Wellness, "description": "Something is lacking; it is named."}},
    )
    async def ready() -> JSONResponse:
        """The database with its current schema, and the engine."""
        lacking = (*await run_in_threadpool(_database_lacks, deps), *await _engine_lacks(deps))
        answer = Wellness(ready=not lacking, lacking=lacking)
        return JSONResponse(answer.model_dump(mode="json"), 503 if lacking else 200)

    return router


def _database_lacks(deps: WebDeps) -> list[str]:
    try:
        current = deps.records.database.schema_is_current()
    except DatabaseError as error:
        return [str(error)]
    return [] if current else ["The database has another schema than this release works with."]


async def _engine_lacks(deps: WebDeps) -> list[str]:
    if deps.door is None:
        return ["The engine is not connected."]
    if deps.engine_answers is not None and not await deps.engine_answers():
        return ["The engine cannot be reached."]
    return []
