-- Payload of the intent track: what each side predicts, and how each counterfactual variant was made. Of predictions
-- that were recorded, what nobody wrote down is NULL: probabilities, the runner-up, and logits, which are the logarithms
-- of the probabilities of all classes.
CREATE TABLE intent_side (
    ref VARCHAR NOT NULL, side VARCHAR NOT NULL, label VARCHAR NOT NULL, p DOUBLE, runner_up VARCHAR,
    runner_up_p DOUBLE, margin DOUBLE, p_gold DOUBLE, correct BOOLEAN, logits FLOAT[]);
COMMENT ON TABLE intent_side IS 'packed';
-- The classes of recorded predictions, in the order of their logits; models name their own.
CREATE TABLE intent_class (position INTEGER NOT NULL, label VARCHAR NOT NULL);
-- A text of more tokens than a side reads of it, special tokens counted; no row where all of it is read.
CREATE TABLE intent_cut (ref VARCHAR NOT NULL, side VARCHAR NOT NULL, tokens INTEGER NOT NULL, tokens_read INTEGER NOT NULL);
CREATE TABLE intent_variant (
    ref VARCHAR NOT NULL, cue VARCHAR NOT NULL, operation VARCHAR NOT NULL, term VARCHAR NOT NULL,
    source VARCHAR NOT NULL, target VARCHAR NOT NULL, population VARCHAR NOT NULL, start INTEGER, "end" INTEGER,
    base_p DOUBLE, candidate_p DOUBLE, base_plain_p DOUBLE, candidate_plain_p DOUBLE);
-- Where a declared cue, or a phrase that ought to support a class, stands in a message (kind 'cue' or 'signal').
CREATE TABLE intent_mention (
    ref VARCHAR NOT NULL, kind VARCHAR NOT NULL, name VARCHAR NOT NULL, starts INTEGER[] NOT NULL,
    ends INTEGER[] NOT NULL);
-- Drop of the log-odds of `target` when the phrase is deleted from the message; NULL where it is not a number.
CREATE TABLE intent_signal_probe (
    ref VARCHAR NOT NULL, variant_ref VARCHAR NOT NULL, target VARCHAR NOT NULL, signal VARCHAR NOT NULL,
    base_effect DOUBLE, candidate_effect DOUBLE);
-- How options of a method rank the words of the texts of one half, against random rankings, and which of them these
-- texts choose: for the other half. Options of integrated gradients are kinds of baseline. Of `texts`, an option can
-- explain `usable` (its baseline is neutral on both sides); of those it was tried on `ranked`, and `percentile` is their
-- mean, with .5 for the share that it cannot explain. NULL where it explains none. `title` is the option written out.
CREATE TABLE intent_option (
    method VARCHAR NOT NULL, option VARCHAR NOT NULL, title VARCHAR NOT NULL, half VARCHAR NOT NULL, side VARCHAR NOT NULL,
    texts INTEGER NOT NULL, usable INTEGER NOT NULL, ranked INTEGER NOT NULL, percentile DOUBLE,
    chosen BOOLEAN NOT NULL);
-- The tests that an attribution must pass before it may support a finding; NULL where a test does not apply.
CREATE TABLE intent_licence (
    ref VARCHAR NOT NULL, side VARCHAR NOT NULL, method VARCHAR NOT NULL, target VARCHAR NOT NULL,
    neutral BOOLEAN, converged BOOLEAN, words INTEGER NOT NULL, decidable BOOLEAN NOT NULL,
    comprehensiveness DOUBLE, sufficiency DOUBLE, faithfulness DOUBLE, chance_p DOUBLE,
    chance_percentile DOUBLE, rankings INTEGER, overlap DOUBLE, overlap_chance DOUBLE);
CREATE VIEW intent_licensed AS
SELECT l.*,
       CASE WHEN decidable THEN coalesce(neutral, true) AND coalesce(converged, true)
                 AND coalesce(chance_p <= 0.1, false) AND coalesce(overlap > overlap_chance, false) END AS licensed,
       CASE WHEN NOT decidable THEN 'too short to decide'
            ELSE concat_ws('; ',
                CASE WHEN NOT neutral THEN 'its baseline is not neutral on both sides' END,
                CASE WHEN NOT converged THEN 'does not add up within 5 %' END,
                CASE WHEN faithfulness IS NULL THEN 'the logits are not numbers'
                     WHEN chance_p > 0.1 THEN format('ranks words no better than chance (p {:.2f})', chance_p) END,
                CASE WHEN overlap IS NULL THEN 'the other family gives nothing to agree with'
                     WHEN overlap <= overlap_chance THEN format(
                         'gradient and deletion disagree on the top words (overlap {:.2f}, chance {:.2f})',
                         overlap, overlap_chance) END) END AS why
FROM intent_licence l;
-- Signed rank correlation of an attribution with that of a re-initialised model of the same architecture.
CREATE TABLE intent_randomisation (
    ref VARCHAR NOT NULL, side VARCHAR NOT NULL, method VARCHAR NOT NULL, seed INTEGER NOT NULL,
    correlation DOUBLE NOT NULL);
-- What was tried to revert each flip, one row for each kind of intervention that was: where it reverts, the first that
-- does, else the one that came nearest. Kinds are open: words deleted, a cue edited, and what else a stage adds.
CREATE TABLE intent_intervention (
    ref VARCHAR NOT NULL, kind VARCHAR NOT NULL, method VARCHAR, base_label VARCHAR NOT NULL,
    candidate_label VARCHAR NOT NULL, reverts BOOLEAN NOT NULL, operation VARCHAR, cue VARCHAR, term VARCHAR,
    words INTEGER, starts INTEGER[] NOT NULL, ends INTEGER[] NOT NULL, tried INTEGER NOT NULL, label_after VARCHAR,
    p_before DOUBLE, p_after DOUBLE, random_reverted INTEGER NOT NULL, random_tried INTEGER NOT NULL,
    why VARCHAR NOT NULL);
-- Each flip with its smallest intervention; where none reverts it, `reverts` is false.
CREATE VIEW intent_flip AS
SELECT DISTINCT ON (ref) *, random_reverted / nullif(random_tried, 0) AS random_rate FROM intent_intervention
ORDER BY ref, reverts DESC, CASE WHEN reverts THEN words END NULLS LAST, kind DESC;
-- Share of absolute attribution on the words of a declared cue, over their share of the words.
CREATE TABLE intent_enrichment (
    ref VARCHAR NOT NULL, cue VARCHAR NOT NULL, side VARCHAR NOT NULL, method VARCHAR NOT NULL,
    target VARCHAR NOT NULL, words INTEGER NOT NULL, cue_words INTEGER NOT NULL, share DOUBLE NOT NULL,
    enrichment DOUBLE NOT NULL);
-- Messages on which a side acts from a threshold of confidence on, and how many of those are wrong.
CREATE TABLE intent_risk_coverage (
    side VARCHAR NOT NULL, threshold DOUBLE NOT NULL, messages BIGINT NOT NULL, routed BIGINT NOT NULL,
    wrong BIGINT NOT NULL);
-- Cosine of a message's pooled states, base against candidate, by layer of the base from the embeddings (first) on.
CREATE TABLE intent_shift (ref VARCHAR NOT NULL, cosine FLOAT[] NOT NULL);
COMMENT ON TABLE intent_shift IS 'packed';
-- How alike the states of a slice are on both sides, by layer of the base and measure (cosine, cka, overlap); `floor`
-- is what noise alone leaves of it. Drift says where to look: nothing judges it.
CREATE TABLE intent_drift (
    slice VARCHAR NOT NULL, layer INTEGER NOT NULL, candidate_layer INTEGER NOT NULL, measure VARCHAR NOT NULL,
    n BIGINT, value DOUBLE, low DOUBLE, high DOUBLE, floor DOUBLE, moved BOOLEAN, why VARCHAR NOT NULL);
-- What a linear probe reads of the gold label from the pooled states of a layer; `shuffled` with labels at random,
-- `transferred` of the base's probe on the candidate's states.
CREATE TABLE intent_layer_probe (
    layer INTEGER NOT NULL, side VARCHAR NOT NULL, n INTEGER NOT NULL, classes INTEGER NOT NULL, accuracy DOUBLE NOT NULL,
    low DOUBLE NOT NULL, high DOUBLE NOT NULL, shuffled DOUBLE NOT NULL, transferred DOUBLE);
CREATE VIEW intent_pair AS
SELECT e.ref, e.id, e.kind, e.text, e.gold,
       b.label AS base_label, b.p AS base_p, b.margin AS base_margin, b.correct AS base_correct,
       c.label AS candidate_label, c.p AS candidate_p, c.margin AS candidate_margin,
       c.correct AS candidate_correct, c.margin - b.margin AS margin_change,
       b.label <> c.label AS flipped,
       CASE WHEN b.correct IS NULL THEN NULL
            WHEN b.correct AND c.correct THEN 'both_right'
            WHEN c.correct THEN 'fixed'
            WHEN b.correct THEN 'broken'
            WHEN b.label = c.label THEN 'both_wrong_same'
            ELSE 'both_wrong_moved' END AS transition
FROM example e
JOIN intent_side b ON b.ref = e.ref AND b.side = 'base'
JOIN intent_side c ON c.ref = e.ref AND c.side = 'candidate';
-- The words that each attribution scores, with their rank among the words of their text.
CREATE VIEW intent_word AS
SELECT a.ref, a.side, a.method, a.target, a.starts[i] AS start, a.ends[i] AS "end", a.scores[i] AS score,
       rank() OVER (PARTITION BY a.ref, a.side, a.method, a.target ORDER BY a.scores[i] DESC) AS rank
FROM attribution a, unnest(generate_series(1, len(a.scores))) AS position(i) WHERE a.status = 'ok';
-- Effect of each expected signal beside its share of the positive occlusion scores and the rank of its best word.
CREATE VIEW intent_signal AS
WITH scored AS (
    SELECT w.ref, w.side, w.target, m.name, greatest(w.score, 0) AS positive, w.rank,
           len(list_filter(generate_series(1, len(m.starts)),
                           i -> m.starts[i] < w."end" AND m.ends[i] > w.start)) > 0 AS inside
    FROM intent_word w JOIN intent_mention m ON m.ref = w.ref AND m.kind = 'signal' WHERE w.method = 'occlusion'),
placed AS (
    SELECT ref, side, target, name, count(*)::INTEGER AS words, min(rank) FILTER (inside)::INTEGER AS rank,
           sum(positive) FILTER (inside) / nullif(sum(positive), 0) AS share_positive
    FROM scored GROUP BY ALL)
SELECT p.ref, p.target, p.signal, s.side,
       CASE s.side WHEN 'base' THEN p.base_effect ELSE p.candidate_effect END AS effect,
       a.share_positive, a.rank, a.words
FROM intent_signal_probe p CROSS JOIN (VALUES ('base'), ('candidate')) s(side)
LEFT JOIN placed a ON a.ref = p.ref AND a.side = s.side AND a.target = p.target AND a.name = p.signal;
-- The candidate's explanations that hold a cue: its enrichment by occlusion, and what p(class) loses without it.
CREATE VIEW intent_leaning AS
WITH word AS (
    SELECT w.ref, w.target, m.name AS cue, abs(w.score) AS mass,
           len(list_filter(generate_series(1, len(m.starts)),
                           i -> m.starts[i] < w."end" AND m.ends[i] > w.start)) > 0 AS inside
    FROM intent_word w JOIN intent_mention m ON m.ref = w.ref AND m.kind = 'cue'
    WHERE w.side = 'candidate' AND w.method = 'occlusion'),
weighed AS (
    SELECT ref, target, cue,
           (sum(mass) FILTER (inside) / nullif(sum(mass), 0))
               / (count(*) FILTER (inside) / count(*)) AS enrichment
    FROM word GROUP BY ALL HAVING bool_or(inside))
SELECT l.*, v.candidate_plain_p - v.candidate_p AS fall
FROM weighed l JOIN example e ON e.parent_ref = l.ref
JOIN intent_variant v ON v.ref = e.ref AND v.operation = 'remove' AND v.target = l.target AND v.cue = l.cue;
-- What was searched for undeclared cues: a class and the direction in which a cue would move it. `tried` cues stood in the
-- half that confirms; `status` is ok, n/a (too few texts) or unknown (probabilities that are not numbers), with `why`.
CREATE TABLE intent_cue_search (
    target VARCHAR NOT NULL, direction VARCHAR NOT NULL, thorough BOOLEAN NOT NULL, tried INTEGER NOT NULL,
    status VARCHAR NOT NULL, why VARCHAR NOT NULL);
-- Each cue that was tried in the half that confirms: change of p(target) by text and side, mean change by neutral phrases
-- in the same texts, and p of its moving the candidate no further than the base by the margin. NULL is no number.
CREATE TABLE intent_cue_trial (
    target VARCHAR NOT NULL, direction VARCHAR NOT NULL, kind VARCHAR NOT NULL, term VARCHAR NOT NULL,
    refs VARCHAR[] NOT NULL, base DOUBLE[] NOT NULL, candidate DOUBLE[] NOT NULL, neutral_base DOUBLE,
    neutral_candidate DOUBLE, p DOUBLE NOT NULL);
-- Undeclared cues that were confirmed, in groups: `name` stands where the name of a declared cue stands, `kind` is what
-- the group has in common, `place` the order by effect.
CREATE TABLE intent_found_cue (
    target VARCHAR NOT NULL, name VARCHAR NOT NULL, direction VARCHAR NOT NULL, kind VARCHAR NOT NULL,
    cue_kind VARCHAR NOT NULL, term VARCHAR NOT NULL, place INTEGER NOT NULL, p DOUBLE NOT NULL);
