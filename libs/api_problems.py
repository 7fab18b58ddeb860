"""What FastAPI finds wrong with a request, as problem+json. It has a file of its own: most services
are better off without FastAPI, whose import takes 4 MB.
"""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError

from libs.problems import Problem, install_problems, problem


def install_api_problems(app: FastAPI) -> None:
    """Answer every error of `app` with a problem document, and none with a traceback."""
    install_problems(app)
    app.add_exception_handler(RequestValidationError, _on_invalid)


async def _on_invalid(_: Request, error: Exception) -> Problem:
    assert isinstance(error, RequestValidationError)
    errors = [
        {"at": "/".join(str(part) for part in item["loc"]), "message": item["msg"]}
        for item in error.errors()
    ]
    first = errors[0]
    return problem(422, "invalid", f"{first['at']}: {first['message']}", errors=errors)
