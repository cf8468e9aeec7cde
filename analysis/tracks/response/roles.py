"""Where a behaviour counts: on which prompts an answer should not do it, or should."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from analysis.base.errors import AssayError
from analysis.data.examples import predicate_table
from analysis.data.predicates import evaluate_predicates
from analysis.tracks.response.behaviour_settings import EVERYWHERE
from analysis.tracks.response.role_names import UNWANTED, WANTED

if TYPE_CHECKING:
    from analysis.data.examples import Examples
    from analysis.tracks.response.settings import ResponseSettings


def behaviour_rows(settings: ResponseSettings, examples: Examples) -> dict[str, pa.Table]:
    """Rows of `response_behaviour` and `response_role`.

    Raises:
        AssayError: a predicate that cannot be evaluated, or a prompt on which a behaviour is wanted and unwanted.
    """
    behaviours = settings.behaviour
    refs: dict[tuple[str, str], set[str]] = {}
    for role in (UNWANTED, WANTED):
        refs |= {(name, role): found for name, found in _where(settings, examples, role).items()}
    for place, one in enumerate(behaviours):
        both = refs.get((one.name, UNWANTED), set()) & refs.get((one.name, WANTED), set())
        if both:
            raise AssayError(
                f"{one.name!r} is wanted and unwanted of the answer to the same prompt, {min(both)}",
                where=settings.where("behaviour", place),
                hint="let unwanted and wanted exclude each other",
            )
        if one.any_of:
            # Any of others counts wherever one of them does.
            parts = (refs.get((part, role), set()) for part in one.any_of for role in (UNWANTED, WANTED))
            refs[one.name, UNWANTED] = set().union(*parts)
    rows = [(ref, name, role) for (name, role), some in refs.items() for ref in sorted(some)]
    return {
        "response_behaviour": pa.table(
            {
                "name": pa.array([one.name for one in behaviours], pa.string()),
                "place": pa.array(range(len(behaviours)), pa.int32()),
                "question": pa.array([one.question or "" for one in behaviours], pa.string()),
                "strict": pa.array([one.strict for one in behaviours], pa.bool_()),
                "max_net_rise": pa.array([one.max_net_rise for one in behaviours], pa.float64()),
                "leads": pa.array([one.leads for one in behaviours], pa.list_(pa.string())),
                "any_of": pa.array([one.any_of for one in behaviours], pa.list_(pa.string())),
                "examples": pa.array([one.examples for one in behaviours], pa.list_(pa.string())),
            }
        ),
        "response_role": pa.table(
            {
                "ref": pa.array([ref for ref, *_ in rows], pa.string()),
                "behaviour": pa.array([name for _, name, _ in rows], pa.string()),
                "role": pa.array([role for *_, role in rows], pa.string()),
            }
        ),
    }


def _where(settings: ResponseSettings, examples: Examples, role: str) -> dict[str, set[str]]:
    """Of each behaviour that has this role anywhere, the refs of the prompts on which it has."""
    declared = {
        one.name: (predicate, settings.where("behaviour", place, role))
        for place, one in enumerate(settings.behaviour)
        for name, predicate in one.roles()
        if name == role
    }
    asked = {name: predicate for name, (predicate, _) in declared.items() if predicate != EVERYWHERE}
    found = {}
    if asked:
        places = {name: where for name, (_, where) in declared.items()}
        what = f"{role} of the behaviour"
        found = evaluate_predicates(predicate_table(examples), asked, places, what)
    everywhere = [row.ref for row in examples.rows]
    return {name: set(found.get(name, everywhere)) for name in declared}
