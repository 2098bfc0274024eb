"""What a person does in the web UI: sign in, fill the trigger form, watch the run, read its log."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from local.users import password

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

DAG = "flight_delays_ingest"
# New features start a training; that is another test's.
CONSUMER = "flight_delays_train"
PICTURES = Path(__file__).parents[2] / ".shamal" / "screenshots"
# Chromium's own update and reporting services are not part of the product; as root it cannot use its sandbox.
CHROMIUM = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
RUN_SECONDS = 600


@pytest.fixture(scope="module")
def page(stack: Any) -> Iterator[Page]:
    """Airflow's web UI, with the user `engineer` signed in through the login page."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_page(viewport={"width": 1440, "height": 900}, base_url=stack.settings["SHAMAL_AIRFLOW_URL"])
        page.set_default_timeout(60_000)
        expect.set_options(timeout=60_000)
        page.goto("/")
        page.get_by_label("Username").fill("engineer")
        page.get_by_label("Password").fill(password(stack.settings, "engineer"))
        picture(page, "1_sign_in")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("link", name="Dags").first).to_be_visible()
        yield page
        browser.close()


@pytest.fixture(scope="module")
def features_start_nothing(page: Page) -> Iterator[None]:
    def pause(paused: bool) -> None:
        assert page.request.patch(f"/api/v2/dags/{CONSUMER}", data={"is_paused": paused}).ok

    pause(True)
    yield
    pause(False)


def picture(page: Page, name: str) -> None:
    page.screenshot(path=PICTURES / f"{name}.png")


def runs(page: Page) -> set[str]:
    answer = page.request.get(f"/api/v2/dags/{DAG}/dagRuns?limit=100&order_by=-run_after")
    return {run["dag_run_id"] for run in answer.json()["dag_runs"]}


def log_lines(page: Page, run_id: str, task_id: str) -> list[dict[str, Any]]:
    """Return what the task's last attempt logged, without the page's own header."""
    task = f"/api/v2/dags/{DAG}/dagRuns/{quote(run_id)}/taskInstances/{task_id}"
    attempt = page.request.get(task).json()["try_number"]
    content = page.request.get(f"{task}/logs/{attempt}").json()["content"]
    return [line for line in content if "timestamp" in line]


def filled_form(page: Page, first: str, last: str) -> Locator:
    """Open the DAG's trigger form and fill in the two days."""
    page.goto(f"/dags/{DAG}")
    page.get_by_role("button", name="Trigger").click()
    form = page.get_by_role("dialog")
    form.locator("[name=element_start_date]").fill(first)
    form.locator("[name=element_end_date]").fill(last)
    expect(form.get_by_text("First day to ingest. The source has 2013-01-01 to 2013-12-31.")).to_be_visible()
    return form


def test_the_form_refuses_an_end_before_the_start(page: Page) -> None:
    before = runs(page)
    form = filled_form(page, "2013-02-03", "2013-02-01")

    form.get_by_role("button", name="Trigger").click()

    message = "end_date 2013-02-01 is before start_date 2013-02-03; give the earlier day first"
    expect(page.get_by_text(message).first).to_be_visible()
    picture(page, "2_refused")
    assert runs(page) == before


@pytest.mark.parametrize(
    ("days", "message"),
    [
        ({"start_date": "2013-02-31", "end_date": "2013-03-01"}, "'2013-02-31' is not a 'date'"),
        ({"start_date": "yesterday", "end_date": "2013-03-01"}, "'yesterday' is not a 'date'"),
        ({"start_date": "2013-02-01"}, "end_date is empty; give both days, or neither"),
        ({"start_date": None, "end_date": "2013-02-01"}, "start_date is empty"),
        ({"start_date": "2013-02-03", "end_date": "2013-02-01"}, "end_date 2013-02-01 is before start_date 2013-02-03"),
    ],
)
def test_the_api_refuses_impossible_days(page: Page, days: dict[str, str | None], message: str) -> None:
    before = runs(page)

    answer = page.request.post(f"/api/v2/dags/{DAG}/dagRuns", data={"logical_date": None, "conf": days})

    assert (answer.status, message in answer.json()["detail"]) == (400, True), answer.text()
    assert runs(page) == before


@pytest.mark.usefixtures("features_start_nothing")
def test_a_run_from_the_form_to_its_log(page: Page) -> None:
    before = runs(page)
    form = filled_form(page, "2013-02-01", "2013-02-02")
    picture(page, "3_form")
    form.get_by_role("button", name="Trigger").click()
    expect(form).to_be_hidden()
    (run_id,) = runs(page) - before

    page.goto(f"/dags/{DAG}/runs/{run_id}")
    state = page.get_by_role("heading", name=run_id).locator("..").get_by_test_id("state-badge")
    expect(state).to_have_text(re.compile("Success|Failed"), timeout=RUN_SECONDS * 1000)
    picture(page, "4_run")
    expect(state).to_have_text("Success")

    page.goto(f"/dags/{DAG}/runs/{run_id}/tasks/validate")
    log = page.get_by_test_id("virtualized-list")
    expect(log).to_contain_text("Post Execute")
    expect(log).to_contain_text("actor=engineer model=flight_delays classification=internal trace_id=")
    picture(page, "5_log")

    tags = {"dag_id": DAG, "run_id": run_id, "task_id": "validate", "actor": "engineer"}
    tags |= {"model": "flight_delays", "classification": "internal"}
    lines = log_lines(page, run_id, "validate")
    assert lines
    for line in lines:
        assert tags.items() <= line.items()
        assert line["try_number"] >= 1
    (trace_id,) = {line["trace_id"] for line in lines}
    assert re.fullmatch("[0-9a-f]{32}", trace_id)


def test_the_life_of_the_model_is_one_graph_of_dags_and_assets(page: Page) -> None:
    assets = page.request.get("/api/v2/assets?limit=100").json()["assets"]
    (features,) = [asset["id"] for asset in assets if asset["name"] == "flight_delays/features"]

    page.goto(f"/assets/{features}")

    graph = page.locator(".react-flow")
    for stage in ("ingest", "train", "release", "monitor"):
        expect(graph.get_by_text(f"flight_delays · {stage}")).to_be_visible()
    for asset in ("features", "candidate", "deployment", "drift"):
        expect(graph.get_by_text(f"flight_delays/{asset}")).to_be_visible()
    # The README's picture: a wide graph in a low window.
    page.set_viewport_size({"width": 1440, "height": 560})
    page.locator("[data-panel-resize-handle-id]").press("End")
    page.get_by_role("button", name="Fit View").click()
    page.wait_for_timeout(1_000)  # the graph glides into place
    picture(page, "readme")
