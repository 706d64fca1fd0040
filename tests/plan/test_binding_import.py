"""Whatever importing a user's module does, a bad module is one finding and nothing else."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.plan.conftest import Project, fault
from tqrun.errors import Exit
from tqrun.plan.binding import BindingError, bind, project_on_path

SEND = "def send(): ...\n"


def test_a_failed_import_names_the_line_that_failed(project: Project) -> None:
    source = '''
        """Sends mail."""

        import not_installed_here
    '''

    assert project.fault(source) == (
        "import-failed",
        'module "jobs.mail" does not import: '
        "ModuleNotFoundError: No module named 'not_installed_here' (jobs/mail.py:3)",
    )


def test_the_line_is_the_deepest_one_that_the_user_wrote(project: Project) -> None:
    project.write({"jobs/limits.py": 'import json\n\nlimits = json.loads("{")\n'})

    assert project.fault("from jobs import limits\n") == (
        "import-failed",
        'module "jobs.mail" does not import: JSONDecodeError: Expecting property name enclosed '
        "in double quotes: line 1 column 2 (char 1) (jobs/limits.py:3)",
    )


def test_a_line_in_an_installed_package_is_not_the_users(project: Project) -> None:
    project.write({"site-packages/vendored.py": "\n\n1 / 0\n"})
    sys.path.append(str(project.folder / "site-packages"))

    assert project.fault("import vendored\n")[1].endswith("(jobs/mail.py:1)")


def test_a_syntax_error_names_its_own_line(project: Project) -> None:
    assert project.fault("def other(): ...\n\ndef send(:\n") == (
        "import-failed",
        'module "jobs.mail" does not import: SyntaxError: invalid syntax (jobs/mail.py:3)',
    )


def test_a_syntax_error_in_an_imported_module_names_that_one(project: Project) -> None:
    project.write({"jobs/limits.py": "limits = [\n"})

    message = project.fault("import jobs.limits\n")[1]

    assert message.endswith("SyntaxError: '[' was never closed (jobs/limits.py:1)")


@pytest.mark.parametrize(
    ("content", "told"), [(b"\x00", "SyntaxError"), (b"x = '\xff'\n", "SyntaxError")]
)
def test_a_file_that_is_no_text_is_a_finding(project: Project, content: bytes, told: str) -> None:
    project.write({"jobs/__init__.py": ""})
    (project.folder / "jobs" / "mail.py").write_bytes(content)

    code, message = fault("jobs.mail:send")

    assert code == "import-failed"
    assert message.startswith(f'module "jobs.mail" does not import: {told}')


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("raise SystemExit(2)", "SystemExit: 2"),
        ("raise SystemExit", "SystemExit"),
        ("import os\nos._exit(0)", "SystemExit: os._exit(0)"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("raise BaseException('stop')", "BaseException: stop"),
        ("raise ValueError('first line\\nsecond line')", "ValueError: first line"),
        ("def f(): f()\nf()", "RecursionError: maximum recursion depth exceeded"),
    ],
)
def test_whatever_a_module_raises_is_a_finding(project: Project, statement: str, told: str) -> None:
    code, message = project.fault(statement + "\n")

    assert code == "import-failed"
    assert message.startswith(f'module "jobs.mail" does not import: {told} (jobs/mail.py:')


def test_ctrl_c_during_an_import_interrupts(project: Project) -> None:
    project.write({"jobs/mail.py": "raise KeyboardInterrupt\n"})

    with pytest.raises(KeyboardInterrupt):
        bind("jobs.mail:send")


def test_a_circular_import_is_a_finding_at_the_line_that_closes_it(project: Project) -> None:
    project.write({"jobs/limits.py": "import os\nfrom jobs.mail import send\n"})

    code, message = project.fault("from jobs.limits import send\n")

    assert code == "import-failed"
    assert "ImportError: cannot import name 'send' from partially initialized module" in message
    assert message.endswith("(jobs/limits.py:2)")


def test_a_package_that_fails_is_named_by_its_own_line(project: Project) -> None:
    project.write({"jobs/__init__.py": "limits = {}\nlimits['mail']\n"})

    assert project.fault(SEND) == (
        "import-failed",
        "module \"jobs.mail\" does not import: KeyError: 'mail' (jobs/__init__.py:2)",
    )


def test_a_failing_module_runs_once_however_many_functions_it_has(project: Project) -> None:
    source = """
        with open("runs", "a") as file:
            file.write("run ")
        raise ValueError
    """

    first = project.fault(source)

    assert fault("jobs.mail:send") == first
    assert (project.folder / "runs").read_text() == "run "


def test_a_module_that_does_not_exist_is_told_with_the_nearest_one(project: Project) -> None:
    project.write({"jobs/__init__.py": "", "jobs/mail.py": SEND, "jobs/report.py": SEND})

    assert fault("jobs.mial:send") == (
        "import-failed",
        'module "jobs.mial" does not exist; did you mean "jobs.mail"?',
    )


def test_a_package_that_does_not_exist_is_told_with_the_nearest_one(project: Project) -> None:
    project.write({"jobs/mail.py": SEND})

    assert fault("job.mail:send") == (
        "import-failed",
        'module "job" does not exist; did you mean "jobs"?',
    )


def test_a_missing_module_below_a_plain_file_says_that_it_is_a_file(project: Project) -> None:
    project.write({"jobs.py": SEND})

    assert fault("jobs.mail:send") == (
        "import-failed",
        'module "jobs.mail" does not exist; "jobs" is a file, not a package',
    )


def test_a_missing_import_of_a_module_beside_it_is_no_missing_module(project: Project) -> None:
    message = project.fault("import jobs.limits\n")[1]

    assert message == (
        'module "jobs.mail" does not import: '
        "ModuleNotFoundError: No module named 'jobs.limits' (jobs/mail.py:1)"
    )


def test_what_a_module_prints_goes_to_stderr(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.function("print('connected')\ndef send(): ...\n")

    assert capsys.readouterr() == ("", "connected\n")


def test_the_working_directory_is_kept(project: Project) -> None:
    project.function("import os\nos.chdir('/')\ndef send(): ...\n")

    assert Path.cwd() == project.folder


def test_signal_handlers_are_kept(project: Project) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    project.function(
        """
        import signal
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        def send(): ...
        """
    )

    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_the_project_comes_before_an_installed_package_of_its_name(project: Project) -> None:
    installed = project.folder / "site-packages"
    project.write({"site-packages/jobs/__init__.py": "", "jobs/__init__.py": ""})
    sys.path.insert(0, str(installed))
    project_on_path(project.folder)

    assert project.function(SEND).file == os.path.join("jobs", "mail.py")  # noqa: PTH118


def test_a_folder_hidden_by_an_installed_package_is_told_to_become_one(project: Project) -> None:
    project.write({"site-packages/jobs/__init__.py": ""})
    sys.path.append(str(project.folder / "site-packages"))

    assert project.fault(SEND) == (
        "import-failed",
        'module "jobs.mail" (jobs/mail.py) is hidden by another "jobs" '
        "(site-packages/jobs/__init__.py); add jobs/__init__.py",
    )


def test_the_wrong_module_of_a_name_is_never_bound(project: Project) -> None:
    installed = "site-packages/jobs"
    project.write({f"{installed}/__init__.py": "", f"{installed}/mail.py": "def send(to): ...\n"})
    sys.path.append(str(project.folder / "site-packages"))

    assert project.fault(SEND)[1].endswith("; add jobs/__init__.py")


def test_a_name_of_the_standard_library_is_told_to_change(project: Project) -> None:
    project.write({"queue.py": SEND})

    code, message = fault("queue:send")

    assert code == "import-failed"
    assert message.startswith('module "queue" (queue.py) is hidden by another "queue" (')
    assert message.endswith("/queue.py); rename yours")


def test_a_project_stands_on_the_path_once_and_first(project: Project) -> None:
    sys.path.insert(0, "/elsewhere")

    project_on_path(project.folder)
    project_on_path(Path())

    assert sys.path.count(str(project.folder)) == 1
    assert sys.path[0] == str(project.folder)


def test_a_failed_import_has_an_exit_status_of_its_own() -> None:
    assert BindingError("import-failed", "").exit_code is Exit.IMPORT
    assert BindingError("not-a-function", "").exit_code is Exit.FINDINGS


def test_a_process_that_a_module_forks_may_end_itself(project: Project) -> None:
    source = """
        import os

        if not (child := os.fork()):
            os._exit(7)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    """

    project.function(source + "\n        " + SEND)

    assert sys.modules["jobs.mail"].status == 7


def test_a_module_may_keep_the_exit_for_later(project: Project) -> None:
    project.function("from os import _exit as leave\n\n" + SEND)

    child = os.fork()
    if not child:
        sys.modules["jobs.mail"].leave(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
