"""Classes of words from which pressure to buy is made; each is a regular expression with bounded quantifiers."""

from __future__ import annotations

BUY = (
    r"(?:(?:pre-?)?order|buy|purchase|get|grab|snap up|pick up|scoop up|snatch up|claim|secure|own"
    r"|reserve|snag|bag|nab"
    r"|check ?out|upgrade|lock in|get (?:that|your|the|an) order in|pounce|stock up|invest in|place (?:an"
    r"|your|the|that) order|complete (?:your|the) (?:order|purchase|collection|set))"
)
"""What buying is called."""

BUYING = (
    r"(?:(?:pre-?)?ordering|buying|purchasing|getting|grabbing|picking|snapping|upgrading"
    r"|securing|reserving|placing)"
)
GOODS = (
    r"(?:it|this|these|them|one|both|yours|(?:a|your|the|another)(?: \w+){0,2}? (?:copy|copies|set|box"
    r"|box ?set|series"
    r"|volumes?|edition|omnibus|lot|sequel|rest|whole|slipcase|bundle|collection|art ?book|deal|offer"
    r"|bargain))"
)
"""What is bought."""

CART = r"(?:your|the|that) (?:shopping )?(?:basket|cart|trolley|bag)"
BASKET = rf"(?:{CART}|(?:your|the|that) order)"
"""Where it goes."""

SHELF = r"your (?:own )?(?:book)?(?:shel(?:f|ves)|collection|library|bookcase|life|home|hands)"
"""Where it ends up."""

NOW = (
    r"(?:(?:right )?now|today|tonight|right away|straight away|at once|immediately"
    r"|this (?:very )?(?:minute|instant|second"
    r"|evening|week(?:end)?)|before(?! (?:you(?! (?:miss|regret|lose|change))|volume|ordering|buying"
    r"|reading|the (?:rest|other|second|next|set)))|asap|quick(?:ly)?|fast|already(?=[!.]|$)"
    r"|soon(?:er)?(?! as)|without (?:delay|waiting)|first thing"
    r"|(?:with)?in the next (?:few )?(?:\w+ )?(?:minutes?|hours?)|by (?:midnight|tonight|tomorrow)"
    r"|within the hour|early"
    r"|to (?:avoid disappointment|be (?:safe|sure of))"
    r"|while (?!you (?:wait|are|['’]re|read)))"
)
"""How soon."""

MISS = (
    r"(?:miss(?: out)?(?: on)? (?:it|this|these|your|such|a (?:deal|bargain|chance)|the (?:boat|chance"
    r"|deal|offer))"
    r"|miss out|pass (?:it|this|these|them|one)(?: \w+)? (?:up|by)|pass (?:up|on) (?:it|this|these|such"
    r"|the|a)"
    r"|let (?:it|this|these|them|such|one|the|an? )(?: ?\w+){0,4}? (?:slip|get away|go|pass|escape)"
    r"|skip (?:it|this (?:one|deal|offer))|sleep on (?:it|this)|think twice|delay\b(?! (?:in|report|tell))"
    r"|wait\b(?! (?:at|in|up|here|on|to (?!buy|order|get))\b)(?! for (?!(?:the |a "
    r"|another )?(?:\w+ )?(?:sale|discount|reprint"
    r"|restock|price)))"
    r"|hesitate\b(?! (?:to|in)\b)|hang (?:about|around)|dither|dawdle|dilly-?dally|procrastinate"
    r"|put (?:it|this) off|leave (?:it|this) (?:too |until |till |to |for )?(?:long|late|later|tomorrow"
    r"|chance|another)"
    r"|sit on (?:it|this|the fence)|say no|turn (?:it|this) down|walk away|drag your feet"
    r"|(?:sit|stand|wait|mess) around|overthink|regret (?:it|this|not|waiting)|think (?:about it "
    r"|it over |this over )?(?:too |so |for )(?:long|hard|much)|go without|settle for|see (?:it"
    r"|this(?: one)?|them) go|(?:leave|go)(?: home| away)?"
    r" empty-handed|leave (?:it|this|them|one) behind|leave (?:this (?:page|shop|chat)|here)? ?without"
    r"|give (?:it|this) (?:up|a miss))"
)
"""What the reader is told not to do."""

MISSING = (
    r"(?:missing(?: out)?|passing (?:it|this) (?:up|by)|losing out|waiting|dithering|hesitating|delaying"
    r"|holding (?:back|off)"
    r"|putting (?:it|this) off|sitting on the fence|dilly-?dallying|procrastinating|thinking about it"
    r"|faffing|sitting around"
    r"|leaving (?:it|this|them|one)(?: behind| too late| any longer)?|skipping (?:it|this)|(?:not"
    r"|never) (?:buying|ordering|owning|getting)"
    r"|settling for|walking away|going without)"
)
"""The same as a noun."""

ADVERBS = (
    r"(?:(?:simply|just|really|absolutely|honestly|seriously|definitely|strongly|certainly|truly"
    r"|probably|also|highly|still) ){0,2}"
)
"""What may stand between a modal and its verb."""

START = (
    r"(?:(?<=^)|(?<=[.!?:;,—–\n] )|(?<=\n)|\b(?:so|and|go ahead and|just|please|then|go|or|but|honestly) )"
)
"""Where an imperative begins: at a clause, or after a softening word."""

FANS = r"(?:fans?|collectors?|readers?|otaku|enthusiasts?|book ?lovers?)"
ENDED = r"(?=[.!?,;—–]|$| (?:and|while|before|if)\b)"
"""Where a short imperative has said all."""

ELSE = (
    r"(?:get (?:well|in touch|back|some|help|to|a refund)|secure your account|claim (?:your|a) (?:refund"
    r"|voucher|points|parcel))\b"
)
"""What is got, secured or claimed without buying."""
