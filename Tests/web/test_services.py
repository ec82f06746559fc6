# SPDX-License-Identifier: Apache-2.0
"""The page of services: the finding in words, and its charts."""
from pages import box_of, ready, until


def test_services_say_the_finding_first(open_page, mocked):
    page = open_page(mocked + "/")
    ready(page)
    assert "times slower at P95" in page.locator(".lead").inner_text()
    assert page.locator(".tbl tbody tr").count() == 13
    page.get_by_role("button", name="P95").click()
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("P95")
    page.keyboard.press("f")
    page.keyboard.type("pay")
    assert page.locator(".tbl tbody tr").count() == 1
    page.locator(".tbl tbody a.inkless").click()
    page.wait_for_url("**/ui/explore?*payments*")


def test_drag_on_a_chart_zooms_and_z_undoes(open_page, mocked):
    page = open_page(mocked + "/ui/services")
    ready(page)
    page.wait_for_selector(".svc-chart svg")
    box = box_of(page.locator(".svc-chart").first)
    page.mouse.move(box["x"] + 200, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 320, box["y"] + 70, steps=5)
    page.mouse.up()
    until(page, "/t=\\d+\\.\\.\\d+/.test(location.search)")
    page.keyboard.press("z")
    until(page, "location.search.includes('t=1h')")
