"""What the runner's own command line asks for: how it is, and triggers."""

from pathlib import Path

from lambdatui.runner.serving.client import Api
from lambdatui.runner.serving.local import with_api
from tests.support.runner_server import Served


def test_how_it_is(runner: Served) -> None:
    runner.create("own", "def handler(e, c): return 1")
    _, headers, status = runner.ask("GET", "/_lambdatui/status")
    assert status == {"functions": 1, "waiting": 0, "busy": {}}
    assert len(headers["x-amzn-requestid"]) == 36


def test_what_is_refused(runner: Served) -> None:
    runner.create("refusing", "def handler(e, c): return 1")
    assert runner.ask("POST", "/_lambdatui/triggers/add", b"{")[1]["x-amzn-errortype"] == "SerializationException"
    assert runner.ask("POST", "/_lambdatui/dance", {})[2]["message"] == "there is no dance"
    status, _, body = runner.ask("POST", "/_lambdatui/triggers/remove", {"id": "none"})
    assert (status, body["Message"]) == (404, "there is no trigger 'none'")
    status, _, body = runner.ask("POST", "/_lambdatui/triggers/add", {"function": "refusing", "kind": "telegraph"})
    assert (status, body["message"]) == (400, "there is no trigger of kind 'telegraph'")
    assert runner.ask("POST", "/_lambdatui/triggers/add", {"function": "none", "kind": "folder"})[0] == 404


def test_triggers_are_a_serving_runners(tmp_path: Path) -> None:
    def ask(api: Api) -> tuple[int, str]:
        reply = api.ask("POST", "/_lambdatui/triggers/list", {})
        return reply.status, str(reply.document["message"])

    assert with_api(tmp_path / "runner.db", ask) == (404, "triggers are served by `lambdatui runner serve` only")
