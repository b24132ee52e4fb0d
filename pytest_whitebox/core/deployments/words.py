"""What a service's command line says of the files that it reads and the log that it writes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_GIVEN = re.compile(r"--(config-file|config-dir|log-?file)(?:=(.*))?$", re.DOTALL)
#: The words of a unit's command, as `systemctl show --property=ExecStart` has them.
_ARGV = re.compile(r"\bargv\[\]=(.*?) ; ")


def options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The options that name files, in their order.

    >>> list(options(["neutron-server", "--config-file=/a.conf", "--config-dir", "/a.d", "--logfile", "/a.log"]))
    [('config-file', '/a.conf'), ('config-dir', '/a.d'), ('log-file', '/a.log')]
    """
    following = [*words[1:], ""]
    for word, after in zip(words, following, strict=True):
        if found := _GIVEN.fullmatch(word):
            name = "log-file" if found[1].startswith("log") else found[1]
            yield name, found[2] if found[2] is not None else after


def config_patterns(words: Sequence[str], project: str, program: str) -> tuple[str, ...]:
    """Shell patterns of the files that oslo.config reads for a command, in its order: the last one wins.

    Default files are read if no ``--config-file`` is given, default folders if no ``--config-dir`` is, both before
    what is given (oslo.config, ``ConfigOpts._pre_setup``); that of RDO reads ``*-dist.conf`` before all others.

    >>> config_patterns(["nova-compute", "--config-file", "/etc/nova/nova-cpu.conf"], "nova", "nova-compute")
    ('/etc/nova/nova.conf.d/*.conf', '/etc/nova/nova-compute.conf.d/*.conf', '/etc/nova/nova-cpu.conf')
    """
    given = [(name, value) for name, value in options(words) if name != "log-file"]
    names = {name for name, _ in given}
    own = () if program == project else (program,)
    defaults = []
    if "config-file" not in names:
        defaults += [f"/usr/share/{project}/{one}-dist.conf" for one in (project, *own)]
        defaults += [f"/etc/{project}/{one}.conf" for one in (project, *own)]
    if "config-dir" not in names:
        defaults += [f"/etc/{project}/{one}.conf.d/*.conf" for one in (project, *own)]
    return (*defaults, *(value if name == "config-file" else f"{value}/*.conf" for name, value in given))


def log_file(words: Sequence[str]) -> str:
    """The log that a command line names; empty if it names none.

    >>> log_file(["cinder-volume", "--logfile", "/var/log/cinder/volume.log"]), log_file(["nova-api"])
    ('/var/log/cinder/volume.log', '')
    """
    return next((value for name, value in options(words) if name == "log-file"), "")


def argv(shown: str) -> tuple[str, ...]:
    """The words of a unit's command out of what systemd shows of it.

    >>> argv("{ path=/usr/bin/nova-compute ; argv[]=/usr/bin/nova-compute --config-file /a ; ignore_errors=no ; }")
    ('/usr/bin/nova-compute', '--config-file', '/a')
    """
    found = _ARGV.search(shown)
    return tuple(found[1].split()) if found else ()
