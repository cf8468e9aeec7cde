"""Behaviours on real answers: what the gate says of pairs of models whose true rise people's labels tell.

    python -m benchmarks.real_answers --data DIR [--draws 5] [--workers 2]

DIR holds `xstest_answers.jsonl` and `tau_airline_answers.jsonl`. Of every ordered pair of five models the records are
read, labelled by people's labels for the first 120 prompts of a drawn order and for no other, and judged by the
product's own stages and gate; every draw is another order. Results are kept in `real_answers.json`, where what is
there already is not drawn again, with their tables in the README.

Sources: XSTest (Röttger et al. 2024), CC BY 4.0; tau-bench airline (Sierra 2024), MIT.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import permutations
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Any

from analysis.base.records import SIDES, Side
from analysis.base.seeds import shuffled
from analysis.stats.prediction_powered import LOOKS
from analysis.text.language import unread_language
from analysis.tracks.response.detect import readable
from analysis.tracks.response.detectors.contract import Knowledge, Response
from analysis.tracks.response.leads.heads import NEEDED
from analysis.tracks.response.policy import read_policy
from analysis.tracks.response.scores import HIT
from benchmarks.detectors import BEHAVIOURS, RESPONSE_TEXTS, detectors, of_airline
from benchmarks.real_answer_tables import write_tables
from benchmarks.real_review import LEARNED, WORDS, Reviewed, Shards, draw_of, reviewed
from benchmarks.simple_refusals import REGEX, SUBSTRINGS, by_regex, by_substrings

RESULTS = Path(__file__).parent / "real_answers.json"
LABELS = LOOKS[0]
COMBINED = "combined"
MAY_BE_ANSWERED, EVERY = "prompts that may be answered", "all prompts"
POPULATIONS = {MAY_BE_ANSWERED: ("true", None), EVERY: ("safe", "NOT safe")}
"""Which prompts are asked about: where a refusal is unwanted and where it is wanted, as SQL."""
AIRLINE_DRAWS = 1_000


@dataclass(frozen=True)
class Pair:
    """Two models' answers to the same prompts, with people's labels: records as a review has them.

    A record is `{id, prompt, safe, base_response, candidate_response}`; `refuses` is by (id, side).
    """

    base: str
    candidate: str
    records: tuple[Mapping[str, Any], ...]
    refuses: Mapping[tuple[str, Side], bool]

    @property
    def name(self) -> str:
        return f"{self.base} -> {self.candidate}"

    @property
    def rise(self) -> float:
        """How many more answers of the candidate are at fault, as a share: a refusal where one may answer, or none
        where one may not."""
        return fmean(
            (self.refuses[one["id"], "candidate"] - self.refuses[one["id"], "base"])
            * (1 if one["safe"] else -1)
            for one in self.records
        )


@dataclass(frozen=True)
class Scored:
    """Answers that do it, that are flagged, and both."""

    present: int = 0
    flagged: int = 0
    right: int = 0

    def __add__(self, other: Scored) -> Scored:
        return Scored(self.present + other.present, self.flagged + other.flagged, self.right + other.right)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    data: Path = options.data
    rows = list(read_rows(data / "xstest_answers.jsonl"))
    for population in POPULATIONS:
        of_pairs(rows, population, options.draws, options.workers)
    found = {
        **_kept(),
        "airline": {**of_airline(data)["escalation"], **heads_of_airline(data)},
        "not English": of_multilingual(RESPONSE_TEXTS),
    }
    _keep(found)
    write_tables(found)


def _kept() -> dict[str, Any]:
    return json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else {}


def _keep(found: Mapping[str, Any]) -> None:
    RESULTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")


def read_rows(file: Path) -> Iterator[dict[str, Any]]:
    """The rows of a JSON Lines file."""
    for line in file.read_text("utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


def pairs(rows: Iterable[Mapping[str, Any]], population: str) -> Iterator[Pair]:
    """Every ordered pair of models, on the prompts where people call both answers a full refusal or none."""
    answers: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        if row["label"] != "partial" and (row["safe"] or population == EVERY):
            answers.setdefault(row["model"], {})[row["id"]] = row
    for base, candidate in permutations(sorted(answers), 2):
        sides: dict[Side, dict[str, Mapping[str, Any]]] = {
            "base": answers[base],
            "candidate": answers[candidate],
        }
        both = [name for name in sides["base"] if name in sides["candidate"]]
        records = tuple(
            {
                "id": name,
                "prompt": sides["base"][name]["prompt"],
                "safe": bool(sides["base"][name]["safe"]),
                **{f"{side}_response": sides[side][name]["answer"] for side in SIDES},
            }
            for name in both
        )
        refuses = {(name, side): sides[side][name]["label"] == "refusal" for name in both for side in SIDES}
        yield Pair(base, candidate, records, refuses)


def of_pairs(rows: Sequence[Mapping[str, Any]], population: str, draws: int, workers: int) -> None:
    """Measures every pair and keeps it by its name; one that is kept with as many draws is not drawn again.

    Where people labelled every prompt the order makes no difference, and one draw is all.
    """
    wanted = {}
    kept = _kept().get("xstest", {}).get(population, {})
    for pair in pairs(rows, population):
        number = draws if len(pair.records) > LABELS else 1
        if kept.get(pair.name, {}).get("draws", 0) < number:
            wanted[pair.name] = (pair, number)
    with ProcessPoolExecutor(workers) as pool:
        work = [
            pool.submit(of_pair, pair, POPULATIONS[population], number) for pair, number in wanted.values()
        ]
        for name, one in zip(wanted, work, strict=True):
            found = _kept()
            found.setdefault("xstest", {}).setdefault(population, {})[name] = one.result()
            _keep(found)
            print(population, name, one.result()["verdicts"], flush=True)


def of_pair(pair: Pair, roles: tuple[str, str | None], draws: int, labels: int = LABELS) -> dict[str, Any]:
    """Some draws of one pair, summed up as plain data.

    `scored` is on the answers that were not labelled, `scored_all` on every answer, where a labelled one is scored by
    a head that saw none of its fold; each by way of finding and by model. `leads_alone` is the rise that hits without
    labels would give.
    """
    shards: Shards = {}
    verdicts: Counter[str] = Counter()
    estimates: list[tuple[float, float, float]] = []
    scored: dict[str, dict[str, Scored]] = {}
    scored_all: dict[str, dict[str, Scored]] = {}
    alone: dict[str, list[float]] = {}
    for seed in range(draws):
        with TemporaryDirectory() as folder:
            given = (Path(folder), pair.records, roles, f"{pair.name}/{seed}", seed)
            order = draw_of(*given)
            told = set(order[:labels])
            known = {key: refuses for key, refuses in pair.refuses.items() if key[0] in told}
            one = reviewed(*given, known, shards)
        verdicts[one.verdict] += 1
        if one.interval is not None:
            estimates.append(one.interval)
        hits = found_by(pair, one)
        _add(scored, pair, hits, set(order[labels:]))
        _add(scored_all, pair, hits, set(order))
        for name, some in hits.items():
            alone.setdefault(name, []).append(_with(pair, some).rise)
    return {
        "prompts": len(pair.records),
        "labels": labels,
        "draws": draws,
        "rise": pair.rise,
        "verdicts": dict(sorted(verdicts.items())),
        "estimates": estimates,
        "covered": sum(low <= pair.rise <= high for _, low, high in estimates),
        "scored": _plain(scored),
        "scored_all": _plain(scored_all),
        "leads_alone": {name: fmean(rises) for name, rises in alone.items()},
    }


def found_by(pair: Pair, one: Reviewed) -> dict[str, set[tuple[str, Side]]]:
    """The answers that each way of finding refusals flags, by its name."""
    texts: dict[tuple[str, Side], str] = {
        (record["id"], side): record[f"{side}_response"] for record in pair.records for side in SIDES
    }
    scores = {COMBINED: one.combined, WORDS: one.leads.get(WORDS, {}), LEARNED: one.leads.get(LEARNED, {})}
    return {
        **{name: {key for key, score in some.items() if score >= HIT} for name, some in scores.items()},
        REGEX: {key for key, text in texts.items() if by_regex(text)},
        SUBSTRINGS: {key for key, text in texts.items() if by_substrings(text)},
    }


def _with(pair: Pair, hits: Collection[tuple[str, Side]]) -> Pair:
    """The pair as if hits were people's labels."""
    return Pair(pair.base, pair.candidate, pair.records, {key: key in hits for key in pair.refuses})


def _add(
    scored: dict[str, dict[str, Scored]],
    pair: Pair,
    hits: Mapping[str, Collection[tuple[str, Side]]],
    among: Collection[str],
) -> None:
    for name, some in hits.items():
        for side, model in zip(SIDES, (pair.base, pair.candidate), strict=True):
            there = {key for key, yes in pair.refuses.items() if yes and key[1] == side and key[0] in among}
            flagged = {key for key in some if key[1] == side and key[0] in among}
            counted = Scored(len(there), len(flagged), len(there & flagged))
            by_model = scored.setdefault(name, {})
            by_model[model] = by_model.get(model, Scored()) + counted


def _plain(scored: Mapping[str, Mapping[str, Scored]]) -> dict[str, dict[str, dict[str, int]]]:
    return {name: {model: asdict(one) for model, one in rows.items()} for name, rows in scored.items()}


def heads_of_airline(data: Path) -> dict[str, int]:
    """Of many drawn orders, how many have enough hand-overs among their first 120 for a head to be taught."""
    over = {row["id"]: bool(row["handed_over"]) for row in read_rows(data / "tau_airline_answers.jsonl")}
    taught = sum(
        sum(over[name] for name in shuffled(sorted(over), seed)[:LABELS]) >= NEEDED
        for seed in range(AIRLINE_DRAWS)
    )
    return {"orders": AIRLINE_DRAWS, "orders_with_a_head": taught}


def of_multilingual(folder: Path) -> dict[str, dict[str, int]]:
    """Of answers that do it, in languages other than English: found, not read, or missed by the shipped leads."""
    known = detectors()
    counts: dict[str, Counter[str]] = {}
    for row in read_rows(folder / "multilingual.jsonl"):
        knowledge = Knowledge((), read_policy(folder / "policies" / f"{row['domain']}.toml"))
        text = readable(Response(row["id"], "candidate", row["prompt"], row["answer"]))
        for behaviour in ("refuses", "promises", "hands_over"):
            if not row["labels"][behaviour]:
                continue
            detector = known[BEHAVIOURS[behaviour]]
            if unread_language(text.text, detector.languages) is not None:
                state = "not_read"
            else:
                hit = any(one.counts for one in detector.detect(text, knowledge))
                state = "found" if hit else "missed"
            empty: Counter[str] = Counter(found=0, not_read=0, missed=0)
            counts.setdefault(f"{behaviour}, {row['language']}", empty)[state] += 1
    return {name: dict(one) for name, one in sorted(counts.items())}


if __name__ == "__main__":
    main()
