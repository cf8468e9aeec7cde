"""Expressions of several words by which events are told, and those that only sound like an event.

Each counts as its concept ("ties the knot" as `marry`), and the words that it is made of no longer by themselves.
Events carry a sign: "survives" is `die` denied, so that "does not survive" tells a death.
"""

from __future__ import annotations

import re

_HIS = r"(?:his|her|their|its|your)"
_BE = r"(?:is|are|was|were|be|been|being|gets?|got|becomes?)"


def _bounded(pattern: str) -> str:
    """A word is up to twenty letters long, so that no pattern runs far in a hostile text."""
    return pattern.replace(r"\w+", r"\w{1,20}").replace(r"\w*", r"\w{0,20}")


EXPRESSIONS: tuple[tuple[re.Pattern[str], str, bool], ...] = tuple(
    (re.compile(rf"\b(?:{_bounded(pattern)})(?!\w)"), concept, asserted)
    for pattern, concept, asserted in (
        # What a shop says, and idioms: no event at all.
        (
            r"slow[- ]burn(?:ing|er)?|to die for|d(?:ie|ying) to|killer (?:deal|price|art|sale|combo)"
            r"|die-?hard|dead(?:line|pan| easy)"
            r"|w(?:in|ins|on|inning) (?:you|me|us|readers|everyone) over|award[- ]winning|w(?:in|ins|on"
            r"|inning) (?:an?|the|several|many)"
            r" (?:\w+ )?(?:prizes?|awards?|medal)|(?:is|are|be|copies|one|few|volumes?|what's|what is"
            r"|copy|ones) left|left[- ]hand(?:ed)?"
            r"|back (?:catalogue|issues?|order|cover|in stock|on sale)|best-?\s?sell(?:ing|er|ers)"
            r"|s(?:ells?|old|elling) out(?! to)|for sale|on sale"
            r"|order (?:now|today|it|yours?)|(?:your|an|the) orders?|in order to|lost in translation|(?:a"
            r"|the) real (?:treat|gem|joy|page|delight|winner)"
            r"|(?:you'll|would|will|i'd|i|readers|people) love|love (?:it|this|that)|a winner\b"
            r"|can't lose|lose (?:sleep|track|yourself)"
            r"|back to (?:you|back)|start(?:s)? to finish|moving (?:story|tale|and)|on fire"
            r"|kill(?:ing)? time|from the back",
            "",
            True,
        ),
        # To die, said mildly or plainly.
        (
            r"pass(?:es|ed|ing)? (?:away|on)\b(?! (?:the|a|your|to)\b)|slip(?:s|ped)? away|pass(?:es"
            r"|ed)(?=[.!?,;]|$)",
            "die",
            True,
        ),
        (rf"(?:los|giv|lay)(?:es?|s|ing)? (?:up |down )?{_HIS} (?:own )?(?:life|lives)", "sacrifice", True),
        (rf"(?:gave|lost|laid) (?:up |down )?{_HIS} (?:own )?(?:life|lives)", "sacrifice", True),
        (
            r"(?:breathes?|draws?) (?:his|her|their|its) last|bites? the dust|drops? dead|meets? (?:his"
            r"|her|their|its)"
            r" (?:end|maker|death|fate)|(?:is|are) no more|no longer with us|met (?:his|her|their) end"
            r"|dead and gone"
            r"|(?:kicks?|kicked) the bucket|(?:don't|doesn't|didn't|not|never) (?:\w+ )?(?:make|makes"
            r"|made|making) it"
            r"(?: out| through| to)?(?: alive)?|(?:finds?|found) dead|goes to (?:his|her|their"
            r"|its) (?:grave|death)"
            r"|last breath|(?:funeral|burial|deathbed|tombstone)",
            "die",
            True,
        ),
        (
            r"surviv(?:e|es|ed|ing|al)|alive|(?:live|lives|lived) to see|(?:live|lives|lived) through"
            r"|pulls? through",
            "die",
            False,
        ),
        (
            r"sa(?:y|ys|ying|id) (?:\w+ )?goodbye to|bur(?:y|ies)(?= (?:the|her|his|their)\b)"
            r"|six feet under|costs? (?:\w+ ){1,4}(?:its|his|her|their) (?:own )?life"
            r"|(?:is|are|was|were|been) (?:really |actually |all |just )?(?:ghosts|(?:a )?(?:corpse"
            r"|skeleton)s?)",
            "die",
            True,
        ),
        # To kill, seen from either side.
        (
            rf"{_BE} (?:\w+ )?(?:cut down|shot dead|gunned down|struck down|taken out|put down|done in"
            rf"|finished off)"
            r"|kill(?:s|ed|ing)? off|puts? (?:a|two|three) (?:bullets?|knife|blade) (?:in|into|through)"
            r"|(?:takes?|took) a"
            r" bullet|at the end of a rope|put to death|does away with|did away with|bump(?:s|ed"
            r"|ing)? (?:\w+ )?off|(?:done|doing|do) away with",
            "kill",
            True,
        ),
        # To win and to lose.
        (
            rf"{_BE} (?:\w+ )?(?:beaten|defeated|outplayed|knocked out|trounced|thrashed|bested)"
            rf"|com(?:es?|ing) (?:away|up)"
            r" (?:empty-handed|short)|goes? down(?: in defeat)?|falls? short|falls? at the last"
            r"|second (?:place|best)"
            r"|comes? second|crash(?:es)? out|bows? out",
            "lose",
            True,
        ),
        (
            r"comes? out on top|takes? the (?:crown|title|trophy|prize|cup|gold|win)|carries the day"
            r"|(?:duel|match|title|victory|final|crown|prize|win|trophy|cup) goes to|gets the better"
            r" of|comes? (?:in )?first|lifts? the (?:cup|trophy)|comes? out ahead|walks? away with",
            "win",
            True,
        ),
        # To marry.
        (
            r"(?:tie|tied|ties|tying) the knot|get(?:s|ting)? (?:hitched|married)|got (?:hitched|married)"
            r"|walk(?:s|ed)? down"
            r" the aisle|say(?:s)? (?:\"?i do|their vows)|husband and wife|man and wife|exchanges? (?:vows|rings)"
            r"|wedding bells|become(?:s)? (?:his|her) (?:wife|husband)|puts? a ring on",
            "marry",
            True,
        ),
        # To betray.
        (
            r"sell(?:s|ing)? (?:\w+ ){1,3}out|sold (?:\w+ ){1,3}out|stab(?:s|bed"
            r"|bing)? (?:\w+ ){1,3}in the back|turn(?:s|ed)?"
            r" (?:traitor|against|on|coat)|switch(?:es|ed)? sides|chang(?:es?|ed) sides"
            r"|double[- ]cross\w{0,4}|hands? (?:\w+ )"
            r"{1,3}over to|work(?:s|ed|ing) for the (?:enemy|other side)|go(?:es)? over to the (?:enemy"
            r"|other side)|a (?:mole|double agent)",
            "betray",
            True,
        ),
        # To go away, to stay, to come back, to lose one's memory.
        (
            r"mov(?:es?|ed|ing) (?:away|on to|to)|walk(?:s|ed)? out on|run(?:s)? off|ran off|goes? (?:off"
            r"|away)|sets? off"
            r"|setting off|sets? (?:out|sail)|setting (?:out|sail)|joins? the other|go(?:es)? over to"
            r"|for good(?! (?:reasons?|measure))",
            "leave",
            True,
        ),
        (
            r"(?:has|have|had) been (?:in|on|at)|stay(?:s|ed|ing)? (?:in|on|put|behind)|still (?:in|at"
            r"|on)|remain(?:s|ed|ing)? (?:in|at|on)|stuck (?:in|at|on)",
            "leave",
            False,
        ),
        (
            r"ends? up (?:back )?home|(?:go|goes|gets?|comes?|mov(?:es?|ed)|finds? (?:his|her|their) way"
            r"|heads?) (?:\w+ )?(?:back|home)\b"
            r"(?: home)?",
            "return",
            True,
        ),
        (
            r"memor(?:y|ies) (?:is |are )?(?:gone|lost|wiped|erased)|no idea (?:any|what|of|it)"
            r"|remembers? (?:nothing|none|no)|mind (?:is )?wiped"
            r"|(?:loses?|lost) (?:his|her|their|all|every) (?:\w+ )?memor(?:y|ies)",
            "forget",
            True,
        ),
        (r"remember(?:s|ed|ing)?", "forget", False),
        # Fire, ruin and closing down.
        (
            r"(?:goes?|went|going) up in (?:flames|smoke)|burn(?:s|t|ed)? (?:down|to the ground|to ashes)"
            r"|sets? (?:on )?fire to"
            r"|set (?:alight|ablaze|on fire)|catch(?:es)? fire|reduced to ashes|into the (?:fire|flames"
            r"|stove|furnace)|gutted by fire",
            "burn",
            True,
        ),
        (
            r"blown (?:up|to (?:pieces|bits))|long gone|(?:is|was|been) (?:lost|gone) (?:for good"
            r"|forever)|no longer exists"
            r"|wip(?:es?|ed) out|lies in ruins|laid waste",
            "destroy",
            True,
        ),
        (
            r"shut(?:s)? (?:down|its doors)|clos(?:es?|ed) (?:down|its doors)|disband(?:s|ed)?|wound up"
            r"|broken up|axed|falls?"
            r" apart",
            "close",
            True,
        ),
        (
            r"rebuilt|rebuild(?:s|ing)?|buil[dt]s? (?:it |them )?(?:back )?up(?: again)?"
            r"|built (?:up )?again|from the ashes",
            "rebuil",
            True,
        ),
        # Sham, invention and hiding.
        (
            r"(?:pretend(?:s|ed)?|only (?:played|playing)|play(?:s|ed))(?= (?:to be |being "
            r"|at being )?dead\b)",
            "fake",
            True,
        ),
        (
            r"set (?:the whole thing |it all |it )?up\b|pull(?:s|ed)? the strings|rigged|a set-?up",
            "fake",
            True,
        ),
        (
            r"made[- ]up|imaginary|imagined|figment|a product of|all in (?:his|her|their) head|fictitious"
            r"|invented"
            r"|hallucination",
            "exist",
            False,
        ),
        (r"(?:put|puts|lies|lying|throws|threw)(?= (?:it|him|her|the|in|down|at)\b)", "hide", True),
        (
            r"a nobody|nobody (?:special|at all)|no one (?:special|at all)|(?<=is )nobody|(?<=was )nobody"
            r"|just an? ordinary \w+",
            "nobody",
            True,
        ),
        (
            r"(?:put|puts)(?= (?:\w+ ){1,3}(?:on|to) paper)|(?:written|wrote|writes?|writing) down",
            "write",
            True,
        ),
        # Who did it.
        (
            r"it(?:'s| is| was)(?= (?:actually )?(?:the|her|his) \w+[.!])|did it|done it|to blame"
            r"|behind (?:it all|everything|(?:all )?(?:the|those|these) \w+)"
            r"|commit(?:s|ted)? (?:the|those"
            r"|these|all) \w+|whodunn?it|has blood on (?:his|her|their) hands|the one who did",
            "culprit",
            True,
        ),
        # What somebody had done.
        (
            r"behest|gave the order|had(?= (?:\w+ ){1,3}"
            r"(?:set|served|brewed|killed|mixed|lit|made|done)\b)",
            "order",
            True,
        ),
        (
            r"career is over|career(?:-| )ending|retire(?:s|d)?(?: for good)?|hangs? up (?:his|her|their)"
            r"|(?:never|not|n't)"
            r" (?:\w+ )?(?:takes?|throws?|steps?|pitch\w*|swings?|runs?) (?:\w+ ){0,3}(?:mound|ball|pitch"
            r"|field|court|again)",
            "play",
            False,
        ),
        (
            r"(?:engaged to|she is to marry|he is to marry|husband[- ]to[- ]be|wife[- ]to[- ]be)",
            "fiance",
            True,
        ),
        (
            r"gives? birth|giving birth|gave birth|childbirth|labou?r pains|laying (?:her|its) egg",
            "birth",
            True,
        ),
        (
            r"in disguise|one and the same|the (?:very )?same (?:person|man|woman)|split personality",
            "same",
            True,
        ),
    )
)
