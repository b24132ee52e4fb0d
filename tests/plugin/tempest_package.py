"""A plugin of Tempest, as anybody may write one: it needs no cloud, and writes down what is called."""

from __future__ import annotations

from pathlib import Path

_PLUGIN = """
import os

from tempest.test_discover import plugins


class Plugin(plugins.TempestPlugin):
    def load_tests(self):
        top = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        return os.path.join(top, "sample_tempest_plugin", "tests"), top

    def register_opts(self, conf):
        pass

    def get_opt_lists(self):
        return []
"""

_OUTCOMES = """
import os
import unittest

from oslo_log import log
from tempest import test
from tempest.lib import decorators
from testtools import content, matchers

LOG = log.getLogger(__name__)


def note(*words):
    with open(os.environ.get("SAMPLE_NOTES", os.devnull), "a") as file:
        print(os.getpid(), *words, file=file)


class Outcomes(test.BaseTestCase):
    @classmethod
    def resource_setup(cls):
        super().resource_setup()
        note("setup", cls.__name__)
        cls.addClassResourceCleanup(note, "cleanup", cls.__name__)

    @decorators.idempotent_id("5f1b7a4e-0000-4000-8000-000000000001")
    @decorators.attr(type=["smoke", "sample"])
    def test_passes(self):
        note("test", "passes")

    @decorators.idempotent_id("5f1b7a4e-0000-4000-8000-000000000002")
    def test_fails(self):
        thing = {"status": "ERROR"}
        self.addDetail("console", content.text_content("the guest said boo"))
        LOG.info("answer: %s", {"user": {"password": "canary-" + "51c2", "name": "kept"}})
        self.addCleanup(note, "cleanup", "fails")
        self.assertEqual("ACTIVE", thing["status"])

    def test_raises(self):
        raise KeyError("no such thing")

    def test_skips(self):
        self.skipTest("not on a Sunday")

    @decorators.skip_because(bug="1234567")
    def test_skipped_for_a_bug(self):
        note("test", "never")

    @unittest.expectedFailure
    def test_expected_to_fail(self):
        self.assertEqual(1, 2)

    @unittest.expectedFailure
    def test_unexpectedly_passes(self):
        self.assertEqual(1, 1)

    def test_cleanup_fails(self):
        self.addCleanup(self._cannot, "second")
        self.addCleanup(self._cannot, "first")

    def test_expects(self):
        self.expectThat(1, matchers.Equals(2))
        note("test", "goes on")

    def _cannot(self, word):
        raise RuntimeError(f"the {word} cannot be removed")
"""

_CLASSES = """
import os

from tempest import test
from tempest.lib import decorators

from sample_tempest_plugin.tests.test_outcomes import note


class Lacking(test.BaseTestCase):
    @classmethod
    def skip_checks(cls):
        super().skip_checks()
        raise cls.skipException("needs a service that nobody has")

    def test_first(self):
        pass

    def test_second(self):
        pass


class Failing(test.BaseTestCase):
    @classmethod
    def resource_setup(cls):
        super().resource_setup()
        cls.addClassResourceCleanup(note, "cleanup", cls.__name__)
        if "SAMPLE_INTERRUPTED" in os.environ:
            raise KeyboardInterrupt
        raise ValueError("the class cannot be set up")

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        if "SAMPLE_STUCK" in os.environ:
            cls.addClassCleanup(note, "end", cls.__name__)
            raise RuntimeError("the class cannot be torn down: {'password': '%s'}" % os.environ["SAMPLE_STUCK"])

    def test_first(self):
        pass

    def test_second(self):
        pass


class Leaving(test.BaseTestCase):
    @classmethod
    def resource_setup(cls):
        super().resource_setup()
        cls.addClassResourceCleanup(cls.cannot)

    @classmethod
    def cannot(cls):
        raise RuntimeError("the class leaves a server")

    def test_passes(self):
        pass


@decorators.serial
class Serial(test.BaseTestCase):
    def test_first(self):
        note("serial", "begins")
        note("serial", "ends")

    def test_second(self):
        note("serial", "begins")
        note("serial", "ends")
"""

_SCENARIOS = """
import testscenarios
from tempest import test
from tempest.lib import decorators

load_tests = testscenarios.load_tests_apply_scenarios


class Formats(test.BaseTestCase):
    scenarios = [("qcow2", {"format": "qcow2"}), ("raw", {"format": "raw"})]

    @decorators.idempotent_id("5f1b7a4e-0000-4000-8000-000000000003")
    def test_upload(self):
        self.assertIn(self.format, "qcow2 raw")
"""


#: What must not be told, as exceptions of Tempest and of its libraries have it: `CANARY` is in all of it.
_SECRETS = """
from oslo_log import log
from tempest import test
from tempest.lib import exceptions
from tempest.lib.common.utils import data_utils
from testtools import content

LOG = log.getLogger(__name__)
CANARY = "canary-" + "51c2"
KEY = "-----BEGIN RSA PRIVATE KEY-----\\n%s\\n-----END RSA PRIVATE KEY-----"


class Telling(test.BaseTestCase):
    def test_body(self):
        body = {"user": {"name": "kept", "password": CANARY}, "adminPass": CANARY}
        raise exceptions.BadRequest(resp_body=body)

    def test_argument(self):
        self._refuse(password=CANARY, token="gAAAAABm" + CANARY * 3)

    def _refuse(self, password, token):
        raise ValueError("the cloud said again: X-Auth-Token: " + token)

    def test_ssh(self):
        raise exceptions.SSHTimeout(host="198.51.100.7", user="cirros", password=CANARY)

    def test_known(self):
        from tempest import config

        raise ValueError("nobody has " + config.CONF.auth.admin_password)

    def test_account(self):
        import yaml
        from tempest import config

        with open(config.CONF.auth.test_accounts_file) as file:
            account = yaml.safe_load(file)[0]
        self.addDetail("seen", content.text_content("it is " + account["password"]))
        raise ValueError("a wrong password is " + account["password"])

    def test_made_up(self):
        password = data_utils.rand_password()
        with open("made-up", "w") as file:
            file.write(password)
        print("printed:", password)
        self.assertEqual({"is": password}, {"is": "another"})

    def test_key(self):
        self.fail("the key is " + KEY % CANARY)

    def test_log(self):
        try:
            raise ValueError("password='%s'" % CANARY)
        except ValueError:
            LOG.exception("it is told")
            LOG.warning("and told again")

    def test_reason(self):
        self.skipTest("the answer was {'password': '%s'}" % CANARY)


class Before(test.BaseTestCase):
    @classmethod
    def resource_setup(cls):
        super().resource_setup()
        raise exceptions.Unauthorized({"password": CANARY})

    def test_never(self):
        pass


class After(test.BaseTestCase):
    @classmethod
    def resource_setup(cls):
        super().resource_setup()
        cls.addClassResourceCleanup(cls._cannot)

    @classmethod
    def _cannot(cls):
        raise RuntimeError("cannot remove {'secret': '%s'}" % CANARY)

    def test_passes(self):
        pass
"""


#: It waits until somebody removes a file, or for ever.
_WAITING = """
import os
import time

from tempest import test


class Waiting(test.BaseTestCase):
    credentials = ["primary", "admin"]

    def test_waits(self):
        with open(os.environ["SAMPLE_WAITS"], "w") as file:
            file.write(self.os_primary.credentials.username)
        while os.path.exists(os.environ["SAMPLE_WAITS"]):
            time.sleep(0.05)
"""


def write(folder: Path) -> Path:
    """Write the plugin, as if it were installed in ``folder``, which must be on ``PYTHONPATH``; returns its tests."""
    package = folder / "sample_tempest_plugin"
    tests = package / "tests"
    tests.mkdir(parents=True)
    (package / "__init__.py").touch()
    (tests / "__init__.py").touch()
    (package / "plugin.py").write_text(_PLUGIN)
    (tests / "test_outcomes.py").write_text(_OUTCOMES)
    (tests / "test_classes.py").write_text(_CLASSES)
    (tests / "test_scenarios.py").write_text(_SCENARIOS)
    (tests / "test_secrets.py").write_text(_SECRETS)
    (tests / "test_waiting.py").write_text(_WAITING)
    known = folder / "sample_tempest_plugin-1.0.dist-info"
    known.mkdir()
    (known / "METADATA").write_text("Metadata-Version: 2.1\nName: sample-tempest-plugin\nVersion: 1.0\n")
    (known / "entry_points.txt").write_text("[tempest.test_plugins]\nsample = sample_tempest_plugin.plugin:Plugin\n")
    return tests
