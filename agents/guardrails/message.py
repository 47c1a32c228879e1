"""What a message must be before anybody reads it."""

from __future__ import annotations

import re
import unicodedata

from core.errors import InvalidInput, PayloadTooLarge

_KEPT_CONTROLS = {"\n", "\t"}
_INVISIBLE = re.compile(
    "[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
"""Zero-width, direction, variation and tag characters: they carry text that a reader does not see."""


def checked_message(message: str, *, max_bytes: int) -> str:
    """The message in NFC without control and invisible characters.

    Raises:
        InvalidInput: nothing readable is left.
        PayloadTooLarge: more than `max_bytes` in UTF-8.
    """
    size = len(message.encode("utf-8", errors="surrogatepass"))
    if size > max_bytes:
        raise PayloadTooLarge(
            f"message: {size:,} bytes, at most {max_bytes:,} are read.",
            remedy="Ask a shorter question, or set COPILOT_MAX_MESSAGE_BYTES.",
            field="message",
        )
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", message))
    text = "".join(" " if _is_control(letter) else letter for letter in text).strip()
    if not text:
        raise InvalidInput(
            "message: it is empty.",
            remedy="Ask something, e.g. 'Which machines are most likely to fail this week?'",
            field="message",
        )
    return text


def _is_control(letter: str) -> bool:
    return unicodedata.category(letter) in {"Cc", "Cs", "Co", "Cn"} and letter not in _KEPT_CONTROLS
