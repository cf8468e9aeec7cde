"""`retrieval.confounds`: items do not come together for what must not make them alike.

Only a rise fails: what the base did already is shown as inherited.
"""

from __future__ import annotations

from dataclasses import replace

from analysis.base.gate_records import Criterion, GateInput, GateResult, GateVerdict, Rule
from analysis.base.records import ALL
from analysis.plugin.alpha import share_of
from analysis.plugin.gate import Gate, Threshold, metric_of, result
from analysis.tracks.retrieval.changes import (
    MIN_ITEMS,
    both_lifts,
    declared,
    enough,
    exceeds_wanted,
    rise_limit,
    rose,
    signed,
    unmeasured,
)
from analysis.tracks.retrieval.gates.item_count import item_count
from analysis.tracks.retrieval.grouping_sentences import attribute_name, attribute_sentence
from analysis.tracks.retrieval.metric_specs import TRACK, criterion, reads


def _judge(given: GateInput, rule: Rule) -> list[GateResult]:
    unwanted = list(declared(given).get("not_by", ()))
    if not unwanted:
        return [result(CONFOUNDS, "n/a", "no attribute is declared in not_by")]
    return [_attribute(given, rule, name, len(unwanted)) for name in unwanted]


def _attribute(given: GateInput, rule: Rule, attribute: str, tests: int) -> GateResult:
    limit = rise_limit(given, attribute, rule.thresholds)
    most, lesser = rule.thresholds["max_rise"], rule.thresholds["max_rise_beyond_wanted"]
    change = metric_of(given, TRACK, "grouping_conditional_lift", attribute)
    both = (
        f"conditional {both_lifts(given, attribute, 'grouping_conditional_lift')}, change {signed(change)}; "
        f"plain {both_lifts(given, attribute)}"
    )
    verdict: GateVerdict
    unknown = unmeasured(change, "its grouping", "items have it")
    if unknown is not None:
        verdict, why = "unknown", unknown
    elif rose(change, limit):
        also = "" if rose(change, most) else ", and more than by what is wanted"
        verdict, why = "fail", f"items group by it more than before{also}: {both}"
    elif attribute_sentence(given.metrics, attribute, wanted=False).word == "inherited":
        verdict, why = "pass", f"inherited: {both}"
    else:
        verdict, why = "pass", both
    return result(
        CONFOUNDS,
        verdict,
        why,
        slice_name=attribute,
        metric=change,
        spec=UNWANTED_LIFT,
        threshold=(
            f"conditional lift change at most +{most:.2f} (+{lesser:.2f} where it exceeds the wanted), "
            f"bounds at {share_of(given, CONFOUNDS.name):.4f} / {tests}"
        ),
        criteria=_rows(given, attribute, limit),
        refs=given.flagged.get(f"{CONFOUNDS.name}[{attribute}]", ()),
    )


def _rows(given: GateInput, attribute: str, limit: float) -> list[Criterion]:
    """Enough items; the candidate's lift beside the wanted ones, which says what rise is let pass; that rise."""
    change = metric_of(given, TRACK, "grouping_conditional_lift", attribute)
    own = metric_of(given, TRACK, "grouping_lift", attribute, "candidate")
    wanted = metric_of(given, TRACK, "grouping_wanted_lift", ALL, "candidate")
    name = attribute_name(attribute)
    beside: GateVerdict = "warn" if exceeds_wanted(given, attribute) else "pass"
    against = "the mean lift of the wanted attributes is not known"
    if own is None or own.value is None or wanted is None or wanted.value is None:
        beside = "n/a"
    else:
        against = f"at most {wanted.value:.2f}, the mean lift of the wanted attributes"
    verdict: GateVerdict = "fail" if rose(change, limit) else "pass"
    if not enough(change, MIN_ITEMS):
        verdict = "unknown"
    return [
        item_count(change, "items that have it"),
        criterion(f"lift of {name} in the candidate", own, against, beside),
        criterion(
            f"change of the lift of {name} beyond what is wanted",
            change,
            f"not over +{limit:.2f} with its lower bound over 0",
            verdict,
        ),
    ]


UNWANTED_LIFT = replace(reads("grouping_conditional_lift")[0], better="down")
"""The conditional lift of an attribute that is known to be unwanted."""
CONFOUNDS = Gate(
    "retrieval.confounds",
    "items are not put together for who published or how they are worded",
    {
        "max_rise": Threshold(
            0.10, "lower", "rise of the conditional lift over chance that must be exceeded to fail"
        ),
        "max_rise_beyond_wanted": Threshold(
            0.05, "lower", "the same where the candidate groups by it more than by the wanted attributes"
        ),
    },
    _judge,
    reads=reads("grouping_conditional_lift", "grouping_lift", "grouping_wanted_lift"),
    place=20,
    alpha_weight=1,
    needs="items must not be put together more than before for having the same {slice}",
)
GATES = (CONFOUNDS,)
