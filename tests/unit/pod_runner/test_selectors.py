import pytest

from local.pod_runner.errors import ApiError
from local.pod_runner.selectors import EVENT_FIELDS, POD_FIELDS, field_matcher, label_matcher


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ("", True),
        ("a=1", True),
        ("a==1", True),
        ("a=2", False),
        ("a!=2", True),
        ("none!=True", True),
        ("a", True),
        ("!a", False),
        ("!none", True),
        ("a in (1, 2),b", True),
        ("a notin (1,2)", False),
        ("none notin (1)", True),
        ("a=1,!none,already_checked!=True", True),
        ("example.com/key=x", True),
    ],
)
def test_labels(selector, matches):
    item = {"metadata": {"labels": {"a": "1", "b": "2", "example.com/key": "x"}}}
    assert label_matcher(selector)(item) is matches


def test_an_object_without_labels_is_like_one_with_none():
    assert label_matcher("!a")({"metadata": {}})


@pytest.mark.parametrize("selector", ["a=(", "a in 1", "=x", "a b"])
def test_a_bad_label_selector_is_refused(selector):
    with pytest.raises(ApiError, match="unable to parse") as caught:
        label_matcher(selector)
    assert caught.value.code == 400


def test_fields():
    event = {"metadata": {"name": "e"}, "involvedObject": {"name": "p"}, "type": "Normal"}
    assert field_matcher("involvedObject.name=p,type!=Warning", EVENT_FIELDS)(event)
    assert not field_matcher("involvedObject.name==q", EVENT_FIELDS)(event)
    assert field_matcher("spec.nodeName=", POD_FIELDS)({"spec": {}})


def test_an_unsupported_field_is_refused_with_the_supported_ones():
    with pytest.raises(ApiError, match=r"not supported: spec.image; supported: .*status.phase"):
        field_matcher("spec.image=x", POD_FIELDS)
