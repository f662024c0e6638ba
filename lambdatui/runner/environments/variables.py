"""The environment variables of a function's process.

Lambda Developer Guide, "Using Lambda environment variables": defined runtime environment variables. A function also
gets those of its deployment, and no credentials of this process.
"""

from pathlib import Path

from lambdatui.runner.functions import Deployment
from lambdatui.runner.runtimes.folders import opt_folder, runtime_folder
from lambdatui.runner.runtimes.registry import runtime_of


def process_variables(
    deployment: Deployment, *, shared: Path, own: Path, kind: str, log_stream: str, runtime_api: str
) -> dict[str, str]:
    """All variables of a process.

    ``shared`` is the folder that all processes of the runner share, ``own`` the environment's (its home and /tmp);
    ``kind`` is its initialization type, ``runtime_api`` the ``host:port`` of the Runtime API. Raises RunnerError when a
    layer's folder does not exist any more.
    """
    opt = opt_folder(shared, deployment.layers)
    programs, libraries = "/usr/local/bin:/usr/bin:/bin", [str(deployment.path), f"{deployment.path}/lib"]
    if opt is not None:
        programs += f":{opt}/bin"
        libraries.append(f"{opt}/lib")
    variables = {
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
        "AWS_LAMBDA_LOG_FORMAT": deployment.log_format,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "LAMBDA_TASK_ROOT": deployment.path,
        "LAMBDA_RUNTIME_DIR": str(runtime_folder(shared)),
        "_HANDLER": deployment.handler,
    }
    if opt is not None:
        variables["LAMBDATUI_OPT"] = str(opt)
    return variables | runtime_of(deployment.runtime).variables(deployment.runtime, opt, deployment.env)
