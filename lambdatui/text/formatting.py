"""The old name of two modules, for those that have not turned to them yet."""

from lambdatui.text.figures import *  # noqa: F403
from lambdatui.text.figures import UNKNOWN as UNKNOWN
from lambdatui.text.plain import INVISIBLE as INVISIBLE
from lambdatui.text.plain import OBEYED as OBEYED
from lambdatui.text.plain import csv_cell as csv_cell
from lambdatui.text.plain import escaped_json as escaped_json
from lambdatui.text.plain import json_text as json_text
from lambdatui.text.plain import pictures as pictures
from lambdatui.text.plain import plain as plain
