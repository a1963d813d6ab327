"""Errors as RFC 9457 problem details."""

import math
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from optimizer.conflicts import ImpossibleOrderError
from optimizer.session import SolverError
from optimizer.stopping import StoppedError
from steel.errors import InputError
from steel.frozen import Frozen

MEDIA_TYPE = "application/problem+json"


class Problem(Frozen):
    """A problem document (RFC 9457) as this service writes it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[dict[str, Any]] = []


class UnknownResourceError(InputError):
    """A plant, grade or model that is named in the path and does not exist."""


def problem_response(problem: Problem) -> JSONResponse:
    """A problem as a response of its media type."""
    return JSONResponse(problem.model_dump(mode="json"), problem.status, media_type=MEDIA_TYPE)


def _input_error(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, InputError):
        raise error
    status, title = (404, "Not found") if isinstance(error, UnknownResourceError) else (422, "Input cannot be used")
    entry = {"where": error.where, "value": _plain(error.value), "expected": error.expected}
    return problem_response(Problem(title=title, status=status, detail=str(error), errors=[entry]))


def _validation_error(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError | ValidationError):
        raise error
    entries = [
        {
            "where": ".".join(str(part) for part in item["loc"]),
            "value": _plain(item.get("input")),
            "expected": item["msg"],
        }
        for item in error.errors()
    ]
    first = entries[0]
    detail = f"{first['where']}: {first['value']!r} cannot be used; {first['expected']}"
    return problem_response(Problem(title="Input cannot be used", status=422, detail=detail, errors=entries))


def _impossible(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, ImpossibleOrderError):
        raise error
    entries = [{"requirement": c.requirement, "possible_at": c.relax_to} for c in error.conflicts]
    return problem_response(
        Problem(title="No recipe meets every requirement", status=409, detail=str(error), errors=entries)
    )


def _out_of_time(_: Request, error: Exception) -> JSONResponse:
    return problem_response(Problem(title="No recipe within the time limit", status=503, detail=str(error)))


def _left(_: Request, error: Exception) -> JSONResponse:
    return problem_response(Problem(title="Stopped", status=503, detail="the client left before there was an answer"))


def _http_error(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    return problem_response(Problem(title=str(error.detail), status=error.status_code, detail=str(error.detail)))


def _plain(value: Any) -> Any:
    """A value as JSON can carry it."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return str(value)[:200]


def install(app: FastAPI) -> None:
    """Answer every error of the service with a problem document."""
    app.add_exception_handler(InputError, _input_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(ValidationError, _validation_error)
    app.add_exception_handler(ImpossibleOrderError, _impossible)
    app.add_exception_handler(SolverError, _out_of_time)
    app.add_exception_handler(StoppedError, _left)
    app.add_exception_handler(HTTPException, _http_error)
