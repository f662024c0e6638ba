"""Whether a line was printed by a logger, and at which level.

A stack trace under such a line is of an error that a program caught and logged. The forms are the usual layouts of
log4j2, logback, java.util.logging, tinylog and Spring Boot; Microsoft's ILogger, Serilog, NLog and log4net; Python's
logging; winston, pino and bunyan; Ruby's Logger; Go's slog, zap, zerolog, logrus and glog; Rust's tracing and
env_logger; and what Lambda itself puts before the lines of Node, .NET and Python.
"""

import re

LOW, WARNING, GRAVE = 1, 2, 3  # what a logger may call its line; 0 where the line is no logger's

_LOW: tuple[str, ...] = (
    "TRACE",
    "DEBUG",
    "INFO",
    "NOTICE",
    "CONFIG",
    "FINE",
    "FINER",
    "FINEST",
    "VERBOSE",
    "LOG",
    "INFORMATION",
)
_LOW += ("VRB", "DBG", "INF", "TRC", "TRCE", "DBUG", "HTTP", "SILLY", "AUDIT", "DBG", "SUCCESS")
_WARNING = ("WARN", "WARNING", "WRN")
_GRAVE = ("ERROR", "ERR", "FATAL", "SEVERE", "CRITICAL", "CRIT", "FTL", "FAIL", "ALERT", "EMERGENCY", "PANIC", "DPANIC")
_LEVELS = dict.fromkeys(_LOW, LOW) | dict.fromkeys(_WARNING, WARNING) | dict.fromkeys(_GRAVE, GRAVE)
_LETTERS = {"T": LOW, "D": LOW, "I": LOW, "V": LOW, "W": WARNING, "E": GRAVE, "F": GRAVE}
_LEVEL = "|".join(sorted(_LEVELS, key=len, reverse=True))

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_DAY = rf"(?:\d{{4}}[-/.]\d\d?[-/.]\d\d?|\d\d?[-/. ](?:\d\d|{_MONTH})[-/. ]\d{{4}}|{_MONTH} \d\d?,? \d{{4}},?|\d{{8}})"
_CLOCK = r"\d\d?:\d\d:\d\d(?:[.,:]\d{1,9})?(?: ?[AP]M)?(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?"
_TIME = rf"(?:{_DAY}(?:[T ,]+|, ?){_CLOCK}|{_CLOCK}|\d{{10}}(?:\.\d+|\d{{3}})?)"
_BEGUN = rf"[\[(<]?{_TIME}[\])>]?"
# A time, then a level as a word of its own within what layouts put before the message: threads, ids, loggers.
_TIMED = re.compile(
    rf"{_BEGUN}(?P<between>.{{0,120}}?)(?<![\w.$])(?P<level>{_LEVEL})(?![\w.$])(?=[\]\s:|)>,/-]|$)", re.I
)
_PLAIN_BETWEEN = re.compile(r"[\s|:\-,.\[\](){}<>=/#*]*(?:[\w.$:@#/\\+-]{1,64}[\s|:\-,\[\](){}<>=/#]*){0,6}")
_FIRST = re.compile(
    rf"(?:[\[(<|]\s*(?P<a>{_LEVEL})\s*[\])>|]|(?P<b>{_LEVEL})(?:[ \t]*[:|]| +-? ?\[| +[\w.$]+ +- |\t| {{2,}}| +\d))"
)
_THREAD_FIRST = re.compile(
    rf"(?:\d+ )?(?:\[[^\]]{{1,60}}\]|[\w-]{{1,40}}) +(?:\[ ?)?(?P<level>{_LEVEL})(?: ?\])?"
    r" +[\w.$\[(]+(?: \S*)?(?: +-| *:| ---)"
)
_FIRST_SMALL = re.compile(
    r"(?P<a>trce|dbug|info|warn|fail|crit): [\w.`+]+\[\d+\]|(?P<b>error|warn|info|debug|verbose|silly|http):\s"
    r"|\[(?P<c>error|warn|warning|info|debug|fatal|Trace|Debug|Information|Warning|Error|Critical)\]"
)
_KEYED = re.compile(r"(?:^|\s)(?:level|lvl|severity|levelname)=\"?(?P<level>\w+)")
_RUBY = re.compile(r"(?P<level>[DIWEFA]), \[\d{4}-\d\d-\d\dT")
_GLOG = re.compile(r"(?P<level>[IWEF])\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ \S+:\d+\]")
_JUL = re.compile(rf"{_MONTH} \d\d?, \d{{4}},? \d\d?:\d\d:\d\d\s?[AP]M [\w.$]+(?: [\w.$<>]+)?$")
_TINYLOG = re.compile(rf"{_TIME} \[[^\]]+\] [\w.$]+\.[\w$<>]+\(\)$")
_FROM_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22,}[\s\]|:]+(?=\S)")
_TO_READ = 400


def level_of(line: str) -> int:
    """The level of a logger's line: ``LOW``, ``WARNING`` or ``GRAVE``; 0 where the line is no logger's."""
    line = line[:_TO_READ].lstrip()
    named = _FROM_ID.match(line)
    if named is not None:
        line = line[named.end() :]
    if not line:
        return 0
    first = line[0]
    if first.isdigit() or first in "[(<" or first in "JFMASOND":
        match = _TIMED.match(line)
        if (
            match is not None
            and _PLAIN_BETWEEN.fullmatch(match["between"])
            and (match["level"].isupper() or len(match["between"].split()) <= 1)  # else it is a word of a sentence
        ):
            return _LEVELS[match["level"].upper()]
        if _JUL.match(line) or _TINYLOG.match(line):
            return LOW
    match = _FIRST.match(line) or _FIRST_SMALL.match(line)
    if match is not None:
        return _LEVELS[next(filter(None, match.groups())).upper()]
    match = _THREAD_FIRST.match(line)
    if match is not None:
        return _LEVELS[match["level"]]
    match = _RUBY.match(line) or _GLOG.match(line)
    if match is not None:
        return _LETTERS.get(match["level"], LOW)
    match = _KEYED.search(line)
    return _LEVELS.get(match["level"].upper(), 0) if match is not None else 0


def is_headline(line: str) -> bool:
    """Whether the line is the first of a logger that prints two, as java.util.logging does: the second has level and
    message.
    """
    return _JUL.match(line) is not None or _TINYLOG.match(line) is not None


def is_under_a_logger(text: str, place: int) -> bool:
    """Whether the text at ``place`` was printed by a logger: a line above it in ``text`` is a logger's.

    ``text`` may be several prints. A line at a low level that something else follows owns only what was printed with
    it, so it must be the first line.
    """
    above = text[:place].rstrip("\n").split("\n") if place else []
    for number, line in enumerate(reversed(above)):
        level = level_of(line)
        if level:
            return level > LOW or number == 0 or number == len(above) - 1
    return False
