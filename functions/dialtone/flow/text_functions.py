"""The functions that texts may apply to a variable: `{amount | money EUR}`, `{account | last 4 | digits}`.

If a function does not fit a value, the value stays as it is: silence in the middle of a sentence would be worse.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, NamedTuple

from dialtone.flow.values import comparable, number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, time

_POINT_REGIONS = frozenset({"es-mx", "es-us", "es-pr", "es-gt", "es-pa", "es-pe", "es-do", "es-sv", "es-hn", "es-ni"})
"""Regions with a decimal point whose language elsewhere uses a comma."""

_POINT_LANGUAGES = frozenset({"en", "ja", "zh", "cmn", "yue", "ko", "th", "he", "hi", "cy", "ga", "ms", "fil"})
"""Languages with a decimal point; all others use a comma."""

_SYMBOL_FIRST = _POINT_LANGUAGES | {"pt", "nl", "tr"}
"""Languages that put a currency's sign before the amount."""

_SIGNS: Mapping[str, str] = {
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "JPY": "¥",
    "INR": "₹",
    "BRL": "R$",
    "KRW": "₩",
    "ILS": "₪",
}
_NO_DECIMALS = frozenset({"CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF"})
"""Currencies without a smaller unit."""

_MONTHS: Mapping[str, str] = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "uk": "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    "tr": "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",  # noqa: RUF001 -- Turkish
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "da": "januar februar marts april maj juni juli august september oktober november december",
    "nb": "januar februar mars april mai juni juli august september oktober november desember",
    "fi": "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta "
    "marraskuuta joulukuuta",
}
_DATES: Mapping[str, str] = {
    "de": "{day}. {month} {year}",
    "es": "{day} de {month} de {year}",
    "pt": "{day} de {month} de {year}",
    "da": "{day}. {month} {year}",
    "nb": "{day}. {month} {year}",
    "fi": "{day}. {month} {year}",
}
"""Date formats other than day, month and year."""

_NUMBERED: Mapping[str, str] = {
    "ja": "{year}年{number}月{day}日",
    "zh": "{year}年{number}月{day}日",
    "cmn": "{year}年{number}月{day}日",
    "yue": "{year}年{number}月{day}日",
    "ko": "{year}년 {number}월 {day}일",
}
_MONTH_FIRST = frozenset({"en", "en-us", "en-ca", "en-ph"})
_TWELVE_HOURS = _MONTH_FIRST | {"en-au", "en-nz", "en-in"}
_TIMES: Mapping[str, str] = {"de": "{hour}:{minute:02} Uhr", "fr": "{hour} h {minute:02}"}

_SILENT = re.compile(r"[^0-9A-Za-z*#]")
"""Left out when something is read one character at a time: the plus, spaces, dashes."""

ENGLISH = "en"
"""The language of a flow that names none."""


class Function(NamedTuple):
    """What a function does, and the argument that it takes."""

    apply: Callable[[str, str, str], str]
    """Value, argument, language → text."""
    argument: str = ""
    """The pattern of its argument; '' if it takes none."""
    example: str = ""
    """An example with an argument."""
    reads_out: bool = False
    """Whether it decides how the value is read, even for one that would be read digit by digit."""


def applied(calls: tuple[str, ...], value: str, language: str) -> str:
    """The value after these functions, in this language. Unknown functions change nothing."""
    for call in calls:
        name, _, argument = call.partition(" ")
        if (function := FUNCTIONS.get(name)) and not why_not(call):
            value = function.apply(value, argument.strip(), language or ENGLISH)
    return value


def reads_out(calls: tuple[str, ...]) -> bool:
    """Whether one of these functions decides how the value is read."""
    return any(FUNCTIONS[name].reads_out for call in calls if (name := call.partition(" ")[0]) in FUNCTIONS)


def why_not(call: str) -> str:
    """What is wrong with a function as written; '' if nothing is."""
    name, _, argument = call.partition(" ")
    function = FUNCTIONS.get(name)
    if function is None:
        return f"{name} is not a function"
    if re.fullmatch(function.argument, argument.strip()):
        return ""
    return f"{name} is written {function.example or name}"


def _digits(value: str, argument: str, language: str) -> str:
    del argument, language
    return " ".join(_SILENT.sub("", value))


def _first(value: str, argument: str, language: str) -> str:
    del language
    return value[: int(argument)]


def _last(value: str, argument: str, language: str) -> str:
    del language
    return value[-int(argument) :]


def _number(value: str, argument: str, language: str) -> str:
    del argument
    read = number(value)
    return value if read is None else _with_point(format(read, "f"), language)


def _money(value: str, argument: str, language: str) -> str:
    read = number(value)
    if read is None:
        return value
    unit = Decimal(1) if argument in _NO_DECIMALS else Decimal("0.01")
    amount = read.quantize(unit, rounding=ROUND_HALF_UP)
    text, sign = _with_point(format(abs(amount), "f"), language), _SIGNS.get(argument, argument)
    minus = "-" if amount < 0 else ""
    if _of(language) not in _SYMBOL_FIRST:
        return f"{minus}{text} {sign}"
    between = " " if sign.isalpha() or _of(language) in {"pt", "nl"} else ""
    return f"{minus}{sign}{between}{text}"


def _date(value: str, argument: str, language: str) -> str:
    del argument
    read = comparable(value)
    if read is None or read.kind != "date":
        return value
    day: date = read.value
    spoken = _of(language)
    if spoken in _NUMBERED:
        return _NUMBERED[spoken].format(year=day.year, number=day.month, day=day.day)
    if spoken not in _MONTHS:
        return value
    month = _MONTHS[spoken].split()[day.month - 1]
    if language.lower() in _MONTH_FIRST:
        return f"{month} {day.day}, {day.year}"
    written = _DATES.get(spoken, "{day} {month} {year}")
    return written.format(day="1er" if spoken == "fr" and day.day == 1 else day.day, month=month, year=day.year)


def _time(value: str, argument: str, language: str) -> str:
    del argument
    read = comparable(value)
    if read is None or read.kind != "time of day":
        return value
    clock: time = read.value
    if language.lower() in _TWELVE_HOURS:
        return f"{clock.hour % 12 or 12}:{clock.minute:02} {'AM' if clock.hour < 12 else 'PM'}"  # noqa: PLR2004 -- noon
    return _TIMES.get(_of(language), "{hour}:{minute:02}").format(hour=clock.hour, minute=clock.minute)


def _of(language: str) -> str:
    """The language without its region."""
    return language.lower().partition("-")[0]


def _with_point(text: str, language: str) -> str:
    """A number with the language's decimal sign."""
    pointed = _of(language) in _POINT_LANGUAGES or language.lower() in _POINT_REGIONS
    return text if pointed else text.replace(".", ",")


FUNCTIONS: Mapping[str, Function] = {
    "digits": Function(_digits, reads_out=True),
    "number": Function(_number, reads_out=True),
    "money": Function(_money, "[A-Z]{3}", "money EUR", reads_out=True),
    "date": Function(_date, reads_out=True),
    "time": Function(_time, reads_out=True),
    "first": Function(_first, r"[1-9][0-9]{0,2}|1000", "first 3"),
    "last": Function(_last, r"[1-9][0-9]{0,2}|1000", "last 4"),
    "upper": Function(lambda value, _, __: value.upper()),
    "lower": Function(lambda value, _, __: value.lower()),
}
"""The functions by name."""
