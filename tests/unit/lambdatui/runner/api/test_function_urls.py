"""Function URLs: their life, and what is refused."""

import http.client
import json

import pytest

from lambdatui.runner.gateways.kinds import FORBIDDEN
from tests.support.runner_server import Served, refusal

ECHO = "def handler(e, c): return e['requestContext']['http']['method'] + ' ' + c.function_version"


@pytest.fixture(scope="module", autouse=True)
def function(runner: Served) -> None:
    runner.create("web", ECHO)
    runner.client.publish_version(FunctionName="web")
    runner.client.create_alias(FunctionName="web", Name="live", FunctionVersion="1")


def get(url: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", int(url.rstrip("/").rpartition(":")[2]), timeout=20)
    connection.request("GET", "/", None, headers or {})
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_the_life_of_a_url(runner: Served) -> None:
    api = runner.client
    assert refusal(api.get_function_url_config, FunctionName="web")[0] == 404
    latest = api.create_function_url_config(FunctionName="web", AuthType="NONE")
    live = api.create_function_url_config(FunctionName="web", Qualifier="live", AuthType="AWS_IAM")
    assert refusal(api.create_function_url_config, FunctionName="web", AuthType="NONE")[0] == 409
    assert get(latest["FunctionUrl"]) == (200, b"GET $LATEST")
    assert get(live["FunctionUrl"]) == (403, FORBIDDEN.encode())
    assert get(live["FunctionUrl"], {"Authorization": "AWS4-HMAC-SHA256 x"}) == (200, b"GET 1")
    changed = api.update_function_url_config(
        FunctionName="web", Qualifier="live", AuthType="NONE", Cors={"AllowOrigins": ["*"]}
    )
    assert (changed["AuthType"], changed["FunctionUrl"]) == ("NONE", live["FunctionUrl"])
    assert get(live["FunctionUrl"])[0] == 200  # the same port, at once
    urls = [one["FunctionUrl"] for one in api.list_function_url_configs(FunctionName="web")["FunctionUrlConfigs"]]
    assert urls == [latest["FunctionUrl"], live["FunctionUrl"]]
    api.delete_function_url_config(FunctionName="web", Qualifier="live")
    assert get(live["FunctionUrl"]) == (403, FORBIDDEN.encode())
    assert api.get_function_url_config(FunctionName="web")["InvokeMode"] == "BUFFERED"


def test_what_is_refused(runner: Served) -> None:
    version = refusal(runner.client.create_function_url_config, FunctionName="web", Qualifier="1", AuthType="NONE")
    assert "Value '1' at 'qualifier' failed to satisfy constraint" in version[2]
    path = "/2021-10-31/functions/web/url?Qualifier=live"
    for document, member in (
        ({"AuthType": "MAYBE"}, "authType"),
        ({"AuthType": "NONE", "InvokeMode": "X"}, "invokeMode"),
        ({}, "authType"),
        ({"AuthType": "NONE", "Cors": {"MaxAge": 86_401}}, "cors.maxAge"),
        ({"AuthType": "NONE", "Cors": {"AllowMethods": ["OPTIONS"]}}, "cors.allowMethods"),
        ({"AuthType": "NONE", "Cors": {"AllowOrigins": ["x"] * 101}}, "cors.allowOrigins"),
    ):
        status, headers, body = runner.ask("POST", path, document)
        assert (status, headers["x-amzn-errortype"]) == (400, "ValidationException")
        assert f"at '{member}' failed" in body["message"]


def test_what_is_not_there(runner: Served) -> None:
    api = runner.client
    for call, message in (
        (api.create_function_url_config, "Function does not exist"),
        (api.update_function_url_config, "Function does not exist"),
        (api.get_function_url_config, "The resource you requested does not exist."),
        (api.delete_function_url_config, "The resource you requested does not exist."),
    ):
        more = {"AuthType": "NONE"} if "create" in call.__name__ else {}
        for names in ({"FunctionName": "absent"}, {"FunctionName": "web", "Qualifier": "gone"}):
            assert refusal(call, **names, **more)[1:] == ("ResourceNotFoundException", message)
        latest = refusal(call, FunctionName="web", Qualifier="$LATEST", **more)
        assert "Value '$LATEST' at 'qualifier' failed" in latest[2]
    assert refusal(api.list_function_url_configs, FunctionName="absent")[2] == "Function does not exist"


def test_urls_are_listed_in_pages(runner: Served) -> None:
    api = runner.client
    runner.create("paged", ECHO, Publish=True)
    api.create_alias(FunctionName="paged", Name="live", FunctionVersion="1")
    created = api.create_function_url_config(FunctionName="paged", AuthType="NONE")
    assert not {"LastModifiedTime", "InvokeMode"} & set(created)  # as AWS: only what was asked for
    streamed = {"FunctionName": "paged", "Qualifier": "live", "AuthType": "NONE", "InvokeMode": "RESPONSE_STREAM"}
    assert api.create_function_url_config(**streamed)["InvokeMode"] == "RESPONSE_STREAM"
    first = api.list_function_url_configs(FunctionName="paged", MaxItems=1)
    assert len(first["FunctionUrlConfigs"]) == 1
    rest = api.list_function_url_configs(FunctionName="paged", Marker=first["NextMarker"])["FunctionUrlConfigs"]
    assert [url["InvokeMode"] for url in rest] == ["RESPONSE_STREAM"]
    api.delete_alias(FunctionName="paged", Name="live")
    assert len(api.list_function_url_configs(FunctionName="paged")["FunctionUrlConfigs"]) == 1


def test_a_deleted_functions_urls_refuse(runner: Served) -> None:
    runner.create("leaves", ECHO)
    url = runner.client.create_function_url_config(FunctionName="leaves", AuthType="NONE")["FunctionUrl"]
    assert get(url)[0] == 200
    runner.client.delete_function(FunctionName="leaves")
    assert get(url) == (403, FORBIDDEN.encode())


def test_pages_of_other_sites_are_let_in_as_cors_says(runner: Served) -> None:
    runner.create("cors", "def handler(e, c): return 1")
    cors = {
        "AllowOrigins": ["https://shop.example"],
        "AllowMethods": ["GET"],
        "AllowHeaders": ["x-a"],
        "ExposeHeaders": ["x-b", "x-c"],
        "AllowCredentials": True,
        "MaxAge": 60,
    }
    url = runner.client.create_function_url_config(FunctionName="cors", AuthType="NONE", Cors=cors)["FunctionUrl"]
    connection = http.client.HTTPConnection("127.0.0.1", int(url.rstrip("/").rpartition(":")[2]), timeout=20)
    connection.request("GET", "/", None, {"Origin": "https://shop.example"})
    answer = connection.getresponse()
    assert json.loads(answer.read()) == 1
    allowed = {name: value for name, value in answer.getheaders() if name.startswith("access-control-")}
    assert allowed == {
        "access-control-allow-origin": "https://shop.example",
        "access-control-allow-methods": "GET",
        "access-control-allow-headers": "x-a",
        "access-control-expose-headers": "x-b,x-c",
        "access-control-allow-credentials": "true",
        "access-control-max-age": "60",
    }
    connection.request("GET", "/", None, {"Origin": "https://other.example"})
    answer = connection.getresponse()
    answer.read()
    assert not any(name.startswith("access-control-") for name, _ in answer.getheaders())


def test_the_url_of_a_deleted_alias_refuses_until_the_alias_has_one_again(runner: Served) -> None:
    runner.create("aliased", ECHO)
    runner.client.create_alias(FunctionName="aliased", Name="live", FunctionVersion="$LATEST")
    url = runner.client.create_function_url_config(FunctionName="aliased", Qualifier="live", AuthType="NONE")
    assert get(url["FunctionUrl"])[0] == 200
    runner.client.delete_alias(FunctionName="aliased", Name="live")
    assert get(url["FunctionUrl"]) == (403, FORBIDDEN.encode())
    assert refusal(runner.client.get_function_url_config, FunctionName="aliased", Qualifier="live")[0] == 404
