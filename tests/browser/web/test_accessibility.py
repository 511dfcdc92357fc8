"""Every page in every state, light and dark, on a phone and on a desk, can be used by everybody."""

import pytest

from tests.support.chromium.everybody import check
from tests.support.chromium.problem_pages import all_problems, one_of_each_shape, show
from tests.support.chromium.scenes import INSTALLATIONS, SCENES, Stage, cookie_jars
from tests.support.chromium.sites import Site


@pytest.fixture(scope="session")
def jars(browser, shared_site):
    return cookie_jars(browser, shared_site, {scene.signed_in for scene in SCENES})


@pytest.fixture
def stage_for(open_browser, jars):
    def set_up(scene, site):
        context, watch = open_browser(storage_state=jars[scene.signed_in], reduced_motion="reduce")
        # What scenes about a list that breaks off mean to provoke.
        watch.allow("ERR_INCOMPLETE_CHUNKED_ENCODING")
        return Stage(context.new_page(), site)

    return set_up


@pytest.mark.parametrize(
    "scene", [s for s in SCENES if s.installation == "usual"], ids=lambda scene: scene.name
)
def test_every_page_can_be_used_by_everybody(scene, site, stage_for):
    stage = stage_for(scene, site)
    scene.play(stage)
    check(stage.page)


@pytest.mark.parametrize("installation", [name for name in INSTALLATIONS if name != "usual"])
def test_every_page_of_an_unusual_installation_can_be_used_by_everybody(installation, stage_for):
    with Site(**INSTALLATIONS[installation]) as site:
        for scene in SCENES:
            if scene.installation == installation:
                stage = stage_for(scene, site)
                scene.play(stage)
                check(stage.page)


@pytest.mark.parametrize("name", one_of_each_shape())
def test_every_shape_of_error_page_can_be_used_by_everybody(name, site, open_browser):
    page = open_browser(reduced_motion="reduce")[0].new_page()
    show(page, site, all_problems()[name])
    check(page)
