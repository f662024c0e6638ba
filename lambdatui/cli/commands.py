"""The subcommands by name: the one place where a subcommand is registered.

Only the one that runs is imported; the lines here are all that ``--help`` needs.
"""

from importlib import import_module

import click

GROUPS: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {
    "Look": (
        "lambdatui functions --range 7d --filter 'errors>0' --sort errors --reverse",
        {
            "functions": ("functions", "All functions: calls, errors, latency, cost."),
            "function": ("function", "One function: its figures, and how they went over the range."),
            "invocations": ("invocations", "Invocations, newest first."),
            "invocation": ("invocation", "One invocation: its lines, its stack trace, its cost."),
            "logs": ("logs", "Log lines, searched over the whole range."),
            "patterns": ("patterns", "What all log lines are made of, and what each kind costs."),
            "errors": ("errors", "Errors in groups: what fails, how often, since when."),
            "throttles": ("throttles", "Throttles and concurrency."),
            "alarms": ("alarms", "Alarms as they stand, those that ring first."),
            "compare": ("compare", "The fleet beside what it did before: figures, and who grew most."),
            "metrics": ("metrics", "CloudWatch metrics, of functions and of accounts."),
            "durable": ("durable", "Durable executions: how they stand; and what happened in one."),
            "configuration": ("configuration", "How functions are configured, and what changed."),
            "serve": ("serve", "The screens in a browser of this machine, behind a token."),
        },
    ),
    "Money": (
        "lambdatui cost-estimate --requests 3M --duration-ms 120 --memory-mb 1536",
        {
            "costs": ("costs.command", "What the stored usage costs, line by line, and the month's projection."),
            "cost-estimate": ("estimate.command", "What a workload costs: from figures, the store, or a plan."),
            "whatif": ("whatif", "What would be cheaper, in dollars a month, with the arithmetic."),
            "advice": ("advice", "What to change: evidence, dollars, what to do."),
            "prices": ("prices.command", "The price book: show, check, refresh."),
        },
    ),
    "Collect": (
        "lambdatui collect --profile prod --since 7d --budget 0.50",
        {
            "collect": ("collect.command", "Collect logs and metrics from CloudWatch or a local runner."),
            "import": ("import_", "Read exported logs into the store; - is stdin."),
            "collections": ("collections", "What was collected, when, and what its calls cost."),
            "iam-policy": ("iam_policy", "The least policy that the chosen features need."),
        },
    ),
    "Run functions here": (
        "lambdatui demo",
        {
            "demo": ("demo", "The local runner, sample functions, real invocations, and the screens on them."),
            "runner": ("runner.command", "The local Lambda: serve, deploy, invoke, list, logs, remove, trigger."),
        },
    ),
    "Look after": (
        "lambdatui doctor",
        {
            "db": ("db.command", "The store: info, check, prune, export, query."),
            "config": ("config", "The configuration: check, path, show."),
            "doctor": ("doctor.command", "What works here, what does not, what to do."),
            "completions": ("completions", "Completions for bash, zsh and fish."),
            "help": ("help", "Help on a command: 'lambdatui help db check'."),
        },
    ),
}
"""The help's groups in its order, each with an example: a command's name to the module within ``lambdatui.cli`` whose
``command`` it is, and the line of the help."""

COMMANDS = {name: entry for _, group in GROUPS.values() for name, entry in group.items()}
"""The commands of all groups."""


def known() -> list[str]:
    """The names of the subcommands in the order of the help."""
    return list(COMMANDS)


def load(name: str) -> click.Command | None:
    """Import the subcommand's module and return its click command; None where there is no such subcommand."""
    if name not in COMMANDS:
        return None
    command: click.Command = import_module(f"lambdatui.cli.{COMMANDS[name][0]}").command
    return command


def summary(name: str) -> str:
    """What the subcommand is for, in a line of the help."""
    return COMMANDS[name][1]
