"""Words as people type them, brought to one spelling before anything is matched."""

from __future__ import annotations

import re
import unicodedata

_SPELLED = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "fourteen": 14, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "sixty": 60, "ninety": 90,
}  # fmt: skip
_NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(_SPELLED)})\b", re.IGNORECASE)
_QUOTES = str.maketrans({"’": "'", "‘": "'", "`": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‑": "-", "−": "-"})
_CONTRACTIONS = [
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"\bwon't\b", "will not"),
        (r"\bcan't\b", "can not"),
        (r"n't\b", " not"),
        (r"\b(what|how|where|why|when|who|which|it|that|there|here)'s\b", r"\1 is"),
        (r"\b(what|how|where|why|when|which|that|it)'ll\b", r"\1 will"),
        (r"\b(i|we|they|you)'(?:re|m)\b", r"\1 are"),
        (r"\b(i|we|they|you)'ve\b", r"\1 have"),
        (r"\bwhats\b", "what is"),
        (r"\bhows\b", "how is"),
        (r"\ba week\b", "7 days"),
        (r"\bone (?=hour|day|week|month)", "1 "),
        (r"\b(?:a|one) (?:couple of|few) days\b", "3 days"),
        (r"\ba fortnight\b", "14 days"),
        (r"(\d)\s?(?:degrees? (?:fahrenheit|f)|deg\s?f|° ?f|fahrenheit|(?-i:F))(?!\w)", r"\1 °F"),
        (r"(\d)\s?(?:degrees?(?: celsius| c)?|deg(?:\s?c)?|° ?c|celsius|(?-i:C))(?!\w)", r"\1 °C"),
        (r"(\d)\s?(?:millimet(?:er|re)s? per second|mm per second|mm/sec)\b", r"\1 mm/s"),
        (r"(\d)\s?(?:revolutions per minute|r\.p\.m\.|rev/min|1/min)(?!\w)", r"\1 rpm"),
        (r"(\d)\s?(?:amps|amperes|ampere|amp)\b", r"\1 A"),
        (r"(\d)\s?(?:per cent|percent|pct)\b", r"\1 %"),
        (r"(\d)\s?(?:kilowatts?)\b", r"\1 kW"),
        (r"\bhrs?\b", "hours"),
        (r"(\d)\s?h\b", r"\1 hours"),
        (r"(\d)\s?d\b", r"\1 days"),
    )
]
_SPACES = re.compile(r"[ \t\u00a0]+")
_POLITE = re.compile(
    r"^(?:\W*(?:please|pls|hey|hi|hello|ok(?:ay)?|so|well|copilot|good (?:morning|afternoon|evening)|thanks|"
    r"and|also|then|but|plus|"
    r"(?:can|could|would|will) you (?:please )?(?:tell|show|give|explain to|let) (?:me|us)(?: know)?|"
    r"(?:can|could|would) you (?:please )?|do you know|i (?:want|need|would like|have) to know|"
    r"i(?:'d| would) like to know|"
    r"i wonder|tell me|let me know)\b[\s,:.!-]*)+",
    re.IGNORECASE,
)
_TRAILING = re.compile(r"[\s,]*\b(?:please|pls|thanks|thank you)\b\W*$", re.IGNORECASE)


def normalised(message: str) -> str:
    """One spelling of quotes, dashes, contractions, numbers and units; case and punctuation stay."""
    text = unicodedata.normalize("NFKC", message).translate(_QUOTES)
    for pattern, replacement in _CONTRACTIONS:
        text = pattern.sub(replacement, text)
    text = _NUMBER_WORD.sub(lambda word: str(_SPELLED[word[0].casefold()]), text)
    return _SPACES.sub(" ", text).strip()


def without_politeness(text: str) -> str:
    """'Could you please tell me the OEE, thanks' -> 'the OEE'. Never leaves nothing."""
    bare = _TRAILING.sub("", _POLITE.sub("", text, count=1)).strip()
    return bare or text


def words(text: str) -> str:
    """Lower-case words and {masks}, one space between, no punctuation: what templates and the classifier read."""
    return " ".join(re.findall(r"\{\w+\}|[a-z0-9°%]+(?:[-/.'][a-z0-9]+)*", text.casefold().replace("'s", "")))
