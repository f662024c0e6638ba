# ruff: noqa: E501  (a pattern is read whole)
"""What differs from one occurrence of an error to the next, whatever digits it has: input, keys, times, addresses."""

import re

Rule = tuple[tuple[str, ...], re.Pattern[str], str]

_DAYS = "(?:Mon|Tue|Tues|Wed|Thu|Thur|Thurs|Fri|Sat|Sun)(?:day|nesday|rsday|sday|urday)?"
_MONTHS = (
    "(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    "|Nov(?:ember)?|Dec(?:ember)?)"
)
_CLOCK = r"\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?[AP]M)?"
_ZONE = r"(?: ?(?:Z|UTC|GMT|[A-Z]{3,4}(?![A-Za-z])|[+-]\d\d:?\d\d))?"
_ZONES = r"(?: ?(?:Z\b|(?:UTC|GMT)(?:[+-]\d\d?:?\d\d)?|[A-Z]{3,4}\b|[+-]\d\d:?\d\d))?(?: \([A-Z][A-Za-z ]{2,40}\)|\[[A-Z][\w/+-]+\])?"


DATA = (
    "csv|tsv|xlsx?|docx?|pptx?|pdf|png|jpe?g|gif|heic|webp|tiff?|bmp|svg|mp[34]|m4a|mov|avi|wav|flac|zip|gz|tgz|bz2|xz|zst|7z|rar|tar"
    "|parquet|avro|orc|jsonl|ndjson|txt|log|eml|ics|vcf|rtf|odt|ods|bak|dat|bin|tmp|part|epub|mobi|geojson|shp|dcm"
)


def _rule(gate: str, pattern: str, instead: str) -> Rule:
    return tuple(gate.split("|")), re.compile(pattern), instead


# One of the gate's words must be in the text in small letters ("" always is); then the pattern is tried.
INPUT: tuple[Rule, ...] = (
    # Python
    _rule("input_value=", r"input_value=.*?, input_type=\w+", "input_value=<value>"),
    _rule("[type=", r"\[type=(\w+), input_value=[^\n]*", r"[type=\1, input_value=<value>]"),
    _rule("for further information visit", r"\s*For further information visit \S+", ""),
    _rule("(type=", r"(\(type=[\w.]+); given=[^;)]*", r"\1; given=<value>"),
    _rule("[parameters:", r"\[parameters: .*?(?:\](?=\s*(?:\(Background|$))|$)", "[parameters: <value>]"),
    _rule("background on this error", r"\s*\(Background on this error at: \S+\)", ""),
    _rule("time data|isoformat", r"((?:time data|isoformat string:?) )(['\"]).*?\2(?= does|\s*$|[,;)])", r"\1<value>"),
    _rule(
        "unknown string format|string does not contain a date",
        r"((?i:unknown string format|string does not contain a date): ).*",
        r"\1<value>",
    ),
    _rule("is not a valid ", r"^(['\"]).*\1 is not a valid (?=[\w.]+$)", "<value> is not a valid "),
    _rule(
        "can't decode|can't encode",
        r"(can't (?:decode|encode)) (?:bytes?|characters?)(?: \S+)? (in position) [\d-]+",
        r"\1 <value> \2 <n>",
    ),
    _rule("exceeds the limit|conversionsyntax", r"(ConversionSyntax).*", r"\1"),
    # Numbers, times and ids that could not be read, whatever says so
    _rule(
        "literal for|could not convert|input string|invalid input|parsing |entry |badly formed|invalid value for|unparse|not a valid"
        "|incorrect |uuid|cast to|input value|deserialize value|malformed|recognized as|can't cast|invalid date|failed to parse",
        r"(?i)((?:invalid literal for \w+\(\) with base \d+: |could not convert string to \w+: |(?:for |the )?input string:? "
        r"|invalid input syntax for (?:type )?[\w ]+: |invalid input value for enum \S+: |strconv\.\w+: parsing |parsing time "
        r"|parsing (?=\")|duplicate entry |invalid value for \w+\(\): |unparse?able date: |unparseable number: "
        r"|incorrect \w+(?: value)?: |truncated incorrect \w+ value: |cast to \S+ failed for value |failed to parse time string "
        r"|failed to parse \w+:? (?:from |value )?|cannot deserialize value of type \S+ from (?:string|number|\w+ value) "
        r"|invalid (?:uuid|date|datetime|number|boolean|email|integer|iso 8601 date)(?: string| value| format)?:? |string (?=['\"]))) ?"
        r"(?:([\"'`])[^\n]*?\2(?=[\s,:.;)]|$)|\([^()\n]*\)(?= at)|\d[\w.-]*(?=[\s,:;)]|$))(?: \(type \w+\))?",
        r"\1<value>",
    ),
    _rule("failed to parse time", r"(parse time string <value> at position) \S+ \(.*?\)(?=:)", r"\1 <n>"),
    _rule("invalid start of", r"^(['\"]).\S*?\1 (is an invalid start of)", r"<value> \2"),
    _rule(
        "file '|file \"|image '|document '",
        rf"(?i)((?:file|image|document|attachment) )(['\"])[^'\"\n/]{{1,120}}\.(?:{DATA})\2",
        r"\1\2<file>\2",
    ),
    _rule(
        "value '|value \"|value `",
        r"((?:\b[Vv]alue|\b[Ii]nvalid value) )(['\"`]).*?\2(?= (?:at|for|is|does|in|cannot|could|failed)\b)",
        r"\1<value>",
    ),
    _rule(
        "provided string|provided int|provided float",
        r"(provided (?:String|Int|Float|Boolean) )(['\"]).*?\2(?=$|[\s,.;])",
        r"\1<value>",
    ),
    _rule(
        "key: |key=|key '|key \"",
        r"(?i)(\b(?:object )?keys?(?:[:=]\s*|\s)['\"]?)(?![/<])[\w.~+=-]+(?:/[\w.~+=-]+)+",
        r"\1<file>",
    ),
    _rule("must be a", r"(\bmust be an? [^:\n]{1,120}: )[^\n]{1,80}$", r"\1<value>"),
    _rule(
        "invalid url|invalid uri|invalid ip|invalid email|invalid phone|invalid cidr|invalid hostname|invalid time",
        r"(?i)(\binvalid (?:url|uri|ip(?:v[46])?(?: address)?|email(?: address)?|phone(?: number)?|cidr(?: block)?|hostname|time(?:stamp| value)): )[^\n]+$",
        r"\1<value>",
    ),
    _rule("for parameter", r"\b(Value )\S+(?= for parameter)", r"\1<value>"),
    _rule("found in string", r"(found in string: )(?:\"[^\"\n]*\"|'[^'\n]*'|\S+)", r"\1<value>"),
    _rule(
        "received",  # Zod's, of what is one of several; of a type it names the type
        r"(\"received\"\s*:\s*)\"[^\"\n]*\"(?=\s*,\s*\"(?:code\"\s*:\s*\"invalid_enum_value|options))",
        r"\1<value>",
    ),
    _rule("received '", r"(, received )'[^'\n]*'", r"\1<value>"),
    _rule("invalid uuid string", r"(Invalid UUID string: )\S+", r"\1<value>"),
    _rule("parsing time", r"(parsing time <value> as \S+: cannot parse) (\"[^\"]*\"|<\w+>)", r"\1 <value>"),
    _rule("could not be parsed", r"\bText (['\"]).*?\1 could not be parsed", "Text <value> could not be parsed"),
    _rule("no enum constant", r"(No enum constant (?:[\w$]+\.)+)\S+", r"\1<value>"),
    _rule("from string|not one of the values", r"(from String )(\"[^\"]*\")", r"\1<value>"),
    _rule(
        "unknown variant|invalid value: |invalid type: ",
        r"((?:unknown variant|invalid (?:value|type): \w+(?: \w+)?) ?)(?:`[^`]*`|\"[^\"]*\")",
        r"\1<value>",
    ),
    # JSON
    _rule(
        "is not valid json",
        r"(?s)Unexpected (?:token|non-whitespace character) ?.*is not valid JSON",
        "Unexpected token <value> is not valid JSON",
    ),
    _rule("is not valid json", r"^(['\"]).*\1 is not valid JSON", "Unexpected token <value> is not valid JSON"),
    _rule(
        "unexpected token",
        r"(?i)(unexpected token) (?!<value>)(?:at )?(?:'[^\n]*'|\S+)(?= in JSON| at position|$)",
        r"\1 <value>",
    ),
    _rule("unrecognized token", r"(Unrecognized token )(['\"]).*?\2(?=:)", r"\1<value>"),
    _rule(
        "unexpected character|invalid character",
        r"(?i)((?:unexpected|invalid) character:? ?)\(?(?:'(?:\\?.|\\u\w+)'|\"\\?.\")(?: \(code \d+(?: / 0x\w+)?\)|\s*\(code \d+\))?\)?",
        r"\1<value>",
    ),
    _rule("source: ", r"at \[Source: .*?; (?=line)", "at "),
    # Databases
    _rule("key (", r"(Key \([^)]*\))=\(.*?\)(?= (?:already|is|conflicts)|$)", r"\1=<value>"),
    _rule("failing row contains", r"(Failing row contains ).*?(?:\)\.?(?=\s|$)|$)", r"\1<value>"),
    _rule("duplicate key value is", r"(duplicate key value is )\(.*?\)(?=\.|$)", r"\1<value>"),
    _rule("dup key:", r"(dup key: )(?:\{[^}]*\}?|\S+.*)", r"\1<value>"),
    _rule("line ", r"\bLINE \d+: [^\n]*(?:\n\s*\^)?", ""),
    _rule("check the manual", r"( to use near )['\"].*", r"\1<value>"),
    _rule("at character|position:", r"(?:\bPosition: \d+| at character \d+)", ""),
    _rule("value too long|data too long", r"(value) ['\"].*?['\"](?= )", r"\1 <value>"),
    _rule("/tmp/", r"(['\"])/tmp/[^'\"\n]*\1", r"\1/tmp/<file>\1"),
    # Whoever prints objects
    _rule("@", r"(?<=[\w$;\]> ])@[0-9a-f]{1,16}\b(?![.-]\w)", "@<id>"),
    _rule("#<", r"#<(\w[\w:]*)[ :][^>]*>?", r"#<\1>"),
    _rule("<local", r"<local\d+>", "<local>"),
    _rule("$$", r"\$\$(\w+?)(?:\$\$[0-9a-f]+|\$?\d+(?:/0x[0-9a-f]+)?)", r"$$\1"),
    _rule("$proxy|$lambda", r"\$(Proxy|Lambda)[$/]?\d+(?:/0x[0-9a-f]+)?", r"$\1"),
    _rule(
        "is the server running",  # libpq asks it of each address, or not
        r"\s*Is the server running (?:on|locally)[^?]{0,120}\?",
        "",
    ),
    _rule("correlation ", r"(?i)(\bcorrelation )(?=[a-z]*\d)[0-9a-f]{4,}\b", r"\1<id>"),
    _rule("goroutine", r"goroutine \d+ ", "goroutine "),
    # The same SDK tells it or not
    _rule("extended request", r"(?i)[,;] (?:s3 )?extended request id: [^\s,;)]+(?=[,;)])", ""),
    # Ids that are named: of any length and form
    _rule(
        "request|trace|hostid|host id|cf-ray|correlation|receipt",
        r"(?i)(\b(?:(?:aws |s3 |x-amzn?-|x-amz-cf-|x-)?(?:extended[ _-]?)?request(?:[ _-]?id(?:entifier)?|-id-2|-id)|(?:x-amzn-)?trace[ _-]?id|host ?id"
        r"|cf-ray|correlation[ _-]?id|receipt[ _-]?handle|x-amz-id-2|client[ _-]?request[ _-]?token)[\"'>]?\s*(?:[:=]\s*|is |\s*)[\"']?)"
        r"(?!null\b|none\b|undefined\b|is\b|not\b|n/a|invalid\b|expired\b|missing\b|required\b|empty\b|malformed\b)[\w/+=.:-]*[\w/+=](?=[\s\"'<,;)\]}.]|$)",
        r"\1<id>",
    ),
    _rule("request req_|request ", r"(?i)(\brequest )(?:req_)?(?=[a-z]*\d)[a-z0-9]{6,}(?=[:\s,)])", r"\1<id>"),
    _rule(
        "id", r"(?i)((?:[\s\"'({\[,]|^|_|-|[a-z])id(?:[\"']?\s*[:=]\s*[\"']?|\s+[\"']?))(?=[\w-]*\d)[\w-]+", r"\1<id>"
    ),
    _rule("bearer |eyj", r"(?:\beyJ[\w-]{8,}(?:\.[\w-]+){0,2}\.{0,3}|(?<=Bearer )[\w.~+/-]{12,}=*)", "<id>"),
)
MONTH = re.compile(
    r"[Jj]an|[Ff]eb|[Mm]a[ry]|[Aa]pr|[Jj]u[nl]|[Aa]ug|[Ss]ep|[Oo]ct|[Nn]ov|[Dd]ec|JAN|FEB|MA[RY]|APR|JU[NL]|AUG|SEP|OCT|NOV|DEC"
)
NAMED_TIMES: tuple[re.Pattern[str], ...] = (
    re.compile(
        rf"(?i)\b(?:{_DAYS},? )?\d\d?(?:st|nd|rd|th)?[ -]{_MONTHS}[ ,-]{{1,2}}(?:\d{{4}}|\d\d)(?:(?: |, | at )(?:(?-i:{_CLOCK}{_ZONES})))?(?!\w)"
    ),
    re.compile(
        rf"(?i)\b(?:{_DAYS},? )?{_MONTHS}\.? \d\d?(?:st|nd|rd|th)?,? \d{{4}}(?:(?: |, ?| at )(?:(?-i:{_CLOCK}{_ZONES})))?(?!\w)"
    ),
    re.compile(rf"\b(?-i:{_MONTHS})\.?,? (?:19|20)\d\d\b(?![-.,:]\d)"),
    re.compile(rf"\b{_DAYS} {_MONTHS} +\d\d? {_CLOCK} (?:[A-Z]{{3,4}} |[+-]\d{{4}} )?\d{{4}}\b"),
    re.compile(rf"\b\d\d?(?:st|nd|rd|th)? {_MONTHS}\b(?!\.?\w)|\b{_MONTHS} \d\d?(?:st|nd|rd|th)?\b(?![\w.,:-]\d)"),
)
TIMES: tuple[re.Pattern[str], ...] = (
    re.compile(
        rf"\b(?:\d{{4}}-\d\d-\d\d|\d{{4}}/\d\d?/\d\d?|\d\d?/\d\d?/\d{{2,4}}|\d\d?\.\d\d?\.\d{{4}})(?:(?:[T ]|, ?| at ){_CLOCK}{_ZONES})?(?![\w/-])"
    ),
    re.compile(r"\b\d{4}-\d\d-\d\dT\d\d(?![\w:])|\b\d{4}-?W\d\d(?:-\d)?\b|\b\d{4}[ -]?Q[1-4]\b|\bQ[1-4][ -]\d{4}\b"),
    re.compile(rf"\b(?:{_MONTHS} +\d\d?,? )?\d\d?:\d\d:\d\d(?:[.,]\d+)?(?: ?[AP]M)?{_ZONES}"),
    re.compile(r"\b\d{8}T\d{6}(?:\.\d+)?Z?\b"),
    re.compile(r"\b\d\d?:\d\d(?: ?[AP]M| UTC| GMT)?\b(?=[\s,.;)]|: |$)"),
)
TIME_HINT = re.compile(r"\d[:/.-]\d|\d[T ,-]|[A-Za-z] \d")
DURATION = re.compile(
    r"(?<![\w.])[-+]?\d+(?:[.,]\d+)*(?: ?(?:ns|us|\u00b5s|\u03bcs|ms|msecs?|millis|s|secs?|m|mins?|h|hrs?|d)(?![A-Za-z])"
    r"| ?(?:nano|micro|milli)?seconds?\b(?:\(s\))?| (?:minutes?|hours?|days?)\b(?:\(s\))?)(?:(?:,? and |, | )?\d+(?:\.\d+)?"
    r" ?(?:ms|s|m|h|seconds?|minutes?|hours?|milliseconds?)(?![A-Za-z]))*(?:\d+(?:\.\d+)?(?:ns|us|\u00b5s|ms|s|m|h))*\b|\bPT?(?:\d+[DHM])*\d+(?:\.\d+)?[DHMS]\b"
)
SIZE = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)*\.? ?(?:[kKMGTP]i?[Bb](?:ytes?)?|[Bb]ytes?|[kMGTP]i|B|bits?)\b")
# A file of somebody's data, by its name's end; those of programs are named by programs.
FILE_AFTER = re.compile(
    rf"(?i)(?<=[ :])((?:file(?:name)?|document|image|attachment|upload|object|picture|photo|video|report|key)s?(?: name| type)?: )"
    rf"[^:\n\"'/]{{1,120}}\.(?:{DATA})(?=$|[\s\"',;).])"
)
FILE = re.compile(rf"(?i)(?<![\w./<-])[\w()+~-][\w()+~.-]{{0,120}}\.(?:{DATA})\b(?![.\w])")
