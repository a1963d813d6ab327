"""Errors as RFC 9457 problem details."""

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from api import context
from chargewise.app.jobs.queue import TooManyJobsError
from chargewise.app.plants import NotReadyError
from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.solve.errors import OutOfTimeError, SolverError
from optimizer.solve.interruption import StoppedError
from steel.complaints import complaint, plain
from steel.errors import InputError
from steel.frozen import Frozen

LOG = logging.getLogger("chargewise.requests")
MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 20
"""Entries of one document; who sent more wrong than that has other worries."""


class Problem(Frozen):
    """A problem document (RFC 9457) as this service writes it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[dict[str, Any]] = []
    request_id: str = ""


class UnknownResourceError(InputError):
    """A plant, grade or model that is named in the path and does not exist."""


class ConflictError(Exception):
    """Something that cannot be as things stand."""


class PreconditionError(Exception):
    """A change that did not say what it changes, or changes what is no more.

    Attributes:
        status: 428 for the one, 412 for the other.
    """

    def __init__(self, status: int, detail: str) -> None:
        self.status = status
        super().__init__(detail)


class ForbiddenError(Exception):
    """Something that whoever asks may not do."""


def problem_response(problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """A problem as a response of its media type."""
    content = {**problem.model_dump(mode="json"), "request_id": context.request_id.get()}
    return JSONResponse(content, problem.status, headers, MEDIA_TYPE)


def _input_error(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, InputError):
        raise error
    status, title = (404, "Not found") if isinstance(error, UnknownResourceError) else (422, "Input cannot be used")
    entry = {"where": error.where, "value": plain(error.value), "expected": error.expected}
    return problem_response(Problem(title=title, status=status, detail=str(error)[:1000], errors=[entry]))


def _validation_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    model = _body_model(request)
    found = [complaint(item, model, skip=1) for item in error.errors()[:MOST_ERRORS]]
    found.sort(key=lambda one: not one.unknown_key)
    entries = [{"where": one.where, "value": one.value, "expected": one.expected} for one in found]
    return problem_response(
        Problem(title="Input cannot be used", status=422, detail=found[0].sentence()[:1000], errors=entries)
    )


def _body_model(request: Request) -> Any:
    """What the body of a request should have been."""
    field = getattr(request.scope.get("route"), "body_field", None)
    return getattr(getattr(field, "field_info", None), "annotation", None)


def _impossible(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, ImpossibleOrderError):
        raise error
    entries = [{"requirement": c.requirement, "possible_at": c.relax_to, "source": c.source} for c in error.conflicts]
    return problem_response(
        Problem(title="No recipe meets every requirement", status=409, detail=str(error), errors=entries)
    )


def _forbidden(_: Request, error: Exception) -> JSONResponse:
    return problem_response(Problem(title="Forbidden", status=403, detail=str(error)))


def _conflict(_: Request, error: Exception) -> JSONResponse:
    return problem_response(Problem(title="Not as things stand", status=409, detail=str(error)))


def _precondition(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, PreconditionError):
        raise error
    title = "Precondition required" if error.status == 428 else "Precondition failed"
    return problem_response(Problem(title=title, status=error.status, detail=str(error)))


def _too_many(_: Request, error: Exception) -> JSONResponse:
    return problem_response(Problem(title="Too much at once", status=429, detail=str(error)), {"Retry-After": "30"})


def _out_of_time(_: Request, error: Exception) -> JSONResponse:
    return problem_response(Problem(title="No recipe within the time limit", status=503, detail=str(error)))


def _no_answer(_: Request, error: Exception) -> JSONResponse:
    return problem_response(Problem(title="The solver gave no answer", status=500, detail=str(error)))


def _not_ready(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, NotReadyError):
        raise error
    detail = f"{error.plant} cannot be answered for at present; /readyz says why"
    return problem_response(Problem(title="Plant not ready", status=503, detail=detail), {"Retry-After": "30"})


def _left(_: Request, error: Exception) -> JSONResponse:
    return problem_response(Problem(title="Stopped", status=503, detail="the client left before there was an answer"))


def database_away(error: Exception) -> JSONResponse:
    """The database does not answer; what a driver says may hold rows of heats and goes to the log only."""
    LOG.error("the database does not answer (%s)", type(error).__name__)
    detail = "the database does not answer at present; what was sent was not kept, send it again"
    return problem_response(Problem(title="Database away", status=503, detail=detail), {"Retry-After": "5"})


def _files_away(_: Request, error: Exception) -> JSONResponse:
    """A disk that is full or cannot be written to; paths are the operator's and go to the log only."""
    LOG.error("files cannot be written (%s)", error)
    reason = (isinstance(error, OSError) and error.strerror) or type(error).__name__
    detail = f"the service cannot write its files at present ({reason}); what was sent was not kept, send it again"
    return problem_response(Problem(title="Storage away", status=503, detail=detail), {"Retry-After": "30"})


def _database_away(_: Request, error: Exception) -> JSONResponse:
    return database_away(error)


def _http_error(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    return problem_response(Problem(title=str(error.detail), status=error.status_code, detail=str(error.detail)))


def _broken(_: Request, error: Exception) -> JSONResponse:
    detail = f"the service failed at this request ({type(error).__name__}); its log says where"
    return problem_response(Problem(title="Internal error", status=500, detail=detail))


def install(app: FastAPI) -> None:
    """Answer every error of the service with a problem document."""
    app.add_exception_handler(InputError, _input_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(ImpossibleOrderError, _impossible)
    app.add_exception_handler(ConflictError, _conflict)
    app.add_exception_handler(PreconditionError, _precondition)
    app.add_exception_handler(TooManyJobsError, _too_many)
    app.add_exception_handler(ForbiddenError, _forbidden)
    app.add_exception_handler(OutOfTimeError, _out_of_time)
    app.add_exception_handler(SolverError, _no_answer)
    app.add_exception_handler(NotReadyError, _not_ready)
    app.add_exception_handler(StoppedError, _left)
    app.add_exception_handler(SQLAlchemyError, _database_away)
    app.add_exception_handler(OSError, _files_away)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _broken)
