"""One message, several requests: where to cut, and what only leans on the clause before it."""

from __future__ import annotations

import re

from agents.routing.text import without_politeness

_CUT = re.compile(
    r"[?!;\n]+\s*|(?<=[a-z°%\d)])\.\s+(?=(?-i:[A-Z]))|\.\s*$|\s*,\s*(?:and|but|then|also|plus|or)\s+|,\s+|"
    r"\s+(?:and then|and also|as well as|and|but|then|plus|also)\s+",
    re.IGNORECASE,
)
_STARTS = re.compile(
    r"^(?:what|whats|how|why|when|where|which|who|is|are|was|were|will|would|do|does|did|has|have|had|can|could|should|"
    r"show|give|tell|list|explain|forecast|predict|compare|check|find|summari[sz]e|draft|write|create|make|open|send|look|"
    r"describe|report|rank|plot|project|estimate|any|name|diagnose|inspect|analy[sz]e|get|search|generate|whether|"
    r"same (?:for|with)|in case)\b",
    re.IGNORECASE,
)
_LEANS = re.compile(
    r"^(?:(?:and )?why(?: is (?:that|this|it)| so| not)?|how come|"
    r"what (?:do|should|can|must|shall|would) (?:i|we|you|they|somebody|one) "
    r"(?:do|check|try|look (?:at|for)|recommend|suggest)"
    r"(?: (?:now|next|then|about (?:it|that|this|them)|first|with it|against it))*|"
    r"what (?:could|can|might|may) (?:it|that|this) be|what to (?:look (?:for|at)|check|try)|"
    r"where (?:do|should|can) (?:i|we) (?:begin|start|look)(?: first)?|"
    r"(?:do|must|should|can) (?:i|we) (?:have to )?(?:stop|restart|shut down|switch off)"
    r"(?: (?:it|the \w+|production))?|"
    r"is (?:it|that|this) (?:worn|broken|damaged|bad|good|still usable)|"
    r"what (?:now|next|then|to do(?: (?:now|next|about (?:it|that)|first))?|is to be done|helps|"
    r"is the (?:fix|remedy|cause|reason))|"
    r"how (?:do|can|should|to) ?(?:i|we)? ?(?:fix|clear|reset|solve|resolve|repair|handle|react to|"
    r"get rid of|remedy|stop) "
    r"(?:it|that|this|them)|how (?:serious|bad|urgent|sure) (?:is|are) (?:it|that|this|you)|"
    r"is (?:it|that|this) (?:serious|dangerous|bad|urgent|normal|ok|critical|safe)"
    r"(?: to (?:run|continue|keep running))?|"
    r"what (?:is|are|was|were) the (?:causes?|reasons?)|what (?:causes|caused) (?:it|that|this)|"
    r"(?:can|may|should) (?:i|we) (?:keep|continue) (?:running|producing|working|using)(?: it)?|"
    r"what does (?:it|that|this) mean|by how much|how (?:much|sure|likely)|since when|on what basis|on which)\W*$",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"^(?:hi|hello|hey|good (?:morning|afternoon|evening|day)|thanks?(?: you)?(?: very much| a lot)?|"
    r"ok(?:ay)?|please|yes|no|"
    r"copilot|hi there|hello there|sorry|team)\W*$",
    re.IGNORECASE,
)
_FRAGMENT = re.compile(r"(?:which|what|how|where|when|who)(?: (?!is\b|are\b|about\b)\w+){0,2}\W*", re.IGNORECASE)
_NAMED = re.compile(r"\d|[A-Z]{2,}")
_CONDITION = re.compile(r"\bif (?:so|not|yes|no)\b[\s,:]*", re.IGNORECASE)
_TAIL = re.compile(r"\b(?:of|on|for|at|in) .+$", re.IGNORECASE)
MOST_CLAUSES = 8


def leans(clause: str) -> bool:
    """Whether it says nothing without the clause before: 'and why?', 'what do I do?'."""
    return _LEANS.match(without_politeness(clause.strip())) is not None


def is_greeting(clause: str) -> bool:
    return _GREETING.match(clause.strip()) is not None


def is_elliptic(masked: str) -> bool:
    """Only names and fillers, no verb: 'and last month?', 'what about PUMP-B-203', 'same for its pressure'."""
    rest = re.sub(r"\{(?:machine|type|line|plant|metric|past|future|when|code)\}", " ", masked)
    return rest != masked and _FILLERS.fullmatch(rest.strip()) is not None


_FILLERS = re.compile(
    r"(?:\s*\b(?:and|also|what about|how about|what of|about|same for|same|for|the|its|their|his|on|in|of|at|with|now|"
    r"then|too|as well|only|just|instead|or|is it|this|that)\b\s*)*",
    re.IGNORECASE,
)


def clauses(text: str) -> list[str]:
    """Requests of `text`, in order; greetings dropped, leaning clauses joined to what they lean on."""
    found: list[str] = []
    for piece, glue in _pieces(_CONDITION.sub("", text)):
        if found and not _stands_alone(piece, found[-1]):
            found[-1] = f"{found[-1]}{glue}{piece}"
        else:
            found.append(piece)
    kept = [clause for clause in found if not is_greeting(clause)]
    return kept or found or [text]


def with_shared_tail(cut: list[str]) -> list[str]:
    """['Downtime', 'scrap of PRESS-A-101'] -> ['Downtime of PRESS-A-101', ...]: a bare noun borrows what follows."""
    tail = _TAIL.search(cut[-1])
    if tail is None:
        return cut
    return [f"{piece} {tail[0]}" if _is_bare(piece) else piece for piece in cut[:-1]] + [cut[-1]]


def _is_bare(piece: str) -> bool:
    return len(piece.split()) <= 2 and not _NAMED.search(piece)


def pieces(text: str) -> list[str]:
    """Cut at every connector, whether or not each piece stands alone."""
    return [piece for piece, _ in _pieces(text)]


def _pieces(text: str) -> list[tuple[str, str]]:
    """(piece, the text that stood before it)."""
    pieces: list[tuple[str, str]] = []
    start, glue = 0, ""
    for cut in _CUT.finditer(text):
        if (piece := text[start : cut.start()].strip()) != "":
            pieces.append((piece, glue))
        start, glue = cut.end(), cut[0]
    if (rest := text[start:].strip(" .,;")) != "":
        pieces.append((rest, glue))
    return pieces


def _stands_alone(piece: str, before: str) -> bool:
    if is_greeting(before):
        return True
    bare = without_politeness(piece)
    return _STARTS.match(bare) is not None and not leans(bare) and not _is_fragment(bare)


def _is_fragment(piece: str) -> bool:
    """'which kind', 'how much grease': asks on, too short to ask anew."""
    return _FRAGMENT.fullmatch(piece) is not None and _NAMED.search(piece) is None
