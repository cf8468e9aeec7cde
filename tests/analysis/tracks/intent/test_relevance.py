"""Effects of cues on p(class): formulas, populations, hard cases, and probe diffs as the console reads them."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from analysis.base.records import ALL, Metric
from analysis.tracks.intent.probe_queries import probe_diffs, worst_cases
from analysis.tracks.intent.relevance_metrics import relevance_metrics
from tests.analysis.tracks.intent.probed import gates_of, make_tables, metrics_of, probe

KEY = "escalation/titles"


@pytest.fixture
def evidence() -> Iterator[duckdb.DuckDBPyConnection]:
    """Empty tables of a run, in a catalog called `evidence` that is also the one in use."""
    connection = duckdb.connect(":memory:")
    connection.execute("ATTACH ':memory:' AS evidence; USE evidence")
    make_tables(connection)
    yield connection
    connection.close()


def add(
    connection: duckdb.DuckDBPyConnection,
    effects: list[tuple[float | None, float | None]],
    *,
    operation: str = "insert",
    source: str = "lexicon",
    terms: int = 2,
) -> None:
    """Variants of texts of another class whose plain p is .2, with what the edit adds on base and candidate."""
    for number, (base, candidate) in enumerate(effects):
        ref = f"v/{operation}/{source}/{number}"
        connection.execute(
            "INSERT INTO example VALUES (?, 'intent', 'variant', ?, ?, 'a text', NULL, '')",
            [ref, ref, f"m{number}"],
        )
        connection.execute(
            "INSERT INTO intent_variant VALUES (?, 'titles', ?, ?, ?, 'escalation', 'other', 0, 1, ?, ?, .2, .2)",
            [
                ref, operation, f"term {number % terms}", source,
                None if base is None else 0.2 + base, None if candidate is None else 0.2 + candidate,
            ],
        )  # fmt: skip


def measured(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], Metric]:
    found = relevance_metrics(connection, {"escalation": ["titles"]}, 0.05)
    return {(one.name, one.side): one for one in found}


def test_own_and_change_are_means_of_paired_differences(evidence: duckdb.DuckDBPyConnection) -> None:
    add(evidence, [(0.0, 0.5), (0.1, 0.3), (0.2, 0.1), (0.1, 0.7)])
    found = measured(evidence)
    assert found["relevance_own_other", "base"].value == pytest.approx(0.1)
    assert found["relevance_own_other", "candidate"].value == pytest.approx(0.4)
    assert found["relevance_own_other", "difference"].value == pytest.approx(0.3)
    assert found["relevance_own_other", "candidate"].n == 4


def test_removal_is_with_minus_without_and_swap_after_minus_before(
    evidence: duckdb.DuckDBPyConnection,
) -> None:
    add(evidence, [(0.0, -0.1), (0.0, -0.3)], operation="remove")
    add(evidence, [(0.0, 0.1), (0.0, -0.3)], operation="swap")
    found = measured(evidence)
    assert found["relevance_removed_other", "candidate"].value == pytest.approx(0.2)
    assert found["relevance_swapped_other", "candidate"].value == pytest.approx(-0.1)


def test_terms_held_out_and_neutral_phrases_have_metrics_of_their_own(
    evidence: duckdb.DuckDBPyConnection,
) -> None:
    add(evidence, [(0.0, 0.5)] * 4)
    add(evidence, [(0.0, 0.3)] * 4, source="held out")
    add(evidence, [(0.0, 0.1)] * 4, source="neutral")
    found = measured(evidence)
    values = [found[f"relevance_{name}_other", "candidate"].value for name in ("own", "held_out", "neutral")]
    assert values == pytest.approx([0.5, 0.3, 0.1])


def test_a_lexicon_of_one_term_is_bounded_over_texts_and_says_so(evidence: duckdb.DuckDBPyConnection) -> None:
    add(evidence, [(0.0, 0.4), (0.0, 0.5), (0.0, 0.6)], terms=1)
    one = measured(evidence)["relevance_own_other", "candidate"]
    assert one.low is not None
    assert one.low < 0.4
    assert one.method == "insertion; Student over texts; these terms only, at 0.9750"


@pytest.mark.parametrize(("terms", "few"), [(2, True), (4, True), (19, True), (20, False)])
def test_few_terms_speak_of_these_only(evidence: duckdb.DuckDBPyConnection, terms: int, few: bool) -> None:
    add(evidence, [(0.0, 0.4 + 0.01 * (number % 3)) for number in range(60)], terms=terms)
    one = measured(evidence)["relevance_own_other", "candidate"]
    assert (f"over texts and {terms} terms, two-way" in one.method) is not few
    assert ("over texts; these terms only" in one.method) is few
    assert (one.low or 0) < 0.41 < (one.high or 0)


def test_what_four_terms_do_is_seen(evidence: duckdb.DuckDBPyConnection) -> None:
    """A planted phrase need not be one of thirty: its four forms raise p(class) by .4 to .8, and that is certain."""
    add(evidence, [(0.0, 0.4 + 0.1 * (number % 4)) for number in range(300)], terms=4)
    one = measured(evidence)["relevance_own_other", "candidate"]
    assert one.low is not None
    assert one.low > 0.4


def test_near_duplicate_texts_are_one_unit(evidence: duckdb.DuckDBPyConnection) -> None:
    """Six texts of two clusters bound the effect less than six texts by themselves."""
    add(evidence, [(0.0, 0.1 * (1 + number % 2)) for number in range(6)], operation="remove")
    alone = measured(evidence)["relevance_removed_other", "candidate"]
    evidence.execute("INSERT INTO cluster SELECT 'intent', 'm' || i, 'm' || i % 2 FROM range(6) t(i)")
    shared = measured(evidence)["relevance_removed_other", "candidate"]
    assert alone.value == shared.value
    assert alone.n == shared.n == 6
    assert (shared.low or 0) < (alone.low or 0)


def test_one_variant_without_numbers_makes_its_side_unknown_and_not_the_other(
    evidence: duckdb.DuckDBPyConnection,
) -> None:
    add(evidence, [(0.0, 0.0), (0.0, None), (0.0, 0.0)])
    found = measured(evidence)
    assert found["relevance_own_other", "base"].status == "ok"
    for side in ("candidate", "difference"):
        one = found["relevance_own_other", side]
        assert (one.status, one.value) == ("unknown", None)
        assert "1 of 3 probes" in one.why


def test_the_level_is_shared_and_small_levels_bound_less(evidence: duckdb.DuckDBPyConnection) -> None:
    add(evidence, [(0.0, 0.1 * number) for number in range(6)])
    many = {f"class {number}": ["titles"] for number in range(200)}
    few = measured(evidence)["relevance_own_other", "candidate"]
    found = relevance_metrics(evidence, {**many, "escalation": ["titles"]}, 0.05)
    one = next(one for one in found if (one.name, one.side) == ("relevance_own_other", "candidate"))
    assert one.low is not None
    assert few.low is not None
    assert one.low <= few.low
    assert "at 0.9999" in one.method


def test_shares_of_texts_that_hold_the_cue(evidence: duckdb.DuckDBPyConnection) -> None:
    for number in range(10):
        gold = "escalation" if number < 4 else "returns"
        evidence.execute(
            "INSERT INTO example VALUES (?, 'intent', 'message', ?, NULL, 'text', ?, '')",
            [f"m{number}", str(number), gold],
        )
        evidence.execute("INSERT INTO membership VALUES (?, 'intent', ?)", [ALL, f"m{number}"])
    for number in (0, 1, 2, 9):
        evidence.execute("INSERT INTO intent_mention VALUES (?, 'cue', 'titles', [0], [1])", [f"m{number}"])
    found = measured(evidence)
    assert found["cue_share_critical", "difference"].value == pytest.approx(3 / 4)
    assert found["cue_share_other", "difference"].value == pytest.approx(1 / 6)


def test_probe_diffs_show_every_family_with_the_largest_change_first(
    evidence: duckdb.DuckDBPyConnection,
) -> None:
    add(evidence, [(0.0, 0.1)] * 4)
    add(evidence, [(0.0, 0.5)] * 3, source="held out")
    add(evidence, [(0.0, -0.2)] * 2, operation="remove")
    for one in measured(evidence).values():
        places = ", ".join("?" * len(Metric.__slots__))
        evidence.execute(
            f"INSERT INTO metric VALUES ({places})", [getattr(one, name) for name in Metric.__slots__]
        )
    diffs = probe_diffs(evidence)
    assert [(one.operation, one.source, one.texts) for one in diffs] == [
        ("insert", "held out", 3),
        ("remove", "lexicon", 2),
        ("insert", "lexicon", 4),
    ]
    assert [one.change.value for one in diffs if one.change] == pytest.approx([0.5, 0.2, 0.1])
    assert all(one.base is not None and one.base.value == 0 for one in diffs)


def test_worst_cases_are_those_where_the_cue_raises_the_class_most(
    evidence: duckdb.DuckDBPyConnection,
) -> None:
    add(evidence, [(0.0, 0.1), (0.2, 0.7), (0.0, 0.3), (0.0, None)])
    add(evidence, [(0.0, -0.1), (0.0, -0.19), (0.0, 0.3)], operation="remove")
    worst = worst_cases(evidence, "escalation", "titles", "insert", 3)
    assert [one.parent_ref for one in worst] == ["m3", "m1", "m2"]
    assert worst[0].change is None
    assert worst[1].change == pytest.approx(0.5)
    assert worst[1].base_p == pytest.approx(0.4)
    removed = worst_cases(evidence, "escalation", "titles", "remove", 9)
    assert [one.parent_ref for one in removed] == ["m1", "m0", "m2"]
    assert worst_cases(evidence, "escalation", "titles", "insert", 9, source="held out") == []


def test_probe_reads_stay_light() -> None:
    code = (
        "import sys; import analysis.tracks.intent.probe_queries; "
        "print([m for m in ('torch', 'transformers', 'numpy', 'textual') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_log_odds_and_p_of_variants_equal_the_softmax(tiny_review: Path) -> None:
    context, _ = probe(tiny_review)
    rows = context.workbench.execute(
        "SELECT s.logits, v.candidate_p FROM intent_variant v JOIN intent_side s ON s.ref = v.ref "
        "AND s.side = 'candidate' WHERE v.target = 'escalation' USING SAMPLE 40 ROWS (reservoir, 1)"
    ).fetchall()
    position = list(context.models.labels).index("escalation")
    for logits, p in rows:
        weights = [math.exp(one - max(logits)) for one in logits]
        assert p == pytest.approx(weights[position] / sum(weights), abs=1e-9)


def test_every_operation_and_source_is_predicted_on_both_sides(tiny_review: Path) -> None:
    context, _ = probe(tiny_review)
    found = context.workbench.execute(
        "SELECT DISTINCT operation, source FROM intent_variant ORDER BY ALL"
    ).fetchall()
    assert found == [
        ("insert", "held out"), ("insert", "lexicon"), ("insert", "neutral"), ("remove", "lexicon"),
        ("signal", "lexicon"), ("swap", "lexicon"),
    ]  # fmt: skip
    missing = context.workbench.execute(
        "SELECT count(*) FROM intent_variant WHERE base_p IS NULL OR candidate_p IS NULL"
    ).fetchone()
    assert missing == (0,)


def test_logits_that_are_not_numbers_make_the_effect_unknown(tiny_review: Path) -> None:
    def break_one(workbench: duckdb.DuckDBPyConnection) -> None:
        workbench.execute(
            "UPDATE intent_side SET logits = ['nan'::FLOAT, 0, 0] WHERE side = 'candidate' AND ref = "
            "(SELECT min(ref) FROM variant_plan WHERE cue = 'titles' AND source = 'lexicon' AND operation = 'insert')"
        )

    context, _ = probe(tiny_review, break_one)
    found = metrics_of(context, "relevance_own_critical")
    assert found[KEY, "candidate"].status == "unknown"
    assert "not numbers" in found[KEY, "candidate"].why
    assert found[KEY, "base"].status == "ok"
    assert context.workbench.execute("SELECT count(*) FROM metric WHERE isnan(value)").fetchone() == (0,)


def test_a_cue_in_every_text_is_said_with_what_removing_it_does(tiny_review: Path) -> None:
    path = tiny_review.parent / "titles.txt"
    path.write_text(
        "\n".join(["i", "my", "the", "can", "is", "like", "has", "human", "track", "more", "recommend"]),
        "utf-8",
    )
    context, slices = probe(tiny_review)
    held = metrics_of(context, "cue_share_critical")[KEY, "difference"]
    assert held.value == 1
    assert (KEY, "candidate") not in metrics_of(context, "relevance_own_critical")
    gate = gates_of(context, slices)[f"intent.relevance[{KEY}]"]
    assert gate.verdict == "unknown"
    assert "add some without it: 0 other of 200, 0 critical of 40" in gate.why
    assert "removing it from" in gate.why


def test_base_against_itself_moves_nothing(tiny_review: Path, tiny_classifier) -> None:
    tiny_classifier(tiny_review.parent / "models" / "candidate", seed=0)
    context, slices = probe(tiny_review)
    changes = context.workbench.execute(
        "SELECT DISTINCT value FROM metric WHERE side = 'difference' "
        "AND (name LIKE 'relevance%' OR name LIKE 'signal%')"
    ).fetchall()
    assert changes == [(0.0,)]
    gates = gates_of(context, slices)
    assert not [key for key, one in gates.items() if one.verdict == "fail"]
