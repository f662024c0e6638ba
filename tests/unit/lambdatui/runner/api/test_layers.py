"""Layers: what is refused, what is listed, and the folders of functions that use them."""

import binascii

from tests.support.runner_server import ROLE, Served, refusal, zipped


def test_what_is_refused(runner: Served) -> None:
    path = "/2018-10-31/layers/common/versions"
    assert runner.ask("POST", path, {"Content": {"ZipFile": "%%%"}})[1]["x-amzn-errortype"] == "SerializationException"
    assert runner.ask("POST", path, {"Content": {"ZipFile": 7}})[1]["x-amzn-errortype"] == "SerializationException"
    bad = binascii.b2a_base64(b"no zip").decode().strip()
    status, _, body = runner.ask("POST", path, {"Content": {"ZipFile": bad}})
    assert (status, "Could not unzip uploaded file" in body["message"]) == (400, True)
    name = runner.ask("POST", "/2018-10-31/layers/a%20b/versions", {"Content": {"ZipFile": bad}})
    assert name[1]["x-amzn-errortype"] == "ValidationException"
    assert refusal(runner.client.get_layer_version, LayerName="none", VersionNumber=1)[0] == 404


def test_versions_are_listed_newest_first_and_asked_for_by_arn(runner: Served) -> None:
    for value in (1, 2):
        content = {"ZipFile": zipped({"python/shared.py": f"VALUE = {value}\n"})}
        layer = runner.client.publish_layer_version(LayerName="shared", Content=content, Description=f"number {value}")
    versions = runner.client.list_layer_versions(LayerName="shared")["LayerVersions"]
    assert [(one["Version"], one["Description"]) for one in versions] == [(2, "number 2"), (1, "number 1")]
    by_arn = runner.client.get_layer_version_by_arn(Arn=layer["LayerVersionArn"])
    assert (by_arn["Version"], by_arn["Content"]["CodeSha256"]) == (2, layer["Content"]["CodeSha256"])
    assert runner.client.list_layer_versions(LayerName="none")["LayerVersions"] == []
    runner.client.delete_layer_version(LayerName="shared", VersionNumber=2)
    runner.client.delete_layer_version(LayerName="shared", VersionNumber=2)  # again: nothing happens
    assert refusal(runner.client.get_layer_version_by_arn, Arn=layer["LayerVersionArn"])[0] == 404


def test_a_deleted_layer_stays_where_a_function_uses_it(runner: Served) -> None:
    content = {"ZipFile": zipped({"python/used.py": "VALUE = 'still here'\n"})}
    layer = runner.client.publish_layer_version(LayerName="used", Content=content)
    runner.create("uses", "import used\ndef handler(e, c): return used.VALUE", Layers=[layer["LayerVersionArn"]])
    runner.client.delete_layer_version(LayerName="used", VersionNumber=1)
    assert runner.client.invoke(FunctionName="uses")["Payload"].read() == b'"still here"'


def test_a_layer_whose_folder_is_gone_is_the_functions_error(runner: Served, tmp_path: object) -> None:
    folder = f"{tmp_path}/layer"
    import os
    import shutil

    os.makedirs(f"{folder}/python")
    code = {"ZipFile": zipped({"app.py": "def handler(e, c): return 1"})}
    settings = {"Runtime": "python3.11", "Handler": "app.handler", "Role": ROLE}
    document = {"FunctionName": "gone", "Code": code, "Layers": [folder], **settings}
    document["Code"] = {"ZipFile": binascii.b2a_base64(code["ZipFile"]).decode().strip()}
    assert runner.ask("POST", "/2015-03-31/functions", document)[0] == 201
    shutil.rmtree(folder)
    answer = runner.client.invoke(FunctionName="gone")
    assert answer["FunctionError"] == "Unhandled"
    assert f"layer {folder} is not a folder" in answer["Payload"].read().decode()
    for layers, message in (([folder], "is not a folder on this machine"), ([folder] * 6, "more than 5 layers")):
        status, _, body = runner.ask("PUT", "/2015-03-31/functions/gone/configuration", {"Layers": layers})
        assert (status, message in body["message"]) == (400, True)


def test_which_layers_a_function_can_have(runner: Served) -> None:
    api = runner.client
    before = api.get_account_settings()["AccountUsage"]["TotalCodeSize"]
    content = {"ZipFile": zipped({"python/two.py": "VALUE = 1"})}
    first, second = (api.publish_layer_version(LayerName="two", Content=content)["LayerVersionArn"] for _ in range(2))
    size = len(content["ZipFile"])
    assert api.get_account_settings()["AccountUsage"]["TotalCodeSize"] == before + 2 * size
    runner.create("layered", "def handler(e, c): return 1", Layers=[first])
    assert api.get_function_configuration(FunctionName="layered")["Layers"] == [{"Arn": first, "CodeSize": size}]
    for arns, message in (
        ([first, second], f"{first} and {second} are versions of the same layer."),
        ([first.replace("two:", "none:")], f"Layer version {first.replace('two:', 'none:')} does not exist."),
        ([first.rpartition(":")[0]], "Member must satisfy regular expression pattern: (arn:(aws"),
        ([first.replace("us-east-1", "eu-west-1")], "Layers are expected to be in region us-east-1."),
        ([first] * 6, "Cannot reference more than 5 layers."),
    ):
        assert message in refusal(api.update_function_configuration, FunctionName="layered", Layers=arns)[2]
