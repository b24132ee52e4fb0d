"""A tempest.conf made for one run: written for its owner only, and what was made for it undone at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.configuration import Config
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.ledger import Ledger
from pytest_whitebox.create import Create
from pytest_whitebox.session import Session
from pytest_whitebox.tempest import discovery, private
from pytest_whitebox.tempest.conf import Conf
from pytest_whitebox.tempest.discovery import Options
from pytest_whitebox.tempest.installed import unwarned
from pytest_whitebox.tempest.journal import Journal
from pytest_whitebox.tempest.needs import Credentials, accounts
from pytest_whitebox.tempest.pool import Pool

#: The modes of credentials that are no accounts file.
POOL, DYNAMIC = "pool", "dynamic"


_DYNAMIC: dict[str, object] = {"use_dynamic_credentials": True, "test_accounts_file": None}


@dataclass(slots=True)
class Made:
    """The file, and what there is to undo once the last test is over.

    ``credentials`` says where accounts come from: `POOL`, `DYNAMIC`, or the path of an accounts file.
    """

    conf: Conf
    create: Create
    credentials: str = DYNAMIC
    options: dict[str, Mapping[str, object]] = field(default_factory=dict)

    @property
    def accounts(self) -> Path:
        """Where the accounts file of a pool, or of a user who is no administrator, lies."""
        return self.conf.path.with_name(private.ACCOUNTS).resolve()

    def write(self) -> None:
        """Write the options down."""
        private.write(self.conf.path, "\n".join(discovery.lines(self.options)))

    @unwarned()
    def fill(self, asked: Iterable[Credentials], workers: int) -> None:
        """Make the accounts of a pool; what asks for more than a pool has gets new accounts for each class."""
        if self.credentials != POOL:
            return
        needed = accounts(asked, workers)
        if needed is None:
            self.credentials = DYNAMIC
            self.options["auth"] = {**self.options["auth"], **_DYNAMIC}
            self.write()
            return
        cloud = self.create.cloud
        pool = Pool(self.create, discovery.access(cloud).user_domain_name)
        try:
            with _told(cloud):
                pool.fill(needed, networks=bool(self.options["service_available"]["neutron"]))
        except BaseException:  # Ctrl-C too: half a pool stays in the cloud otherwise
            self.undo()
            raise
        private.write(self.accounts, yaml.safe_dump(pool.entries))

    @unwarned()
    def undo(self) -> ExceptionGroup[Exception] | None:
        """Remove what was made in the cloud, and the passwords from the files; return what could not be removed."""
        private.strike(self.conf.path.parent)
        return self.create.ledger.unwind()


@unwarned()
def make(session: Session, credentials: str) -> Made:
    """Ask the chosen cloud and write down what it says; raises `StackproofError` if that is not enough for Tempest.

    ``credentials`` is what the user wants, nothing for what this user may have.
    """
    cloud = _connected(session)
    conf = Conf(session.run.folder() / private.CONF, f"made by asking cloud {cloud.name}")
    try:
        journal = Journal(session.run, cloud.choice)
    except StackproofError:
        cloud.close()
        raise
    made = Made(conf, Create(cloud, journal, f"sp-{session.run.id}-tempest", session.image), credentials)
    made.create.ledger.add("the connection", cloud.close)
    try:
        with _told(cloud):
            made.options = {**discovery.discover(cloud, made.create), **_of_the_run(session)}
            known = discovery.credentials(cloud)
            made.options["auth"] = {**made.options["auth"], **_choose(made, known)}
        made.write()
    except BaseException:  # Ctrl-C too: who would undo it has not got it yet
        made.undo()
        raise
    return made


@contextmanager
def _told(cloud: Cloud) -> Iterator[None]:
    """A request that the cloud does not answer as it should is told in one sentence."""
    from keystoneauth1.exceptions import ClientException
    from openstack.exceptions import SDKException

    try:
        yield
    except (ClientException, SDKException) as error:
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        hint = "see that its services are well, or write a tempest.conf"
        raise StackproofError(
            f"cloud {cloud.name} cannot be asked what Tempest must know: {said}", hint=hint
        ) from error


def _choose(made: Made, known: Mapping[str, str]) -> dict[str, object]:
    """Where accounts come from, as options; a user who is no administrator has his own and no other."""
    admin = made.options["auth"]["use_dynamic_credentials"]
    made.credentials = made.credentials or (POOL if admin else str(made.accounts))
    if made.credentials in (POOL, DYNAMIC) and not admin:
        raise StackproofError(
            f"--tempest-credentials {made.credentials} takes an administrator, which {known['username']} is not",
            hint="leave it out, or name an accounts file",
        )
    if made.credentials == DYNAMIC:
        return _DYNAMIC
    if made.credentials == str(made.accounts):
        roles = sorted(discovery.access(made.create.cloud).role_names)
        private.write(made.accounts, yaml.safe_dump([{**known, "roles": roles}]))
    file = made.accounts if made.credentials == POOL else Path(made.credentials).expanduser().resolve()
    return {"use_dynamic_credentials": False, "test_accounts_file": file}


@unwarned()
def differences(session: Session, own: Conf) -> list[str]:
    """Where the user's own tempest.conf says something else than the cloud; what it does not say is no difference."""
    with _connected(session) as cloud, _told(cloud):
        found = discovery.discover(cloud, Create(cloud, Ledger(), "", session.image), may_make=False)
    config = Config.from_files({str(own.path): own.path.read_bytes()})
    return [
        f"[{section}] {name} {told}"
        for section, options in found.items()
        for name, value in options.items()
        if "password" not in name and (told := different(config.get(section, name), value))
    ]


def different(said: str | None, found: object) -> str:
    """How an option differs from what the cloud says, nothing if it does not; of lists only what is not in both.

    >>> different("1", 2), different("True", True), different("b, a", "a,b"), different("a,b", "b,c")
    ('= 1, the cloud says 2', '', '', 'has a, and lacks c of the cloud')
    """
    if said is None:
        return ""
    ours, theirs = ({part.strip().lower() for part in str(text).split(",")} for text in (said, found))
    if ours == theirs:
        return ""
    if len(ours) == len(theirs) == 1:
        return f"= {said}, the cloud says {found}"
    more, less = ", ".join(sorted(ours - theirs)), ", ".join(sorted(theirs - ours))
    return ", and ".join(filter(None, (f"has {more}" if more else "", f"lacks {less} of the cloud" if less else "")))


def _connected(session: Session) -> Cloud:
    if session.choice is None:
        hint = "pass --tempest-config FILE, or choose a cloud with --os-cloud to have one made"
        raise session.problem or StackproofError("there is no tempest.conf for the tests of Tempest", hint=hint)
    return Cloud.connect(session.choice, session.ssh_config, session.inventory, began=session.run.began)


def _of_the_run(session: Session) -> Options:
    folder = session.run.path.resolve()
    return {
        "DEFAULT": {"log_file": folder / "tempest.log"},
        "oslo_concurrency": {"lock_path": session.run.folder("locks").resolve()},
        # Whether a floating IP can be reached from here, and by which name a guest lets in, no API tells.
        "validation": {"run_validation": False},
    }
