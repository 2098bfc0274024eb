from collections import Counter

from shamal.providers.triton.router.sticky import point, version_at

ENTITIES = [f"customer-{number}".encode() for number in range(20_000)]


def versions(share, model="churn"):
    return {entity: version_at(point(model, entity), {3: 1 - share, 4: share}, 3) for entity in ENTITIES}


def test_the_share_of_the_entities_is_the_share_of_the_candidate():
    for share in (0.05, 0.25, 0.5):
        assert abs(Counter(versions(share).values())[4] / len(ENTITIES) - share) < 0.01


def test_an_entity_that_is_in_stays_in_while_the_share_grows():
    inside = [{entity for entity, version in versions(share).items() if version == 4} for share in (0.05, 0.25, 0.5, 1)]
    assert inside[0] < inside[1] < inside[2] < inside[3] == set(ENTITIES)


def test_another_model_takes_other_entities():
    churn, fraud = versions(0.1), versions(0.1, "fraud")
    assert 100 < sum(churn[entity] == fraud[entity] == 4 for entity in ENTITIES) < 300


def test_a_point_is_the_same_for_ever():
    assert point("churn", b"customer-17") == 0.6958678293464504


def test_candidates_take_their_shares_from_zero_and_the_champion_the_rest():
    shares = {2: 0.2, 3: 0.5, 5: 0.3}
    assert [version_at(place, shares, 3) for place in (0.0, 0.19, 0.2, 0.49, 0.5, 0.999)] == [2, 2, 5, 5, 3, 3]
    assert version_at(0.0, {3: 1.0, 4: 0.0}, 3) == 3
