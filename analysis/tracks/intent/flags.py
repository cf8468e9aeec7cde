"""Why a message needs a person: flags of the intent track, most decision-relevant first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.records import ALL, Flag
from analysis.base.sql import queries
from analysis.plugin.flag import BROKEN_CRITICAL, DECIDES_CRITICAL, ROUTED_CRITICAL, find_flags
from analysis.tracks.intent.cue_evidence import LEAST_TEXTS
from analysis.tracks.intent.drift import LEAST_TEXTS as LEAST_MOVED
from analysis.tracks.intent.gates.critical import CRITICAL_RECALL, FEW_SENT, ROUTING
from analysis.tracks.intent.gates.relevance import RELEVANCE
from analysis.tracks.intent.gates.signals import SIGNALS
from analysis.tracks.intent.settings import intent_settings

if TYPE_CHECKING:
    import duckdb

    from analysis.plugin.settings import TrackSettings

_SQL = queries(__package__, "flags.sql")

CUES_PER_GATE = 12
"""Counterfactual variants that are flagged for each class and cue: the worst ones."""
CONFIDENT = 0.8
"""Probability from which a wrong prediction counts as an overconfident error."""
CLIFF = 0.4
"""Loss of margin from which a prediction that is still right counts as a margin cliff."""
FOUND_PER_GATE = 3
"""Texts that are flagged for a cue that was found: it stands in each of them alike."""
MOVED = 0.05
"""Least rise of p(class) by which a cue's effect on one text is worth a look."""
ROUTED_KEPT = 60
"""Messages newly sent to one critical class that no budget cuts: the most confident ones."""
LEANS = 0.8
"""Occlusion enrichment (share of absolute scores on the cue over its share of words) that counts as leaning on it."""
WEIGHED = 3
"""Texts that are flagged for a class and cue because their explanations lean on it, where none of them falls."""
MOVERS = 3
"""Messages that are flagged because their states moved most."""
DROPS = 0.01
"""Least fall of p(class) without the cue that confirms the leaning."""

ROUTED = "wrongly sent to {}"
"""Reason of a message that only the candidate takes for one of a critical class, beyond those never cut."""

_QUERIES = (
    (BROKEN_CRITICAL, "broken_critical"),
    (DECIDES_CRITICAL, "contested_critical"),
    ("irrelevant cue moves the prediction", "moved_by_cue"),
    ("irrelevant cue suppresses the class", "suppressed_by_cue"),
    ("a cue that nobody declared moves the prediction", "moved_by_found_cue"),
    ("explained by an irrelevant cue", "explained_by_cue"),
    ("irrelevant cue weighs in the explanation", "weighed_by_cue"),
    ("a probe's logits are not numbers", "probes_without_numbers"),
    ("expected signal lost its effect", "lost_signals"),
    (ROUTED_CRITICAL, "routed_kept"),
    (ROUTED, "routed_beyond"),
    ("newly acted on wrongly", "routed_wrongly"),
    ("broken", "broken"),
    ("flip", "flips"),
    ("flip that no intervention reverts", "flips_not_reverted"),
    ("overconfident error", "overconfident_errors"),
    ("margin cliff", "margin_cliffs"),
    ("its states moved most", "largest_movers"),
)
"""Reasons with the names of their queries, most decision-relevant first."""


def flags(connection: duckdb.DuckDBPyConnection, settings: TrackSettings) -> list[Flag]:
    """Every flag of the track, without rank; an example may carry several.

    A reason that bears on a gate names its key, so that the gate knows which examples decide it. Reasons that
    need attributions give nothing before those exist.
    """
    known = {
        "all": ALL,
        "critical": settings.critical_classes(),
        "tolerated": CRITICAL_RECALL.thresholds["max_confirmed_loss"].default,
        "few_sent": FEW_SENT,
        "crowding": ROUTING.thresholds["max_confirmed_loss"].default,
        "cues": CUES_PER_GATE,
        "found_cues": FOUND_PER_GATE,
        "confident": CONFIDENT,
        "cliff": CLIFF,
        "moved": MOVED,
        "least_other": LEAST_TEXTS["other"],
        "least_critical": LEAST_TEXTS["critical"],
        "shift_other": RELEVANCE.thresholds["max_shift_other"].default,
        "shift_critical": RELEVANCE.thresholds["max_shift_critical"].default,
        "share_of_base": SIGNALS.thresholds["min_share_of_base"].default,
        "leans": LEANS,
        "weighed": WEIGHED,
        "drops": DROPS,
        "kept": ROUTED_KEPT,
        "movers": MOVERS,
        "movers_from": LEAST_MOVED,
        "threshold": intent_settings(settings).threshold,
    }
    return find_flags(connection, [(reason, _SQL[name]) for reason, name in _QUERIES], known)
