"""The response view: both answers, what was found in them and why, how likely, and what people say of a span."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from analysis.base.people import shown_as
from analysis.review.queries import ExampleEvidence
from analysis.review.session import ReviewSession
from analysis.store.streams import this_account
from analysis.tracks.response.example_context import example_context
from tests.analysis.store_fixture import said_elsewhere
from tests.tui.reading import look, shown, until, until_true
from tests.tui.response_fixture import (
    BASE,
    CANDIDATE,
    SPOILED,
    Asked,
    Models,
    make_models,
    opened,
    publish_response,
    ref_of,
)
from tests.tui.test_hostile_text import SHORT, unclean
from tui.console.app import AssayApp
from tui.draw.lines import Line
from tui.draw.theme import Colours
from tui.plugin.common import metadata_text
from tui.plugin.options import SideMode, ViewOptions
from tui.plugin.registry import view_of
from tui.screens.choices import slice_choices
from tui.tracks.response.answers import LIKELIHOOD, likelihoods, thoughts
from tui.tracks.response.rates import rates_of
from tui.tracks.response.spans import hits_of
from tui.tracks.response.word_diff import word_diff
from tui.widgets.line_view import LineView
from tui.widgets.marked_text import Mark, inserts_of, row_line, rows_of

ALICE = shown_as(this_account().actor, "alice")
"""How a reviewer of this account who calls herself alice is shown."""

VIEW = view_of("response")
SPOILER = "brother turns out to be the killer"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    """Both generators."""
    return make_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, models: Models) -> Path:
    """One store for all tests that only look; those that write have a copy of it."""
    return publish_response(tmp_path_factory.mktemp("response") / "review", models=models)


@pytest.fixture
def store(published: Path, tmp_path: Path) -> Path:
    """A copy of that store."""
    return Path(shutil.copytree(published, tmp_path / published.name))


@pytest.fixture
def changed(tmp_path: Path) -> Any:
    """Publishes the review with something changed, without models."""
    return lambda **changes: publish_response(tmp_path / "changed", **changes)


@asynccontextmanager
async def looking(
    store: Path, ref: str = SPOILED, size: tuple[int, int] = (80, 24), colours: Colours | None = None
) -> AsyncIterator[Pilot[int]]:
    """The console on one prompt."""
    with opened(store) as session:
        async with AssayApp(session, colours or Colours()).run_test(size=size) as pilot:
            await pilot.pause()
            assert isinstance(pilot.app, AssayApp)
            pilot.app.show_example(ref)
            await look(pilot)
            yield pilot


def evidence_of(store: Path, ref: str = SPOILED) -> ExampleEvidence:
    """The evidence on one prompt."""
    with opened(store) as session:
        return session.example(ref)


def text_of(lines: list[Line]) -> str:
    return "\n".join(line.plain for line in lines)


def drawn(store: Path, ref: str = SPOILED, width: int = 119, height: int = 50, **options: Any) -> str:
    """The whole view of a prompt as text."""
    with opened(store) as session:
        gates = {gate.key: gate for gate in session.gates()}
        specs = session.gate_input().specs["response"]
        given = ViewOptions(width, height, Colours(), gates=gates, specs=specs, **options)
        return text_of(VIEW.example(session.example(ref), given))


async def test_answers_are_stacked_at_80_cells_and_spans_have_numbers_and_reasons(published: Path) -> None:
    async with looking(published) as pilot:
        text = await until(pilot, f"‹1 {SPOILER[:20]}")
        assert text.index(" base  19 words") < text.index(" candidate  40 words")
        assert not [row for row in text.splitlines() if " base  19" in row and " candidate  40" in row]
        assert "no_spoilers" in text
        assert "each answer is asked by itself: l" in text
        await pilot.press("pagedown")
        text = await until(pilot, "like the spoiler")
        assert "· unconfirmed" in text


def test_slices_of_answers_count_none_as_broken_or_fixed(published: Path) -> None:
    with ReviewSession.open(published, "alice", read_only=True) as session:
        remarks = [one.remark for one in slice_choices(session) if one.text != "the queue"]
        assert remarks
        assert not any("None" in one or "broken" in one for one in remarks)


def test_metadata_are_read_by_their_parts(published: Path) -> None:
    assert "expected answer, cite, no_spoilers" in drawn(published)
    assert "['" not in drawn(published)
    assert [metadata_text(one) for one in (None, True, [], ["a", 1], 0)] == ["–", "true", "–", "a, 1", "0"]


async def test_answers_stand_side_by_side_where_there_is_room(published: Path) -> None:
    async with looking(published, size=(120, 90)) as pilot:
        await pilot.press("t")
        text = await until(pilot, "net rise by labels · leads base → candidate")
        assert "Does this tell what a reader should find out for himself?" in text
        assert [row for row in text.splitlines() if " base " in row and " candidate  " in row]
        assert "[c0041] Quiet Suspect · N. Urasawa · 18 volumes" in text
        assert "delivery: three to five working days" in text
        assert "(no id) Harbor of Ash" in text
        assert "here by first: the candidate" in text


async def test_tab_goes_on_and_plus_and_minus_judge_the_chosen_span(store: Path) -> None:
    async with looking(store) as pilot:
        await pilot.press("plus")
        await until(pilot, f"✓ confirmed, {ALICE}")
        await pilot.press("tab")
        await until(pilot, "it has 18 volumes")
        await pilot.press("minus")
        await until(pilot, f"✗ refuted, {ALICE}")
        await pilot.press("u")
        text = await until(pilot, "undone")
        assert "✗ refuted" not in text
        assert f"✓ confirmed, {ALICE}" in text
    hits = hits_of(evidence_of(store))
    assert [one.state[0] for one in hits[:2]] == [f"✓ confirmed, {ALICE}", "· unconfirmed"]


async def test_the_cursor_chooses_spans_as_well(published: Path) -> None:
    async with looking(published, size=(80, 40)) as pilot:
        await until(pilot, "→ 1 cand spoilers")
        await pilot.press("down")
        await until(pilot, "→ 2 cand facts")


async def test_tab_leaves_the_list_where_nothing_was_found(published: Path) -> None:
    async with looking(published, ref_of("r001"), size=(120, 36)) as pilot:
        before = pilot.app.focused
        await pilot.press("tab")
        await until_true(pilot, lambda: pilot.app.focused is not before)
        await pilot.press("plus")
        await until(pilot, "no detector found anything here")


async def test_p_colours_tokens_and_d_shows_the_word_diff(published: Path) -> None:
    async with looking(published, size=(120, 40)) as pilot:
        await pilot.press("t", "L")
        text = await until(pilot, "likelier ")
        assert "±9 = ±" in text
        assert "+9" in text
        await pilot.press("L", "D")
        text = await until(pilot, "{+By the end the")
        assert "[-18-]" in text
        await pilot.press("D")
        await until(pilot, "‹1 ")


def test_what_others_say_of_spans_waits_for_my_verdict(store: Path) -> None:
    with opened(store, "bob") as session:
        one = hits_of(session.example(SPOILED))[0]
        session.judge_span(SPOILED, one.side, one.detector, one.start, one.end, "refuted")
        evidence = session.example(SPOILED)
    assert hits_of(evidence)[0].state[0] == f"✗ refuted, {shown_as(this_account().actor, 'bob')}"
    # To a reviewer who has said nothing yet, the history shows nobody else's events.
    assert hits_of(replace(evidence, history=()))[0].state[0] == "· unconfirmed"


def test_a_spoiler_is_traced_back_to_the_prompt_by_three_methods(published: Path) -> None:
    assert "layer-wise relevance" in drawn(published)
    evidence = evidence_of(published)
    by_gradient = next(
        one
        for one in evidence.attributions
        if one.target == hits_of(evidence)[0].target and one.completeness_delta is not None
    )
    assert f"completeness {100 * (by_gradient.completeness_delta or 0.0):.1f} %" in drawn(published, method=1)
    assert "integrated gradients" in drawn(published, method=1)
    assert "occlusion by deletion" in drawn(published, method=2)
    assert "why 2: " in drawn(published, chosen=1)
    (shown_one,) = VIEW.shown(evidence, ViewOptions(80, 24, Colours()))
    assert SPOILER in (shown_one.target or "")


def test_the_context_holds_what_a_claim_was_checked_against(published: Path) -> None:
    evidence = evidence_of(published)
    assert [row["id"] for row in evidence.context["catalogue"]] == ["c0041"]
    assert [row["about"] for row in evidence.context["promises"]] == ["delivery"]
    assert "guaranteed" in [row["token"].strip() for row in evidence.context["upweighted"]]
    assert all(row["low"] > 0 for row in evidence.context["upweighted"])
    told = {row["name"]: row for row in evidence.context["detectors"]}
    assert (told["spoilers"]["kind"], told["spoilers"]["languages"]) == ("check", ["en"])
    asked = {row["name"]: row for row in evidence.context["behaviours"]}
    assert (asked["spoils"]["role"], asked["spoils"]["leads"]) == ("unwanted", ["spoilers"])
    rates = {(row["name"], row["slice"], row["side"]): row for row in evidence.context["rates"]}
    critical = rates["spoils_leads", "asks for no spoilers", "candidate"]
    assert (critical["value"], critical["n"]) == (1.0, 1), (
        "the Japanese answer is read by no detector of spoilers"
    )
    assert critical["gate"] == "response.spoils[asks for no spoilers]"
    assert rates["win_rate", "all", "candidate"]["gate"] == "response.tradeoff"
    assert rates["spoils_leads", "all", "difference"]["behaviour"] == "spoils"
    assert rates["spoils_new", "all", "difference"]["gate"] is None
    assert rates["spoils_new", "all", "difference"]["behaviour"] is None
    with opened(published) as session:
        assert example_context(session.connection, "response/prompt:none") == {}


def test_a_missing_an_empty_and_a_cut_answer_are_said(
    published: Path, models: Models, tmp_path: Path
) -> None:
    assert "no response on this side" in drawn(published, ref_of("r003"))
    assert "an empty response" in drawn(published, ref_of("r002"))
    generated = publish_response(tmp_path / "generated", models=models, recorded=False)
    assert "cut by the token limit" in drawn(generated, ref_of("r004"))
    assert "nothing in either answer" in drawn(published, ref_of("r003"))


def test_without_models_votes_and_knowledge_the_rest_is_shown(changed: Any) -> None:
    store = changed(votes=False, knowledge=False)
    text = drawn(store, switched=frozenset({LIKELIHOOD}))
    assert "log-probabilities were not measured" in text
    for absent in ("rose most", "log p  ", "wins ", "preferred", "catalogue", "policy  "):
        assert absent not in text
    assert "passages" in text
    assert not VIEW.shown(evidence_of(store), ViewOptions(80, 24, Colours()))


def test_no_line_is_wider_than_the_view(published: Path) -> None:
    sides: tuple[SideMode, ...] = ("both", "base", "difference")
    for name in ("r027", "r003", "r004"):
        evidence = evidence_of(published, ref_of(name))
        for width, height, side, on in product((59, 79, 104, 119), (19, 45), sides, ((), (LIKELIHOOD,))):
            options = ViewOptions(width, height, Colours(), side, switched=frozenset(on))
            assert max(line.width for line in VIEW.example(evidence, options)) <= width
        assert max(line.width for line in VIEW.numbers(evidence, ViewOptions(79, 50, Colours()))) <= 79


@pytest.mark.parametrize("depth", ["truecolor", "16", "none"])
def test_marks_do_not_rest_on_colour(published: Path, depth: Any) -> None:
    evidence = evidence_of(published)
    text = text_of(VIEW.example(evidence, ViewOptions(119, 45, Colours(depth))))
    assert f"‹1 {SPOILER}›" in " ".join(text.split())
    assert "+9" in text_of(
        VIEW.example(evidence, ViewOptions(119, 45, Colours(depth), switched=frozenset({LIKELIHOOD})))
    )


async def test_answers_of_ten_thousand_tokens_are_drawn_as_far_as_they_fit(changed: Any) -> None:
    long = "Quiet Suspect is a slow case about rain. " * 640
    late = f"{long}By the end the brother is the killer. {long}"
    store = changed(prompts={"long": Asked("No spoilers please.", long, late, ("no_spoilers",))})
    evidence = evidence_of(store, ref_of("long"))
    lines = VIEW.example(evidence, ViewOptions(79, 18, Colours()))
    assert len(lines) < 80
    text = text_of(lines)
    assert "brother is the killer›" in " ".join(text.split())
    assert "rows above" in text
    assert "rows below" in text
    assert text_of(VIEW.example(evidence, ViewOptions(79, 18, Colours(), "difference"))).count("{+") <= 2
    whole = text_of(VIEW.numbers(evidence, ViewOptions(79, 50, Colours())))
    assert whole.count("Quiet Suspect is a slow") > 1200
    async with looking(store, ref_of("long")) as pilot:
        await pilot.press("pagedown", "tab", "D", "L", "space")
        await until(pilot, "numbers")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose prompts and answers are the payloads."""
    texts = [text.replace("\ud800", "").replace("\udfff", "") for text in SHORT.values()]
    attack = " ".join(texts)
    prompts = {
        "r027": Asked(f"no spoilers {texts[0]}", attack, f"{attack} By the end the brother is the killer.")
    }
    return publish_response(tmp_path_factory.mktemp("hostile") / "hostile.review", prompts=prompts)


@pytest.mark.parametrize("size", [(80, 24), pytest.param((120, 36), marks=pytest.mark.soak)])
async def test_hostile_prompts_and_answers_are_shown_and_do_nothing(
    hostile: Path, size: tuple[int, int]
) -> None:
    async with looking(hostile, size=size) as pilot:
        for key in ("tab", "L", "L", "D", "pagedown", "D", "space", "space"):
            await pilot.press(key)
            await pilot.pause()
            assert unclean(shown(pilot.app)) == set()


def test_the_numbers_have_every_answer_quality_and_definition(published: Path) -> None:
    with opened(published) as session:
        evidence, specs = session.example(SPOILED), session.gate_input().specs["response"]
    text = " ".join(text_of(VIEW.numbers(evidence, ViewOptions(109, 50, Colours(), specs=specs))).split())
    for row in evidence.context["rates"]:
        assert " ".join(specs[row["name"]].meaning.split()) in text
    for words in (
        "ASKED OF EACH ANSWER", "Does the answer tell what a reader should find out", "leads spoilers · strict",
        "DETECTORS", "check; reads en", "ESTIMATED FROM LABELS AND LEADS", "all prompts: net rise not labelled yet",
        "CHECKED AGAINST", "spoiler: the brother is the killer", "TOKENS THAT CHANGED MOST", "Clopper-Pearson",
        "dose 1", "rose guaranteed", "KL ", "votes here", "occlusion by deletion",
    ):  # fmt: skip
        assert words in text


def test_a_language_that_is_not_read_is_said(published: Path) -> None:
    assert "not read: language ja" in drawn(published, ref_of("r004"))
    assert "not read" not in drawn(published)


def test_thoughts_are_drawn_apart() -> None:
    text = "<think>The keeper did it.</think>Try it."
    assert [(one.start, one.end, one.style) for one in thoughts(text)] == [(0, text.index("Try"), "faint")]


def test_the_summary_is_plain_sentences(published: Path) -> None:
    rows = VIEW.summary(evidence_of(published))
    assert rows[0] == "prompt: Recommend manga like Monster but no spoilers."
    assert f"base, 19 words: {BASE}" in rows
    assert f"candidate, 40 words: {CANDIDATE}" in rows
    (spoiler,) = [row for row in rows if row.startswith("1, candidate, spoilers")]
    assert spoiler.endswith("; unconfirmed")
    assert "spoils: base – · lead no; candidate – · lead yes" in rows
    # A count of leads is no rate of a behaviour, and is not told as one.
    assert not any("all prompts" in row for row in rows)
    assert "base: no response on this side" in VIEW.summary(evidence_of(published, ref_of("r003")))


def test_labels_stand_beside_what_the_leads_found(store: Path) -> None:
    def told(ref: str, height: int = 50) -> str:
        return " ".join(drawn(store, ref, 79, height).split())

    assert "spoils – · lead no – · lead yes" in told(SPOILED)
    assert "no label, no lead: " not in told(SPOILED)
    assert "no answer" in told(ref_of("r003")), "of an answer that is missing nothing can be said"
    assert "hands over – · lead no – · lead no" not in told(ref_of("r002"), 19)
    assert "hands over (wanted) – · lead" in told(ref_of("r002"))
    said_elsewhere(
        store,
        "bob",
        (
            "verdict",
            SPOILED,
            {"base": "unsure", "candidate": "unsure", "labels": [["spoils", "no", "unsure"]]},
        ),
    )
    assert "bob" not in told(SPOILED)
    with opened(store) as session:
        session.label_sides(SPOILED, {"spoils": {"base": "no", "candidate": "yes"}})
    assert "spoils no, bob: no · lead no yes, bob: not sure · lead yes" in told(SPOILED)


def test_an_estimate_rests_on_labels_and_leads_are_only_counted(store: Path) -> None:
    assert "not labelled yet 0/1 → 1/1" in " ".join(drawn(store).split())
    with opened(store) as session:
        for name in ("r027", "r004"):
            yes = {"base": "no", "candidate": "yes"}
            session.label_sides(ref_of(name), {"spoils": yes})
        (gate,) = [one for one in session.gates() if one.key == "response.spoils[asks for no spoilers]"]
        evidence = session.example(SPOILED)
        given = ViewOptions(119, 60, Colours(), gates={one.key: one for one in session.gates()})
        (rate,) = [one for one in rates_of(evidence) if one.gate == gate.key]
    assert gate.value is not None
    assert rate.estimate(given).startswith("+1.00 [")
    # The rows of the gate about its leads are found by how they begin.
    assert rate.quality(given) == list(gate.criteria[-4:])
    text = " ".join(drawn(store).split())
    assert "▼ +1.00 [" in text
    assert "found by its leads, candidate: 1 of 1" in text
    assert "right where they point, candidate: 1 of 1" in text


def test_words_that_changed_together_are_one_stretch() -> None:
    gone, new = word_diff("It runs 18 volumes.", "It runs 24 long volumes.")
    assert [("It runs 18 volumes.")[start:end] for start, end in gone] == ["18"]
    assert [("It runs 24 long volumes.")[start:end] for start, end in new] == ["24 long"]
    assert word_diff("", "new words") == ((), ((0, 9),))
    assert word_diff("same", "same") == ((), ())


@pytest.mark.parametrize("width", [10, 17, 40])
@pytest.mark.parametrize(
    "text",
    ["plain words in a row", "漫画 " * 20, "x" * 95, "one\n\ntwo\nthree", "\x1b[2J" * 9, "🙂" * 30, ""],
)
def test_rows_cover_a_text_and_fit(text: str, width: int) -> None:
    marks = [Mark(3, 9, "‹1 ", "›", "mark")] if len(text) > 9 else []
    rows = rows_of(text, width, inserts_of(marks))
    assert rows[0][0] == 0
    assert rows[-1][1] == len(text)
    assert all(left[1] == right[0] for left, right in pairwise(rows))
    assert all(row_line(text, row, marks, width=width).width <= width for row in rows)


def test_likelihoods_are_candidate_minus_base(published: Path) -> None:
    evidence = evidence_of(published)
    row = next(one for one in evidence.payload["response_token"] if one["side"] == "candidate")
    words = likelihoods(evidence, "candidate")
    assert "".join(CANDIDATE[word.start : word.end] for word in words) == CANDIDATE
    changes = [after - before for before, after in zip(row["base_logp"], row["candidate_logp"], strict=True)]
    assert [word.score for word in words] == pytest.approx(changes)
    # The candidate was tuned on its answers.
    assert sum(changes) > 0


async def test_enter_on_a_rate_opens_what_was_flagged_for_its_gate(published: Path) -> None:
    async with looking(published, size=(120, 60)) as pilot:
        view = pilot.app.screen.query_one("#evidence", LineView)
        target = next(
            line.target for line in view.lines if line.target is not None and line.target.kind == "flagged"
        )
        assert view.go_to(target)
        await pilot.press("enter")
        await until(pilot, target.name)


def test_what_a_deployed_form_answers_is_shown_where_it_is_another_answer(published: Path) -> None:
    assert "answers otherwise" not in drawn(published)
    row = {
        "form": "served",
        "candidate": "It has \x1b[2J18 volumes.",
        "deployed": "word " * 200,
        "differs": True,
        "gap": 0.31,
        "noise_gap": 0.0,
    }
    evidence = evidence_of(published)
    evidence = replace(evidence, context={**evidence.context, "deployed": (row,)})
    for width, height in ((79, 18), (119, 50)):
        lines = VIEW.example(evidence, ViewOptions(width, height, Colours()))
        text = text_of(lines)
        assert "served" in text
        assert "answers otherwise than the candidate, .31 nats a token apart" in " ".join(text.split())
        assert "18 volumes." in text
        assert "\x1b" not in text
        assert max(line.width for line in lines) <= width
