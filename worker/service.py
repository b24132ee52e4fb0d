"""The monitor by HTTP: users submit and look, workers report."""

import time
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, HTTPException, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException as StarletteException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pytest_whitebox.core.errors import StackproofError

from .job import Conflict, Result, UnknownJob
from .payload import Payload, Refused
from .states import ENDS, LEASED, State
from .store import Store
from .tokens import Kind, Tokens

#: Bytes of a request: the results of all tests of Tempest, with a reason each, are less.
LARGEST = 8 * 1024 * 1024
_UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_BLANK = Literal[""]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Trouble(BaseModel):
    """What is wrong, and which parameter if it is one."""

    title: str
    parameter: str = ""


class TestResult(_Strict):
    """What became of a test."""

    test: str = Field(max_length=512)
    uuid: str = Field("", max_length=64)
    outcome: Literal["passed", "failed", "error", "skipped", "xfailed", "xpassed"]
    seconds: float = Field(0.0, ge=0, le=1e9)
    why: str = Field("", max_length=2000)


class Status(_Strict):
    """How a job is: claimed, to have it; then, with the lease, how far it is, how it ended, or queued, given back."""

    state: Literal["queued", "claimed", "installing", "running", "passed", "failed", "cancelled"]
    slot: str = Field("", max_length=16, pattern=r"^[0-9]*$")
    lease: str = Field("", max_length=64)
    done: int = Field(0, ge=0, le=1_000_000)
    total: int = Field(0, ge=0, le=1_000_000)
    log: str = Field("", max_length=1024 * 1024)
    sentence: str = Field("", max_length=2000)
    results: list[TestResult] = Field([], max_length=20_000)


class Report(_Strict):
    """What a testing host reports; without a status that the job has failed."""

    test_id: str
    payload: dict[str, Any]
    status: Status | None = None


class Answer(BaseModel):
    """What a worker is told: the lease of a job that it now has, and why it is to stop."""

    lease: str = ""
    attempt: int = 0
    seconds: float = 0.0
    stop: str = ""


class Submitted(BaseModel):
    """The id of a new job."""

    test_id: str
    state: str


class Told(BaseModel):
    """A job; times are seconds since 1970, UTC."""

    test_id: str
    state: str
    payload: dict[str, Any]
    submitter: str
    created: float
    began: float
    changed: float
    attempt: int
    worker: str
    done: int
    total: int
    sentence: str
    counts: dict[str, int]
    stop: str


class Log(BaseModel):
    """A part of what a job printed, and what to ask for next."""

    text: str
    last: int


def app(
    store: Store, tokens: Tokens, allowed: Sequence[str], wake: Callable[[], None],
    clock: Callable[[], float] = time.time,
) -> FastAPI:  # fmt: skip
    """The application; ``allowed`` are hosts that a job's addresses may lead to; ``wake`` is called for new jobs."""
    made = FastAPI(title="stackproof worker", version="1", docs_url=None, redoc_url=None)
    made.add_middleware(_Limited)
    _errors(made)
    user, host = _named(tokens, "users", 401), _named(tokens, "hosts", 405)
    job_id = Path(pattern=_UUID)

    @made.post("/jobs", status_code=201, responses=_responses(400, 401, 413))
    def submit(payload: dict[str, Any], who: Annotated[str, Depends(user)]) -> Submitted:
        """Submit a job."""
        asked = Payload.from_mapping(payload)
        asked.check_addresses(allowed)
        job = store.add(asked, submitter=who, now=clock())
        wake()
        return Submitted(test_id=job, state=State.QUEUED)

    @made.get("/jobs", responses=_responses(400, 401))
    def jobs(
        who: Annotated[str, Depends(user)],  # noqa: ARG001
        state: Annotated[State | _BLANK, Query()] = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[Told]:
        """The newest jobs."""
        return [Told(**job.public) for job in store.jobs(state=state, limit=limit)]

    @made.get("/jobs/{test_id}", responses=_responses(400, 401, 404))
    def job(test_id: Annotated[str, job_id], who: Annotated[str, Depends(user)]) -> Told:  # noqa: ARG001
        """One job."""
        return Told(**store.job(test_id).public)

    @made.delete("/jobs/{test_id}", status_code=202, responses=_responses(400, 401, 404))
    def cancel(test_id: Annotated[str, job_id], who: Annotated[str, Depends(user)]) -> Submitted:  # noqa: ARG001
        """Cancel a job; its worker stops it within seconds."""
        return Submitted(test_id=test_id, state=store.cancel(test_id, now=clock()))

    @made.get("/jobs/{test_id}/log", responses=_responses(400, 401, 404))
    def log(
        test_id: Annotated[str, job_id], who: Annotated[str, Depends(user)],  # noqa: ARG001
        after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    ) -> Log:  # fmt: skip
        """What its runs printed after a piece."""
        text, last = store.log(test_id, after)
        return Log(text=text, last=last)

    @made.get("/jobs/{test_id}/results", responses=_responses(400, 401, 404))
    def results(test_id: Annotated[str, job_id], who: Annotated[str, Depends(user)]) -> list[TestResult]:  # noqa: ARG001
        """What became of its tests, once it has ended."""
        fields = TestResult.model_fields
        return [TestResult(**{name: getattr(one, name) for name in fields}) for one in store.results(test_id)]

    @made.get("/status", responses=_responses(401))
    def status(who: Annotated[str, Depends(user)]) -> dict[str, int]:  # noqa: ARG001
        """How many jobs are in each state."""
        return store.counts()

    @made.post("/update-test-status/", status_code=202, responses=_responses(400, 404, 405, 409, 413))
    def update_test_status(report: Report, who: Annotated[str, Depends(host)]) -> Answer:
        """Take a report of a testing host."""
        digest = Payload.from_mapping(report.payload).digest
        if report.status is None:
            store.fail(report.test_id, host=who, now=clock(), sentence=f"{who} reports that it failed")
            return Answer()
        if State(report.status.state) is State.CLAIMED and not report.status.lease:
            worker = f"{who}/{report.status.slot or 0}"
            claim = store.claim(report.test_id, worker=worker, now=clock(), digest=digest)
            return Answer(lease=claim.lease, attempt=claim.attempt, seconds=claim.seconds)
        return _heard(store, report.test_id, report.status, clock(), wake)

    @made.post("/jobs/{test_id}/progress", status_code=202, responses=_responses(400, 404, 405, 409, 413))
    def progress(test_id: Annotated[str, job_id], status: Status, who: Annotated[str, Depends(host)]) -> Answer:  # noqa: ARG001
        """Take the same of a host that has the job, without the payload."""
        return _heard(store, test_id, status, clock(), wake)

    return made


def _heard(store: Store, job: str, status: Status, now: float, wake: Callable[[], None]) -> Answer:
    state = State(status.state)
    if state in ENDS:
        results = [Result(**one.model_dump()) for one in status.results]
        store.finish(job, status.lease, state, now=now, results=results, sentence=status.sentence, log=status.log)
    elif state in LEASED:
        stop = store.report(
            job, status.lease, state, now=now, done=status.done, total=status.total, log=status.log,
            text=status.sentence,
        )  # fmt: skip
        return Answer(stop=stop, seconds=store.rules.lease)
    else:
        store.hand_back(job, status.lease, now=now, text=status.sentence)
        wake()
    return Answer()


def _named(tokens: Tokens, kind: Kind, code: int) -> Callable[[Request], str]:
    """Who asks, by the token; strangers get ``code``: 401, or 405 where the specification wants that."""

    def named(request: Request) -> str:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        name = tokens.name(kind, token.strip()) if scheme.lower() == "bearer" else None
        if name is None:
            headers = {"WWW-Authenticate": "Bearer"} if code == 401 else {"Allow": ""}
            raise HTTPException(code, "no known token" if code == 401 else "no known testing host", headers)
        return name

    return named


def _responses(*codes: int) -> dict[int | str, dict[str, Any]]:
    return {code: {"model": Trouble} for code in codes}


def _errors(made: FastAPI) -> None:
    """Every error is a `Trouble`; a request that is not understood is 400, with its parameter."""

    def trouble(code: int, title: str, parameter: str = "", headers: dict[str, str] | None = None) -> Response:
        return JSONResponse({"title": title, "parameter": parameter}, code, headers)

    @made.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = [str(part) for part in first["loc"] if part not in ("body", "query", "path")]
        name = ".".join(where) or "body"
        missing = first["type"] == "missing"
        return trouble(400, f"{name} is missing" if missing else f"{name}: {first['msg']}", name)

    @made.exception_handler(StackproofError)
    def refused(_: Request, error: StackproofError) -> Response:
        codes: list[tuple[type[StackproofError], int]] = [(Refused, 400), (UnknownJob, 404), (Conflict, 409)]
        code = next((code for kind, code in codes if isinstance(error, kind)), 503)
        return trouble(code, str(error), getattr(error, "parameter", ""))

    @made.exception_handler(StarletteException)
    def other(_: Request, error: StarletteException) -> Response:
        return trouble(error.status_code, str(error.detail), headers=dict(error.headers or {}))


class _Limited:
    """Reads no more of a request than it may be long."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        seen = 0

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > LARGEST:
                raise StarletteException(413, f"body is larger than {LARGEST} bytes")
            return message

        await self.app(scope, limited, send)
