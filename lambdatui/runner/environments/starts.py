"""What to start for a function: its runtime's process, and its external extensions."""

import os
from pathlib import Path

from lambdatui.runner.environments.lambda_paths import (
    OPT,
    TASK,
    LambdaPaths,
    extension_programs,
    namespace_paths,
    plain_paths,
)
from lambdatui.runner.environments.process import Host
from lambdatui.runner.environments.spawning import ProcessStart
from lambdatui.runner.environments.variables import process_variables
from lambdatui.runner.functions import Deployment
from lambdatui.runner.runtimes.registry import runtime_of

# Lambda Developer Guide, "Lambda Extensions API", "Extensions access to environment variables".
_NOT_FOR_EXTENSIONS = (
    *("AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_XRAY_CONTEXT_MISSING"),
    *("AWS_XRAY_DAEMON_ADDRESS", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT", "_AWS_XRAY_DAEMON_ADDRESS"),
    *("_AWS_XRAY_DAEMON_PORT", "_HANDLER", "LAMBDATUI_OPT"),
)


def runtime_start(
    deployment: Deployment, host: Host, *, own: Path, kind: str, log_stream: str, runtime_api: str, namespace: bool
) -> ProcessStart:
    """The runtime's process; the arguments are those of ``process_variables``. Raises RunnerError.

    ``namespace``: it gets Lambda's paths, else the machine's own folders.
    """
    runtime = runtime_of(deployment.runtime)
    if deployment.debug_port is None:
        command = runtime.command(deployment.runtime, TASK if namespace else deployment.path)
    else:
        command = runtime.debug_command(deployment)
    paths = namespace_paths(deployment, host.folder, command) if namespace else plain_paths(deployment, host.folder)
    env = process_variables(deployment, paths=paths, own=own, kind=kind, log_stream=log_stream, runtime_api=runtime_api)
    wrapper = env.get("AWS_LAMBDA_EXEC_WRAPPER")
    if wrapper and not runtime.entrypoint_is_the_functions:
        command = [_machine_path(wrapper, paths), *command]
    return ProcessStart(command, env, paths.task, paths.mounts, deployment.ephemeral_mb)


def extension_starts(runtime: ProcessStart) -> dict[str, ProcessStart]:
    """The external extensions beside the process of ``runtime``, by their names."""
    opt = runtime.env.get("LAMBDATUI_OPT")
    folder = next((source for source, target, _ in runtime.mounts or () if target == OPT), opt)
    env = {key: value for key, value in runtime.env.items() if key not in _NOT_FOR_EXTENSIONS}
    return {
        name: ProcessStart([f"{opt}/extensions/{name}"], env, "/", runtime.mounts, runtime.ephemeral_mb)
        for name in extension_programs(folder)
    }


def _machine_path(path: str, paths: LambdaPaths) -> str:
    """Where a path of Lambda's is for a process without a namespace."""
    if paths.mounts is None:
        for lambda_path, folder in ((OPT, paths.opt), (TASK, paths.task)):
            if folder is not None and path.startswith(f"{lambda_path}/"):
                return os.path.join(folder, path[len(lambda_path) + 1 :])
    return path
