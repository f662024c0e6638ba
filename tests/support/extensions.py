"""Extensions for tests: programs in layers, and functions that have them."""

import asyncio
import json
import sys
from typing import Any

from lambdatui.runner.runtimes.python import this_runtime
from tests.support.runner_server import ROLE, Served, wait_for, zipped

EXTENSION = (
    f"#!{sys.executable}"
    + """
import json, os, sys, time, urllib.error, urllib.request
BASE = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"]
NAME = os.path.basename(sys.argv[0])
ID = {}

def ask(method, path, body=None, headers=None):
    request = urllib.request.Request(BASE + path, None if body is None else json.dumps(body).encode(), headers or ID, method=method)
    try:
        with urllib.request.urlopen(request) as reply:
            return reply.status, reply.headers, json.loads(reply.read())
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.loads(error.read())

def register(events, name=NAME, **headers):
    headers = {"Lambda-Extension-Name": name, **headers}
    status, answer, body = ask("POST", "/2020-01-01/extension/register", {"events": events}, headers)
    if status == 200:
        ID["Lambda-Extension-Identifier"] = answer["Lambda-Extension-Identifier"]
    return status, body

def following():
    return ask("GET", "/2020-01-01/extension/event/next")[2]

def say(*words):
    print(*words, flush=True)
"""
)
RUNTIME = (
    f"#!{sys.executable}"
    + """
import os, signal, sys, urllib.request
BASE = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
def ended(*_):
    print("runtime got SIGTERM", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, ended)
while True:
    with urllib.request.urlopen(BASE + "next") as event:
        print("handling", flush=True)
        where = BASE + event.headers["Lambda-Runtime-Aws-Request-Id"] + "/response"
        urllib.request.urlopen(urllib.request.Request(where, b'{"pid": %d}' % os.getpid())).close()
"""
)
APP = """
import os, sys, time
def handler(event, context):
    print("handling", flush=True)
    time.sleep(event.get("sleep", 0))
    if event.get("raise"):
        raise KeyError("k")
    return {"pid": os.getpid()}
"""


def deploy(runner: Served, extensions: dict[str, str], source: str = APP, **settings: Any) -> None:
    files: dict[str, str | bytes] = {
        f"extensions/{name}": body if body.startswith("#!/bin") else EXTENSION + body
        for name, body in extensions.items()
    }
    content = {"ZipFile": zipped(files, 0o755)}
    layer = runner.client.publish_layer_version(LayerName="extensions", Content=content)["LayerVersionArn"]
    code = {"ZipFile": zipped({"app.py": source, "bootstrap": RUNTIME}, 0o755)}
    given = {"Runtime": this_runtime(), "Handler": "app.handler", "Timeout": 20, "MemorySize": 256, **settings}
    runner.client.create_function(FunctionName="fn", Role=ROLE, Code=code, Layers=[layer], **given)


def call(runner: Served, event: object, **options: Any) -> tuple[Any, str | None]:
    reply = runner.client.invoke(FunctionName="fn", Payload=json.dumps(event).encode(), **options)
    return json.loads(reply["Payload"].read()), reply.get("FunctionError")


def line(runner: Served, start: str) -> str:
    """The first log event that begins so, once it is there."""
    return str(wait_for(lambda: next((one for one in runner.messages() if one.startswith(start)), None)))


def stop(runner: Served) -> None:
    """End all environments, as after being idle."""
    runner.wait(_stop(runner))


async def _stop(runner: Served) -> None:
    pools = runner.runner.fleet._pools.values()
    await asyncio.gather(*(environment.stop() for pool in pools for environment in list(pool.alive)))
