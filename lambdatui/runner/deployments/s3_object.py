"""Fetches code from S3, in a process of its own: boto3 is large, and calls are answered meanwhile.

As a script it reads what to fetch from stdin and answers an error on stdout, both in JSON.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from lambdatui.runner import aws
from lambdatui.runner.deployments.unzipping import UNZIPPED_BYTES, BadZip
from lambdatui.runner.errors import ApiError, invalid
from lambdatui.runner.untrusted import parsed_json

_LONGEST_S = 300
_ROOT = Path(__file__).parents[3]


def s3_object(bucket: str, key: str, version: str | None) -> bytes:
    """The object, of that version unless it is None. For a thread. Raises ApiError and BadZip, with Lambda's texts."""
    place = f"s3://{bucket}/{key}"
    if not aws.has_objects():
        raise invalid(
            f"{place} cannot be fetched, because this runner has no S3: start it with --endpoint-url URL, or "
            "--endpoint-url s3=URL, where the object is (or with --profile NAME for AWS itself); or give a ZipFile"
        )
    endpoints, profile = aws.chosen()
    with tempfile.TemporaryDirectory(prefix="lambdatui-s3-") as folder:
        path = Path(folder) / "object"
        request = {
            "endpoints": dict(endpoints),
            "profile": profile,
            "path": str(path),
            "bucket": bucket,
            "key": key,
            "version": version,
        }
        answer = _child(json.dumps(request), place)
        if answer.get("too_large"):
            raise BadZip(f"Unzipped size must be smaller than {UNZIPPED_BYTES} bytes")
        if answer.get("code") == "AccessDenied":
            text = (
                "Your access has been denied by S3, please make sure your request credentials have permission to "
                f"GetObject for {bucket}/{key}. S3 Error Code: AccessDenied. S3 Error Message: {answer['message']}"
            )
            raise ApiError(403, "AccessDeniedException", text)
        if "code" in answer:
            text = f"S3 Error Code: {answer['code']}. S3 Error Message: {answer['message']}"
            raise invalid(f"Error occurred while GetObject. {text}")
        if "message" in answer:
            raise invalid(f"{place} cannot be fetched: {answer['message']}")
        return path.read_bytes()


def _child(request: str, place: str) -> dict[str, str]:
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "lambdatui.runner.deployments.s3_object"],
            input=request, capture_output=True, text=True, timeout=_LONGEST_S, check=False, env=environment,
        )  # fmt: skip
        answer: dict[str, str] = parsed_json(done.stdout or done.stderr)
    except subprocess.TimeoutExpired as error:
        raise invalid(f"{place} cannot be fetched within {_LONGEST_S} seconds") from error
    except ValueError as error:
        raise invalid(f"{place} cannot be fetched: {done.stderr.strip().splitlines()[-1:]}") from error
    return answer


def fetch(request: dict[str, Any]) -> dict[str, object]:
    """Write the object to ``request["path"]``; what went wrong, or nothing."""
    from botocore.exceptions import BotoCoreError, ClientError

    aws.use_aws(request["endpoints"], request["profile"])
    wanted = {"Bucket": request["bucket"], "Key": request["key"]}
    if request["version"] is not None:
        wanted["VersionId"] = request["version"]
    try:
        answer = aws.client("s3").get_object(**wanted)
        if answer["ContentLength"] > UNZIPPED_BYTES:
            return {"too_large": True}
        with open(request["path"], "wb") as out:
            for chunk in answer["Body"].iter_chunks(1 << 20):
                out.write(chunk)
    except ClientError as error:
        details = error.response["Error"]
        return {"code": details.get("Code", ""), "message": details.get("Message", "")}
    except (BotoCoreError, OSError, ValueError) as error:
        return {"message": str(error)}
    return {}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(fetch(parsed_json(sys.stdin.read()))))
