"""What reverts a flip, in sentences: what was changed, what it gives, what random changes do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.attribution.interventions import Intervention
from analysis.base.records import MethodSpec
from tui.plugin.interventions import intervention_numbers, intervention_sentence, reverting

TEXT = "i want a refund for Cold Harbor now please"
DELETED = Intervention(
    kind="deletion", method="occlusion", base_label="order_status", candidate_label="returns", reverts=True,
    operation="delete", cue=None, term=None, words=2, starts=[9, 32], ends=[15, 35], tried=12,
    label_after="order_status", p_before=0.31, p_after=0.62, random_reverted=2, random_tried=48, why="",
)  # fmt: skip
REMOVED = replace(
    DELETED, kind="cue", operation="remove", cue="titles", starts=[20], ends=[31], tried=1, random_reverted=0
)

GRAFTED = replace(
    DELETED, kind="graft", method=None, operation="graft", term="layer 4", words=None, starts=[], ends=[],
    p_before=None, p_after=None, random_reverted=0, random_tried=0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (DELETED, "deleting “refund” and “now” gives order_status back (4 % of random pairs do)"),
        (
            replace(DELETED, words=1, starts=[9], ends=[15], random_reverted=1, random_tried=9),
            "deleting “refund” gives order_status back (1 of all 9 single words do)",
        ),
        (
            REMOVED,
            "removing “Cold Harbor” (titles) gives order_status back (0 % of random pairs do)",
        ),
        (
            replace(REMOVED, words=5, starts=[0, 2, 7, 9, 16], ends=[1, 6, 8, 15, 19], random_reverted=24),
            "removing “i”, “want”, “a” and 2 more (titles) gives order_status back "
            "(50 % of random sets of 5 words do)",
        ),
        (
            replace(REMOVED, operation="swap", term="Tofu Wars", random_tried=8, random_reverted=2),
            "“Tofu Wars” in place of “Cold Harbor” (titles) gives order_status back "
            "(elsewhere in the text 25 % of 8 places do)",
        ),
        (
            replace(GRAFTED, random_tried=6, random_reverted=1),
            "no change of the text, but the base's layer 4 put into the candidate gives order_status back "
            "(1 of 6 other parts do)",
        ),
        (
            replace(GRAFTED, term="layers 3 to 4"),
            "no change of the text, but the base's layers 3 to 4 put into the candidate gives order_status back",
        ),
        (replace(DELETED, random_tried=0), "deleting “refund” and “now” gives order_status back"),
    ],
)
def test_what_reverts_a_flip_is_said_with_what_random_changes_do(one: Intervention, said: str) -> None:
    assert intervention_sentence(one, TEXT) == (said, "good")


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (
            replace(DELETED, reverts=False, label_after="returns", p_after=0.4, random_tried=0, tried=96),
            "no deletion of up to 3 words reverts it (96 tried); nearest: deleting “refund” and “now”, "
            "p(order_status) .31 → .40",
        ),
        (
            replace(REMOVED, reverts=False, label_after="returns", p_after=None, random_tried=0, tried=2),
            "no edit of a declared cue reverts it (2 tried); nearest: removing “Cold Harbor” (titles), "
            "p(order_status) .31 → –",
        ),
        (
            replace(
                DELETED, reverts=False, operation=None, words=None, starts=[], ends=[], tried=0, label_after=None,
                p_after=None, random_tried=0, why="the text has one word",
            ),
            "nothing could be tried to revert the flip: the text has one word",
        ),
    ],
)  # fmt: skip
def test_where_nothing_reverts_it_that_is_said(one: Intervention, said: str) -> None:
    assert intervention_sentence(one, TEXT) == (said, "warn")


def test_the_smallest_one_stands_alone_and_without_one_every_search() -> None:
    failed = replace(DELETED, reverts=False)
    assert reverting([REMOVED, failed]) == [REMOVED]
    assert reverting([failed, replace(REMOVED, reverts=False)]) == [failed, replace(REMOVED, reverts=False)]
    assert reverting(()) == ()


def test_the_numbers_have_what_was_tried_and_counted() -> None:
    methods = {"occlusion": MethodSpec("occlusion", "occlusion by deletion", "perturbation")}
    told = "\n".join(line.plain.strip() for line in intervention_numbers(DELETED, TEXT, methods, 400))
    assert told.splitlines() == [
        "order_status → returns",
        "deleting “refund” and “now” gives order_status back (4 % of random pairs do)",
        "deletion: 12 tried; words ranked by occlusion by deletion; the candidate then says order_status, "
        "p(order_status) .310 → .620; at random 2 of 48 revert it",
    ]
    unranked = intervention_numbers(replace(DELETED, method=None), TEXT, methods, 400)
    assert "words in their order" in "\n".join(line.plain for line in unranked)
