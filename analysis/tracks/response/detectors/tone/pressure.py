"""Wordings that tell a reader to buy, to be quick about it, or to buy more than was wanted.

Each is a general construction over the classes of `tone_words`.
"""

from __future__ import annotations

import re

from analysis.tracks.response.detectors.tone.words import (
    ADVERBS,
    BASKET,
    BUY,
    BUYING,
    CART,
    ELSE,
    ENDED,
    GOODS,
    NOW,
    SHELF,
    START,
)

COMMAND = re.compile(
    # An imperative to buy, with its haste: "Order the whole set tonight".
    rf"{START}(?:(?!{ELSE})(?:{BUY})|(?:add|put|take)(?= {GOODS})"
    rf"|treat yourself to)\s(?:[\w’'$.-]+\s){{0,6}}?{NOW}\b"
    # ... with nothing else to say: "Just buy it."
    r"|\b(?:just|go|go on and|go ahead and|do yourself a fav(?:ou)?r and|be a devil and) "
    rf"(?:{BUY}|take) {GOODS}{ENDED}"
    r"|\b(?:just go ahead and|go ahead and|go on and|just|and) (?:order|buy|check out)(?=[.!]|$)"
    r"|\b(?:run|rush|race|dash)(?: \w+)? to (?:the )?checkout\b|\bbefore you (?:go"
    r"|leave)[,:]? (?:\w+ ){0,3}?(?:add|grab|get|buy|order)\b"
    rf"|\bgo ahead and add(?: [\w’'-]+){{1,6}}? to {BASKET}\b|{START}(?:upgrade|stock up)(?=[.!]|$"
    r"| (?:now|today))"
    r"|\b(?:seriously|honestly|please|come on|trust me), (?:just )?(?:buy|order|grab|get) (?:it|this|them"
    r"|both|one)(?=[.!]|$)"
    r"|\bbe (?:smart|wise|sensible|bold|kind to yourself|good to yourself)(?: and|,) (?:buy|order|get"
    r"|take|grab|go)\b"
    # ... as the whole sentence, or for the lot: "Buy it!", "order the lot".
    r"|(?:(?<=^)|(?<=[.!?:] )|\bso (?:just )?)(?:buy|order|grab|get) (?:it|this|them|both|one)(?=[.!]"
    r"|, (?:buy|you)|$)"
    rf"|{START}(?:take|get|order|buy|grab|have) (?:the lot|them all|all of them|the (?:whole|full|entire"
    r"|complete) \w+)(?=[.!,;]|$)"
    rf"|(?:(?<=^)|(?<=[.!?:] )|\band )(?:take|get|order|buy) both(?=[.!]|$)|{START}(?:buy|order|grab"
    r"|pick up|snap up) (?:[\w’'-]+ ){1,5}(?:too|as well)\b"
    r"|\b(?:make|be) sure (?:that )?(?:you|to) (?:buy|order|bag|grab|snag|secure|nab|get|pick up|snap up) "
    r"(?:an? (?:copy|set)|your|yours|one|it|them|this|both|early|soon|now|today)\b"
    rf"|{START}(?:complete your (?:collection|set|shelf)|make it yours|(?:have"
    r"|get) your (?:\w+ )?card (?:ready|at the ready|out))\b"
    # ... into the basket, or by the button: "get the set in your cart", "hit that order button".
    rf"|{START}(?:get|put|pop|stick|throw|chuck|toss|pile|drop) (?:[\w’'-]+ ){{1,5}}?(?:in|into|on"
    rf"|to) {BASKET}\b"
    r"|\b(?:hit|smash|mash) (?:that|the) (?:[\w’'-]+ ){0,3}?(?:button|checkout)\b"
    # Words that only a barker uses.
    r"|\b(?:grab|snag|snap up|claim|secure|nab|bag)\s(?:yours|it|them|a copy|your copy|your set"
    r"|the (?:set|box|whole)"
    r"|this|one|both|(?:the|your) (?:first|whole|full) \w+)\b",
    re.IGNORECASE,
)

NEED = re.compile(
    # Obligation to buy, but for the terms of an order: "you need to order for $50".
    rf"\byou(?:['’]ll| will)? {ADVERBS}(?:have (?:got )?to|must|need to|ought to) (?:\w+ly )?"
    rf"(?:add {GOODS}\b|complete (?:your|the|that) (?:set|collection|series)\b|(?:buy|own|order|grab"
    r"|purchase)\b"
    r"(?! (?:for|at least|by|before|within|from|through|via|on|online|again|over|more|a minimum|only"
    r"|an? (?:account|confirmed|note)|vol\w*|(?:\w+ ){0,4}again)\b))"
    r"|\byou(?:['’]ll| will)? (?:simply |just |really |absolutely |honestly "
    r"|seriously ){1,2}(?:have to|must|need to"
    r"|should|ought to) (?:buy|own|order|get|have|grab|complete|add|pick up|snap up|upgrade)\b"
    r"|\b(?:you(?:['’]ve| have)? (?:just |simply |really )?(?:got to|gotta)|you (?:might"
    r"|may) (?:just )?as well|might as well)"
    rf" (?:{BUY}|add|take|have|go for|do it|make it|splash)\b"
    rf"|\b(?:{BUYING}|owning|having|this|it|that|which) (?:\w+ ){{0,2}}?is an? (?:absolute )?must\b(?!-)"
    rf"|\byou {ADVERBS}need (?:(?:this|these)(?:(?= (?:set|one|series|box|book|volume|edition|manga|in"
    rf"|on))|{ENDED})|the (?:rest|set|whole|lot|box|other)|all (?:of|\w+)|{GOODS} (?:in|on) {SHELF})\b"
    rf"|\byou {ADVERBS}(?:can(?:['’]?t|not)|could(?:n['’]?t| not)) (?:\w+ly |even )?(?:leave|live|do|be"
    r"|go|manage)"
    r"(?: home)? without\b"
    r"|\bmust[- ](?:have|buy|own)s?\b"
    r"|\byou(?:['’]ll| will)? (?:have to|must|need to|should|ought to) (?:(?:definitely|really"
    r"|absolutely|also|seriously"
    r"|simply|just) ){1,2}(?:buy|own|order|get|have|grab|complete|add|take)\b"
    r"|\byou(?:['’]re| are) (?:going to|gonna) (?:want|need) (?:this|these|them|both|all)\b"
    r"|\bi (?:really |do |still |honestly )?(?:think|believe|feel|say) (?:that )?you (?:should|ought to"
    r"|need to|must) (?:buy|order|own|add)\b"
    r"|\b(?:it['’]s|it is|high|is(?:n['’]t)? it(?: about)?) time (?:to|you|for you to) (?:buy|bought|own"
    r"|order|complete|treat|commit)\w*\b"
    # The shelf as debtor: "your collection isn't complete without it".
    rf"|\b(?:deserves?|needs?|belongs?|has earned|demands?)(?: \w+){{0,3}}? (?:in|on) {SHELF}\b"
    r"|\byour (?:book)?(?:shel(?:f|ves)|collection|library|bookcase)(?: \w+)? (?:(?:is|are|will be|looks?"
    r"|feels?|needs?)"
    r" (?:crying|begging|screaming|calling|incomplete|not complete|empty|bare|naked|poorer|this|it)"
    r"|(?:is|are|wo|wi)n['’]?t (?:be )?complete|will never be complete|(?:cries|calls|begs"
    r"|screams) (?:out )?for)"
    rf"|\b(?:imagine|picture)(?: just)? (?:it|this|these|them|how)\b[^.!?\n]{{0,30}}\b(?:on|in) {SHELF}\b"
    rf"|(?:would|['’]d) look (?:\w+ ){{1,3}}?(?:on|in) {SHELF}\b|\b(?:one|a single|two) (?:volume|copy"
    r"|book)s? (?:is|are) (?:never|hardly) enough\b",
    re.IGNORECASE,
)

ADVICE = re.compile(
    # Haste as advice in the first person: "I'd order tonight", "I'd get in quickly", "I urge you to".
    rf"\bi(?:['’]d| would) {ADVERBS}(?!{ELSE})(?:{BUY}|get in|move|act|jump|decide)\s"
    rf"(?:[\w’'-]+\s){{0,5}}?{NOW}\b|\bi(?:['’]d| would) be (?:very |really )?(?:quick|fast)\b"
    rf"|\bi(?:['’]d| would)? {ADVERBS}(?:recommend|suggest|advise)(?: you)? (?:{BUYING}|to {BUY}"
    rf"|(?:that )?you {BUY})\s"
    rf"(?:[\w’'-]+\s){{0,5}}?{NOW}\b"
    rf"|\bi(?:['’]d| would| must| have to|['’]m| am)? {ADVERBS}(?:urge|insist|beg|implore|press|begging"
    r"|urging) (?:you|that you"
    r"|on you)\b"
    r"(?! (?:to )?(?:contact|call|change|report|wait|not|tell|write|see|speak|talk|ask|check|read|stop)\b)"
    r"|\binsist (?:that )?you (?:take|have|buy|get|order|add|own)\b"
    r"|\b(?:better|best|wiser?|smart(?:er)?|well advised|do well|sensible|prudent|good idea"
    rf"|advisable) (?:to )?(?!{ELSE})(?:{BUY}|act)\s(?:[\w’'-]+\s){{0,5}}?{NOW}\b"
    r"|\b(?:jump on|pounce on|snap|snapping) (?:it|this|these|them)(?: up)?\b|\bstrike while the iron\b"
    r"|\bget (?:in|yours) (?:early|first)\b"
    r"|\bget (?:your|that|this) (?:name down|order in)\b|\bget a move on\b|\bget cracking\b"
    rf"|\bstill time to {BUY}\b|\b(?:the )?(?:sooner|faster|quicker) you (?:order|buy|act|decide|commit)\b"
    r"|(?<!if )(?<!do )(?<!when )(?<!whether )(?<!because )\byou(?:(?:['’]ll| will) (?:\w+ly )?want to"
    rf"|(?:['’]ll| will)? {ADVERBS}(?:should|ought to|need to|must|have to|may want to|might want to"
    rf"|better|best)|(?: had|['’]d) (?:better|best)) (?!{ELSE})(?:(?!get (?!yours|(?:a|your) copy)){BUY}"
    r"|get in|act|move|decide|be(?= (?:very |really )?(?:quick|fast))"
    r"|hurry)\s(?:[\w’'-]+\s){0,5}?(?:(?:right )?now|today|tonight|soon|fast|quick(?:ly)?"
    r"|at once|straight away|right away|immediately|while)\b"
    # Bare haste: "act fast", "run, don't walk", "be quick".
    r"|\b(?:act (?:fast|now|quick(?:ly)?|soon)|hurry(?: up)?\b(?! (?:through|along|past|to)\b)"
    r"|now or never|better hurry"
    r"|time is (?:running out(?! for (?:him|her|them))|short)|the clock(?: is|['’]s) ticking"
    r"|no time like the present|run,? don['’]t walk|what are you waiting for"
    r"|tick,? tock|last orders|everything must go|final (?:call|hours))\b"
    r"|\b(?:best|better) (?:be quick|get (?:in|a move on|moving)|act|move fast|order|hurry)\b"
    r"|\b(?:this|that|now|today|tonight|it['’]s)(?: \w+)? or (?:never|not at all)\b"
    rf"|{START}(?:be (?:quick|fast)|(?:move|decide) (?:fast|quickly|now|today)"
    r"|get (?:moving|going|a move on)|dive in now"
    r"|look sharp|seize (?:the|this|your)"
    r"|pull the trigger|take the (?:leap|plunge)|bite the bullet|jump at (?:it|the|this)"
    r"|be (?:the|among the|one of the) first to (?:own|get|have|grab|read)|join (?:the |over "
    r"|our )?(?:thousands|hundreds|\d))\b",
    re.IGNORECASE,
)

MORE = re.compile(
    # More than was wanted: "throw in another volume", "make it the whole series", "for just $5 more you".
    rf"{START}(?:throw|toss|chuck|pop) in (?:a|another|the|one|volumes?|both|our)\b"
    r"|\b(?:splash out|spend (?:a (?:bit|little|few)|just|only|some)(?: \w+){0,2} (?:more|extra)"
    r"|load up on|go all in)\b"
    rf"|{START}make it (?:two|three|both|(?:the|a) (?:whole|full|complete|set|double|box|lot|series))\b"
    r"|\bfor (?:only|just|a mere|as little as)? ?(?:another )?(?:[$£€]\d[\d.]{0,6}|a (?:few|little"
    r"|couple of)(?: \w+)?"
    r"|\w+ (?:dollars|pounds)) (?:more|extra),? you\b"
    rf"|{START}(?:upgrade|swap (?:it|this|them)|trade up) (?:to|for) the\b"
    r"|\b(?:while|since|as|now that) you['’]?(?:re| are) (?:at it|here|there),? (?:\w+ ){0,3}?(?:add|grab"
    r"|get|buy|pick|throw|order)\b"
    rf"|{START}buy (?:two|three|both|the lot|them all|all of (?:it|them)|the (?:whole|entire) \w+)\b"
    # The sale taken as made: "let's get them ordered", "I've already put it in your basket".
    r"|\blet['’]?s (?:just )?(?:get|put|have) (?:it|this|them|you|that|these|those|one"
    r"|the \w+)(?: \w+){0,2}? (?:ordered"
    rf"|checked out|bought|boxed|in(?:to)? {CART})\b|\blet['’]?s complete (?:your|that|the) (?:set"
    r"|collection|order)\b"
    r"|\bi(?:['’]ve| have)(?: already| gone ahead and| just| taken the liberty of){1,2} (?:add|put|popp"
    r"|reserv|plac|set|slipp|dropp)"
    rf"(?:ed|ing)?\b(?: [\w’'-]+){{1,6}}? (?:in|into|to) {CART}\b"
    r"|\bbefore (?:you|i) change (?:your|my) mind\b|\bsay (?:yes|the word)(?: and|(?=[.!]|$))"
    rf"|{START}say yes to (?:the|it|this|our)\b",
    re.IGNORECASE,
)

OFFERED = re.compile(
    # An offer to fill the basket, which is service to whoever speaks of buying, and pressure on whoever does not.
    r"\b(?:(?:shall|should|can|may|let) (?:i|we|me)|(?:want|like) me to) (?:just |go ahead and "
    r"|quickly )?(?:put|add|pop|place"
    rf"|stick|drop|throw)(?! an? (?:note|message|comment))(?: [\w’'-]+){{1,6}}? (?:in|into|to) {BASKET}\b"
    r"|\b(?:(?:shall|should|can|may) i|(?:want|like) me to) (?:order|ring|wrap"
    r"|box)(?: [\w’'-]+){1,5}? for you\b"
    r"|\b(?:shall|should) we (?:say|order|make it|call it|proceed|finali[sz]e|place|get (?:that|your|it"
    r"|them))\b"
    r"|\b(?:(?:shall|should|can|may) (?:i|we)|i can) (?:place|put through|complete) (?:the|your|that"
    r"|an) order\b",
    re.IGNORECASE,
)
