"""Mappings inside frozen values."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from scimdoctor.model.frozen import EMPTY, FrozenDict, frozen


def test_equal_and_hashed_by_value() -> None:
    assert frozen({"a": 1}) == FrozenDict({"a": 1})
    assert hash(frozen({"a": 1, "b": 2})) == hash(frozen({"b": 2, "a": 1}))
    assert frozen(EMPTY) is EMPTY


def test_every_change_is_refused() -> None:
    mapping = frozen({"a": 1})
    with pytest.raises(TypeError):
        mapping["b"] = 2
    with pytest.raises(TypeError):
        mapping.pop("a")
    with pytest.raises(TypeError):
        mapping.update(b=2)
    with pytest.raises(TypeError):
        del mapping["a"]
    assert mapping == {"a": 1}


def test_copies_and_json() -> None:
    mapping = frozen({"a": [1]})
    assert copy.deepcopy(mapping) is mapping
    assert pickle.loads(pickle.dumps(mapping)) == mapping
    assert json.dumps(mapping) == '{"a": [1]}'
