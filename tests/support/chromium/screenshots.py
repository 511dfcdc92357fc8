"""Take pictures of all pages: ``python -m tests.support.chromium.screenshots DIR [NAME...]``.

Each scene is taken in a phone's and a desktop's width, light and dark, into DIR/<scene>-<width>-<scheme>.png. With
names, only the scenes whose names contain one of them are taken.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.chromium.launching import DESKTOP, PHONE, launch, open_context
from tests.support.chromium.problem_pages import one_of_each_shape, show
from tests.support.chromium.scenes import INSTALLATIONS, SCENES, Scene, Stage, cookie_jars
from tests.support.chromium.sites import Site


def main(arguments: list[str]) -> int:
    """Take the pictures; return the exit status."""
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    directory, wanted = Path(arguments[0]), arguments[1:]
    directory.mkdir(parents=True, exist_ok=True)
    scenes = [scene for scene in SCENES if not wanted or any(part in scene.name for part in wanted)]
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for installation, variables in INSTALLATIONS.items():
            with Site(**variables) as site:
                take_scenes(browser, site, [s for s in scenes if s.installation == installation], directory)
                if installation == "usual" and not wanted:
                    take_problems(browser, site, directory)
    return 0


def take_scenes(browser: Browser, site: Site, scenes: list[Scene], directory: Path) -> None:
    jars = cookie_jars(browser, site, {scene.signed_in for scene in scenes})
    for scene in scenes:
        context, _ = open_context(browser, storage_state=jars[scene.signed_in], reduced_motion="reduce")
        page = context.new_page()
        scene.play(Stage(page, site))
        take(page, directory, scene.name)
        context.close()
        site.clear_faults()


def take_problems(browser: Browser, site: Site, directory: Path) -> None:
    for name, problem in one_of_each_shape().items():
        context, _ = open_context(browser, reduced_motion="reduce")
        page = context.new_page()
        show(page, site, problem)
        take(page, directory, f"problem-{name}")
        context.close()


def take(page: Page, directory: Path, name: str) -> None:
    for size in (PHONE, DESKTOP):
        for scheme in ("light", "dark"):
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=directory / f"{name}-{size['width']}-{scheme}.png", full_page=True)
    print(name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
