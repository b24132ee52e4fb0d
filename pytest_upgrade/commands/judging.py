"""The verb judge: verdicts from what was observed, as often as one likes."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from pytest_upgrade.commands.context import opened
from pytest_whitebox.core.errors import StackproofError


def judge(options: argparse.Namespace) -> int:
    """Give the verdicts; 0 if all pass, 1 if one fails, 2 if something could not be judged."""
    from pytest_upgrade.persistent import heartbeat
    from pytest_upgrade.verdicts import forms, page
    from pytest_upgrade.verdicts.judging import Case, verdicts
    from pytest_upgrade.verdicts.picture import picture
    from pytest_upgrade.verdicts.samples import Samples
    from pytest_upgrade.verdicts.thresholds import Thresholds
    from pytest_upgrade.verdicts.verdict import worst

    limits = Thresholds.given(options.set or ())
    with opened(options) as context:
        run = context.run(options)
        folder = context.samples(run)
        # What guests wrote can be judged alone; where there is nothing of either, it is said where it would be.
        alone = not Samples.are_in(folder) and heartbeat.kept(context.store, run)
        samples = None if alone else Samples(folder)
        case = Case.of(context.store, run, samples, limits)
    found = [one for one in verdicts(case, options.service or ()) if options.tag in (None, one.tag)]
    if options.json:
        _write(options.json, json.dumps(forms.as_json(run.id, found), indent=1) + "\n")
    if options.markdown:
        _write(options.markdown, forms.as_markdown(run.id, found))
    if options.junit:
        _write(options.junit, forms.as_junit(run.id, found))
    if options.html:
        _write(options.html, page.alone(run.id, found, picture(case, samples.failures() if samples else ())))
    if "-" not in (options.json, options.markdown, options.junit, options.html):
        for line in (*found, *case.data_plane()):
            print(line)
    return worst(one.word for one in found).code


def _write(file: str, text: str) -> None:
    if file == "-":
        sys.stdout.write(text)
        return
    try:
        Path(file).write_text(text)
    except OSError as error:
        raise StackproofError(f"{file} cannot be written: {error.strerror}", hint="name another file") from None
