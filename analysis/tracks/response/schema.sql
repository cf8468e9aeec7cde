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
-- The turns of prompts that are conversations or have a system prompt, in order from 0. `start` and `end` are the
-- characters of the example's text that are the turn's; NULL where that does not hold it, as of a system prompt.
CREATE TABLE response_turn (
    ref VARCHAR NOT NULL, position INTEGER NOT NULL, role VARCHAR NOT NULL, text VARCHAR NOT NULL, start INTEGER,
    "end" INTEGER);
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
-- What people are asked of an answer, in the order of the review file; one with `any_of` is any of those others, and nobody
-- is asked about it.
CREATE TABLE response_behaviour (
    name VARCHAR NOT NULL, place INTEGER NOT NULL, question VARCHAR NOT NULL, strict BOOLEAN NOT NULL,
    max_net_rise DOUBLE NOT NULL, leads VARCHAR[] NOT NULL, any_of VARCHAR[] NOT NULL, examples VARCHAR[] NOT NULL);
-- Where a behaviour counts: unwanted, so that an answer which does it is at fault, or wanted; no row where it does not.
CREATE TABLE response_role (ref VARCHAR NOT NULL, behaviour VARCHAR NOT NULL, role VARCHAR NOT NULL);
-- What was recorded of answers: yes, no or unsure, and who said so.
CREATE TABLE response_label (
    ref VARCHAR NOT NULL, side VARCHAR NOT NULL, behaviour VARCHAR NOT NULL, answer VARCHAR NOT NULL,
    source VARCHAR NOT NULL);
-- The prompts that a side answered, in an order drawn before any score: people label the first of them. `same`: both
-- answers are the same text.
CREATE TABLE response_drawn (ref VARCHAR NOT NULL, place INTEGER NOT NULL, same BOOLEAN NOT NULL);
-- The detectors of the run: leads. `against` is `catalogue`, `policy` or ''.
CREATE TABLE response_detector (
    name VARCHAR NOT NULL, place INTEGER NOT NULL, kind VARCHAR NOT NULL, title VARCHAR NOT NULL,
    languages VARCHAR[] NOT NULL, against VARCHAR NOT NULL, version BIGINT NOT NULL);
-- Per response and detector, how much it seems to do what the detector finds, from 0 to 1; no row where the detector does
-- not apply to the response.
CREATE TABLE response_outcome (
    ref VARCHAR NOT NULL, side VARCHAR NOT NULL, detector VARCHAR NOT NULL, score DOUBLE NOT NULL,
    hits INTEGER NOT NULL, why VARCHAR NOT NULL);
-- Per response and behaviour, what its leads say together, from 0 to 1, where one of them reads the response; `hit` from a
-- half on.
CREATE TABLE response_score (
    ref VARCHAR NOT NULL, side VARCHAR NOT NULL, behaviour VARCHAR NOT NULL, score DOUBLE NOT NULL, hit BOOLEAN NOT NULL);
-- Responses that a detector does not read, and why: their language, or what a model lacks or has no room for. They have no
-- outcome, and are not clean.
CREATE TABLE response_unread (
    ref VARCHAR NOT NULL, side VARCHAR NOT NULL, detector VARCHAR NOT NULL, why VARCHAR NOT NULL);
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
    score DOUBLE NOT NULL);
-- Responses that no lead of a behaviour reads, with why one of them does not.
CREATE VIEW response_behaviour_unread AS
SELECT u.ref, u.side, b.name AS behaviour, min(u.why) AS why
FROM response_behaviour b JOIN response_unread u ON list_contains(b.leads, u.detector)
ANTI JOIN response_score s ON s.ref = u.ref AND s.side = u.side AND s.behaviour = b.name
GROUP BY u.ref, u.side, b.name;
-- What the leads say of the fault of an answer: where a behaviour is wanted, that it is not there.
CREATE VIEW response_fault AS
WITH own AS (
    SELECT s.ref, s.side, s.behaviour, CASE r.role WHEN 'wanted' THEN 1 - s.score ELSE s.score END AS fault
    FROM response_score s JOIN response_role r ON r.ref = s.ref AND r.behaviour = s.behaviour)
SELECT * FROM own
UNION ALL
SELECT o.ref, o.side, b.name, max(o.fault)
FROM response_behaviour b JOIN own o ON list_contains(b.any_of, o.behaviour) GROUP BY o.ref, o.side, b.name;
-- Prompts that both sides answered, by behaviour, with what the leads say of either; a prompt with a side that none of them
-- reads is none. `matched`: the lengths in words differ by at most 20 % of the longer one.
CREATE VIEW response_pair AS
SELECT fb.behaviour, b.ref, fb.fault AS base_fault, fc.fault AS candidate_fault,
       fb.fault >= 0.5 AS base_hit, fc.fault >= 0.5 AS candidate_hit, b.words AS base_words, c.words AS candidate_words,
       abs(c.words - b.words) <= 0.2 * greatest(b.words, c.words) AS matched
FROM response_side b JOIN response_side c ON c.ref = b.ref AND c.side = 'candidate' AND c.ended <> 'missing'
JOIN response_fault fb ON fb.ref = b.ref AND fb.side = 'base'
JOIN response_fault fc ON fc.ref = b.ref AND fc.side = 'candidate' AND fc.behaviour = fb.behaviour
WHERE b.side = 'base' AND b.ended <> 'missing';
-- The spans that make an answer a hit of a behaviour, by any of its leads.
CREATE VIEW response_behaviour_span AS
SELECT b.name AS behaviour, h.* FROM response_behaviour b JOIN response_hit h
    ON list_contains(b.leads, h.detector)
    OR EXISTS (SELECT 1 FROM response_behaviour p WHERE list_contains(b.any_of, p.name) AND list_contains(p.leads, h.detector));
-- Prompts where the leads see a fault of the candidate only.
CREATE VIEW response_new_hit AS
SELECT p.ref, p.behaviour, b.place, b.strict, len(b.any_of) > 0 AS derived, p.candidate_fault - p.base_fault AS rise
FROM response_pair p JOIN response_behaviour b ON b.name = p.behaviour
WHERE p.candidate_hit AND NOT p.base_hit;
-- What leads say, and the log-probabilities under an answer, are no part of what people judge.
COMMENT ON TABLE response_outcome IS 'points';
COMMENT ON TABLE response_score IS 'points';
COMMENT ON TABLE response_unread IS 'points';
COMMENT ON TABLE response_hit IS 'points';
COMMENT ON TABLE response_sample_outcome IS 'points';
COMMENT ON TABLE response_token IS 'points';
