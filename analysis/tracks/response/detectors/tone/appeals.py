"""Appeals that make it hard to decline: grief at missing out, what everybody else does, and coaxing.

Each is a general construction over the classes of `tone_words`.
"""

from __future__ import annotations

import re

from analysis.tracks.response.detectors.tone.words import BUY, FANS, GOODS, MISS, MISSING

MISSED = re.compile(
    # Told not to hold back: "I wouldn't leave it too long", "you can't afford to pass this up".
    r"\b(?:i would(?:n['’]?t| not)|i['’]d (?:not|never)|you(?:['’]ll| will) not want to"
    rf"|you won['’]?t want to) {MISS}"
    r"|(?<!so you )(?<!that you )(?<!if you )(?<!as you )(?<!because you )(?<!\bi )(?<!\bwe )(?<!they )"
    r"(?<!\bhe )"
    r"(?<!she )(?<!who )\b(?:don['’]?t|do not|never|(?:must|should|would|ca|could)n['’]?t|cannot"
    r"|(?:must|should|would|could) not)(?: (?:you|ever|even|really|possibly|afford to|want to"
    r"|be the one to"
    rf"|dare to|dare)){{0,2}} {MISS}"
    rf"|\b(?:best|better|wiser?|smarter?|advice(?: \w+){{0,2}}|try|careful|important) not (?:to )?{MISS}"
    r"|\b(?:don['’]?t|do not) be (?:silly|stingy|timid|cheap|the (?:last|only|one)|that person)\b"
    r"|\btoo (?:good|cheap|rare|precious)(?: an? \w+)? to (?:miss|pass|resist|refuse|turn|ignore|leave"
    r"|skip|let)\b"
    r"|\b(?:people|those|others|you['’]ll|you will) (?:\w+ ){0,2}?miss out\b"
    r"|\bdo(?:ing)? yourself a (?:disservice|fav)"
    r"|\bonly way (?:to (?:find out|know) |\w+ ){0,3}?is to (?:buy|order|own|get it)\b"
    # To hold back as folly, or as grief to come: "you'd be mad to", "it would be a crime not to".
    r"|\byou(?:['’]d| would) (?:\w+ )?be (?:absolutely |quite |frankly |so )?(?:an? )?(?:crazy|mad|silly"
    r"|foolish|daft|nuts"
    r"|bonkers|insane|stupid|fool|idiot|mug|missing out|giving up|turning down|kicking)\b"
    r"|\byou(?:['’]d| would) (?:\w+ )?have to be (?:crazy|mad|out of your|a fool|an idiot|daft|insane"
    r"|nuts|made of)"
    r"|\bout of your (?:mind|senses) (?:to|not to|if)\b|\byou(?:['’]re| are) (?:really "
    r"|seriously )?missing out\b"
    r"|\bif you (?:(?:wait|leave (?:it|this)|put (?:it|this) off|hesitate|dither)(?: too| any"
    r"| much)? (?:long(?:er)?|now)|don['’]?t (?:act|"
    rf"(?:{BUY} (?:\w+ ){{0,3}}?(?:now|today|tonight|soon))))\b"
    r"|\b(?:it(?:['’]d| would|['’]s| is)) (?:\w+ )?(?:be )?(?:almost |practically "
    r"|such )?(?:an? )?(?:real |crying |great |big |terrible )?"
    r"(?:crime|criminal|shame|pity|sin|madness|crazy|mistake|rude|silly|foolish|folly|waste|insane|tragedy)"
    rf" (?:not to|to (?:{MISS}|own only|stop|leave without)|if you (?:didn|don|miss|pass|let))"
    rf"|\b(?:hate|sorry|loath) (?:for you )?to (?:(?:see )?you )?{MISS}"
    r"|\b(?:stop|quit|no (?:point|sense|use)(?: in)?|instead of|rather than|risk|regret) (?:risk "
    rf"|keep )?{MISSING}\b"
    rf"|\b{MISSING} (?:is|would be|will be) (?:an? )?(?:\w+ )?(?:mistake|crime|shame|folly|gamble|risk"
    r"|error|foolish)"
    r"|\b(?:imagine|think) (?:how|what) you(?:['’]ll|['’]d| will| would| might)? (?:feel|regret|miss"
    r"|be missing)"
    r"|\bthe longer you (?:wait|leave|put|hesitate|think)\b|(?:(?:won|can)['’]?t "
    r"|cannot )?\blet you (?:go|leave)(?: \w+)? without\b"
    r"|\b(?:every|each) (?:day|hour|minute|moment) (?:that )?you (?:wait|hesitate|delay|put|hold)\b"
    r"|\bno (?:more )?(?:time to (?:lose|waste|think)|dithering|dawdling)\b|(?<=[,;:—–] )no excuses\b"
    r"|\b(?:won|would|do)(?:n)?['’]?t want to miss\b|\bwhat more (?:do|could|can) (?:you|anyone) (?:need"
    r"|want|ask)\b|\bwhy (?:wait|hold back|stop (?:at|there)|settle"
    r"|hesitate|delay|risk|take the (?:risk|chance)|deny yourself|resist|limit yourself|pay more)\b"
    r"|\b(?:still|and you(?:['’]re| are)) (?:hesitating|undecided|on the fence|dithering|not convinced"
    r"|thinking (?:about it|it over))\b"
    r"|\b(?:nobody|no one|no customer)(?: has| have)? ever (?:regretted|wished|been sorry|looked back)\b"
    r"|\byou(?:['’]ll| will) (?:only |just )?(?:be|come) back (?:\w+ )?for (?:it|them|more|the rest)\b"
    r"|\b(?:why|how|still)(?: you)? haven['’]?t (?:you )?(?:\w+ )?(?:bought|ordered)\b"
    r"|\bnever forgive you\b|\bempty-handed\b"
    # What the reader will feel: "you'll regret it", "kick yourself later", "thank me later".
    r"|\byou(?:['’]ll| will|['’]d| would) (?:only |just |really |deeply |\w+ly )?(?:regret|hate yourself"
    r"|never forgive"
    r"|be sorry(?! to)|wish you(?:['’]d| had)|thank me|never look back)\b|\bthank me later\b"
    r"|\byou(?:['’]ll| will|['’]d| would) (?:be )?kick(?:ing)? yourself (?:if|for|when|later|tomorrow"
    r"|next)\b"
    r"|\b(?:and|or|otherwise,?|else) you(?:['’]ll| will|['’]d| would) (?:be )?kick(?:ing)? yourself\b"
    r"|\byou (?:won['’]t|will not|wouldn['’]t|will never) (?:ever )?(?:regret|be sorry|look back"
    r"|forgive)\b",
    re.IGNORECASE,
)

CROWD = re.compile(
    # Everybody else as a reason, and the shame of being the exception.
    r"\b(?:everyone|everybody|the whole (?:world|town|internet))(?: else)?(?:(?:['’]s| is"
    r"| has) (?:already )?(?:buying|getting"
    r"|ordering|ordered|bought|reading|grabb\w+|got|snapping|talking)| (?:already )?owns)\b"
    r"|\b(?:(?:thousands|hundreds|dozens|most|many|plenty)(?: of)?|(?:all )?(?:your )?friends|other"
    r"|half) ?(?:the |our |other )?"
    rf"(?:{FANS}|people|customers|buyers|shoppers|friends|town)? ?(?:have|are|has) already (?:ordered"
    r"|bought|got|grabbed"
    r"|snapped|secured|reserved|picked|claimed|made|placed|added|ordering|buying)\b"
    rf"|\b(?:the (?:only|last) (?:one|person|{FANS})(?: \w+){{0,2}}? (?:left out|left behind|without"
    r"|who (?:has|have|had|did)n))"
    r"|\b(?:don['’]?t|do not|never|you(?:['’]ll| will)) (?:get|be) left (?:out|behind)\b"
    rf"|\b(?:any|every|all|no) {FANS} (?:owns?|needs? (?:this|it|one)|should own|must (?:have|own)"
    r"|would (?:be without|pass|miss))\b"
    r"|\b(?:any|every|all|no|an?) (?:true|real|serious|proper|good|keen|die-?hard"
    rf"|self-respecting) {FANS} (?:owns?|has|needs?|must|should|worth|would (?:\w+ )?(?:be|pass|miss|say"
    r"|own|have|kill|jump)|can|could"
    r"|worth (?:the|their|his))\b"
    rf"|\bno (?:real |true |serious )?(?:{FANS}|collection|shelf|library)\b[^.!?\n]{{0,30}}\bwithout\b"
    rf"|\b(?:can(?:['’]?t|not) )?(?:really )?call (?:yourself|themsel\w+) an? (?:\w+ )?{FANS}\b"
    rf"|\bself-respecting {FANS}\b"
    r"|\b(?:\d{1,4}|two|three|four|five|six|several|many|other|a dozen|a few|some)(?: other)? (?:people"
    r"|customers|readers|shoppers|others|users)"
    r" (?:are|have been) (?:\w+ )?(?:looking at|viewing|watching|eyeing)\b|\bin (?:\w+ )?(?:other"
    r"|\w+ people['’]s|\d{1,4}|several)"
    r" (?:\w+ )?(?:carts|baskets)\b"
    r"|\bsurely you (?:don['’]t|do not|can|can['’]t|won['’]t|want|would(?:n['’]t)?|aren['’]t|will)\b"
    r"|\bor (?:else )?some(?:one|body) else will\b"
    r"|\bbefore (?:some(?:one|body)|any(?:one|body)|everyone|everybody|other \w+|another \w+"
    r"|the others)(?: else)? "
    r"(?:does|do|snaps?|takes?|gets?|grabs?|beats?|buys?|orders?|nabs?|snags?|has|have)\b"
    r"|\b(?:some(?:one|body) else (?:will|might|could|may|to) (?:\w+ )?(?:take|snap|get|grab|buy|have"
    r"|beat|nab|snag))\b",
    re.IGNORECASE,
)

COAXED = re.compile(
    # Coaxing: questions that want no answer, flattery of the wish, daring.
    r"\b(?:what['’]s|what is) (?:stopping|holding|keeping) you\b|\bwhat (?:have you got"
    r"|do you have) to lose\b"
    r"|\b(?:nothing to lose|afford not to|you snooze,? you lose|you know you want (?:to|it)|live a little"
    r"|life is (?:too )?short"
    r"|you only live once|yolo|trust me\b(?!,? the \w+ fit)|no[- ]brainer|one (?:more )?click and"
    r"|ready to (?:check ?out|order|buy|commit|make it yours|complete"
    r"|pay)(?=\?)|for the sake of a few|what(?:['’]s| is| are) (?:a (?:few|couple of)"
    r"|another few) (?:dollars|pounds|bucks|quid)"
    r"|stretch (?:it|your budget|to the|a little|a bit)|(?:offer|price|deal|discount|special) (?:just"
    r"|only|especially) for you)\b"
    r"|\bnothing (?:\w+ )?(?:stands?|standing|stopping|to stop|keeping|holding)(?: in the way"
    r"| between)? ?you\b"
    r"|\bcome on,|\b(?:copy|set|special|deal|offer|bargain|basket|cart) is (?:\w+ )?(?:waiting|calling)\b"
    r"|\b(?:how|who) (?:can|could|would) (?:you|anyone|anybody) (?:possibly )?(?:resist|say no|refuse"
    r"|pass|turn)\b"
    r"|\b(?:treat|spoil|indulge) yourself\b|\byou(?: \w+)? owe (?:it )?(?:to )?(?:yourself|your|it)\b"
    r"|\b(?:can|could|may|can['’]t|sure) i (?:can['’]t )?(?:really )?(?:not )?(?:tempt|persuade|convince"
    r"|twist|interest you in)\b"
    r"|\bgo on(?=!)|\bgo on\b,? (?:then|you|be a|treat|spoil|get|buy|order|add|give in)\b"
    r"|\bgive in to temptation\b|\bgive in\b(?=[.!?,])"
    r"|\bwhy not (?:just |also |simply )?(?:buy|order|add(?! an? (?:note|message|comment))|grab|throw"
    r"|treat|spoil|indulge|upgrade|spend|splash|make it|go for|pick up|snap|double"
    rf"|stock|complete|bag|get (?:{GOODS}|both|two|all|them all))\b"
    r"|\b(?:are|were) you (?:quite|really|absolutely|very) (?:sure|certain)\b(?! (?:that )?(?:the"
    r"|it (?:was|is)))"
    r"|\b(?:i['’]d|i would|do|please|should|won['’]t you|would you) (?:\w+ )?(?:think again|reconsider)\b"
    r"|\bno for an answer\b",
    re.IGNORECASE,
)
