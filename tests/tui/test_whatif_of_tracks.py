"""What-if of queries, items and prompts: the worker answers as the run did, and the console draws what changed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.base.errors import AssayError
from analysis.base.records import SIDES
from analysis.base.turns import Turn, edited, placed
from analysis.live.worker import Worker
from analysis.plugin.live import LiveRequest
from analysis.review.queries import by_side
from analysis.review.session import ReviewSession
from analysis.review.whatif import missing_models, outputs_of
from analysis.store.run import current_run
from tests.tui.reading import look, shown, until
from tests.tui.response_fixture import make_models, publish_response, ref_of
from tests.tui.retrieval_fixture import ITEM, PAIR, QUERY, VARIANT, analysed_retrieval, item_ref
from tui.console.app import AssayApp
from tui.draw.theme import Colours
from tui.plugin.registry import view_of


@pytest.fixture(scope="module")
def encoders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return analysed_retrieval(tmp_path_factory.mktemp("whatif") / "review")


@pytest.fixture(scope="module")
def generators(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whatif_prompts")
    return publish_response(folder / "review", models=make_models(folder), recorded=False, votes=False)


@pytest.fixture(autouse=True)
def _logs_of_failed_workers_stay_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def worker_of(store: Path) -> Worker:
    return Worker(store, current_run(store))


@pytest.fixture
def retrieval(encoders: Path) -> Iterator[ReviewSession]:
    with ReviewSession.open(encoders, "alice") as session:
        yield session


def test_an_unchanged_query_item_and_pair_find_what_the_run_found(
    retrieval: ReviewSession, encoders: Path
) -> None:
    worker = worker_of(encoders)
    for ref in (QUERY, ITEM, PAIR, item_ref(7)):
        evidence = retrieval.example(ref)
        reply = worker.answer(LiveRequest("retrieval", evidence.example.text, ref))
        stored = by_side(evidence.payload["retrieval_side"])
        for side in SIDES:
            output = reply["sides"][side]["output"]
            assert output["neighbours"] == stored[side]["neighbours"], (ref, side)
            assert output["scores"] == pytest.approx(stored[side]["scores"], abs=1e-5)
            assert set(output["neighbours"]) <= set(reply["titles"])
    edited_item = worker.answer(LiveRequest("retrieval", retrieval.example(VARIANT).example.text, VARIANT))
    assert ITEM not in edited_item["sides"]["candidate"]["output"]["neighbours"]


def test_another_query_is_drawn_with_what_is_new(retrieval: ReviewSession, encoders: Path) -> None:
    worker, view = worker_of(encoders), view_of("retrieval")
    evidence = retrieval.example(QUERY)
    stored = by_side(evidence.payload["retrieval_side"])
    before = {side: {name: stored[side][name] for name in ("neighbours", "scores")} for side in SIDES}
    same = outputs_of(worker.answer(LiveRequest("retrieval", evidence.example.text, QUERY)))
    assert view.change_sentence(before, same) == (
        "the candidate brings the same; the base brings the same",
        "text",
    )
    reply = worker.answer(LiveRequest("retrieval", "slow family story by the sea", QUERY))
    after = outputs_of(reply)
    sentence, style = view.change_sentence(before, after)
    assert style == "warn"
    assert " others (first: c" in sentence
    for width in (58, 79, 118):
        lines = view.answer_lines(after, before, evidence, reply, width)
        assert all(line.width <= width + 1 for line in lines)
        text = "\n".join(line.plain for line in lines)
        assert "not there before" in text
        first = after["candidate"]["neighbours"][0]
        assert str(reply["titles"][first])[:8] in text
    assert view.output_text(after["base"]) == after["base"]["neighbours"][0].partition(":")[2]
    (numbers,) = view.answer_numbers(reply, "base")
    assert numbers.count(",") == len(after["base"]["neighbours"]) - 1


def test_stored_vectors_and_recorded_answers_say_why_nothing_can_be_asked(tmp_path: Path) -> None:
    vectors = tmp_path / "base.parquet"
    vectors.write_bytes(b"")
    missing = missing_models({"model_folders": {"retrieval": {"base": str(vectors)}}}, "retrieval")
    assert missing is not None
    assert "no model that could be asked" in missing.message
    recorded = publish_response(tmp_path / "recorded", votes=False)
    with pytest.raises(AssayError, match="responses were recorded"):
        worker_of(recorded).answer(LiveRequest("response", "hello", ref_of("r027")))


def test_an_unchanged_prompt_is_answered_as_in_the_run(generators: Path) -> None:
    worker, view = worker_of(generators), view_of("response")
    with ReviewSession.open(generators, "alice") as session:
        evidence = session.example(ref_of("r027"))
        reply = worker.answer(LiveRequest("response", evidence.example.text, ref_of("r027")))
        before, stored = outputs_of(reply), by_side(evidence.payload["response_side"])
        for side in SIDES:
            for name in ("text", "ended", "words"):
                assert before[side][name] == stored[side][name]
        assert (
            view.change_sentence(before, before)[0]
            == "the candidate answers the same; the base answers the same"
        )
        reply = worker.answer(LiveRequest("response", "Where is my parcel?", ref_of("r027")))
        after = outputs_of(reply)
        assert after["candidate"]["text"] != before["candidate"]["text"]
        assert "the candidate answers otherwise" in view.change_sentence(before, after)[0]
        lines = view.answer_lines(after, before, evidence, reply, 78)
        assert "{+" in "\n".join(line.plain for line in lines)
        assert all(line.width <= 79 for line in lines)


TURNS = (
    Turn("system", "Be brief."),
    Turn("user", "Is it in stock?"),
    Turn("assistant", "Yes."),
    Turn("user", "Price?"),
)
WHOLE = placed(TURNS)[0]


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        (WHOLE, {}),
        (WHOLE.replace("in stock", "sold out"), {1: "Is it sold out?"}),
        (WHOLE.replace("Yes.", ""), {2: ""}),
        (WHOLE + " And when?", {3: "Price? And when?"}),
        (WHOLE.replace("stock", "x").replace("Yes", "No"), None),
        ("Price?", None),
        ("", None),
    ],
)  # fmt: skip
def test_a_change_goes_into_the_turn_that_it_was_made_in(text: str, changed: dict[int, str] | None) -> None:
    found = edited(TURNS, text)
    if changed is None:
        assert found is None
        return
    expected = [one._replace(content=changed.get(number, one.content)) for number, one in enumerate(TURNS)]
    assert found == tuple(expected)


async def test_a_query_is_asked_about_in_the_console(encoders: Path) -> None:
    with ReviewSession.open(encoders, "alice") as session:
        app = AssayApp(session, Colours())
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            app.show_example(QUERY)
            await look(pilot)
            await pilot.press("w")
            await until(pilot, "What-if")
            await pilot.press("i", "end", *" light train", "enter")
            await until(pilot, "the candidate brings", seconds=180.0)
            assert "not there before" in shown(pilot.app)
            assert "attribution" not in shown(pilot.app)
            await pilot.press("R")
            await until(pilot, "saved  what-if")
