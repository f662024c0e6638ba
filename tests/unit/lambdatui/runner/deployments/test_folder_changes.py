"""Changes below a folder, told by the kernel or looked for."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from lambdatui.runner.deployments.folder_changes import FolderChanges, is_scratch
from tests.support import needs

pytestmark = needs.linux


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "app.py").write_text("1")
    (folder / "node_modules" / "left").mkdir(parents=True)
    return folder


@pytest.fixture(params=["told", "looked for"])
async def events(folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[FolderChanges]:
    events = FolderChanges(folder)
    assert events.told
    if request.param == "looked for":
        asyncio.get_running_loop().remove_reader(events._inotify)
        events.told = False
    yield events
    events.close()


async def changes_after(events: FolderChanges, change: Callable[[], object]) -> list[str]:
    changed = asyncio.ensure_future(events.changed())
    await asyncio.sleep(0)
    change()
    return await asyncio.wait_for(changed, 60)


async def test_files_saved_renamed_and_removed(events: FolderChanges, folder: Path) -> None:
    assert await changes_after(events, lambda: (folder / "app.py").write_text("12")) == ["app.py"]

    def save_by_renaming() -> None:
        (folder / "draft").write_text("123")
        (folder / "app.py").rename(folder / "app.py~")
        (folder / "draft").rename(folder / "app.py")

    assert await changes_after(events, save_by_renaming) == ["app.py"]
    assert await changes_after(events, lambda: (folder / "app.py").unlink()) == ["app.py"]
    assert events.files == ["node_modules/left"]


async def test_new_folders_are_watched_too(events: FolderChanges, folder: Path) -> None:
    def make() -> None:
        (folder / "a" / "b").mkdir(parents=True)
        (folder / "a" / "b" / "page.html").write_text("x")

    assert "a/b/page.html" in await changes_after(events, make)
    assert await changes_after(events, lambda: (folder / "a" / "b" / "page.html").write_text("xy")) == ["a/b/page.html"]


async def test_a_folder_that_is_replaced_is_watched_on(events: FolderChanges, folder: Path) -> None:
    def build() -> None:
        folder.rename(folder.with_name("old"))
        folder.mkdir()
        (folder / "app.py").write_text("built")

    assert "app.py" in await changes_after(events, build)
    assert await changes_after(events, lambda: (folder / "app.py").write_text("again")) == ["app.py"]


async def test_a_linked_folder_counts_and_a_circle_of_links_ends(folder: Path) -> None:
    shared = folder.parent / "shared"
    shared.mkdir()
    (shared / "lib.py").write_text("1")
    (folder / "shared").symlink_to(shared)
    (shared / "back").symlink_to(folder)
    events = FolderChanges(folder)
    with contextlib.closing(events):
        assert "shared/lib.py" in events.files
        assert await changes_after(events, lambda: (shared / "lib.py").write_text("12")) == ["shared/lib.py"]


async def test_installing_a_package_counts_and_its_files_do_not(folder: Path) -> None:
    events = FolderChanges(folder)
    with contextlib.closing(events):
        (folder / "node_modules" / "left" / "index.js").write_text("1")
        (folder / ".git").mkdir()
        (folder / ".git" / "index").write_text("1")
        changed = await changes_after(events, lambda: (folder / "node_modules" / "right").mkdir())
    assert "node_modules/right" in changed
    assert not [path for path in changed if path.startswith(".git") or path.endswith(".js")]


@pytest.mark.parametrize("name", ["4913", ".app.py.swp", "app.py~", ".#app.py", "#app.py#", "app.py___jb_tmp___"])
def test_files_that_editors_make(name: str) -> None:
    assert is_scratch(name)
    assert not is_scratch("app.py")
