-- What each side estimates of a text, and the word that moves it most.
CREATE TABLE toy_side (ref VARCHAR NOT NULL, side VARCHAR NOT NULL, hours DOUBLE NOT NULL, word VARCHAR NOT NULL);
-- The words of a text that a model knows: they are of the text, and of no side.
CREATE TABLE toy_word (ref VARCHAR NOT NULL, word VARCHAR NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL);
