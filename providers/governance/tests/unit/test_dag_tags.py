from shamal.providers.governance import dag_tags


def test_values_of_one_kind():
    tags = {"model:b", "model:a", "classification:public", "stage:train"}

    assert dag_tags.values(tags, "model") == ["a", "b"]
    assert dag_tags.value(tags, "model") == "a,b"
    assert dag_tags.value(tags, "classification") == "public"
    assert dag_tags.value(tags, "residency") == "-"
