"""The monitor by HTTP: users submit and look, workers report."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, HTTPException, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException as StarletteException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pytest_whitebox.core.errors import StackproofError

from .job import Conflict, Job, Result, UnknownJob
from .payload import Payload, Refused
from .states import ENDS, LEASED, State
from .store import Store
from .tokens import Tokens

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


@dataclass(frozen=True, slots=True)
class User:
    """Who looks at jobs; an administrator at those of all."""

    name: str
    is_administrator: bool = False

    @property
    def submitter(self) -> str:
        """Whose jobs these are, empty for those of all."""
        return "" if self.is_administrator else self.name


def app(
    store: Store, tokens: Tokens, allowed: Sequence[str], wake: Callable[[], None],
    clock: Callable[[], float] = time.time,
) -> FastAPI:  # fmt: skip
    """The application; ``allowed`` are hosts that a job's addresses may lead to; ``wake`` is called for new jobs."""
    made = FastAPI(title="stackproof worker", version="1", docs_url=None, redoc_url=None)
    made.add_middleware(_Limited)
    _errors(made)
    user, host = _user(tokens), _host(tokens)

    def seen(test_id: Annotated[str, Path(pattern=_UUID)], who: Annotated[User, Depends(user)]) -> Job:
        """The job, if it is for the user's eyes; those of others do not exist for him."""
        found = store.jobs.get(test_id)
        if who.submitter not in ("", found.submitter):
            raise UnknownJob(test_id)
        return found

    @made.post("/jobs", status_code=201, responses=_responses(400, 401, 413))
    def submit(payload: dict[str, Any], who: Annotated[User, Depends(user)]) -> Submitted:
        """Submit a job."""
        asked = Payload.from_mapping(payload)
        asked.check_addresses(allowed)
        job = store.jobs.add(asked, submitter=who.name, now=clock())
        wake()
        return Submitted(test_id=job, state=State.QUEUED)

    @made.get("/jobs", responses=_responses(400, 401))
    def jobs(
        who: Annotated[User, Depends(user)],
        state: Annotated[State | _BLANK, Query()] = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[Told]:
        """The newest jobs of the user, those of all for an administrator."""
        return [Told(**job.public) for job in store.jobs.newest(state=state, limit=limit, submitter=who.submitter)]

    @made.get("/jobs/{test_id}", responses=_responses(400, 401, 404))
    def job(asked: Annotated[Job, Depends(seen)]) -> Told:
        """One job."""
        return Told(**asked.public)

    @made.delete("/jobs/{test_id}", status_code=202, responses=_responses(400, 401, 404))
    def cancel(asked: Annotated[Job, Depends(seen)]) -> Submitted:
        """Cancel a job; its worker stops it within seconds."""
        return Submitted(test_id=asked.id, state=store.jobs.cancel(asked.id, now=clock()))

    @made.get("/jobs/{test_id}/log", responses=_responses(400, 401, 404))
    def log(asked: Annotated[Job, Depends(seen)], after: Annotated[int, Query(ge=0, le=2**53)] = 0) -> Log:
        """What its runs printed after a piece."""
        text, last = store.jobs.log(asked.id, after)
        return Log(text=text, last=last)

    @made.get("/jobs/{test_id}/results", responses=_responses(400, 401, 404))
    def results(asked: Annotated[Job, Depends(seen)]) -> list[TestResult]:
        """What became of its tests, once it has ended."""
        fields = TestResult.model_fields
        return [TestResult(**{name: getattr(one, name) for name in fields}) for one in store.jobs.results(asked.id)]

    @made.get("/status", responses=_responses(401))
    def status(who: Annotated[User, Depends(user)]) -> dict[str, int]:
        """How many jobs are in each state, of the user, of all for an administrator."""
        return store.jobs.counts(submitter=who.submitter)

    @made.post("/update-test-status/", status_code=202, responses=_responses(400, 404, 405, 409, 413))
    def update_test_status(report: Report, who: Annotated[str, Depends(host)]) -> Answer:
        """Take a report of a testing host."""
        digest = Payload.from_mapping(report.payload).digest
        if report.status is None:
            store.leases.fail(report.test_id, host=who, now=clock(), sentence=f"{who} reports that it failed")
            return Answer()
        if State(report.status.state) is State.CLAIMED and not report.status.lease:
            worker = f"{who}/{report.status.slot or 0}"
            claim = store.leases.claim(report.test_id, worker=worker, now=clock(), digest=digest)
            return Answer(lease=claim.lease, attempt=claim.attempt, seconds=claim.seconds)
        return _heard(store, report.test_id, report.status, clock(), wake)

    @made.post(
        "/jobs/{test_id}/progress", status_code=202, responses=_responses(400, 404, 405, 409, 413),
        dependencies=[Depends(host)],
    )  # fmt: skip
    def progress(test_id: Annotated[str, Path(pattern=_UUID)], status: Status) -> Answer:
        """Take the same of a host that has the job, without the payload."""
        return _heard(store, test_id, status, clock(), wake)

    return made


def _heard(store: Store, job: str, status: Status, now: float, wake: Callable[[], None]) -> Answer:
    state = State(status.state)
    if state in ENDS:
        results = [Result(**one.model_dump()) for one in status.results]
        store.leases.finish(
            job, status.lease, state, now=now, results=results, sentence=status.sentence, log=status.log
        )
    elif state in LEASED:
        stop = store.leases.report(
            job, status.lease, state, now=now, done=status.done, total=status.total, log=status.log,
            text=status.sentence,
        )  # fmt: skip
        return Answer(stop=stop, seconds=store.rules.lease)
    else:
        store.leases.hand_back(job, status.lease, now=now, text=status.sentence)
        wake()
    return Answer()


def _user(tokens: Tokens) -> Callable[[Request], User]:
    """Which user or administrator asks."""

    def user(request: Request) -> User:
        token = _token(request)
        if (name := tokens.name("admins", token)) is not None:
            return User(name, is_administrator=True)
        if (name := tokens.name("users", token)) is not None:
            return User(name)
        raise HTTPException(401, "no known token", {"WWW-Authenticate": "Bearer"})

    return user


def _host(tokens: Tokens) -> Callable[[Request], str]:
    """Which testing host asks; strangers get 405, for the specification wants that."""

    def host(request: Request) -> str:
        name = tokens.name("hosts", _token(request))
        if name is None:
            raise HTTPException(405, "no known testing host", {"Allow": ""})
        return name

    return host


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


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
