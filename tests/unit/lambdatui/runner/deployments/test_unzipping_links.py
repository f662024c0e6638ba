"""Links and permissions of a ZIP: kept where they stay inside, refused where they lead out."""

import io
import os
import stat
import zipfile
from pathlib import Path

import pytest

from lambdatui.runner.deployments.unzipping import LAYERS_ROOT, BadZip, extract
from lambdatui.runner.runtimes.python import this_runtime
from tests.support import needs
from tests.support.runner_server import ROLE, Served, zipped

pytestmark = needs.linux


def archive(*entries: tuple[str, str | bytes, int]) -> bytes:
    """A ZIP of (name, content, mode of the file or link)."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as out:
        for name, content, mode in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            out.writestr(entry, content)
            entry.external_attr = mode << 16  # of 0 writestr made 0600
    return packed.getvalue()


def link(name: str, target: str) -> tuple[str, str, int]:
    return name, target, stat.S_IFLNK | 0o777


def file(name: str, content: str = "", mode: int = 0o644) -> tuple[str, str, int]:
    return name, content, stat.S_IFREG | mode


def test_links_are_kept_as_links(tmp_path: Path) -> None:
    entries = [
        link("lib/libx.so", "libx.so.1"),
        file("lib/libx.so.1", "elf"),
        link("data", "lib"),
        link("gone", "later/x"),
    ]
    extract(archive(*entries, link("deep/er/top", "../..")), tmp_path)
    assert os.readlink(tmp_path / "lib/libx.so") == "libx.so.1"
    assert (tmp_path / "data/libx.so").read_text() == "elf"
    assert os.readlink(tmp_path / "gone") == "later/x"
    assert (tmp_path / "deep/er/top").resolve() == tmp_path.resolve()


@pytest.mark.parametrize(("mount", "target"), [("/var/task", "/var/task/lib/a"), (LAYERS_ROOT, "/opt/lib/a")])
def test_absolute_links_to_lambdas_own_path_lead_to_the_folder(tmp_path: Path, mount: str, target: str) -> None:
    extract(archive(file("lib/a", "1"), link("bin/a", target), link("all", mount)), tmp_path, mount)
    assert os.readlink(tmp_path / "bin/a") == "../lib/a"
    assert (tmp_path / "all/bin/a").read_text() == "1"


@pytest.mark.parametrize(
    "target",
    ["/etc/passwd", "/", "..", "../x", "a/../../x", "/var/task/../../etc/passwd", "/var/tasks/a", "/opt/lib/a", ""],
)
def test_links_that_lead_out_are_refused(tmp_path: Path, target: str) -> None:
    with pytest.raises(BadZip, match="Could not unzip uploaded file"):
        extract(archive(file("ok.py"), link("out", target)), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_links_that_lead_out_through_other_links_are_refused(tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    (tmp_path / "secret").write_text("s")
    with pytest.raises(BadZip, match="The link stolen leads out of it"):
        extract(archive(link("p/q/up", "../.."), link("stolen", "p/q/up/../secret")), inside)
    assert not [one for one in inside.rglob("*") if one.is_symlink()]


@pytest.mark.parametrize("name", ["dir/planted", "dir/../dir/planted"])
def test_nothing_is_written_through_a_link(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "in"
    (inside / "other").mkdir(parents=True)
    with pytest.raises(BadZip):
        extract(archive(link("dir", "other"), file(name, "planted")), inside)
    assert list((inside / "other").iterdir()) == []


def test_loops_of_links_stay(tmp_path: Path) -> None:
    extract(archive(link("a", "b"), link("b", "a"), link("self", "self")), tmp_path)
    assert os.readlink(tmp_path / "self") == "self"


def test_permissions_are_kept_and_the_owner_can_always_read(tmp_path: Path) -> None:
    entries = [
        file("run", mode=0o755),
        file("group", mode=0o750),
        file("secret", mode=0o400),
        file("setuid", mode=0o4755),
    ]
    extract(archive(*entries, file("nothing", mode=0), ("windows.txt", "x", 0)), tmp_path)
    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()}
    assert modes == {
        "run": 0o755,
        "group": 0o750,
        "secret": 0o600,
        "setuid": 0o755,
        "nothing": 0o644,
        "windows.txt": 0o644,
    }


def test_of_names_that_come_twice_the_last_counts(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        packed = archive(
            file("a", "first"),
            link("b", "a"),
            file("./c//d", "first"),
            file("a", "last"),
            file("b", "own"),
            file("c/d", "last"),
        )
    extract(packed, tmp_path)
    assert [(tmp_path / name).read_text() for name in ("a", "b", "c/d")] == ["last", "own", "last"]
    assert not (tmp_path / "b").is_symlink()


@pytest.mark.parametrize("name", ["C:/x.py", "c:x", "C:\\x.py", "..\\x", "dir\\file.py"])
def test_names_of_windows_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadZip):
        extract(archive(file(name)), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_devices_and_pipes_are_plain_files(tmp_path: Path) -> None:
    extract(archive(("pipe", "1", stat.S_IFIFO | 0o644), ("device", "2", stat.S_IFCHR | 0o644)), tmp_path)
    assert all(stat.S_ISREG(one.lstat().st_mode) for one in tmp_path.iterdir())


def test_an_empty_zip_is_refused_as_lambda_does(tmp_path: Path) -> None:
    with pytest.raises(BadZip, match="Uploaded file must be a non-empty zip"):
        extract(archive(), tmp_path)


def test_a_function_runs_what_links_lead_to_in_its_code_and_layers(runner: Served) -> None:
    source = "import shared, subprocess\ndef handler(e, c):\n    return shared.X + subprocess.check_output('./tool', text=True)\n"
    layer = archive(file("lib/shared.py", "X = 'layer '\n"), link("python/shared.py", "/opt/lib/shared.py"))
    content = {"ZipFile": layer}
    version = runner.client.publish_layer_version(LayerName="linked", Content=content)["LayerVersionArn"]
    code = archive(
        file("src/app.py", source),
        link("app.py", "src/app.py"),
        file("bin/v1", "#!/bin/sh\nprintf tool", 0o755),
        link("tool", "bin/v1"),
    )
    settings = {"Runtime": this_runtime(), "Handler": "app.handler", "Role": ROLE, "Layers": [version]}
    runner.client.create_function(FunctionName="linked", Code={"ZipFile": code}, **settings)
    assert runner.client.invoke(FunctionName="linked")["Payload"].read() == b'"layer tool"'


def test_a_later_layer_replaces_a_link_and_not_what_it_leads_to(runner: Served) -> None:
    first = archive(
        file("python/real.py", "X = 'first'\n"),
        link("python/alias.py", "real.py"),
        link("python/pack", "other"),
        file("python/other/__init__.py", "X = 'other'\n"),
    )
    second = zipped({"python/alias.py": "X = 'second'\n", "python/pack/__init__.py": "X = 'pack'\n"})
    arns = [
        runner.client.publish_layer_version(LayerName=name, Content={"ZipFile": data})["LayerVersionArn"]
        for name, data in (("under", first), ("over", second))
    ]
    source = "import real, alias, pack, other\ndef handler(e, c):\n    return [real.X, alias.X, pack.X, other.X]\n"
    runner.create("layers", source, Layers=arns)
    assert runner.client.invoke(FunctionName="layers")["Payload"].read() == b'["first", "second", "pack", "other"]'
