-- Payload of the retrieval track: items and what is known of them, vectors and neighbour lists of both sides.
-- `duplicate_of` is the first item with the same text; NULL for the first and for all that stand alone.
CREATE TABLE retrieval_item (ref VARCHAR NOT NULL, title VARCHAR, duplicate_of VARCHAR);
-- One row per item and attribute that it has: labels, or a number.
CREATE TABLE retrieval_attribute (
    ref VARCHAR NOT NULL, attribute VARCHAR NOT NULL, wanted BOOLEAN NOT NULL, kind VARCHAR NOT NULL,
    labels VARCHAR[] NOT NULL, number DOUBLE);
CREATE TABLE retrieval_relevance (ref VARCHAR NOT NULL, item_ref VARCHAR NOT NULL);
CREATE TABLE retrieval_hard_negative (
    ref VARCHAR NOT NULL, positive_ref VARCHAR NOT NULL, negative_ref VARCHAR NOT NULL);
-- Vectors as the encoders gave them, of items, probes, variants and the queries of pairs without a probe. One row
-- a ref and no column `side`, so that they are no part of what is read and shown of an example.
CREATE TABLE retrieval_vector (ref VARCHAR NOT NULL, base FLOAT[] NOT NULL, candidate FLOAT[] NOT NULL);
-- Items: the k nearest other items; probes and pairs: the nearest items. Refs, most similar first, and cosines.
CREATE TABLE retrieval_side (
    ref VARCHAR NOT NULL, side VARCHAR NOT NULL, neighbours VARCHAR[] NOT NULL, scores FLOAT[] NOT NULL);
-- Probes: the first k of both sides compared (`kept` and `gained` in the candidate's order, `lost` in the base's), and
-- how well each side answers; NULL where no relevant item is known.
CREATE TABLE retrieval_probe (
    ref VARCHAR NOT NULL, overlap DOUBLE, rank_biased_overlap DOUBLE, kept VARCHAR[] NOT NULL,
    gained VARCHAR[] NOT NULL, lost VARCHAR[] NOT NULL, base_recall DOUBLE, candidate_recall DOUBLE,
    base_reciprocal_rank DOUBLE, candidate_reciprocal_rank DOUBLE, base_ndcg DOUBLE, candidate_ndcg DOUBLE);
-- Hard negatives: cosine of the query with the positive item minus that with the negative one.
CREATE TABLE retrieval_margin (
    ref VARCHAR NOT NULL, base_margin DOUBLE NOT NULL, candidate_margin DOUBLE NOT NULL,
    base_violated BOOLEAN NOT NULL, candidate_violated BOOLEAN NOT NULL);
-- Items: neighbours of both sides compared, and the cosine of both vectors after alignment.
CREATE TABLE retrieval_shift (
    ref VARCHAR NOT NULL, overlap DOUBLE, gained VARCHAR[] NOT NULL, lost VARCHAR[] NOT NULL, cosine DOUBLE);
-- Share of the neighbours of the n items with one label that have another label (or the same), on both sides.
CREATE TABLE retrieval_movement (
    attribute VARCHAR NOT NULL, from_label VARCHAR NOT NULL, to_label VARCHAR NOT NULL, base_share DOUBLE NOT NULL,
    candidate_share DOUBLE NOT NULL, n BIGINT NOT NULL);
-- An item with another value of an unwanted attribute in its text. Overlap of its neighbours with those of the
-- unedited item, and how much more like the new value the neighbours become; both from the k nearest, 0 to 1.
CREATE TABLE retrieval_counterfactual (
    ref VARCHAR NOT NULL, item_ref VARCHAR NOT NULL, attribute VARCHAR NOT NULL, old VARCHAR NOT NULL,
    "new" VARCHAR NOT NULL, base_overlap DOUBLE NOT NULL, candidate_overlap DOUBLE NOT NULL,
    base_toward DOUBLE NOT NULL, candidate_toward DOUBLE NOT NULL);
-- Places of the items on the aligned maps of both sides; no rows of a method whose maps are withheld. One row an item
-- and no column `side`, so that a place on a picture is no part of the evidence that a verdict rests on.
CREATE TABLE retrieval_map (
    ref VARCHAR NOT NULL, method VARCHAR NOT NULL, base_x DOUBLE NOT NULL, base_y DOUBLE NOT NULL,
    candidate_x DOUBLE NOT NULL, candidate_y DOUBLE NOT NULL);
-- How the maps of a method were made: items drawn out of so many, neighbours looked at, whether the candidate's map is
-- a new arrangement, and why the maps are withheld ('' where they are drawn).
CREATE TABLE retrieval_map_quality (
    method VARCHAR NOT NULL, drawn BOOLEAN NOT NULL, why VARCHAR NOT NULL, items BIGINT NOT NULL,
    of_items BIGINT NOT NULL, k INTEGER NOT NULL, rearranged BOOLEAN NOT NULL, parameters VARCHAR NOT NULL);
