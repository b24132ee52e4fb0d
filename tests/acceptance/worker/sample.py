"""A plugin of Tempest as a wheel: a test goes on for as long as it is let, another cannot keep a secret."""

from __future__ import annotations

import zipfile
from pathlib import Path

from tests.plugin import tempest_package

PASSING = "sample_tempest_plugin.tests.test_outcomes.Outcomes.test_passes"
FAILING = "sample_tempest_plugin.tests.test_outcomes.Outcomes.test_fails"
SKIPPED = "sample_tempest_plugin.tests.test_outcomes.Outcomes.test_skips"
LEAVING = "sample_tempest_plugin.tests.test_endless.Leaving.test_leaves"
LEAVING_FOR_EVER = "sample_tempest_plugin.tests.test_endless.Leaving.test_leaves_and_goes_on"
TELLING = "sample_tempest_plugin.tests.test_endless.Telling.test_tells"
ENDLESS = "sample_tempest_plugin.tests.test_endless.Endless.test_goes_on"

_ENDLESS = """
import os
import subprocess
import sys

from tempest import config, test
from tempest.lib import auth
from tempest.lib.services.image.v2 import images_client


class Leaving(test.BaseTestCase):
    def test_leaves(self):
        known, url = config.CONF.auth, config.CONF.identity.uri_v3
        domains = dict.fromkeys(("user_domain_name", "project_domain_name"), known.admin_domain_name)
        credentials = auth.get_credentials(
            url, identity_version="v3", username=known.admin_username, password=known.admin_password,
            project_name=known.admin_project_name, **domains)
        provider = auth.KeystoneV3AuthProvider(credentials, url)
        client = images_client.ImagesClient(provider, "image", config.CONF.identity.region)
        client.create_image(name="left", container_format="bare", disk_format="raw")

    def test_leaves_and_goes_on(self):
        self.test_leaves()
        subprocess.run([sys.executable, "-c", "import signal; signal.pause()"])


class Telling(test.BaseTestCase):
    def test_tells(self):
        print("it is", config.CONF.auth.admin_password, "and nothing else")
        self.fail(f"with {config.CONF.auth.admin_password} in it")


class Endless(test.BaseTestCase):
    def test_goes_on(self):
        print("the endless test has begun", os.getpid(), flush=True)
        subprocess.run([sys.executable, "-c", "import signal; signal.pause()"])
"""


def wheel(folder: Path) -> Path:
    """Build the wheel below ``folder``."""
    top = folder / "plugin"
    top.mkdir()
    tests = tempest_package.write(top)
    (tests / "test_endless.py").write_text(_ENDLESS)
    known = top / "sample_tempest_plugin-1.0.dist-info"
    (known / "WHEEL").write_text("Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    files = sorted(file for file in top.rglob("*") if file.is_file())
    (known / "RECORD").write_text("".join(f"{file.relative_to(top)},,\n" for file in files))
    made = folder / "sample_tempest_plugin-1.0-py3-none-any.whl"
    with zipfile.ZipFile(made, "w") as archive:
        for file in [*files, known / "RECORD"]:
            archive.write(file, file.relative_to(top))
    return made
