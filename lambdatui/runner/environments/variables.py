"""The environment variables of a function's process.

Lambda Developer Guide, "Using Lambda environment variables": defined runtime environment variables. A function also
gets those of its deployment, and no credentials of this process.
"""

from pathlib import Path

from lambdatui.runner.environments.lambda_paths import OPT, LambdaPaths
from lambdatui.runner.functions import Deployment
from lambdatui.runner.runtimes.registry import runtime_of


def process_variables(
    deployment: Deployment, *, paths: LambdaPaths, own: Path, kind: str, log_stream: str, runtime_api: str
) -> dict[str, str]:
    """All variables of a process.

    ``paths`` are those that it is told of, ``own`` is the environment's folder (its home); ``kind`` is its
    initialization type, ``runtime_api`` the ``host:port`` of the Runtime API.
    """
    opt = paths.opt
    programs = "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin"
    libraries = ["/var/lang/lib", "/lib64", "/usr/lib64", paths.runtime, f"{paths.runtime}/lib"]
    libraries += [paths.task, f"{paths.task}/lib"]
    if opt is not None or paths.mounts is not None:
        programs += f":{opt or OPT}/bin"
        libraries.append(f"{opt or OPT}/lib")
    variables = {"PYTHONPATH": paths.runtime} if deployment.runtime.startswith("python") else {}
    variables |= {
        # A home of its own: the credential files of the user who runs this do not belong to the function.
        "HOME": str(own),
        "TMPDIR": str(own),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": "LOCALRUNNER",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_SESSION_TOKEN": "none",
        "PATH": programs,
        "LD_LIBRARY_PATH": ":".join(libraries),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        # Of this machine: Lambda's own address may be somebody else's here.
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1",
        "_AWS_XRAY_DAEMON_PORT": "2000",
        **deployment.env,
        "AWS_REGION": deployment.region,
        "AWS_DEFAULT_REGION": deployment.env.get("AWS_DEFAULT_REGION", deployment.region),
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{deployment.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": deployment.name,
        "AWS_LAMBDA_FUNCTION_VERSION": deployment.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(deployment.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": kind,
        "AWS_LAMBDA_LOG_GROUP_NAME": deployment.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        **_logging_variables(deployment),
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "LAMBDA_TASK_ROOT": paths.task,
        "LAMBDA_RUNTIME_DIR": paths.runtime,
        "_HANDLER": deployment.handler,
    }
    if opt is not None:
        variables["LAMBDATUI_OPT"] = opt
    folder = None if opt is None else Path(opt)
    return variables | runtime_of(deployment.runtime).variables(deployment.runtime, folder, deployment.env)


def _logging_variables(deployment: Deployment) -> dict[str, str]:
    """What the runtime reads of the logging configuration; the text format has no levels, and sets nothing."""
    if deployment.log_format != "JSON":
        return {}
    return {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": deployment.application_level}
