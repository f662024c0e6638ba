# ruff: noqa: E501  (a pattern is read whole)
"""Parts of a text that tell two errors apart although they have digits: codes, ports, hosts, names.

Each pattern's group ``k`` is kept as written; the rest of the pattern only says where it stands.
"""

import re

from collectors.parsing.fingerprint_ids import is_id

# Not followed by more digits of a date, a version or a decimal.
_END = r"(?![\d.,:/-]*\d)(?!\w)"
_PHRASES = (
    "Continue|Multiple|Moved|Found|See Other|Not |Temporary|Permanent|Bad |Unauthori[sz]ed|Payment|Forbidden|Method"
    "|Proxy|Request|Conflict|Gone|Length|Precondition|Payload|Content|URI|Unsupported|Range|Expectation|Misdirected"
    "|Unprocessable|Locked|Failed|Too |Upgrade|Unavailable|Internal|Service|Gateway|HTTP|Server Error|Client Error"
    "|Network|Insufficient|Loop|Error|page not found|OK"
)
# Those whose codes are letters and digits at once. Not: ORDER-1234, INV-17, which are ids.
_FAMILIES = (
    "ORA|TNS|PLS|DPI|DPY|NNZ|OCI|RMAN|IMP|EXP|SP2|JBO|DSRA|WSVR|AADSTS|MSAL|IDX|TS|CS|CA|BC|FS|MSB|NU|NETSDK|SYSLIB"
    "|PGRST|HHH|MY|HY|SQL|ERR|CPF|EJB|JPA|SLF4J|WFLY|KAFKA|RS|SC|AZ|AWS|GCP|LAMBDA|NG|NETWORK|SSL|X509|SNOW|ES"
)


def _rule(gate: str, pattern: str) -> tuple[tuple[str, ...], re.Pattern[str]]:
    return tuple(gate.split("|")), re.compile(pattern)


# One of the gate's words must be in the text in small letters ("" always is); then the pattern is tried.
KEPT: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    _rule(
        "status|http|code|errno|errcode|error|signal|exit",
        r"(?i)(?<![A-Za-z])(?:status(?:[ _-]?code)?|http(?:/\d(?:\.\d)?)?(?:[ _-]?(?:error|status|code))?|(?:exit|return|error|response"
        r"|result|reply|vendor|native|reason|fault|grpc)?[ _-]?(?:code|status)|(?:os |win|socket |sql |system )?err(?:or|no|code)"
        r"(?:[ _-]?(?:number|no\.?|num))?|signal(?: number)?|exit(?:ed)?(?: with)?)"
        r"[\"']?(?:\s*[:=#]\s*|\s*\(|\s*\[|\s+)(?:with |is |was |of )?[\"']?(?P<k>-?(?:0x[0-9a-f]{1,8}|\d{1,6}))(?:\.0)?"
        + _END,
    ),
    _rule(
        "got|received|fail|returned|respond|response|answered|replied|resulted|type",
        r"(?i)\b(?:got|received|failed|failure|returned|responded|response|answered|replied|resulted|(?:error)?type)(?: with| in)?[:=\s(\[]+"
        r"(?P<k>[1-5]\d\d)" + _END + r"(?! ?(?:of|bytes?|[mnu]?s|seconds?|minutes?|times|[kKMG]i?B|\w+s)\b)",
    ),
    _rule("", r"^\[(?P<k>[1-5]\d\d)\]"),
    _rule("://", r"(?<=[\ue000-\ue7ff>])(?::| -)? ?\(?(?P<k>[45]\d\d)" + _END),  # after a URL, which was put aside
    _rule("status [", r"\bstatus \[\w+\] (?P<k>\d{3})\b"),
    _rule(
        "smtp|.|mailbox|relay|recipient|sender|message|user",
        r"(?i)(?:^|\bsmtp[: ]+)(?P<k>[245]\d\d)(?=[ -]\d\.\d\.\d|[ -][a-z])(?:[ -](?P<k2>\d\.\d\.\d))?",
    ),
    _rule("", r"^(?P<k>[0-9][0-9A-Z]{4})(?=: )"),  # an SQLSTATE, as Npgsql puts it first
    _rule("@", r"(?<![\w.])(?P<k>@[a-z][\w-]*/[\w.-]*\w)"),  # npm's packages
    _rule(
        "sqlstate|sql state",
        r"(?i)\bsql ?state[\"']?\s*(?:[:=]\s*|\[|\(|\s)[\"']?(?P<k>[0-9A-Z]{5})\b(?:\]? \[(?P<k2>-?\d+)\])?",
    ),
    _rule("-", rf"\b(?P<k>(?:{_FAMILIES})-\d{{2,6}}[A-Z]?)\b"),
    _rule("", rf"\b(?P<k>(?:{_FAMILIES}|E|P|F|W|EF|PDO|R|B)\d{{3,6}}[A-Z]?)\b(?=[\]):,;. ]|$)"),
    _rule("", r"^\[?(?P<k>[A-Z]{2,10}[-_]?\d{2,6})(?=\]|: )"),
    _rule(
        "code|error|err",
        r"(?i:\b(?:error ?code|code|errcode|error))[\"']?[ :=(\[]+[\"']?(?P<k>[A-Z]{1,10}[-_]?\d{1,6})\b",
    ),
    _rule("(", r"^\(?\(?(?P<k>\d{3,5})(?=, [\"'b])"),  # MySQL's drivers: (1045, "Access denied ...")
    _rule("msg |number", r"(?i)\b(?:msg|error number)[ :](?P<k>\d{2,6})\b"),
    _rule("0x", r"(?P<k>\b0x8[0-9a-fA-F]{7}\b|\b0x[cC]0000[0-9a-fA-F]{3}\b)"),  # HRESULT, NTSTATUS
    _rule("", rf"(?<![\d.,:/-])(?P<k>[1-5]\d\d)(?= ?(?:\(|- |: ?)?(?:{_PHRASES}))"),
    _rule("", r"^(?P<k>[1-5]\d\d)(?=\s*(?:[:\-]|$))"),
    _rule("reason", r"^\((?P<k>[1-5]\d\d)\)(?=\s*Reason)"),  # of clients that OpenAPI generates
    _rule("", r"^(?P<k>\d{1,2})(?= [A-Z][A-Z_]{3,}: )"),  # gRPC's in Node: 14 UNAVAILABLE: ...
    _rule(
        "connect|host|server|socket|lookup",
        r"(?:[\"']|\)|host|server) \((?P<k>-?(?:\d{1,3}|10\d{3}))(?: [\"'][^\"']*[\"'])?\)",
    ),
    _rule("address already in use", r"(?i)\baddress already in use\S* \S*?:(?P<p>\d{2,5})\b"),
    _rule("port", r"(?i)\bports?[\"']?\s*(?:[:=]\s*|\s)[\"']?(?P<p>\d{2,5})\b"),
    _rule(
        "utf|iso|sha|base|tls|http|x86|ipv|cp|win|python|node|java|php|ruby|dotnet|es",
        (
            r"(?i)\b(?P<k>utf-?\d+(?:-?[lb]e)?|iso[-_]8859[-_]\d+|sha-?\d+|base-?\d\d|x86_64|ipv[46]|tlsv?1(?:\.\d)?|http/\d(?:\.\d)?|cp\d{3,4}"
            r"|(?:nodejs|python|java|dotnet|ruby|php|node)[ :]?v?\d+(?:\.(?:\d+|x))?)\b"
        ),
    ),
    _rule("_", r"\b(?P<k>[A-Z]{3,}[A-Z0-9]*_\d+(?:\.\d+)+)\b"),  # GLIBC_2.28, CXXABI_1.3.9
    _rule(".so", r"\b(?P<k>[\w+-]+\.so(?:\.\d+)+)\b"),
    _rule(
        "-",
        (
            r"\b(?P<k>(?:us|eu|ap|sa|ca|me|af|il|mx|cn)(?:-gov|-iso\w?)?-(?:north|south|east|west|central){1,2}-\d)\b(?=[^.\w]|$)"
        ),
    ),
    _rule("version", r"(?i)\b(?:class file|api|schema|protocol) versions?[\"']?[ :=]+[\"']?v?(?P<k>\d+(?:\.\d+)*)\b"),
)
_NAMED = (
    "relation|table|column|constraint|index|view|sequence|schema|database|collection|keyspace|queue|topic|stream|bucket|role"
    "|attribute|property|module|package|class|function|method|field|parameter|param|argument|variable|reading|setting|import"
    "|import name|enum|model|policy|service|secret|layer|handler|log group|namespace|cluster|subnet|extension|plugin|option|trigger"
    "|procedure|operation|action|header|stage|container|dependency|library|partition key|metric|project|export|entity|repository|bean"
)
BEFORE_NAME = re.compile(rf"(?i)\b(?:(?:{_NAMED})s?(?: name| named| called)?|named|(?P<key>keys?|name))[:=]?\s*[(\[]?$")
BARE_NAME = re.compile(
    rf"(?i)\b(?:{_NAMED})(?: name)?(?: not found| does not exist| is missing| missing)?[:=]?\s+(?!(?:{_NAMED})s?\b)(?P<k>[a-z_][\w$]*(?:[.-][\w$]+)*)(?<!\.)(?=[\s,;:)\]]|\.?$|\. )"
)
ENVIRONMENT = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")

_TLDS = (
    "com|net|org|io|internal|local|localdomain|localhost|dev|cloud|app|aws|lan|corp|svc|co|de|uk|eu|example|test|ai|me|us|info|biz"
    "|edu|gov|cn|fr|nl|ch|at|be|dk|fi|ie|jp|br|in|au|nz|ca|it|es|se|no|pl|ru|za|tech|shop|store|online|site|xyz|host|services"
    "|invalid|home|intra|prod|private|consul|tv|sh|so|to|ly|gg"
)
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
HOST = re.compile(rf"(?<![\w.@/\\$-])(?:{_LABEL}\.)+(?:{_TLDS})\b(?!\.?[\w(-])(?::(?P<p>\d{{2,5}})\b)?")
_SERVICES = (
    "21|22|25|53|80|110|143|389|443|465|587|636|1433|1434|1521|1522|1883|2049|2181|2379|3000|3128|3306|4222|4566|5000|5432|5433"
    "|5439|5601|5671|5672|5984|6379|6380|6432|6543|7474|7687|8000|8080|8081|8086|8125|8126|8200|8443|8500|8529|8883|9000|9001|9042"
    "|9090|9092|9093|9094|9096|9098|9200|9300|9443|11211|15672|27017|27018|28015|33060|50000|50051|61616|61617"
)
SERVICE_HOST = re.compile(rf"(?<![\w.@/$-])(?P<h>[A-Za-z][\w-]*(?:\.[\w-]+)*):(?P<p>{_SERVICES})\b(?![:.]\d)")
KNOWN_PORT = re.compile(rf"(?:{_SERVICES})")
MACHINE = re.compile(r"\b(?:ip|ec2|ip6)(?:-\d{1,3}){4}\b")


def port(digits: str) -> str | None:
    """A port to keep; None for one that the system gave to a client (Linux: 32768 to 60999)."""
    number = int(digits)
    if (32_768 <= number <= 60_999 and not 50_000 <= number <= 50_099) or number > 65_535:
        return None
    return digits


def is_name(text: str, *, key: bool = False) -> bool:
    """Whether a text in the place of a name is a name. After the word for a ``key`` the text may also be an object's
    id.
    """
    if text.isdigit():
        return len(text) <= 2
    if key and sum(map(str.isdigit, text)) > 2:
        return False
    return not is_id(text) and not any(is_id(piece) for piece in re.split(r"[./_:-]", text))
