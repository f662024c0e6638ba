"""Terraform's own AWS provider makes functions on the runner, finds nothing to change, changes them and removes them.

Needs ``terraform``, and the provider in a folder laid out as a filesystem mirror: ``LAMBDATUI_TERRAFORM_PLUGINS``,
else ``/opt/tf-plugins``.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import needs
from tests.support.runner_server import served, zipped

PLUGINS = Path(os.environ.get("LAMBDATUI_TERRAFORM_PLUGINS", "/opt/tf-plugins"))
PROVIDERS = PLUGINS / "registry.terraform.io/hashicorp/aws"

pytestmark = [
    needs.linux,
    pytest.mark.skipif(
        shutil.which("terraform") is None or not PROVIDERS.is_dir(), reason="needs terraform and its AWS provider"
    ),
]

RESOURCES = """
variable "endpoint" {}
variable "memory" { default = 128 }
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints { lambda = var.endpoint }
}
resource "aws_lambda_layer_version" "layer" {
  layer_name          = "shared"
  filename            = "layer.zip"
  compatible_runtimes = ["python3.11"]
}
resource "aws_lambda_function" "fn" {
  function_name                  = "made"
  role                           = "arn:aws:iam::000000000000:role/r"
  handler                        = "app.handler"
  runtime                        = "python3.11"
  filename                       = "fn.zip"
  memory_size                    = var.memory
  publish                        = true
  layers                         = [aws_lambda_layer_version.layer.arn]
  reserved_concurrent_executions = 5
  environment { variables = { AA = "b" } }
  tags = { team = "x" }
}
resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.fn.arn
  function_version = "1"
}
resource "aws_lambda_permission" "events" {
  statement_id  = "AllowEvents"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.fn.function_name
  qualifier     = aws_lambda_alias.live.name
  principal     = "events.amazonaws.com"
}
resource "aws_lambda_event_source_mapping" "queue" {
  event_source_arn = "arn:aws:sqs:us-east-1:000000000000:q"
  function_name    = aws_lambda_function.fn.arn
  enabled          = false
  tags             = { a = "b" }
  filter_criteria {
    filter { pattern = jsonencode({ body = { a = ["b"] } }) }
  }
}
resource "aws_lambda_event_source_mapping" "stream" {
  event_source_arn  = "arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/2026-01-01T00:00:00.000"
  function_name     = aws_lambda_alias.live.arn
  starting_position = "LATEST"
  enabled           = false
}
resource "aws_lambda_function_url" "url" {
  function_name      = aws_lambda_function.fn.function_name
  qualifier          = aws_lambda_alias.live.name
  authorization_type = "NONE"
  cors { allow_origins = ["*"] }
}
"""


def versions() -> str:
    """The block that wants the provider's version that there is."""
    [version, *_] = sorted(folder.name for folder in PROVIDERS.iterdir())
    return (
        "terraform {\n  required_providers {\n"
        f'    aws = {{ source = "hashicorp/aws", version = "{version}" }}\n  }}\n}}\n'
    )


def test_apply_plan_change_and_destroy(tmp_path: Path) -> None:
    folder = tmp_path / "plan"
    folder.mkdir()
    (folder / "main.tf").write_text(versions() + RESOURCES)
    (folder / "fn.zip").write_bytes(zipped({"app.py": "def handler(e, c): return 1"}))
    (folder / "layer.zip").write_bytes(zipped({"python/shared.py": "VALUE = 1"}))
    (folder / "rc").write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{PLUGINS}" }}\n}}\n')
    with served(tmp_path / "runner.db") as runner:
        environment = {
            **os.environ,
            "TF_CLI_CONFIG_FILE": str(folder / "rc"),
            "TF_VAR_endpoint": f"http://{runner.host}:{runner.port}",
            "CHECKPOINT_DISABLE": "1",
        }

        def terraform(*arguments: str) -> tuple[int, str]:
            ended = subprocess.run(
                ["terraform", *arguments, "-no-color"],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=250,
                check=False,
            )
            return ended.returncode, ended.stdout + ended.stderr

        assert terraform("init")[0] == 0
        status, output = terraform("apply", "-auto-approve")
        assert (status, "Resources: 7 added, 0 changed, 0 destroyed." in output) == (0, True), output
        assert runner.client.get_function(FunctionName="made", Qualifier="live")["Configuration"]["Version"] == "1"
        status, output = terraform("plan", "-detailed-exitcode")
        assert (status, "No changes." in output) == (0, True), output  # 2: it would change something
        status, output = terraform("apply", "-auto-approve", "-var", "memory=256")
        assert (status, "Resources: 0 added, 1 changed, 0 destroyed." in output) == (0, True), output
        status, output = terraform("destroy", "-auto-approve")
        assert (status, "Resources: 7 destroyed." in output) == (0, True), output
        assert runner.client.list_functions()["Functions"] == []
