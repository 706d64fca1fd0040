from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from activities import database
from activities.package_index import IndexedPackage, build_index, collect_files

METADATA = "Metadata-Version: 2.4\nName: Tiny.Package\nVersion: 1.0\n"


def install(site: Path, files: dict[str, bytes]) -> None:
    """Write a package as an installer does: its files, and the list of them in RECORD."""
    info = "tiny_package-1.0.dist-info"
    files = {**files, f"{info}/METADATA": METADATA.encode()}
    record = "".join(f"{path},,\n" for path in files)
    for path, content in {**files, f"{info}/RECORD": record.encode()}.items():
        target = site / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "site"
    install(
        directory,
        {
            "tiny/__init__.py": b'"""Ferries and timetables."""\n',
            "tiny/guide.md": "Zwölf Fähren\n".encode(),
            "tiny/latin.txt": b"caf\xe9\n",
            "tiny/native.so": b"\x7fELF",
        },
    )
    monkeypatch.syspath_prepend(directory)
    return directory


def search(query: str) -> list[str]:
    with database.transaction() as db:
        rows = db.execute(
            "SELECT package || ':' || path FROM package_text WHERE package_text MATCH ? ORDER BY 1",
            (query,),
        ).fetchall()
    return [row[0] for row in rows]


@pytest.mark.usefixtures("site")
def test_every_text_file_can_be_searched() -> None:
    assert collect_files("tiny-package") == 4
    assert build_index("tiny-package") == IndexedPackage("tiny-package", files=4, words=12)

    assert search("ferries") == ["tiny-package:tiny/__init__.py"]
    assert search("fähren") == ["tiny-package:tiny/guide.md"]
    assert search("caf*") == ["tiny-package:tiny/latin.txt"]
    assert search("ELF") == []


@pytest.mark.usefixtures("site")
def test_any_spelling_of_the_name_is_the_same_package() -> None:
    for package in ("tiny-package", "Tiny_Package", "TINY.PACKAGE"):
        collect_files(package)
        build_index(package)

    assert search("ferries") == ["tiny-package:tiny/__init__.py"]


@pytest.mark.usefixtures("site")
def test_a_second_run_changes_nothing() -> None:
    collect_files("tiny-package")
    first = build_index("tiny-package")

    assert collect_files("tiny-package") == first.files
    assert build_index("tiny-package") == first
    assert build_index("tiny-package") == first
    assert search("ferries OR caf*") == [
        "tiny-package:tiny/__init__.py",
        "tiny-package:tiny/latin.txt",
    ]


def test_a_file_that_is_gone_leaves_the_index(site: Path) -> None:
    collect_files("tiny-package")
    build_index("tiny-package")
    (site / "tiny/guide.md").unlink()

    assert collect_files("tiny-package") == 3
    assert build_index("tiny-package").files == 3
    assert search("fähren") == []


def test_a_package_that_is_not_installed_is_not_found() -> None:
    with pytest.raises(PackageNotFoundError, match="nothing-like-this"):
        collect_files("nothing-like-this")


def test_a_package_of_which_nothing_was_collected_is_empty() -> None:
    assert build_index("tiny-package") == IndexedPackage("tiny-package", files=0, words=0)


def test_packages_indexed_beside_each_other_keep_their_own_files() -> None:
    packages = ["iniconfig", "pluggy", "pytest-asyncio"]

    def index(package: str) -> IndexedPackage:
        collect_files(package)
        return build_index(package)

    with ThreadPoolExecutor(16) as threads:
        indexed = list(threads.map(index, packages * 2))

    assert [found.package for found in indexed] == packages * 2
    assert indexed[:3] == indexed[3:]
    assert "pluggy:pluggy/_hooks.py" in search("HookspecMarker")
