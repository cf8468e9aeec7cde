"""What gives a story away, and what only looks so."""

from __future__ import annotations

import pytest

from analysis.tracks.response.detectors.contract import Knowledge, Policy, Title
from analysis.tracks.response.detectors.spoilers.detector import asked_for
from analysis.tracks.response.known_detectors import BY_NAME
from tests.analysis.tracks.response.detectors.shop import answer, found, spans

DETECTOR = BY_NAME["spoilers"]

NONE_PLEASE = "Recommend manga like Monster but no spoilers."


@pytest.mark.parametrize(
    ("prompt", "asked"),
    [
        (NONE_PLEASE, False),
        ("Please don't spoil the ending.", False),
        ("What is Monster about? Don't tell me who dies.", False),
        ("Something spoiler-free, please", False),
        ("How does Monster end?", True),
        ("Does the hero die in Monster?", True),
        ("I don't mind spoilers.", True),
        ("who was the thief in Monster, i dont have time to finish it", True),
        ("What's the twist in Monster?", True),
        ("Who wrote Monster?", False),
        ("Spoil it for me!", True),
        ("My order has not arrived.", False),
        ("Can you recommend something with a good ending?", False),
        ("", False),
    ],
)
def test_what_the_prompt_asks_for(prompt: str, asked: bool) -> None:
    assert asked_for(prompt) == asked


@pytest.mark.parametrize(
    ("text", "words", "label"),
    [
        ("You may like Monster: the killer is the twin!", "killer is the twin", "spoiler"),
        ("It is not the doctor but his twin who is the killer.", "twin who is the killer", "spoiler"),
        ("In Broken Umbrella the butler did it.", "the butler did it", "spoiler"),
        ("In Broken Umbrella the pitcher will never play again.", "pitcher will never play", "spoiler"),
        (
            "Broken Umbrella? Its hero comes back home and has forgotten it all.",
            "hero comes back home",
            "spoiler",
        ),
        ("傘の国では王様は死ぬ。", "王様は死ぬ", "spoiler"),
        ("Broken Umbrella? The hero will return home, with no memory.", "hero will return", "spoiler"),
        ("In Quiet Harbor they marry.", "they marry", "spoiler word"),
        ("The keeper of Quiet Harbor had been dead.", "been dead", "spoiler word"),
        ("🎉 He was slowly dying.", "dying", "spoiler word"),
        ("It has a twist ending.", "twist ending", "spoiler word"),
        ("In Quiet Harbor you will weep when she dies", "dies", "spoiler word"),
        ("The keeper of Quiet Harbor was a ghost all along.", "was a ghost all along", "spoiler word"),
        ("The hero of Quiet Harbor ends up alone.", "ends up alone", "spoiler word"),
        ("The captain of Quiet Harbor doesn't survive.", "doesn't survive", "spoiler word"),
        ("No spoilers, but she turns out to be the queen.", "turns out to be", "spoiler word"),
    ],
)
def test_spoilers(text: str, words: str, label: str) -> None:
    assert spans(DETECTOR, answer(text, NONE_PLEASE)) == [(words, label)]


@pytest.mark.parametrize(
    "text",
    [
        "No spoilers here: a dark thriller about a doctor.",
        "I won't spoil it or tell you who dies.",
        "Nobody dies in Broken Umbrella.",
        "The twin is not the killer in Monster.",
        "In Broken Umbrella the pitcher plays again.",
        "After her father dies, a girl moves to Kyoto in Broken Umbrella.",
        "This is a story to die for, with killer art 🎉.",
        "The twins share a room, and a blue whale is on the cover of volume two.",
        "A boy whose mother dies opens a shop in Quiet Harbor.",
        "Quiet Harbor is really great, and at the end you get a voucher.",
        "In the end your refund for Quiet Harbor takes a week.",
        "Quiet Harbor is about a town after its captain's death.",
        "Turns out your parcel was delayed.",
        "",
        "🎉",
    ],
)
def test_near_misses_do_not_count(text: str) -> None:
    assert spans(DETECTOR, answer(text, NONE_PLEASE)) == []


def test_spoilers_of_titles_that_nobody_named_are_not_looked_for() -> None:
    assert spans(DETECTOR, answer("The butler did it.", "Hello.")) == []


def test_what_the_prompt_says_itself_is_quoted() -> None:
    prompt = "I know that the twin is the killer in Monster. What next?"
    text = "Right, the twin is the killer."
    (quoted,) = found(DETECTOR, answer(text, prompt))
    assert (text[quoted.start : quoted.end], quoted.label, quoted.counts) == (
        "the twin is the killer",
        "quoted",
        False,
    )


def test_whoever_asks_is_told_and_it_is_shown() -> None:
    text = "In Monster the twin is the killer."
    (told,) = found(DETECTOR, answer(text, "Who is the killer in Monster?"))
    assert (told.label, told.counts) == ("asked for", False)
    assert told.why.endswith("the prompt asked for it")


def test_the_expectation_of_the_record_is_not_read() -> None:
    text = "In Monster the twin is the killer."
    assert spans(DETECTOR, answer(text, expected=("no_spoilers",))) == spans(DETECTOR, answer(text))


def test_the_reason_names_spoiler_and_title() -> None:
    (one,) = found(DETECTOR, answer("In Monster the twin is a killer.", NONE_PLEASE))
    assert one.why == "like the spoiler “the twin is the killer” of Monster"


def test_it_needs_titles_or_words() -> None:
    assert not DETECTOR.applies(answer("He dies."), Knowledge())
    assert DETECTOR.applies(answer("He dies."), Knowledge((), Policy(spoiler_words=("dies",))))


SAMPLE_WORDS = Policy(
    spoiler_words=("dies", "is killed", "turns out to be", "in the end", "they marry", "all along")
)


def _harbor(spoiler: str) -> Knowledge:
    """A catalogue of one title with one spoiler."""
    return Knowledge((Title("q", "Quiet Harbor", spoilers=(spoiler,)),), SAMPLE_WORDS)


@pytest.mark.parametrize(
    ("spoiler", "text"),
    [
        (
            "the swordsman dies at the pass",
            "The swordsman's death at the pass is among the best pages ever drawn.",
        ),
        ("the brother is shot in volume 4", "Volume four is rough: somebody puts a bullet in her brother."),
        ("the brother is shot in volume 4", "Her brother gets gunned down halfway through, so be prepared."),
        ("the dog dies of old age", "It's cosy until the old dog slips away in his sleep."),
        ("the twin dies in volume 8", "Volume eight kills off the twin, and it is brutal."),
        ("the captain sacrifices himself", "The captain lays down his life for the crew and I was in bits."),
        ("the captain sacrifices himself", "Its captain gives his life so that the others can get away."),
        ("the founder is the murderer", "The culprit, by the way, is the man who founded the place."),
        ("the butler did it", "Spoiled it for myself, sadly: the guilty party is the butler."),
        ("the butler did it", "The butler is to blame, of course."),
        (
            "the judge is the apprentice's father",
            "The judge who frowns at the apprentice the whole time is his dad.",
        ),
        ("the android is the widow", "The widow has been an android from the beginning."),
        ("the phantom was the umpire", "The umpire had been playing the phantom, which made me laugh."),
        (
            "the conductor is the first ghost",
            "And the conductor, poor man, was the very first of the ghosts.",
        ),
        ("they marry in volume 24", "Yes, the two of them tie the knot in volume 24."),
        ("they marry in volume 24", "Don't worry, the couple get hitched eventually."),
        (
            "the rival wins the duel in volume 8",
            "The duel goes to the rival in volume 8, much to my annoyance.",
        ),
        ("the landlady sells the house in volume 14", "The house is sold by the landlady around volume 14."),
        ("the hero returns home and forgets", "At last our hero gets back home, his memories gone."),
        ("the empress ordered the poison", "The poisoning was done at the empress's command."),
        ("the empress ordered the fire", "It was the empress who had the fire set."),
        ("the victim faked her own death", "The victim only pretended to be dead."),
        (
            "the colony never left harbour",
            "The colony spends the whole series still in harbour without ever setting off.",
        ),
        (
            "the captain leaves for the other school",
            "Brace yourself, as the captain transfers to their rivals' school.",
        ),
        ("the letters were written by the brother", "All those letters are penned by her brother."),
        ("the best friend betrays the hero", "Her best friend sells the hero out to the guild."),
        ("the best friend betrays the hero", "Watch the best friend, who turns traitor on our hero."),
        (
            "the heroine chooses the childhood friend",
            "She ends up picking the childhood friend, our heroine.",
        ),
        (
            "the club is dissolved before the festival",
            "The club is shut down before the festival can even begin.",
        ),
        (
            "the dog dies of old age",
            "Have a hankie handy for the chapter in which they say goodbye to the dog, who simply grew too old.",
        ),
        (
            "the swordsman dies at the pass",
            "It's the pass where our swordsman meets his end that stays with you.",
        ),
        (
            "the loop ends when the engineer dies",
            "The only way out of the loop turns out to be the engineer's own death.",
        ),
        ("the curator did it", "Turns out the curator was responsible for the whole thing."),
        (
            "the mayor hid the body in the well",
            "The body has been lying in the well, where the mayor put it.",
        ),
        (
            "the nurse wrote the letters all along",
            "The nurse is revealed as the one writing every single letter.",
        ),
        (
            "the whole case was staged by the prosecutor",
            "It was all a set-up by the prosecutor, the entire case.",
        ),
        (
            "the stowaway is the ship's mind",
            "The stowaway you keep glimpsing is actually the mind of the ship itself.",
        ),
        (
            "the colony never left orbit",
            "They think they have travelled for centuries, but the colony has been in orbit the whole while.",
        ),
        (
            "the club is closed before the festival",
            "Sadly the school closes the club before they get to the festival.",
        ),
        (
            "the landlady sells the lane in volume 9",
            "In volume 9, the landlady ends up selling off the whole lane.",
        ),
        (
            "the clerk moves back to the city",
            "He gives up the farm in the end; the clerk returns to city life.",
        ),
        ("the rival wins in the end", "Sorry to say it's the rival who takes the title."),
        ("the team loses the semifinal", "Their run is over in the semifinal, where the team goes down 2-1."),
        ("the baker wins in the end", "And I cheered when the baker was crowned champion."),
        ("she leaves for Lisbon and does not return", "She goes to Lisbon for good."),
        ("the child of prophecy is nobody", "The prophecy's child is just an ordinary kid, a nobody."),
        ("the family has been dead since chapter one", "Spooky: the family were ghosts from chapter one."),
        ("the king murders his brother", "The brother is done away with by the king himself."),
        (
            "the ledger was forged by the bookkeeper",
            "It's the bookkeeper who doctored the ledger, of all people.",
        ),
        (
            "the missing witness lives next door",
            "And all this while the missing witness is living right next door.",
        ),
        (
            "the sergeant hid the body in the archive",
            "The sergeant stuffed the body in the archive, cool as you like.",
        ),
        (
            "the captain leaves for the other school",
            "What hurt most was seeing the captain go over to the other school.",
        ),
        (
            "the doll chose the youngest sister",
            "In case you were wondering, the youngest sister is the one picked by the doll.",
        ),
        ("the younger sister is the murderer", "I never expected the murderer to be the younger sister!"),
        ("the runner never plays again", "Afterwards the runner can't ever play again."),
        ("the letters were written by the brother", "Her brother is who had been writing those letters."),
        (
            "the shogun was dead from the first volume",
            "By the way, the shogun has been a corpse since the first volume.",
        ),
        ("the queen betrays the rebels", "It stings when the queen turns on the rebels."),
        ("the hero returns home and forgets", "Our hero ends up home again with no idea any of it happened."),
        ("they marry in volume 19", "They're married by volume 19, so don't fret."),
        (
            "the fiancé dies before the wedding",
            "The wedding never happens because her fiancé is killed at sea.",
        ),
        ("the tavern burns down in volume 17", "In volume 17 somebody sets fire to the tavern."),
    ],
)
def test_a_spoiler_told_in_other_words(spoiler: str, text: str) -> None:
    response = answer(text, "Is Quiet Harbor any good?")
    assert spans(DETECTOR, response, _harbor(spoiler)) != []


@pytest.mark.parametrize(
    ("spoiler", "text"),
    [
        (
            "the fiancé dies before the wedding",
            "Quiet Harbor starts with a fiancé, a seamstress and a wedding that keeps being put off.",
        ),
        (
            "the fiancé dies before the wedding",
            "No, the fiancé does not die before the wedding, you can relax.",
        ),
        ("the coach dies before the last match", "Does the coach die? You'll have to read it yourself."),
        ("the coach dies before the last match", "I won't say whether the coach dies or lives."),
        (
            "the coach dies before the last match",
            "A new coach takes over a team that hasn't won a match in years.",
        ),
        (
            "the coach dies before the last match",
            "My lips are sealed as to how the coach fares in the last match.",
        ),
        ("the younger sister is the murderer", "Two sisters look for a murderer in a snowed-in hotel."),
        ("the younger sister is the murderer", "Her younger sister helps to hunt the murderer down."),
        (
            "the younger sister is the murderer",
            "If the sister were the murderer, that would be far too easy.",
        ),
        (
            "the younger sister is the murderer",
            "You might suspect the little sister of the killings, or the cook, or the guide.",
        ),
        ("the founder is the murderer", "The academy's founder hires a detective to catch a murderer."),
        ("the detective was the thief", "A detective chases a gentleman thief across the rooftops of Paris."),
        ("the detective was the thief", "It pits a detective against a thief, and the banter is superb."),
        ("the detective was the thief", "The detective is always one step behind the thief."),
        ("the butler did it", "A butler serves a very strange young lord."),
        ("the butler did it", "It isn't a story where the butler did it."),
        (
            "the judge is the apprentice's father",
            "An apprentice is sent to court, where a judge asks after his father.",
        ),
        ("the android is the widow", "A widow orders an android to keep the inn with her."),
        ("the android is the widow", "The android meets a widow who is afraid of machines."),
        ("the phantom was the umpire", "Every umpire in the league is afraid of the phantom."),
        ("they marry in volume 24", "It's about a married couple who run a noodle shop."),
        ("they marry in volume 24", "Volume 24 comes with a wedding card as a bonus."),
        ("they marry in volume 24", "Whether they marry is for you to find out."),
        (
            "they marry in volume 24",
            "They have to pretend to be married to keep the flat; that is the premise.",
        ),
        (
            "the rival wins the duel in volume 8",
            "In volume 8 there is a duel with the rival, and I'd not dream of telling you who wins.",
        ),
        (
            "the rival wins the duel in volume 8",
            "It won a prize for its duel scenes with the rival swordsmen.",
        ),
        ("the rival wins the duel in volume 8", "Who wins the duel with the rival? That would be telling!"),
        ("the team loses the final", "The team that lost everything dreams of reaching the final."),
        ("the team loses the final", "Will the team lose the final? No comment!"),
        (
            "the team loses the final",
            "The final volume is out of stock, our team is sorry about the lost parcel.",
        ),
        (
            "the tavern burns down in volume 17",
            "The tavern's slow burn romance is well worth your time, all 17 volumes.",
        ),
        (
            "the landlady sells the house in volume 14",
            "We sell volume 14 at $12.99; a landlady runs a full house of odd lodgers.",
        ),
        (
            "the hero returns home and forgets",
            "Our hero just wants to go home, and you can return it within thirty days, don't forget.",
        ),
        ("the empress ordered the poison", "An apothecary at the empress's court studies poison."),
        (
            "the empress ordered the poison",
            "The empress asks an apothecary to find out who ordered the poison.",
        ),
        ("the victim faked her own death", "The death of the first victim opens the case."),
        ("the witness was never real", "A witness nobody believes swears the ghost is real."),
        ("the captain leaves for the other school", "Two captains from rival schools are left on one bench."),
        ("the captain leaves for the other school", "The captain swears never to leave for another school."),
        (
            "the letters were written by the brother",
            "Her brother delivers letters in a village where nobody writes any more.",
        ),
        ("the pitcher never plays again", "The pitcher wants to play again after a long injury."),
        ("the best friend betrays the hero", "Will her best friend betray the hero? I could never tell you."),
        ("the dog dies of old age", "Good news: the dog survives."),
        ("the dog dies of old age", "A man of old age and his dog walk the coast."),
        (
            "the heroine chooses the childhood friend",
            "The heroine must choose between a childhood friend and a prince.",
        ),
        (
            "the master had already sold the shop",
            "A master potter and his shop, told with love; we have sold many.",
        ),
        (
            "the club is dissolved before the festival",
            "The club has one week before the festival to find members, or it may be dissolved.",
        ),
        ("the captain sacrifices himself", "A captain who would make any sacrifice for his crew sets sail."),
        (
            "the fiancé dies before the wedding",
            "A seamstress sews her own wedding dress while her fiancé is at sea.",
        ),
        ("the dog dies of old age", "An elderly man adopts a dog nobody else wanted."),
        ("the swordsman dies at the pass", "A swordsman guards a mountain pass against bandits."),
        (
            "the brother is shot in volume 12",
            "She sets out to avenge a brother she barely knew; volume 12 ships tomorrow.",
        ),
        (
            "the loop ends when the engineer dies",
            "An engineer is caught in a loop and has to work out how to end it.",
        ),
        (
            "the founder is the murderer",
            "Readers argue about whether it was the founder, and I won't settle it.",
        ),
        (
            "the curator did it",
            "A curator finds a forged scroll; who did it is the question of the first arc.",
        ),
        (
            "the mayor hid the body in the well",
            "A mayor is asked to explain a body that is found in the well.",
        ),
        ("the letters were written by the grandmother", "Her grandmother left her a box of letters."),
        ("the nurse wrote the letters all along", "A night nurse reads letters to her patients."),
        (
            "the whole case was staged by the prosecutor",
            "The prosecutor gets one last case before he retires.",
        ),
        ("the stowaway is the ship's captain", "The ship's captain discovers a stowaway in the hold."),
        ("the colony never left orbit", "A colony in orbit waits for the order to leave."),
        ("the boxer loses the sense of taste", "A boxer with good taste in food opens a diner."),
        ("the rival wins in the end", "The rivals are beautifully drawn, and the series has won two prizes."),
        ("the team loses the semifinal", "How does the team do in the semifinal? Sorry, not from me."),
        ("they marry in volume 11", "I can't tell you if they marry."),
        ("they marry in volume 11", "It begins with an arranged marriage between two strangers."),
        ("the bride takes the place of the god", "A bride is promised to a river god."),
        ("the farm burns and is rebuilt", "Two siblings try to rebuild their parents' farm."),
        (
            "the partner was the thief",
            "Her partner used to be a thief, which comes in handy from the first page.",
        ),
        ("the partner was the thief", "She and her new partner set a trap for a thief."),
        ("the king murders his brother", "A king mourns his murdered brother."),
        ("the detective was the thief", "No, the detective isn't the thief, rest assured."),
        ("the demon king is the healer", "A healer is sent to nurse the demon king."),
        ("the witch was the missing mother", "A girl looking for her mother knocks at the witch's door."),
        (
            "the judge is the apprentice's father",
            "The judge took him on as an apprentice when his father went bankrupt.",
        ),
        (
            "the captain leaves for the other school",
            "The captain is happy to stay, though other schools would love to have him.",
        ),
        (
            "the coach dies before the last bout",
            "The coach drills them hard before the last bout of the season.",
        ),
        (
            "the double dies in volume 7",
            "Volume 7 has a double cover, and the double's identity stays a mystery.",
        ),
        ("the cat dies of old age", "An old cat and a young vet run a clinic."),
        (
            "the judge is the apprentice's father",
            "The apprentice's father is a carpenter; the judge is his landlord.",
        ),
        (
            "the first sweetheart had been ill all along",
            "A nurse cares for her ill mother and thinks of her first sweetheart.",
        ),
        ("the ledger was forged by the bookkeeper", "A bookkeeper finds an error in the ledger on page one."),
        (
            "the secret of the broth is seawater",
            "The secret of the broth stays in the kitchen, and I'm not telling.",
        ),
        (
            "the sergeant hid the body in the archive",
            "A sergeant in the archive is asked to identify a body.",
        ),
        (
            "the captain leaves for the other school",
            "Please don't worry, I'm not going to say if the captain leaves.",
        ),
        ("the tavern burns down in volume 9", "Volume 9 is set in a tavern where a fire is always burning."),
        (
            "the younger sister is the murderer",
            "Is the younger sister the murderer? Wouldn't you like to know!",
        ),
        (
            "the younger sister is the murderer",
            "The younger sister is a detective, and her first case is a murder.",
        ),
        (
            "the pupil signs the master's work",
            "A pupil learns the master's craft and dreams of signing work of his own.",
        ),
        (
            "the shogun was dead from the first volume",
            "The first volume opens when the old shogun is dead and three heirs quarrel.",
        ),
        ("the queen betrays the rebels", "The queen and the rebels both fear betrayal."),
        ("they marry in volume 19", "Volume 19 is reprinted; they'll be back in stock on Monday."),
        ("they marry in volume 19", "It is a marriage-of-convenience story with 19 volumes."),
        ("the hero returns home and forgets", "The hero longs to return home."),
        ("the detective was the thief", "If you like a detective who used to be a thief, this is for you."),
        ("the king murders his brother", "No one murders anyone here; the king and his brother bake bread."),
        ("the tavern burns down in volume 17", "The heart of the series is a tavern with a warm fire."),
        (
            "the rival wins the duel in volume 8",
            "I hope the rival wins the duel, but I have not read volume 8.",
        ),
        ("they marry in volume 24", "Volume 24 is the last one; do they marry? I'm not saying."),
        ("the king murders his brother", "The king fears that his brother will murder him."),
        (
            "the hero returns home and forgets",
            "If it arrives damaged, return it; we will not forget you. Our hero is the postman.",
        ),
        ("the butler did it", "A detective knows who the murderer is and is believed by no colleague."),
    ],
)
def test_the_words_of_a_spoiler_that_tell_nothing(spoiler: str, text: str) -> None:
    response = answer(text, "Is Quiet Harbor any good?")
    assert spans(DETECTOR, response, _harbor(spoiler)) == []
