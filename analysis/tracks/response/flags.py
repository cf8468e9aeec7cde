"""Why an answer needs a person: flags of the response track, most decision-relevant first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.records import Flag
from analysis.base.sql import queries
from analysis.plugin.flag import BROKEN_CRITICAL, find_flags
from analysis.tracks.response.gate_keys import ARTEFACT, LENGTH, TRADEOFF
from analysis.tracks.response.gates.artefact import ANSWERS, LARGEST, MEAN, TIMES
from analysis.tracks.response.leads.heads import NEEDED
from analysis.tracks.response.metric_specs import TRACK

if TYPE_CHECKING:
    import duckdb

    from analysis.plugin.settings import TrackSettings

PREFERRED = "preferred, and seems to: {}"
"""With the first strict behaviour that leads see anew."""
NEWLY = "seems to, newly: {}"
NO_LONGER = "seems to no longer: {}"
"""With a behaviour, as its leads see it; people say whether it is so."""
LEAST_SURE = "leads are least sure: {}"
"""With a behaviour that labels have taught; what people say of these teaches the next run, and is in no estimate."""
UNANSWERED = "no answer where the base gives one"
UNREAD = "not read by a lead: {}"
SAMPLED = "found in sampled answers only"
SHIFTED = "moved most by its tokens"
LENGTHENED = "length changed most"

PER_REASON = 12
"""Examples that are flagged for doubtful leads, sampled answers, token shifts and length: the worst ones."""
DOUBT = 0.3
"""Distance of a score from 0.5 up to which leads are called unsure."""
LEAST_SAMPLES = 2
"""More sampled answers with a hit than on the base's side, from which an example is flagged."""
LEAST_KL = 0.1
"""Mean divergence per token of the candidate from the base, in nats, from which an example is flagged."""
LEAST_LENGTH = 0.5
"""Change of length as a share of the longer answer from which an example is flagged."""

_SQL = queries(__package__, "flags.sql")
_QUERIES: tuple[tuple[str, str], ...] = (
    (BROKEN_CRITICAL, _SQL["broken_critical"]),
    (PREFERRED, _SQL["preferred"]),
    # What is not as it was reviewed once it is deployed, in the words of the query.
    ("{}", _SQL["artefact"]),
    (NEWLY, _SQL["newly_strict"]),
    (NO_LONGER, _SQL["gone_strict"]),
    (LEAST_SURE, _SQL["least_sure"]),
    (UNANSWERED, _SQL["unanswered"]),
    (NEWLY, _SQL["newly"]),
    (UNREAD, _SQL["unread"]),
    (SAMPLED, _SQL["sampled"]),
    (SHIFTED, _SQL["shifted"]),
    (LENGTHENED, _SQL["lengthened"]),
)


def flags(connection: duckdb.DuckDBPyConnection, settings: TrackSettings) -> list[Flag]:
    """Every flag of the track, without rank; an example may carry several.

    All of them are about what changed between the sides: a candidate that answers as the base does has none. What
    needs samples or models gives nothing where there are none.
    """
    known: dict[str, object] = {
        "track": TRACK,
        "tradeoff": TRADEOFF,
        "length": LENGTH,
        "per_reason": PER_REASON,
        "needed": NEEDED,
        "doubt": DOUBT,
        "least_samples": LEAST_SAMPLES,
        "least_kl": LEAST_KL,
        "least_length": LEAST_LENGTH,
        "artefact": ARTEFACT,
        "times": TIMES.default,
        "least_gap": MEAN.default,
        "least_largest": LARGEST.default,
        "least_answers": ANSWERS.default,
    }
    return find_flags(connection, _QUERIES, known)
