"""Whether functions of the local runner get Lambda's paths on this machine."""

import sys
from collections.abc import Iterator

from lambdatui.cli.doctor.findings import OK, WARN, CheckResult


def runner_paths() -> Iterator[CheckResult]:
    """Tries a mount namespace, as the runner does. Nothing where there is no runner."""
    if not sys.platform.startswith("linux"):
        return
    from lambdatui.runner.environments.process import namespaces_refusal

    refusal = namespaces_refusal()
    if refusal is None:
        yield CheckResult("runner", OK, "functions find their files at /var/task, /opt and /var/runtime")
    else:
        yield CheckResult(
            "runner",
            WARN,
            f"functions run in the machine's own folders, without /var/task, /opt and /var/runtime: {refusal}",
            "they need user and mount namespaces: on Ubuntu, 'sysctl kernel.apparmor_restrict_unprivileged_userns=0'",
        )
