"""Which of Tempest's tests are wanted, its configuration, what an index depends on, and what accounts it takes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.tempest import conf, discovery, index
from pytest_whitebox.tempest.installed import Installed
from pytest_whitebox.tempest.needs import Credentials, Kind, accounts
from pytest_whitebox.tempest.outcome import without_runner
from pytest_whitebox.tempest.selection import Selection
from pytest_whitebox.tempest.test import TempestTest

A = "tempest.api.test_x.X.test_a[id-0a6c,smoke]"
B = "tempest.api.test_x.X.test_b[id-0a6d,negative]"
C = "tempest.api.test_y.Y.test_c[id-0a6e](q1)"


class Given:
    """What the user gave, by option."""

    def __init__(self, **options: str) -> None:
        self.options = options

    def getoption(self, name: str, default: Any = None) -> Any:
        return self.options.get(name, default)

    def getini(self, name: str) -> Any:
        return None


def taken(folder: Path, **options: str) -> list[str]:
    selection = Selection.from_settings(Given(**options), folder)
    assert selection is not None
    return [id for id in (A, B, C) if selection.takes(id)]


def test_nothing_asked_is_nothing_selected(tmp_path: Path) -> None:
    assert Selection.from_settings(Given(tempest_exclude="x"), tmp_path) is None


def test_lists_have_the_formats_of_stestr(tmp_path: Path) -> None:
    (tmp_path / "include").write_text("# all of X\ntest_x  # but\n\n")
    (tmp_path / "exclude").write_text("negative # slow\n")
    (tmp_path / "load").write_text(f"{A}\n{C}\n\ntempest.api.test_z.Z.test_gone[id-1]\n")

    assert taken(tmp_path, tempest=".") == [A, B, C]
    assert taken(tmp_path, tempest="smoke test_c") == [A, C]
    assert taken(tmp_path, tempest=".", tempest_exclude="smoke") == [B, C]
    assert taken(tmp_path, tempest_include_list="include") == [A, B]
    assert taken(tmp_path, tempest=".", tempest_include_list="include") == [A, B]
    assert taken(tmp_path, tempest="test_c", tempest_include_list="include") == [A, B, C]
    assert taken(tmp_path, tempest=".", tempest_exclude_list="exclude") == [A, C]
    assert taken(tmp_path, tempest_load_list="load") == [A, C]
    assert taken(tmp_path, tempest="smoke", tempest_load_list="load") == [A]


def test_names_of_a_list_that_no_test_has_are_known(tmp_path: Path) -> None:
    (tmp_path / "load").write_text(f"{A}\ntempest.api.test_z.Z.test_gone[id-1]\n")
    selection = Selection.from_settings(Given(tempest_load_list="load"), tmp_path)

    assert selection is not None
    assert selection.lacking([A, B]) == {"load": ["tempest.api.test_z.Z.test_gone"]}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"tempest": "test_("}, r"--tempest has 'test_\(', which is no expression: .*; write a regular expression"),
        ({"tempest_load_list": "gone"}, r"--tempest-load-list names gone, which cannot be read: No such file"),
        ({"tempest": ".", "tempest_exclude_list": "bad"}, r"--tempest-exclude-list bad has '\*x', which is no expr"),
    ],
)
def test_what_cannot_be_selected_is_one_sentence(tmp_path: Path, options: dict[str, str], sentence: str) -> None:
    (tmp_path / "bad").write_text("*x\n")
    with pytest.raises(StackproofError) as caught:
        Selection.from_settings(Given(**options), tmp_path)
    assert re.match(sentence, caught.value.sentence)


def test_own_configuration_is_found_where_tempest_looks(tmp_path: Path) -> None:
    etc, other = tmp_path / "etc" / "tempest.conf", tmp_path / "other.conf"
    etc.parent.mkdir()
    for file in (etc, other):
        file.touch()

    found = conf.find(Given(), tmp_path, {})
    assert found == conf.Conf(etc, "where Tempest looks for it")
    found = conf.find(Given(), tmp_path, {"TEMPEST_CONFIG_DIR": str(tmp_path), "TEMPEST_CONFIG": "other.conf"})
    assert found == conf.Conf(other, "$TEMPEST_CONFIG_DIR and $TEMPEST_CONFIG")
    assert conf.find(Given(tempest_config="other.conf"), tmp_path, {}) == conf.Conf(other, "--tempest-config")
    with pytest.raises(StackproofError, match=r"gone.conf is no file \(from --tempest-config\)"):
        conf.find(Given(tempest_config="gone.conf"), tmp_path, {})


def test_an_index_depends_on_what_shapes_the_tests_and_on_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "sample_package_of_tests"
    package.mkdir()
    (package / "test_x.py").write_text("A = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(Installed, "packages", (package.name,))
    file = tmp_path / "tempest.conf"
    file.write_text("[image]\nhttp_image = x\n[oslo_concurrency]\nlock_path = /a\n")
    installed = Installed("47.0.0", ())
    key = index.key(installed, file)

    file.write_text("[image]\nhttp_image = x\n[oslo_concurrency]\nlock_path = /b\n")
    assert index.key(Installed("47.0.0", ()), file) == key
    assert index.key(Installed("47.0.1", ()), file) != key
    (package / "test_x.py").write_text("A = 2\n")
    assert index.key(Installed("47.0.0", ()), file) != key
    (package / "test_x.py").write_text("A = 1\n")
    assert index.key(Installed("47.0.0", ()), file) == key
    file.write_text("[image]\nhttp_image = y\n")
    assert index.key(Installed("47.0.0", ()), file) != key


def test_an_index_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    test = TempestTest("tempest.api.test_x", "X", "test_a", A, 7)
    whole = index.Index((test,), ("tempest.api.test_y",), ("/top",), {"tempest.api.test_x.X": ["primary"]})
    index.write(tmp_path, "key", whole)

    assert index.read(tmp_path, "key") == whole
    assert index.read(tmp_path, "other") is None
    text = (tmp_path / "key.json").read_text()
    (tmp_path / "key.json").write_text(text[:-7])
    assert index.read(tmp_path, "key") is None
    assert index.read(tmp_path, "key") != replace(whole, own_ways=())


def test_old_indexes_are_thrown_away(tmp_path: Path) -> None:
    for number in range(12):
        index.write(tmp_path, f"key{number}", index.Index(()))

    assert len(list(tmp_path.iterdir())) == 8
    assert (tmp_path / "key11.json").exists()


def test_accounts_are_enough_for_all_workers_at_once() -> None:
    member, reader, admin = (Kind("project", (role,)) for role in ("member", "reader", "admin"))
    classes: list[Credentials] = [
        ["primary", "project_reader"],
        ["primary", "alt", "admin"],
        [["operator", "member"]],
        ["system_reader"],
    ]

    assert accounts(classes, 1) == {member: 2, reader: 1, admin: 1, Kind("system", ("reader",)): 1}
    assert accounts(classes, 3) == {member: 6, reader: 3, admin: 3, Kind("system", ("reader",)): 3}
    assert accounts([["primary"], ["domain_reader"]], 2) == {member: 2, Kind("domain", ("reader",)): 2}
    assert accounts([["primary"], [["domain_operator", "member"]]], 1) is None


def test_accounts_of_a_domain_are_not_in_a_pool_from_which_they_could_be_taken_for_others() -> None:
    assert accounts([["domain_admin"], ["system_admin", "project_admin"]], 1) is not None
    assert accounts([["domain_admin"], ["admin"]], 1) is None
    assert accounts([["domain_member"], [["operator", "member"]]], 1) is None
    assert accounts([["domain_member"], [["operator", "member", "swiftoperator"]]], 1) is not None


def test_a_traceback_is_the_tests_own() -> None:
    runner: dict[str, Any] = {"__unittest": True}
    exec("def run(test):\n    test()", runner)

    def fails() -> None:
        raise ValueError

    with pytest.raises(ValueError) as caught:
        runner["run"](fails)
    kept, names = without_runner(caught.value.__traceback__), []
    while kept is not None:
        names.append(kept.tb_frame.f_code.co_name)
        kept = kept.tb_next
    assert names == ["test_a_traceback_is_the_tests_own", "fails"]


def test_options_are_written_as_tempest_reads_them() -> None:
    lines = discovery.lines(
        {"auth": {"use_dynamic_credentials": False, "test_accounts_file": None}, "compute": {"a": 1}}
    )

    assert list(lines) == ["[auth]", "use_dynamic_credentials = False", "", "[compute]", "a = 1", ""]
