from shamal.providers.triton.testing import FakeTriton


def test_the_fake_answers_like_a_live_server(tmp_path):
    triton = FakeTriton(tmp_path)
    assert triton.server_live()
    assert not triton.ready("churn")
