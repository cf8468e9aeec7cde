"""Expected signals: what deleting them does to the log-odds, and where attribution puts them."""

from __future__ import annotations

import math
from pathlib import Path

import duckdb
import pytest

from tests.analysis.tracks.intent.probed import gates_of, metrics_of, probe

CLASS = "escalation"


def logits_of(context, ref: str, side: str) -> list[float]:
    row = context.workbench.execute(
        "SELECT logits FROM intent_side WHERE ref = ? AND side = ?", [ref, side]
    ).fetchone()
    return [float(value) for value in row[0]]


def log_odds(logits: list[float], position: int) -> float:
    others = [value for index, value in enumerate(logits) if index != position]
    return logits[position] - math.log(sum(math.exp(value) for value in others))


def test_the_effect_is_the_drop_of_the_log_odds_when_the_phrase_is_deleted(tiny_review: Path) -> None:
    context, _ = probe(tiny_review)
    position = list(context.models.labels).index(CLASS)
    rows = context.workbench.execute(
        "SELECT ref, variant_ref, base_effect, candidate_effect FROM intent_signal_probe ORDER BY ALL"
    ).fetchall()
    assert len(rows) == 16
    for ref, variant, *effects in rows:
        for side, effect in zip(("base", "candidate"), effects, strict=True):
            plain, deleted = (log_odds(logits_of(context, one, side), position) for one in (ref, variant))
            assert effect == pytest.approx(plain - deleted, abs=1e-5)


def test_the_class_and_each_phrase_have_their_mean_and_their_positive_share(tiny_review: Path) -> None:
    context, _ = probe(tiny_review)
    for name, where in ((CLASS, "true"), (f"{CLASS}/human", "signal = 'human'")):
        for side in ("base", "candidate"):
            mean, positive, texts = context.workbench.execute(
                f"SELECT avg({side}_effect), avg(({side}_effect > 0)::INT), count(DISTINCT ref) "
                f"FROM intent_signal_probe WHERE {where}"
            ).fetchone()
            one = metrics_of(context, "signal_effect")[name, side]
            assert one.value == pytest.approx(mean)
            assert one.n == texts
            assert metrics_of(context, "signal_positive")[name, side].value == pytest.approx(positive)
        change = metrics_of(context, "signal_effect")
        difference = change[name, "candidate"].value - change[name, "base"].value
        assert change[name, "difference"].value == pytest.approx(difference)


@pytest.mark.parametrize("extreme", [80.0, -80.0, 2000.0])
def test_saturated_logits_keep_their_log_odds(tiny_review: Path, extreme: float) -> None:
    def saturate(workbench: duckdb.DuckDBPyConnection) -> None:
        workbench.execute("UPDATE intent_side SET logits = [?::FLOAT, 0, 0]", [extreme])

    context, _ = probe(tiny_review, saturate)
    effects = context.workbench.execute(
        "SELECT DISTINCT base_effect, candidate_effect FROM intent_signal_probe"
    ).fetchall()
    assert effects == [(0.0, 0.0)]
    bounds = context.workbench.execute(
        "SELECT min(base_p) >= 0, max(base_p) <= 1 FROM intent_variant"
    ).fetchone()
    assert bounds == (True, True)


def test_a_deletion_without_numbers_makes_the_effect_unknown(tiny_review: Path) -> None:
    def break_one(workbench: duckdb.DuckDBPyConnection) -> None:
        workbench.execute(
            "UPDATE intent_side SET logits = ['nan'::FLOAT, 0, 0] WHERE side = 'candidate' "
            "AND ref = (SELECT min(ref) FROM variant_plan WHERE operation = 'signal' AND cue = 'human')"
        )

    context, slices = probe(tiny_review, break_one)
    found = metrics_of(context, "signal_effect")
    assert found[CLASS, "candidate"].status == "unknown"
    assert found[f"{CLASS}/real person", "candidate"].status == "ok"
    assert gates_of(context, slices)[f"intent.signals[{CLASS}]"].verdict == "unknown"


def test_a_phrase_that_no_text_of_the_class_holds_is_unknown(tiny_review: Path) -> None:
    text = tiny_review.read_text("utf-8").replace('["real person", "human"]', '["ombudsman"]')
    tiny_review.write_text(text, "utf-8")
    context, slices = probe(tiny_review)
    one = metrics_of(context, "signal_effect")[f"{CLASS}/ombudsman", "candidate"]
    assert (one.status, one.n, one.why) == ("unknown", 0, "no text of the class holds it")
    gate = gates_of(context, slices)[f"intent.signals[{CLASS}]"]
    assert gate.verdict == "unknown"
    assert "no text of the class holds it" in gate.why


def test_signals_without_cues_are_probed_alone(tiny_review: Path) -> None:
    text = tiny_review.read_text("utf-8")
    start = text.index("[intent.irrelevant]")
    tiny_review.write_text(text[:start] + text[text.index("[intent.slices]") :], "utf-8")
    context, slices = probe(tiny_review)
    assert context.workbench.execute("SELECT DISTINCT operation FROM intent_variant").fetchall() == [
        ("signal",)
    ]
    assert gates_of(context, slices)["intent.relevance"].verdict == "n/a"


def test_two_classes_are_enough(tiny_review: Path, tiny_classifier) -> None:
    labels = ("escalation", "order_tracking")
    for name, seed in (("base", 0), ("candidate", 1)):
        folder = tiny_review.parent / "models" / name
        for file in folder.iterdir():
            file.unlink()
        tiny_classifier(folder, labels=labels, seed=seed)
    data = tiny_review.parent / "eval.jsonl"
    lines = [line for line in data.read_text("utf-8").splitlines() if '"recommendation"' not in line]
    data.write_text("\n".join(lines) + "\n", "utf-8")
    context, _ = probe(tiny_review)
    position = list(context.models.labels).index(CLASS)
    ref, variant, effect = context.workbench.execute(
        "SELECT ref, variant_ref, base_effect FROM intent_signal_probe ORDER BY ALL LIMIT 1"
    ).fetchone()
    plain, deleted = (logits_of(context, one, "base") for one in (ref, variant))
    expected = (plain[position] - plain[1 - position]) - (deleted[position] - deleted[1 - position])
    assert effect == pytest.approx(expected, abs=1e-5)


def test_attribution_stands_beside_where_there_is_one(tiny_review: Path) -> None:
    context, _ = probe(tiny_review)
    ref, starts, ends = context.workbench.execute(
        "SELECT m.ref, starts, ends FROM intent_mention m JOIN intent_signal_probe p USING (ref) "
        "WHERE m.kind = 'signal' AND m.name = 'human' ORDER BY ALL LIMIT 1"
    ).fetchone()
    context.workbench.execute(
        "INSERT INTO attribution VALUES (?, 'candidate', 'occlusion', ?, [?, 100, 200], [?, 110, 210], [.3, .9, -.5], "
        "NULL, NULL, NULL, NULL, NULL, 'ok', '', '{}')",
        [ref, CLASS, starts[0], ends[0]],
    )
    rows = context.workbench.execute(
        "SELECT side, share_positive, rank, words FROM intent_signal WHERE ref = ? AND signal = 'human' ORDER BY side",
        [ref],
    ).fetchall()
    assert rows[0] == ("base", None, None, None)
    side, share, rank, words = rows[1]
    assert (side, rank, words) == ("candidate", 2, 3)
    assert share == pytest.approx(0.25)
