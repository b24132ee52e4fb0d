"""What the tests of this repository need from pytest itself; the suites need nothing from here."""

pytest_plugins = ["pytester"]
