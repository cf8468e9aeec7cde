-- Payload of the intent track: what each side predicts, and how each counterfactual variant was made.
CREATE TABLE intent_side (
    ref VARCHAR NOT NULL, side VARCHAR NOT NULL, label VARCHAR NOT NULL, p DOUBLE NOT NULL,
    runner_up VARCHAR NOT NULL, runner_up_p DOUBLE NOT NULL, margin DOUBLE NOT NULL,
    p_gold DOUBLE, correct BOOLEAN, logits FLOAT[] NOT NULL);
CREATE TABLE intent_variant (
    ref VARCHAR NOT NULL, cue VARCHAR NOT NULL, operation VARCHAR NOT NULL, term VARCHAR NOT NULL,
    target VARCHAR NOT NULL, population VARCHAR NOT NULL, start INTEGER, "end" INTEGER,
    base_p DOUBLE, candidate_p DOUBLE, base_plain_p DOUBLE, candidate_plain_p DOUBLE);
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
