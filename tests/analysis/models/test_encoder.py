"""Encoders against Sentence-Transformers itself, adapters, stored vectors, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Dense, Normalize, Transformer
from sentence_transformers.sentence_transformer.modules import Pooling

from analysis.base.errors import AssayError
from analysis.models.encoder import EncoderPair
from analysis.models.encoder_config import inspect_encoder
from analysis.models.encoding import encode_texts, load_encoder
from tests.analysis.models.adapters import train_at_random
from tests.analysis.tracks.retrieval.tiny import (
    WIDTH,
    items,
    random_vectors,
    write_encoder,
    write_transformer,
    write_vectors,
)

TEXTS = [row["text"] for row in items()] + ["", "story", "a story " * 30]
POOLING = ("mean", "cls", "max", "mean_sqrt_len_tokens", "weightedmean", "lasttoken")


@pytest.fixture(scope="module")
def transformer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_transformer(tmp_path_factory.mktemp("transformer") / "bert")


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    return write_encoder(tmp_path / "encoder")


def saved(transformer: Path, folder: Path, modules: list[Any], **options: Any) -> SentenceTransformer:
    """A Sentence-Transformers model, and the same saved into `folder`."""
    length = options.pop("max_seq_length", None)
    model = SentenceTransformer(
        modules=[Transformer(str(transformer), max_seq_length=length), *modules], device="cpu", **options
    )
    model.save(str(folder))
    return SentenceTransformer(str(folder), device="cpu")


def vectors_of(folder: Path, kind: Any = "document") -> np.ndarray:
    return encode_texts(load_encoder(inspect_encoder(folder), "cpu"), TEXTS, kind)


@pytest.mark.parametrize("mode", [*POOLING, ("mean", "cls", "max")])
def test_pooling_is_that_of_sentence_transformers(
    transformer: Path, tmp_path: Path, mode: str | tuple[str, ...]
) -> None:
    reference = saved(transformer, tmp_path / "st", [Pooling(WIDTH, mode)])
    assert np.allclose(vectors_of(tmp_path / "st"), reference.encode_document(TEXTS), atol=1e-5)


def test_dense_and_unit_length_are_those_of_sentence_transformers(transformer: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    layers = [
        Pooling(WIDTH, "mean"),
        Dense(WIDTH, 12),
        Dense(12, 8, bias=False, activation_function=torch.nn.Identity(), use_residual=True),
        Normalize(),
    ]
    reference = saved(transformer, tmp_path / "st", layers)
    found = vectors_of(tmp_path / "st")
    assert found.shape == (len(TEXTS), 8)
    assert found.dtype == np.float32
    assert np.allclose(found, reference.encode_document(TEXTS), atol=1e-5)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_the_declared_length_and_the_truncation_are_kept(transformer: Path, tmp_path: Path) -> None:
    reference = saved(
        transformer, tmp_path / "st", [Pooling(WIDTH, "mean")], max_seq_length=6, truncate_dim=5
    )
    found = vectors_of(tmp_path / "st")
    assert inspect_encoder(tmp_path / "st").max_length == 6
    assert found.shape == (len(TEXTS), 5)
    assert np.allclose(found, reference.encode_document(TEXTS), atol=1e-5)


@pytest.mark.parametrize("mode", ["mean", "cls", "weightedmean", "lasttoken"])
@pytest.mark.parametrize("include_prompt", [True, False])
def test_prompts_are_applied_as_sentence_transformers_does(
    transformer: Path, tmp_path: Path, mode: str, include_prompt: bool
) -> None:
    reference = saved(
        transformer,
        tmp_path / "st",
        [Pooling(WIDTH, mode, include_prompt=include_prompt)],
        prompts={"query": "story of ", "document": "by ", "other": "in "},
        default_prompt_name="other",
    )
    texts_with_tokens = [index for index, text in enumerate(TEXTS) if text]
    for kind, expected in (
        ("query", reference.encode_query(TEXTS)),
        ("document", reference.encode_document(TEXTS)),
    ):
        found = vectors_of(tmp_path / "st", kind)
        assert np.allclose(found[texts_with_tokens], expected[texts_with_tokens], atol=1e-5)
    assert "query prompt 'story of '" in inspect_encoder(tmp_path / "st").notes


def test_a_prompt_for_something_else_is_not_put_in_front(transformer: Path, tmp_path: Path) -> None:
    reference = saved(
        transformer,
        tmp_path / "st",
        [Pooling(WIDTH, "mean")],
        prompts={"passage": "by "},
        default_prompt_name="passage",
    )
    assert np.allclose(vectors_of(tmp_path / "st"), reference.encode_document(TEXTS), atol=1e-5)


def test_the_older_layout_is_read(encoder: Path) -> None:
    (encoder / "sentence_bert_config.json").write_text(
        '{"max_seq_length": 9, "do_lower_case": true}', "utf-8"
    )
    reference = SentenceTransformer(str(encoder), device="cpu")
    texts = [text.upper() for text in TEXTS]
    found = encode_texts(load_encoder(inspect_encoder(encoder), "cpu"), texts, "document")
    assert np.allclose(found, reference.encode_document(texts), atol=1e-5)
    assert len(np.unique(found, axis=0)) > 20


def test_a_plain_folder_gives_the_mean_and_says_so(transformer: Path) -> None:
    from transformers import AutoModel, AutoTokenizer

    model, tokenizer = AutoModel.from_pretrained(transformer), AutoTokenizer.from_pretrained(transformer)
    found = vectors_of(transformer)
    for row in (0, 17, 40, 41):
        with torch.inference_mode():
            states = model(**tokenizer(TEXTS[row], return_tensors="pt")).last_hidden_state
        assert np.allclose(found[row], states[0].mean(dim=0).numpy(), atol=1e-5)
    assert inspect_encoder(transformer).notes == ("no modules.json: the mean over all tokens is taken",)


def test_a_vector_does_not_depend_on_what_else_is_encoded(encoder: Path) -> None:
    loaded = load_encoder(inspect_encoder(encoder), "cpu")
    together = encode_texts(loaded, [*TEXTS, *TEXTS], "document")
    alone = np.concatenate([encode_texts(loaded, [text], "document") for text in TEXTS])
    assert np.allclose(together[: len(TEXTS)], alone, atol=1e-6)
    assert np.array_equal(together[: len(TEXTS)], together[len(TEXTS) :])


@pytest.mark.parametrize("own_modules", [False, True])
def test_an_adapter_shares_the_weights_of_the_base(encoder: Path, tmp_path: Path, own_modules: bool) -> None:
    from peft import LoraConfig, PeftModel, get_peft_model
    from transformers import AutoModel

    torch.manual_seed(1)
    config = LoraConfig(r=2, lora_alpha=4, target_modules=["query", "value"], task_type="FEATURE_EXTRACTION")
    model = get_peft_model(AutoModel.from_pretrained(encoder), config)
    train_at_random(model)
    adapter = tmp_path / "adapter"
    model.save_pretrained(adapter)
    (adapter / "README.md").unlink(missing_ok=True)
    if own_modules:
        shutil.copytree(encoder / "1_Pooling", adapter / "1_Pooling")
        (adapter / "1_Pooling" / "config.json").write_text('{"pooling_mode": "max"}', "utf-8")
        shutil.copy(encoder / "modules.json", adapter)
    pair = EncoderPair({"base": encoder, "candidate": adapter}, "cpu")
    found = {side: pair.vectors(side, "item", TEXTS, TEXTS, "document") for side in ("base", "candidate")}
    merged = PeftModel.from_pretrained(AutoModel.from_pretrained(encoder), adapter).merge_and_unload()
    whole = write_encoder(tmp_path / "whole", pooling={"pooling_mode": "max"} if own_modules else None)
    merged.save_pretrained(whole)
    assert np.allclose(found["candidate"], vectors_of(whole), atol=1e-5)
    assert np.array_equal(found["base"], vectors_of(encoder))
    assert not np.allclose(found["base"], found["candidate"], atol=1e-2)
    weights = [pair.encoder(side).model.get_input_embeddings().weight for side in ("base", "candidate")]
    assert weights[0].data_ptr() == weights[1].data_ptr()
    assert pair.parameters > inspect_encoder(encoder).parameters


def test_an_adapter_over_a_base_without_a_pooler_has_none_either(encoder: Path, tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModel

    AutoModel.from_pretrained(encoder, add_pooling_layer=False).save_pretrained(encoder)
    config = LoraConfig(r=2, target_modules=["dense"], task_type="FEATURE_EXTRACTION")
    model = get_peft_model(AutoModel.from_pretrained(encoder, add_pooling_layer=False), config)
    model.save_pretrained(tmp_path / "adapter")
    (tmp_path / "adapter" / "README.md").unlink(missing_ok=True)
    pair = EncoderPair({"base": encoder, "candidate": tmp_path / "adapter"}, "cpu")
    # A new LoRA adapter changes nothing yet.
    assert np.allclose(
        pair.vectors("candidate", "item", TEXTS, TEXTS, "document"), vectors_of(encoder), atol=1e-6
    )


def test_an_adapter_is_not_read_without_its_base(encoder: Path, tmp_path: Path) -> None:
    (encoder / "adapter_config.json").write_text("{}", "utf-8")
    with pytest.raises(AssayError, match="is a PEFT adapter, and a whole model is needed here"):
        inspect_encoder(encoder)


def rewritten(path: Path, **changes: Any) -> None:
    value = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(value | changes), "utf-8")


def foreign_module(folder: Path) -> None:
    listed = json.loads((folder / "modules.json").read_text("utf-8"))
    listed[2]["type"] = "house.layers.Squash"
    (folder / "modules.json").write_text(json.dumps(listed), "utf-8")


def path_outside(folder: Path) -> None:
    listed = json.loads((folder / "modules.json").read_text("utf-8"))
    listed[1]["path"] = "../1_Pooling"
    (folder / "modules.json").write_text(json.dumps(listed), "utf-8")


def unknown_module(folder: Path) -> None:
    listed = json.loads((folder / "modules.json").read_text("utf-8"))
    listed[2]["type"] = "sentence_transformers.models.CNN"
    (folder / "modules.json").write_text(json.dumps(listed), "utf-8")


def dense_without_weights(folder: Path) -> None:
    listed = json.loads((folder / "modules.json").read_text("utf-8"))
    listed[2] = listed[2] | {"type": "sentence_transformers.models.Dense", "path": "2_Dense"}
    (folder / "modules.json").write_text(json.dumps(listed), "utf-8")
    (folder / "2_Dense").mkdir()
    (folder / "2_Dense" / "config.json").write_text('{"in_features": 16, "out_features": 8}', "utf-8")


def foreign_activation(folder: Path) -> None:
    dense_without_weights(folder)
    rewritten(folder / "2_Dense" / "config.json", activation_function="house.layers.Act")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (foreign_module, "names the module 'house.layers.Squash', which is code of its own and never run"),
        (path_outside, "names the path '../1_Pooling', which is outside the folder"),
        (unknown_module, "has the modules Transformer, Pooling, CNN"),
        (dense_without_weights, "has no model.safetensors"),
        (foreign_activation, "the activation 'Act' is not read"),
        (lambda folder: (folder / "modules.json").write_text("{}"), "is not a JSON list"),
        (lambda folder: (folder / "modules.json").write_text("[3]"), "does not say the type of each module"),
        (lambda folder: (folder / "x.py").write_text("raise"), "holds x.py, which is code"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "has no tokenizer.json"),
        (lambda folder: (folder / "model.safetensors").unlink(), "has no model.safetensors"),
        (
            lambda folder: rewritten(folder / "config.json", is_encoder_decoder=True),
            "an encoder with a decoder",
        ),
        (
            lambda folder: rewritten(folder / "1_Pooling" / "config.json", pooling_mode="median"),
            "the pooling mode 'median' is not read",
        ),
        (
            lambda folder: rewritten(folder / "1_Pooling" / "config.json", word_embedding_dimension=99),
            "pools states of 99 numbers, and the model's have 16",
        ),
        (
            lambda folder: (folder / "sentence_bert_config.json").write_text(
                '{"transformer_task": "fill-mask"}'
            ),
            "asks for another output than the states of the last layer",
        ),
    ],
)
def test_what_is_not_understood_is_refused(encoder: Path, damage: Any, message: str) -> None:
    damage(encoder)
    with pytest.raises(AssayError) as caught:
        inspect_encoder(encoder)
    assert message in caught.value.message


def test_weights_of_another_architecture_are_not_random(encoder: Path) -> None:
    rewritten(encoder / "config.json", num_hidden_layers=3)
    with pytest.raises(AssayError, match="weights are missing or of another shape and would be random"):
        load_encoder(inspect_encoder(encoder), "cpu")


def stored_pair(tmp_path: Path, vectors: dict[str, Any]) -> EncoderPair:
    path = write_vectors(tmp_path / "vectors.parquet", vectors)
    return EncoderPair({"base": path, "candidate": path}, "cpu")


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        (np.zeros(8), "the base's vector of item 'i3' has no direction: all its numbers are 0"),
        (np.full(8, np.nan), "the base's vector of item 'i3' holds what is not a finite number"),
        (np.full(8, np.inf), "the base's vector of item 'i3' holds what is not a finite number"),
        (np.ones(7), "the id 'i3' has 7 numbers, and the first vector 8"),
        (None, "the id 'i3' has no vector"),
    ],
)
def test_a_stored_vector_that_cannot_be_used_is_named(tmp_path: Path, vector: Any, message: str) -> None:
    pair = stored_pair(tmp_path, random_vectors() | {"i3": vector})
    with pytest.raises(AssayError) as caught:
        pair.vectors("base", "item", ["i2", "i3"], ["", ""], "document")
    assert caught.value.message == message
    assert caught.value.where == str(tmp_path / "vectors.parquet")


def test_a_stored_vector_may_carry_its_kind(tmp_path: Path) -> None:
    vectors = random_vectors()
    pair = stored_pair(tmp_path, vectors | {"query:i3": np.arange(1, 9)})
    assert pair.parameters == 0
    assert not pair.encodes
    assert np.array_equal(pair.vectors("base", "item", ["i3"], [""], "document")[0], vectors["i3"])
    assert np.array_equal(pair.vectors("base", "query", ["i3"], [""], "query")[0], np.arange(1, 9))
    with pytest.raises(AssayError, match="has no vector for the item 'i99'"):
        pair.vectors("base", "item", ["i99"], [""], "document")


def test_a_model_that_gives_no_direction_is_named(encoder: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(encoder / "model.safetensors")
    name = "encoder.layer.1.output.LayerNorm"
    weights |= {f"{name}.{part}": torch.zeros(WIDTH) for part in ("weight", "bias")}
    save_file(weights, encoder / "model.safetensors", metadata={"format": "pt"})
    pair = EncoderPair({"base": encoder, "candidate": encoder}, "cpu")
    with pytest.raises(AssayError, match=r"the candidate's vector of item 'i0' has no direction.*and 1 more"):
        pair.vectors("candidate", "item", ["i0", "i1"], TEXTS[:2], "document")


def test_files_that_are_no_vectors_are_refused(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "vectors.parquet"
    for table, message in (
        (pa.table({"id": ["a"], "x": [1]}), "has no column 'vector'"),
        (pa.table({"id": [1.5], "vector": [[1.0]]}), "the column 'id' is double"),
        (pa.table({"id": ["a"], "vector": ["b"]}), "the column 'vector' is string"),
        (pa.table({"id": ["a", "a"], "vector": [[1.0], [2.0]]}), "the id 'a' was used on row 1 already"),
        (
            pa.table({"id": pa.array([], pa.string()), "vector": pa.array([], pa.list_(pa.float32()))}),
            "no rows",
        ),
        (pa.table({"id": pa.array([None], pa.string()), "vector": [[1.0]]}), "column 'id': is missing"),
    ):
        pq.write_table(table, path)
        with pytest.raises(AssayError) as caught:
            EncoderPair({"base": path, "candidate": path}, "cpu").head("base")
        assert message in caught.value.message
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(AssayError, match="is not a readable Parquet file"):
        EncoderPair({"base": path, "candidate": path}, "cpu").head("base")


def test_whole_numbers_name_vectors_of_a_fixed_list(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "vectors.parquet"
    column = pa.FixedSizeListArray.from_arrays(pa.array(np.arange(1.0, 7.0)), 3)
    pq.write_table(pa.table({"id": [7, 9], "vector": column}), path)
    pair = EncoderPair({"base": path, "candidate": path}, "cpu")
    assert pair.vectors("base", "item", ["9"], [""], "document").tolist() == [[4.0, 5.0, 6.0]]
