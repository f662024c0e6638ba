"""``lambdatui doctor``: what works on this machine, what does not, what to do."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from collectors.model.clock import now_ms
from collectors.model.errors import ExitCode
from collectors.model.units import DAY_MS, MINUTE_MS
from collectors.outside import ADVICE_RULES, NOTIFIERS, SOURCES, additions
from collectors.sources.cloudwatch.allowed_calls import FEATURES
from collectors.store.errors import StoreError, StoreMissing
from lambdatui.cli.doctor.findings import FAIL, NOT_TRIED, OK, WARN, CheckResult
from lambdatui.cli.doctor.runner_paths import runner_paths
from lambdatui.cli.global_options import current_context
from lambdatui.cli.iam_policy import chosen_features, role_named
from lambdatui.cli.output.listing import Listing, ListingHelp, listing_options
from lambdatui.cli.output.rows import emit
from lambdatui.text import figures
from lambdatui.text.plain import plain
from lambdatui.views.columns import columns_of
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View

COLUMNS = columns_of(CheckResult)

_NARROWEST, _LOWEST = 80, 24
_LEAST_FREE_BYTES = 500 << 20
_BUILT_MS = 1_735_689_600_000  # 2025-01-01: a clock before this one is wrong


@click.command(
    name="doctor", cls=ListingHelp, epilog="Example: lambdatui doctor --aws --profile prod --region eu-central-1"
)
@click.option("--aws", "ask_aws", is_flag=True, help="Also ask AWS: each action that collecting needs, once.")
@click.option("--profile", metavar="P", help="The AWS profile, for --aws.")
@click.option("--region", metavar="R", help="The AWS region, for --aws.")
@click.option(
    "--features",
    callback=chosen_features,
    metavar="A,B",
    help=f"Whose actions --aws tries: {', '.join(FEATURES)} (default: what collect reads).",
)
@click.option("--billed", is_flag=True, help="Also try what AWS bills: a live tail and Cost Explorer, $0.01 each.")
@click.option(
    "--role-name", callback=role_named, metavar="NAME", help="For the feature organization: the role to assume."
)
@click.option("--external-id", default="", metavar="ID", help="What that role asks for.")
@click.option("--endpoint-url", metavar="URL", help="Another server that speaks AWS's APIs.")
@listing_options(CheckResult)
def command(
    listing: Listing,
    ask_aws: bool,
    profile: str | None,
    region: str | None,
    features: tuple[str, ...] | None,
    billed: bool,
    role_name: str,
    external_id: str,
    endpoint_url: str | None,
) -> int:
    """Terminal, store, clock, credentials: what works, what does not, what to do.

    Nothing is sent over the network, unless --aws asks for it: then each action is tried once, with the smallest
    question there is, and the policy that is missing is printed. A metric that is asked for costs $0.00001; what costs
    more is not tried without --billed. Exit code 1 when something fails or is denied; 3 when nothing does, and
    something could not be tried.
    """
    context = current_context()
    now = now_ms()
    findings = [*terminal(os.environ), *store(context.db, now), clock(now), credentials(os.environ, Path.home())]
    findings += own_themes(context.themes)
    findings += other_packages()
    findings += runner_paths()
    if ask_aws:
        from lambdatui.cli.doctor.aws import DEFAULT_FEATURES, AwsAsked, permissions

        chosen = DEFAULT_FEATURES if features is None else features
        if role_name and features is None:
            chosen = (*chosen, "organization")
        findings += permissions(AwsAsked(profile, region, endpoint_url, chosen, billed, role_name, external_id))
    elif features or billed or role_name or external_id:
        raise click.UsageError("--features, --billed, --role-name and --external-id are for --aws")
    view = View(COLUMNS, findings, None, TimeRange(now - DAY_MS, now, "now"))
    if listing.form == "text" and not (listing.sort or listing.where or listing.columns):
        _say(findings)
    else:
        emit(view, listing, utc=context.utc)
    return exit_code(findings)


def exit_code(findings: Sequence[CheckResult]) -> int:
    """1: something fails. 3: nothing does, and of something that was asked for nobody knows."""
    if any(finding.state == FAIL for finding in findings):
        return ExitCode.FAILED
    asked = [finding for finding in findings if finding.check in ("permission", "aws clock")]
    return (
        ExitCode.PARTLY
        if any(finding.state == NOT_TRIED or (finding.action and finding.state == WARN) for finding in asked)
        else ExitCode.DONE
    )


def _say(findings: Sequence[CheckResult]) -> None:
    wide = max(len(finding.state) for finding in findings)
    for finding in findings:
        click.echo(f"{finding.state:<{wide}} {finding.check:<12} {plain(finding.found)}")
        if finding.advice:
            click.echo(f"{'':<{wide + 13}} -> {plain(finding.advice)}")
        if finding.statement:
            click.echo(finding.statement)


def own_themes(themes: Mapping[str, Mapping[str, str]]) -> Iterator[CheckResult]:
    """Whether the configuration's themes can be read. Nothing where it has none."""
    if not themes:
        return
    from lambdatui.app.themes import UnusableTheme, own_theme
    from lambdatui.widgets.contrast import shortfalls

    for name, colours in themes.items():
        try:
            short = shortfalls(own_theme(name, colours))
        except UnusableTheme as error:
            yield CheckResult("theme", FAIL, str(error))
            continue
        told = "; ".join(short) if short else "text 4.5:1 and more, borders 3:1"
        yield CheckResult("theme", WARN if short else OK, f"{name}: {told}", "choose other colours" if short else None)


def other_packages() -> Iterator[CheckResult]:
    """What other installed packages add, and what of it cannot be had. Nothing where none adds anything."""
    for group, what in ((SOURCES, "source"), (ADVICE_RULES, "rule of advice"), (NOTIFIERS, "notifier")):
        added = additions(group)
        for name in added.parts:
            yield CheckResult("package", OK, f"{what} {name}")
        for broken in added.broken:
            found, _, advice = broken.rpartition("; ")
            yield CheckResult("package", WARN, f"{what} {found}", advice)


def terminal(environment: Mapping[str, str]) -> Iterator[CheckResult]:
    """Whether the screens can be painted: TERM, size, colours, encoding, and what lies in between."""
    term = environment.get("TERM", "")
    if not sys.stdout.isatty():
        yield CheckResult("terminal", WARN, "stdout is no terminal", "the screens need one; commands work without")
    elif term in ("", "dumb"):
        yield CheckResult(
            "terminal", FAIL, f"TERM={term!r}", "set TERM to what your terminal is, such as xterm-256color"
        )
    else:
        yield CheckResult("terminal", OK, f"TERM={term}")
    size = shutil.get_terminal_size()
    small = size.columns < _NARROWEST or size.lines < _LOWEST
    yield CheckResult(
        "size",
        WARN if small else OK,
        f"{size.columns} x {size.lines}",
        f"{_NARROWEST} x {_LOWEST} or more shows every column" if small else None,
    )
    yield CheckResult("colour", OK, _colours(environment, term))
    encoding = (sys.stdout.encoding or "").lower()
    utf8 = encoding.replace("-", "") == "utf8"
    yield CheckResult(
        "encoding",
        OK if utf8 else WARN,
        encoding or "unknown",
        None if utf8 else "charts need UTF-8: set LANG to a UTF-8 locale, such as C.UTF-8",
    )
    between = [
        name
        for name, variable in (("tmux", "TMUX"), ("screen", "STY"), ("SSH", "SSH_CONNECTION"))
        if environment.get(variable)
    ]
    if "tmux" in between:
        yield CheckResult("clipboard", WARN, "inside tmux", "copying needs 'set -g set-clipboard on' in tmux.conf")
    elif between:
        yield CheckResult("clipboard", OK, f"inside {' and '.join(between)}: copies travel by OSC 52")


def _colours(environment: Mapping[str, str], term: str) -> str:
    if environment.get("NO_COLOR"):
        return "off: NO_COLOR is set"
    if environment.get("COLORTERM") in ("truecolor", "24bit"):
        return "16 million"
    return "256" if "256color" in term else "16"


def store(path: Path, now: int) -> Iterator[CheckResult]:
    """Whether the store can be read and written, how fresh it is, and whether there is room."""
    from collectors.store.read.reader import Reader

    try:
        with Reader(path) as reader:
            newest = reader.newest_ms()
            info = reader.info()
    except StoreMissing:
        yield CheckResult("store", WARN, f"{path}: not there yet", "run 'lambdatui import FILE' or 'lambdatui collect'")
        return
    except StoreError as error:
        found, _, advice = str(error).partition(": ")
        yield CheckResult("store", FAIL, found, advice or None)
        return
    yield CheckResult(
        "store",
        OK,
        f"{path}: {figures.size(info.bytes)}, {figures.counted(info.functions, 'function')}, "
        + figures.counted(info.invocations, "invocation"),
    )
    if not os.access(path, os.W_OK):
        yield CheckResult("store", WARN, f"{path} cannot be written", "screens work; importing and collecting do not")
    free = shutil.disk_usage(path.parent).free
    needed = max(_LEAST_FREE_BYTES, info.bytes // 10)
    yield CheckResult(
        "disk",
        OK if free >= needed else WARN,
        f"{figures.size(free)} free beside the store",
        None if free >= needed else "make room, or 'lambdatui db prune --before 90d --vacuum'",
    )
    yield _freshness(newest, now)


def _freshness(newest: int | None, now: int) -> CheckResult:
    if newest is None:
        return CheckResult("data", WARN, "no invocations", "run 'lambdatui import FILE' or 'lambdatui collect'")
    if newest > now + 5 * MINUTE_MS:
        return CheckResult(
            "data",
            WARN,
            f"the newest invocation lies {figures.milliseconds(newest - now)} in the future",
            "this machine's clock, or the one that wrote the logs, is wrong: check with 'timedatectl'",
        )
    newest_words = f"newest invocation {figures.age(now - newest)}, {figures.instant(newest)} UTC"
    if now - newest > DAY_MS:
        return CheckResult(
            "data", WARN, newest_words, "ranges end there unless --at or --from is given; collect for newer data"
        )
    return CheckResult("data", OK, newest_words)


def clock(now: int) -> CheckResult:
    """Signatures of AWS calls are refused when the clock is more than 5 minutes off."""
    if now < _BUILT_MS:
        return CheckResult(
            "clock", FAIL, f"{figures.instant(now)} UTC", "set this machine's clock: 'timedatectl set-ntp true'"
        )
    import time

    zone = f"{figures.zone_name(now, utc=False)} ({time.strftime('UTC%z', time.localtime(now // 1000))})"
    return CheckResult("clock", OK, f"{figures.instant(now)} UTC; times are shown in {zone} unless --utc or --tz")


def credentials(environment: Mapping[str, str], home: Path) -> CheckResult:
    """Where AWS credentials would come from. Only names are looked at, never the secrets."""
    if environment.get("AWS_ACCESS_KEY_ID"):
        return CheckResult("credentials", OK, "AWS_ACCESS_KEY_ID is set")
    if environment.get("AWS_PROFILE"):
        return CheckResult("credentials", OK, f"AWS_PROFILE={environment['AWS_PROFILE']}")
    for variable in ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        if environment.get(variable):
            return CheckResult("credentials", OK, f"{variable} is set")
    for variable, name in (("AWS_SHARED_CREDENTIALS_FILE", "credentials"), ("AWS_CONFIG_FILE", "config")):
        file = Path(environment.get(variable) or home / ".aws" / name)
        if file.is_file():
            return CheckResult("credentials", OK, f"{file}")
    return CheckResult(
        "credentials",
        WARN,
        "none found",
        "'lambdatui collect' needs them ('aws configure', or AWS_PROFILE); imports and screens do not",
    )
