"""What the demo's collector takes of its runner's log after the simulated days."""

from pathlib import Path

from collectors.model.account import DEPLOYMENT, Inventory
from collectors.sources.base import NothingStored
from collectors.sources.runner_log import RunnerLog
from lambdatui.demo.collector_process import SameCode
from lambdatui.runner.functions import Deployment
from lambdatui.runner.log.writer import Log


def test_only_a_later_deploy_is_one(tmp_path: Path) -> None:
    """The runner deploys the code that the simulated days ended with: that is no change of it."""
    path = tmp_path / "runner.db"
    api, worker = (Deployment(name, "", "app.handler", "python3.11") for name in ("shop-api", "order-worker"))
    with Log(path) as log:
        for deployment in (api, worker):
            log.deployed(deployment, 1_000_000)
    with RunnerLog(path) as read:
        source = SameCode(read)

        def deploys() -> list[tuple[str, int | None]]:
            found = [item for item in source.items(NothingStored()) if isinstance(item, Inventory)]
            return [(one.function, one.modified_ms) for item in found if item.kinds == (DEPLOYMENT,)
                    for one in item.configured]  # fmt: skip

        assert deploys() == []
        with Log(path) as log:
            log.deployed(api, 1_090_000)
        assert deploys() == [("shop-api", 1_090_000)]
