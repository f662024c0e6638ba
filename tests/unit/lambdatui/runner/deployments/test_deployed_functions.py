"""Where the runner keeps code: every name in a folder of its own, and large ZIPs unpacked beside the calls."""

import io
import stat
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdatui.runner.deployments.deployed_functions import DeployedFunctions, own_name
from lambdatui.runner.deployments.unzipping import BadZip, extract
from lambdatui.runner.runtimes.python import this_runtime
from tests.support import needs
from tests.support.runner_server import ROLE, Served, served, zipped

pytestmark = needs.linux
SOURCE = "def handler(e, c):\n    return 1\n"


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("folders") / "runner.db") as one:
        yield one


@pytest.mark.parametrize(
    "name",
    ["layers", "Layers", "functions", "function", "mappings", "triggers", "code", "lock", "serving", "LATEST", "-"],
)
def test_a_functions_end_takes_nothing_else_along(runner: Served, name: str) -> None:
    api = runner.client
    layer = api.publish_layer_version(LayerName="code", Content={"ZipFile": zipped({"python/shared.py": "X = 1\n"})})
    runner.create(
        "stays", "import shared\ndef handler(e, c):\n    return shared.X\n", Layers=[layer["LayerVersionArn"]]
    )
    runner.create(name, SOURCE)
    assert api.invoke(FunctionName=name)["Payload"].read() == b"1"
    api.delete_function(FunctionName=name)
    assert Path(runner.runner.layer("code", str(layer["Version"]))["_path"], "python/shared.py").exists()  # type: ignore[index]
    assert [one["FunctionName"] for one in api.list_functions()["Functions"]] == ["stays"]
    api.update_function_configuration(FunctionName="stays", Timeout=4)  # a new environment, from the folders
    assert api.invoke(FunctionName="stays")["Payload"].read() == b"1"
    api.delete_function(FunctionName="stays")


def test_names_that_differ_in_case_only_have_folders_that_differ_in_more(runner: Served) -> None:
    for name in ("orders", "Orders", "ORDERS"):
        runner.create(name, f"def handler(e, c):\n    return '{name}'\n")
    folders = [runner.runner.functions.folder_of(name).name.lower() for name in ("orders", "Orders", "ORDERS")]
    assert len(set(folders)) == 3
    runner.client.delete_function(FunctionName="ORDERS")
    for name in ("orders", "Orders"):
        assert runner.client.invoke(FunctionName=name)["Payload"].read() == f'"{name}"'.encode()
        runner.client.delete_function(FunctionName=name)


def test_folders_are_named_by_what_no_function_is_called() -> None:
    assert own_name("orders") == "orders"
    for name in ("layers", "Orders", "LAYERS"):
        assert "." in own_name(name)
    assert own_name("Orders") != own_name("ORDERS")


def test_a_layer_version_with_the_content_of_another_ends_alone(runner: Served) -> None:
    content = {"ZipFile": zipped({"python/same.py": "X = 2\n"})}
    first, second = (runner.client.publish_layer_version(LayerName="same", Content=content) for _ in range(2))
    runner.client.delete_layer_version(LayerName="same", VersionNumber=first["Version"])
    runner.create("layered", "import same\ndef handler(e, c):\n    return same.X\n", Layers=[second["LayerVersionArn"]])
    assert runner.client.invoke(FunctionName="layered")["Payload"].read() == b"2"


def test_a_store_of_an_older_runner_keeps_its_folders(tmp_path: Path) -> None:
    """Older runners named every folder by its function, and kept layers in ``layers/``."""
    path = tmp_path / "runner.db"
    with served(path) as one:
        one.create("Mixed", SOURCE)
        folder = one.runner.functions.folder
        old = one.runner.functions.folder_of("Mixed").rename(folder / "Mixed")
    document = (old / "function.json").read_text()
    (old / "function.json").write_text(document.replace(own_name("Mixed") + "/code", "Mixed/code"))
    (folder / "layers" / "old" / "sha").mkdir(parents=True)
    with served(path) as one:
        assert one.client.invoke(FunctionName="Mixed")["Payload"].read() == b"1"
        one.create("mixed", SOURCE)
        assert one.runner.functions.folder_of("mixed").name.lower() != "mixed"
        one.create("layers", SOURCE)
        one.client.delete_function(FunctionName="layers")
        assert (folder / "layers" / "old" / "sha").is_dir()
        one.client.delete_function(FunctionName="Mixed")
        assert not old.exists()


# --- ZIPs


def many(files: int) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", SOURCE)
        for number in range(files):
            archive.writestr(f"data/{number % 100}/{number}.txt", b"x")
    return packed.getvalue()


def test_calls_are_answered_while_a_large_zip_is_unpacked(runner: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    runner.create("quick", SOURCE)
    runner.client.invoke(FunctionName="quick")
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()
    unpack = type(runner.runner.functions).unpack

    def held(*arguments: Any) -> Any:
        begun.set()
        assert go_on.wait(120), "calls are not answered meanwhile"
        return unpack(*arguments)

    monkeypatch.setattr(type(runner.runner.functions), "unpack", held)

    def deploy() -> None:
        settings = {"Runtime": this_runtime(), "Handler": "app.handler", "Role": ROLE}
        runner.client.create_function(FunctionName="large", Code={"ZipFile": many(20_000)}, **settings)
        ended.set()

    thread = threading.Thread(target=deploy)
    thread.start()
    assert begun.wait(60)
    for _ in range(5):
        assert runner.client.invoke(FunctionName="quick")["Payload"].read() == b"1"
    assert not ended.is_set()
    go_on.set()
    thread.join(120)
    assert ended.is_set()
    assert runner.client.invoke(FunctionName="large")["Payload"].read() == b"1"


def test_too_many_files_are_refused(runner: Served) -> None:
    runner.create("small", SOURCE)
    with pytest.raises(ClientError, match=r"InvalidParameterValue.*Could not unzip uploaded file.*65,535 files"):
        runner.client.update_function_code(FunctionName="small", ZipFile=many(65_536))
    assert runner.client.invoke(FunctionName="small")["Payload"].read() == b"1"


def test_of_a_refused_zip_no_folder_stays(tmp_path: Path) -> None:
    deployed = DeployedFunctions(tmp_path / "runner.db")
    for owner in (deployed.folder_of("bad") / "code", deployed.folder / ".layers" / "bad"):
        with pytest.raises(BadZip):
            deployed.unpack(owner, b"no ZIP")
        assert not owner.exists()
    assert [path for path in deployed.folder.rglob("*") if path.is_dir()] == []


@pytest.mark.parametrize("name", ["../up.py", "/etc/up.py", "a/../../up.py", "a\\..\\up.py", "..", "a/.."])
def test_names_that_climb_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(BadZip, match="Could not unzip"):
        extract(zipped({"ok.py": "1", name: "out"}), tmp_path / "in")
    assert [one.name for one in tmp_path.iterdir()] == ["in"]


def test_links_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadZip):
        extract(zipped({"link": "/etc/passwd"}, mode=stat.S_IFLNK | 0o777), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_bomb_is_refused_before_it_is_on_disk(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(6):
            archive.writestr(f"{number}.bin", b"\0" * (50 << 20))
    with pytest.raises(BadZip, match="Unzipped size must be smaller than 262144000 bytes"):
        extract(packed.getvalue(), tmp_path)
    assert list(tmp_path.iterdir()) == []
    lying = packed.getvalue().replace((50 << 20).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    with pytest.raises(BadZip):
        extract(lying, tmp_path)
    assert sum(one.stat().st_size for one in tmp_path.iterdir()) < 1 << 20


@pytest.mark.parametrize("damage", [b"", b"PK", b"no zip at all", zipped({"a": "1"})[:-8], zipped({"a": "1"})[5:]])
def test_what_is_no_zip_is_told_as_lambda_tells_it(tmp_path: Path, damage: bytes) -> None:
    with pytest.raises(BadZip, match="Could not unzip uploaded file"):
        extract(damage, tmp_path)


def test_a_file_that_is_a_folder_too_is_no_zip(tmp_path: Path) -> None:
    with pytest.raises(BadZip):
        extract(zipped({"a": "1", "a/b": "2"}), tmp_path)
