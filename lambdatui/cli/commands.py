"""The subcommands by name. Only the one that runs is imported; the lines here are all that ``--help`` needs."""

from importlib import import_module
from importlib.util import find_spec

import click

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("demo", "The local runner, sample functions, real invocations, and the screens on them."),
    "collect": ("collect", "Collect logs and metrics from CloudWatch or a local runner."),
    "import": ("import_", "Read exported logs into the store; - is stdin."),
    "functions": ("functions", "All functions: calls, errors, latency, cost."),
    "function": ("function", "One function: its figures, and how they went over the range."),
    "invocations": ("invocations", "Invocations, newest first."),
    "invocation": ("invocation", "One invocation: its lines, its stack trace, its cost."),
    "logs": ("logs", "Log lines, searched over the whole range."),
    "patterns": ("patterns", "What all log lines are made of, and what each kind costs."),
    "errors": ("errors", "Errors in groups: what fails, how often, since when."),
    "throttles": ("throttles", "Throttles and concurrency."),
    "alarms": ("alarms", "Alarms as they stand, those that ring first."),
    "metrics": ("metrics", "CloudWatch metrics, of functions and of accounts."),
    "durable": ("durable", "Durable executions: how they stand; and what happened in one."),
    "configuration": ("configuration", "How functions are configured, and what changed."),
    "collections": ("collections", "What was collected, when, and what its calls cost."),
    "costs": ("costs", "What the stored usage costs, line by line, and the month's projection."),
    "cost-estimate": ("cost_estimate", "What a workload costs: from figures, the store, or a plan."),
    "whatif": ("whatif", "What would be cheaper, in dollars a month, with the arithmetic."),
    "runner": ("runner", "The local Lambda: serve, deploy, invoke, list, logs, remove, trigger."),
    "prices": ("prices", "The price book: show, check, refresh."),
    "serve": ("serve", "The screens in a browser of this machine, behind a token."),
    "advice": ("advice", "What to change: evidence, dollars, what to do."),
    "db": ("db", "The store: info, check, prune, export, query."),
    "config": ("config_command", "The configuration: check, path, show."),
    "doctor": ("doctor", "What works here, what does not, what to do."),
    "iam-policy": ("iam_policy", "The least policy that the chosen features need."),
    "completions": ("completions", "Completions for bash, zsh and fish."),
}


def known() -> list[str]:
    """The names of the subcommands that this installation has, in the order of the help."""
    return [name for name, (module, _) in COMMANDS.items() if find_spec(f"lambdatui.cli.{module}") is not None]


def load(name: str) -> click.Command | None:
    """Import the subcommand's module; its ``command`` is the click command. None: no such subcommand."""
    if name not in COMMANDS:
        return None
    module = f"lambdatui.cli.{COMMANDS[name][0]}"
    if find_spec(module) is None:
        return None
    command: click.Command = import_module(module).command
    return command


def summary(name: str) -> str:
    return COMMANDS[name][1]
