-- Payload of the response track: what both sides answered, what answers are checked against, what was found in them.
-- `ended`: recorded | stop | length (cut by the token limit) | missing (no response on this side, text ''). `tokens` and
-- `logp` (sum over the tokens of the natural logarithm of the probability that each was chosen with) are NULL where
-- the response was recorded.
CREATE TABLE response_side (
    ref VARCHAR NOT NULL, side VARCHAR NOT NULL, text VARCHAR NOT NULL, words INTEGER NOT NULL, tokens INTEGER,
    logp DOUBLE, ended VARCHAR NOT NULL);
-- Sampled responses, generated only; the same `number` and `seed` on both sides draw with the same noise.
CREATE TABLE response_sample (
    ref VARCHAR NOT NULL, side VARCHAR NOT NULL, number INTEGER NOT NULL, seed BIGINT NOT NULL, text VARCHAR NOT NULL,
    ended VARCHAR NOT NULL);
-- Retrieved passages in the order of the record, from 0; `passage_id` is NULL where the record gives none.
CREATE TABLE response_passage (
    ref VARCHAR NOT NULL, position INTEGER NOT NULL, passage_id VARCHAR, text VARCHAR NOT NULL);
-- answer, refuse, escalate, cite, no_spoilers
CREATE TABLE response_expected (ref VARCHAR NOT NULL, expects VARCHAR NOT NULL);
-- base, candidate, tie; `judge` is '' where none is named, `first` the side that was shown first, NULL where that is not
-- known.
CREATE TABLE response_preference (
    ref VARCHAR NOT NULL, judge VARCHAR NOT NULL, winner VARCHAR NOT NULL, first VARCHAR);
-- What each judge prefers: one that judged in both orders, and said another thing in each, prefers neither.
CREATE VIEW response_vote AS
SELECT ref, judge, if(min(winner) = max(winner), min(winner), 'tie') AS winner
FROM response_preference WHERE judge <> '' GROUP BY ref, judge
UNION ALL
SELECT ref, judge, winner FROM response_preference WHERE judge = '';
-- What a served system answered, with the log-probability of each token where it is known.
CREATE TABLE response_served (ref VARCHAR NOT NULL, text VARCHAR NOT NULL, logp DOUBLE[]);
-- Greedy answers of the candidate and of a form of it, `deployed` or `served`: whether they differ, and the mean and the
-- largest absolute difference of a token's log-probability, in nats, NULL where none is known. The noise is how far
-- base and base are apart on the prompt, and the candidate and its own rounded merge.
CREATE TABLE response_artefact (
    ref VARCHAR NOT NULL, form VARCHAR NOT NULL, candidate VARCHAR NOT NULL, deployed VARCHAR NOT NULL,
    differs BOOLEAN NOT NULL, gap DOUBLE, largest DOUBLE, noise_differs BOOLEAN NOT NULL, noise_gap DOUBLE NOT NULL,
    noise_largest DOUBLE NOT NULL);
CREATE TABLE response_catalogue (
    id VARCHAR NOT NULL, title VARCHAR NOT NULL, aliases VARCHAR[] NOT NULL, author VARCHAR, volumes INTEGER,
    price DOUBLE, in_stock BOOLEAN, spoilers VARCHAR[] NOT NULL);
-- What policy allows, within so many days and up to such an amount; NULL where it sets no bound.
CREATE TABLE response_promise (about VARCHAR NOT NULL, text VARCHAR NOT NULL, days DOUBLE, amount DOUBLE);
-- The other words of the policy by key, such as `escalation.phrases`, `citation.pattern` and `tone.warm`.
CREATE TABLE response_policy (key VARCHAR NOT NULL, "values" VARCHAR[] NOT NULL);
-- The detectors of the run with their own words, as declared: what their names mean to whoever reads the run. `against` is
-- `catalogue`, `policy` or ''; hits of one that `invents` are part of hallucination, those with a label in `inventions`
-- where it names any; an answer that is not there bears on the gate of one with `unanswered`; `quality` says how good it
-- was on labelled texts, and is '' where nobody measured it.
CREATE TABLE response_detector (
    name VARCHAR NOT NULL, place INTEGER NOT NULL, title VARCHAR NOT NULL, question VARCHAR NOT NULL,
    verb VARCHAR NOT NULL, newly VARCHAR NOT NULL, languages VARCHAR[] NOT NULL, strict BOOLEAN NOT NULL,
    rated BOOLEAN NOT NULL, against VARCHAR NOT NULL, invents BOOLEAN NOT NULL, inventions VARCHAR[] NOT NULL,
    unanswered BOOLEAN NOT NULL, quoted INTEGER NOT NULL, quality VARCHAR NOT NULL);
-- Per response and detector; no row where the detector does not apply to the response.
CREATE TABLE response_outcome (
    ref VARCHAR NOT NULL, side VARCHAR NOT NULL, detector VARCHAR NOT NULL, hit BOOLEAN NOT NULL,
    hits INTEGER NOT NULL, why VARCHAR NOT NULL);
-- Responses in a language that a detector does not read: they have no outcome, and are not clean.
CREATE TABLE response_unread (
    ref VARCHAR NOT NULL, side VARCHAR NOT NULL, detector VARCHAR NOT NULL, language VARCHAR NOT NULL);
-- Along the response of `side`: its tokens with their character offsets, log-probabilities under both models and the
-- divergence of the candidate from the base at each, float32, natural logarithm.
CREATE TABLE response_token (
    ref VARCHAR NOT NULL, side VARCHAR NOT NULL, tokens VARCHAR[] NOT NULL, starts INTEGER[] NOT NULL,
    ends INTEGER[] NOT NULL, base_logp FLOAT[] NOT NULL, candidate_logp FLOAT[] NOT NULL, kl FLOAT[] NOT NULL);
-- Candidate minus base log-probability of a token, mean over n positions, with its interval.
CREATE TABLE response_odds (
    token VARCHAR NOT NULL, change DOUBLE NOT NULL, low DOUBLE NOT NULL, high DOUBLE NOT NULL, n INTEGER NOT NULL);
-- Rate of a detector where the adapter is scaled, over n flagged prompts; 0 is the base, 1 the candidate.
CREATE TABLE response_dose (
    scale DOUBLE NOT NULL, detector VARCHAR NOT NULL, rate DOUBLE NOT NULL, low DOUBLE NOT NULL, high DOUBLE NOT NULL,
    n INTEGER NOT NULL);
-- The spans that count as hits; the others of `span` are shown only.
CREATE TABLE response_hit (
    ref VARCHAR NOT NULL, side VARCHAR NOT NULL, detector VARCHAR NOT NULL, start INTEGER NOT NULL,
    "end" INTEGER NOT NULL, label VARCHAR NOT NULL);
CREATE TABLE response_sample_outcome (
    ref VARCHAR NOT NULL, side VARCHAR NOT NULL, number INTEGER NOT NULL, detector VARCHAR NOT NULL,
    hit BOOLEAN NOT NULL);
-- The hits that are part of hallucination: what nothing supports.
CREATE VIEW response_invention AS
SELECT h.* FROM response_hit h JOIN response_detector d
    ON d.name = h.detector AND d.invents AND (len(d.inventions) = 0 OR list_contains(d.inventions, h.label));
-- Prompts that both sides answered, by detector; a side that the detector does not apply to has no hit, and a prompt with a
-- side that it does not read is none of its pairs. Beside the
-- detectors stands `hallucination`, of those that invent together. `matched`: the lengths in words differ by at most 20 %
-- of the longer one.
CREATE VIEW response_pair AS
WITH answered AS (
    SELECT b.ref, b.words AS base_words, c.words AS candidate_words
    FROM response_side b JOIN response_side c ON c.ref = b.ref AND c.side = 'candidate' AND c.ended <> 'missing'
    WHERE b.side = 'base' AND b.ended <> 'missing'),
unread AS (
    SELECT ref, detector FROM response_unread
    UNION ALL
    SELECT u.ref, 'hallucination' FROM response_unread u JOIN response_detector d ON d.name = u.detector AND d.invents),
outcome AS (
    SELECT ref, side, detector, hit FROM response_outcome
    UNION ALL
    SELECT o.ref, o.side, 'hallucination', i.ref IS NOT NULL
    FROM response_outcome o
    JOIN response_detector d ON d.name = o.detector AND d.invents
    LEFT JOIN (SELECT DISTINCT ref, side, detector FROM response_invention) i
        ON i.ref = o.ref AND i.side = o.side AND i.detector = o.detector)
SELECT o.detector, a.ref,
       coalesce(bool_or(o.hit) FILTER (o.side = 'base'), false) AS base_hit,
       coalesce(bool_or(o.hit) FILTER (o.side = 'candidate'), false) AS candidate_hit,
       a.base_words, a.candidate_words,
       abs(a.candidate_words - a.base_words) <= 0.2 * greatest(a.base_words, a.candidate_words) AS matched
FROM outcome o JOIN answered a USING (ref)
ANTI JOIN unread u ON u.ref = o.ref AND u.detector = o.detector
GROUP BY o.detector, a.ref, a.base_words, a.candidate_words;
-- Prompts where only the candidate has a hit of a detector that has a rate.
CREATE VIEW response_new_hit AS
SELECT p.ref, p.detector, d.place, d.strict, d.newly, o.hits
FROM response_pair p
JOIN response_outcome o ON o.ref = p.ref AND o.detector = p.detector AND o.side = 'candidate'
JOIN response_detector d ON d.name = p.detector AND d.rated
WHERE p.candidate_hit AND NOT p.base_hit;
