"""What stories turn on, and who is in them: words that mean the same.

A *concept* is one name for its synonyms.
"""

from __future__ import annotations

_EVENTS = {
    "die": "die dies died dying death dead deceased perish perishes perished perishing demise fatal"
    " fatally doomed",
    "kill": "kill kills killed killing killings killer murder murders murdered murdering murderer slay"
    " slays slain"
    " assassin assassinated shot shoots gunned stabbed strangled executed beheaded drowned",
    "win": "win wins won winning winner victory victories victorious triumph triumphs triumphed champion"
    " prevails"
    " beats defeats defeated outfights overcomes trounces",
    "lose": "lose loses lost losing defeat fail fails failed loss runner-up",
    "marry": "marry marries married marriage wed weds wedding bride spouse groom newlyweds elope elopes",
    "betray": "betray betrays betrayed betrayal betraying traitor treachery traitorous backstabs"
    " double-crosses",
    "steal": "steal steals stole stolen stealing thief thieves burglar robber theft thefts robs robbed"
    " robbing heists",
    "leave": "leave leaves left leaving abandon abandons abandoned depart departs departed quits transfers"
    " transferred switches departure defects",
    "return": "return returns returned returning back homecoming",
    "forget": "forget forgets forgot forgotten forgetting amnesia amnesiac unremembered",
    "write": "write writes wrote written writing author authored pen penned composed handwriting",
    "burn": "burn burns burned burnt burning ablaze torched arson blaze ashes flames",
    "destroy": "destroy destroys destroyed destruction obliterated annihilated wiped ruined",
    "sell": "sell sells sold selling sale seller",
    "order": "order orders ordered ordering command commands commanded commissioned instructed",
    "close": "close closes closed closing dissolve dissolves dissolved disbands disbanded disband"
    " shutters folds",
    "choose": "choose chooses chose chosen choosing pick picks picked picking selects selected choice",
    "fake": "fake fakes faked faking staged stage stages staging pretended pretends feigned feigns"
    " orchestrated"
    " orchestrates arranged arranges engineered masterminded hoax sham",
    "forge": "forge forged forges forgery falsified doctored counterfeit",
    "hide": "hide hides hid hidden hiding conceals concealed stashed stashes stuffed shoved tucked buried"
    " buries dumped",
    "sacrifice": "sacrifice sacrifices sacrificed sacrificing",
    "escape": "escape escapes escaped flees fled",
    "ill": "ill sick illness disease ailing sickness unwell terminally",
    "play": "play plays played playing pitches pitching",
    "exist": "exist exists existed real",
    "reveal": "reveal reveals revealed revelation unmasked exposed",
}
_KIN = {
    "brother": "brother brothers sibling siblings",
    "sister": "sister sisters",
    "father": "father dad daddy fathers parent papa",
    "mother": "mother mom mum mummy mothers mama",
    "child": "child children kid kids son daughter baby sons daughters",
}
_OTHERS = {
    "secret": "secret secretly undercover",
    "begin": "begin begins began start starts started first beginning opening",
    "end": "end ends ended ending final finale last finally ultimately eventually climax",
    "young": "younger youngest young little kid",
    "old": "old elderly aged age",
    "match": "match matches game games bout bouts fight",
    "sweetheart": "sweetheart sweethearts love lover beloved flame crush",
    "house": "house home mansion household",
    "shop": "shop store",
    "village": "village hamlet town",
    "tavern": "tavern inn pub bar",
    "fiance": "fiance fiancee betrothed husband-to-be groom-to-be",
    "founder": "founder founded founding",
    "ship": "ship spaceship vessel ships",
    "ghost": "ghost ghosts spirit phantom spectre",
    "body": "body corpse",
    "doctor": "doctor physician surgeon medic",
    "boss": "boss chief leader",
    "culprit": "culprit guilty responsible perpetrator whodunnit villain mastermind",
    "robot": "robot android androids robots machine",
}
_NUMBERS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
" sixteen seventeen eighteen nineteen twenty"
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth"
" fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"

EVENTS = frozenset(_EVENTS)
"""Concepts that something happens by."""
STRONG = frozenset(("die", "kill", "win", "lose", "marry", "betray", "destroy", "burn", "sacrifice", "ill"))
"""Events that tell a story's turn with whom they befall, whatever the rest."""
FATE = frozenset(("die", "kill", "sacrifice"))
"""Ways to lose one's life; `kill` befalls whom it is done to."""
BEFALLS = FATE | {"burn", "destroy", "close"}
"""Events whose sufferer may be subject or object: the farm burns, a fire destroys the farm."""
WEAK = frozenset(("begin", "end", "volum", "volume", "chapter", "page", "young", "old"))
"""Concepts that say when or which, and nothing by themselves."""
KIN = frozenset(_KIN)
CONVERSE = {"father": "child", "mother": "child", "child": "father"}
"""The judge is the apprentice's father: the apprentice is the judge's child."""

SAME = {
    word: concept
    for table in (_OTHERS, _KIN, _EVENTS)
    for concept, listed in table.items()
    for word in listed.split()
} | {
    word: str(number)
    for listed in (_NUMBERS, _ORDINALS)
    for number, word in enumerate(listed.split(), 1)
    if number > 1
}
