"""The knobs of Tempest's part."""

from __future__ import annotations

from pytest_whitebox.core.setting import Setting, boolean

TESTS = Setting(
    "--tempest", "WHITEBOX_TEMPEST", "whitebox_tempest", "",
    "collect the tests of the installed Tempest and of its plugins: all, or those whose names and attributes match",
    convert=str, metavar="REGEX", const=".",
)  # fmt: skip
EXCLUDE = Setting(
    "--tempest-exclude", "WHITEBOX_TEMPEST_EXCLUDE", "whitebox_tempest_exclude", "",
    "of these leave out those that match", convert=str, metavar="REGEX",
)  # fmt: skip
INCLUDE_LIST = Setting(
    "--tempest-include-list", "WHITEBOX_TEMPEST_INCLUDE_LIST", "whitebox_tempest_include_list", "",
    "a file of regular expressions, one on a line, of which one must match", convert=str, metavar="FILE",
)  # fmt: skip
EXCLUDE_LIST = Setting(
    "--tempest-exclude-list", "WHITEBOX_TEMPEST_EXCLUDE_LIST", "whitebox_tempest_exclude_list", "",
    "a file of regular expressions, one on a line, of which none may match", convert=str, metavar="FILE",
)  # fmt: skip
LOAD_LIST = Setting(
    "--tempest-load-list", "WHITEBOX_TEMPEST_LOAD_LIST", "whitebox_tempest_load_list", "",
    "a file of names of tests, as `tempest run --list-tests` writes it", convert=str, metavar="FILE",
)  # fmt: skip
CONFIG = Setting(
    "--tempest-config", "", "whitebox_tempest_config", "",
    "your own tempest.conf; by default Tempest's own places ($TEMPEST_CONFIG_DIR, etc/, /etc/tempest)",
    convert=str, metavar="FILE",
)  # fmt: skip
CREDENTIALS = Setting(
    "--tempest-credentials", "WHITEBOX_TEMPEST_CREDENTIALS", "whitebox_tempest_credentials", "",
    "accounts for a tempest.conf that is made: `pool`, made once for the run (what an administrator has by default); "
    "`dynamic`, new ones for each class; or an accounts file", convert=str, metavar="pool|dynamic|FILE",
)  # fmt: skip
GUIDELINE = Setting(
    "--interop-guideline", "WHITEBOX_INTEROP_GUIDELINE", "whitebox_interop_guideline", "",
    "collect the tests of a guideline of interoperability: the id of one that comes along, a file, or an address",
    convert=str, metavar="ID|FILE|URL",
)  # fmt: skip
TARGET = Setting(
    "--interop-target", "WHITEBOX_INTEROP_TARGET", "whitebox_interop_target", "platform",
    "what the guideline is to be met for, such as compute or object", convert=str, metavar="NAME",
)  # fmt: skip
STATUS = Setting(
    "--interop-status", "WHITEBOX_INTEROP_STATUS", "whitebox_interop_status", "required",
    "of which capabilities: required, advisory, deprecated, removed, or several divided by commas",
    convert=str, metavar="WORDS",
)  # fmt: skip
FLAGGED = Setting(
    "--interop-flagged", "WHITEBOX_INTEROP_FLAGGED", "whitebox_interop_flagged", False,
    "collect also the tests that the guideline has flagged, which need not pass", convert=boolean,
)  # fmt: skip

UPLOAD = Setting(
    "--interop-upload", "WHITEBOX_INTEROP_UPLOAD", "whitebox_interop_upload", "",
    "the address of a Refstack server that gets the names of the tests that passed", convert=str, metavar="URL",
)  # fmt: skip
KEY = Setting(
    "--interop-key", "WHITEBOX_INTEROP_KEY", "whitebox_interop_key", "",
    "a private RSA key that signs what is uploaded; without one it is anonymous", convert=str, metavar="FILE",
)  # fmt: skip
OPENID = Setting(
    "--interop-openid", "WHITEBOX_INTEROP_OPENID", "whitebox_interop_openid", "",
    "your OpenID at the Refstack server, which knows the key as yours: results are then said to be of the guideline "
    "and the target", convert=str, metavar="URL",
)  # fmt: skip
SHARE = Setting(
    "--interop-share", "WHITEBOX_INTEROP_SHARE", "whitebox_interop_share", False,
    "let everybody see signed results, which are otherwise yours alone", convert=boolean,
)  # fmt: skip

SETTINGS = (
    TESTS,
    EXCLUDE,
    INCLUDE_LIST,
    EXCLUDE_LIST,
    LOAD_LIST,
    CONFIG,
    CREDENTIALS,
    GUIDELINE,
    TARGET,
    STATUS,
    FLAGGED,
    UPLOAD,
    KEY,
    OPENID,
    SHARE,
)
