-- The evidence of one run. Written once, sorted by ref, opened read-only ever after. In a published run example, membership,
-- attribution, the metadata of each track and every table commented 'packed' (one row for each example, or one for each
-- side of it) are views of one table (`analysis.store.packed`).
CREATE TABLE meta (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL);
CREATE TABLE example (
    ref VARCHAR NOT NULL, track VARCHAR NOT NULL, kind VARCHAR NOT NULL, id VARCHAR NOT NULL,
    parent_ref VARCHAR, text VARCHAR NOT NULL, gold VARCHAR, sha256 VARCHAR NOT NULL);
-- Examples whose text or id is searched in another form than it has, with that form (`analysis.text.searched`).
CREATE TABLE searched (ref VARCHAR NOT NULL, form VARCHAR NOT NULL);
CREATE TABLE slice (
    slice VARCHAR NOT NULL, track VARCHAR NOT NULL, kind VARCHAR NOT NULL, critical BOOLEAN NOT NULL,
    definition VARCHAR NOT NULL, n BIGINT NOT NULL);
CREATE TABLE membership (slice VARCHAR NOT NULL, track VARCHAR NOT NULL, ref VARCHAR NOT NULL);
-- Examples that are not independent of each other: near-duplicates, rows of one template, pairs of one query. Who
-- shares a cluster with nobody has no row, and counts as one of its own.
CREATE TABLE cluster (track VARCHAR NOT NULL, ref VARCHAR NOT NULL, cluster VARCHAR NOT NULL);
CREATE TABLE metric (
    track VARCHAR NOT NULL, name VARCHAR NOT NULL, slice VARCHAR NOT NULL, side VARCHAR NOT NULL,
    value DOUBLE, low DOUBLE, high DOUBLE, n BIGINT, status VARCHAR NOT NULL, why VARCHAR NOT NULL,
    method VARCHAR NOT NULL, n_effective BIGINT);
-- What each number is, and how each method is called: as declared by the track that made them.
CREATE TABLE metric_spec (
    track VARCHAR NOT NULL, name VARCHAR NOT NULL, title VARCHAR NOT NULL, meaning VARCHAR NOT NULL,
    unit VARCHAR NOT NULL, measures VARCHAR NOT NULL, better VARCHAR NOT NULL, sides VARCHAR[] NOT NULL);
CREATE TABLE attribution_method (
    track VARCHAR NOT NULL, place INTEGER NOT NULL, name VARCHAR NOT NULL, title VARCHAR NOT NULL,
    family VARCHAR NOT NULL, context_only BOOLEAN NOT NULL, on_demand BOOLEAN NOT NULL);
CREATE TABLE attribution (
    ref VARCHAR NOT NULL, side VARCHAR NOT NULL, method VARCHAR NOT NULL, target VARCHAR NOT NULL,
    starts INTEGER[] NOT NULL, ends INTEGER[] NOT NULL, scores FLOAT[] NOT NULL,
    baseline VARCHAR, baseline_class VARCHAR, baseline_p DOUBLE, completeness_delta DOUBLE, steps INTEGER,
    status VARCHAR NOT NULL, why VARCHAR NOT NULL, parameters VARCHAR NOT NULL);
CREATE TABLE span (
    ref VARCHAR NOT NULL, side VARCHAR NOT NULL, detector VARCHAR NOT NULL, start INTEGER NOT NULL,
    "end" INTEGER NOT NULL, label VARCHAR NOT NULL, why VARCHAR NOT NULL);
-- Examples whose verdict counts in a gate: what they count under each answer, and by gold while nobody has judged them.
CREATE TABLE contested (
    track VARCHAR NOT NULL, measure VARCHAR NOT NULL, slice VARCHAR NOT NULL, ref VARCHAR NOT NULL,
    cluster VARCHAR NOT NULL, gold TINYINT NOT NULL, candidate TINYINT NOT NULL, base TINYINT NOT NULL,
    "both" TINYINT NOT NULL, neither TINYINT NOT NULL);
-- Examples shown beside their own answer and one that is wrong, to measure the reviewer.
CREATE TABLE known_answer (
    track VARCHAR NOT NULL, ref VARCHAR NOT NULL, "true" VARCHAR[] NOT NULL, wrong VARCHAR[] NOT NULL,
    does VARCHAR NOT NULL);
-- What people agreed on of single answers before this run, which teaches its leads; `sha256` is of the text they read.
CREATE TABLE taught (
    track VARCHAR NOT NULL, ref VARCHAR NOT NULL, side VARCHAR NOT NULL, name VARCHAR NOT NULL, answer VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL);
-- So are tables named that only point at what to look at: a verdict is on what is judged, and counts where they differ.
COMMENT ON TABLE taught IS 'points';
CREATE TABLE flag (
    ref VARCHAR NOT NULL, reason VARCHAR NOT NULL, gate VARCHAR, rank INTEGER, value DOUBLE,
    control BOOLEAN NOT NULL);
-- What the examples that got worse share (`analysis.base.records.Cause`), found once; gates fold under it when read.
CREATE TABLE cause (
    track VARCHAR NOT NULL, cause VARCHAR NOT NULL, place INTEGER NOT NULL, kind VARCHAR NOT NULL, shared VARCHAR NOT NULL,
    outcome VARCHAR NOT NULL, members BIGINT NOT NULL, outcomes BIGINT NOT NULL, holding BIGINT NOT NULL,
    examples BIGINT NOT NULL, p DOUBLE, tried BIGINT NOT NULL, base DOUBLE, candidate DOUBLE, neutral DOUBLE,
    reverted BIGINT NOT NULL, intervened BIGINT NOT NULL, intervention VARCHAR NOT NULL, sentence VARCHAR NOT NULL,
    gates VARCHAR[] NOT NULL);
CREATE TABLE cause_member (track VARCHAR NOT NULL, cause VARCHAR NOT NULL, place INTEGER NOT NULL, ref VARCHAR NOT NULL);
-- What of the base, put into the candidate, restores the base's outcome on flipped examples, and how often the change of
-- it alone, put into the base, brings the candidate's. `restored` and `transferred` are of `n`; NULL where not run.
CREATE TABLE change_part (
    track VARCHAR NOT NULL, kind VARCHAR NOT NULL, name VARCHAR NOT NULL, size INTEGER NOT NULL, scale DOUBLE,
    n INTEGER NOT NULL, restored INTEGER, low DOUBLE, high DOUBLE, transferred INTEGER, broken INTEGER,
    broken_restored INTEGER, weight_change DOUBLE, p DOUBLE, why VARCHAR NOT NULL);
