"""The rules of the web folder, read from its files."""
import pathlib
import re

WEB = pathlib.Path(__file__).resolve().parents[2] / "web"
SCRIPTS = sorted(WEB.rglob("*.js"))
RANK = {"model": 0, "wire": 1, "charts": 1, "views": 2}
MAY = {"model": {"model"}, "wire": {"wire", "model"}, "charts": {"charts", "model"}, "views": {"views", "charts", "wire", "model"}}


def room(path):
    return path.relative_to(WEB).parts[0] if len(path.relative_to(WEB).parts) > 1 else "app"


def test_files_are_short_and_named_in_lower_kebab():
    for path in SCRIPTS:
        assert len(path.read_text().splitlines()) <= 400, path.name
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.js", path.name), path.name


def test_functions_are_at_most_sixty_lines():
    for path in SCRIPTS:
        start = None
        for number, line in enumerate(path.read_text().splitlines()):
            if re.match(r"(export )?(async )?function ", line):
                start = number
            elif line == "}" and start is not None:
                assert number - start < 60, f"{path.name}:{start + 1}"
                start = None


def test_arrows_point_down():
    for path in SCRIPTS:
        if room(path) not in MAY:
            continue
        for target in re.findall(r"^import .*?from '([^']+)'", path.read_text(), re.M | re.S):
            assert target.startswith(".") and target.endswith(".js"), (path, target)
            other = room((path.parent / target).resolve())
            assert other in MAY[room(path)], f"{path.name} imports {target}"


def test_no_markup_is_parsed_and_nothing_is_evaluated():
    for path in SCRIPTS:
        text = path.read_text()
        for banned in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "setAttribute('style'", "DOMParser", "export default"):
            assert banned not in text, (path.name, banned)


def test_only_wire_asks_the_network_and_model_knows_no_page():
    for path in SCRIPTS:
        text = path.read_text()
        if room(path) != "wire":
            assert not re.search(r"\bfetch\(|new EventSource|XMLHttpRequest|sendBeacon", text), path.name
        if room(path) == "model":
            assert not re.search(r"\b(document|window|localStorage|location)\.", text), path.name
        if room(path) == "views":
            assert "getContext(" not in text, path.name


def test_modules_are_checked_and_have_no_class():
    for path in SCRIPTS:
        text = path.read_text()
        if path.name == "boot.js":
            continue
        assert text.startswith("// @ts-check"), path.name
        assert not re.search(r"^(export )?class ", text, re.M), path.name


def test_markup_has_no_inline_code_or_style():
    for path in WEB.glob("*.html"):
        text = path.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)", text) and not re.search(r"\sstyle=|\son[a-z]+=", text), path.name
        assert all(source.startswith("/ui/") or source.startswith("#") for source in re.findall(r'(?:src|href)="([^"]+)"', text)), path.name


def test_colours_stand_in_the_theme_only():
    for path in [WEB / "base.css", *WEB.glob("css/*.css"), *SCRIPTS]:
        if path.name.endswith("icon.svg"):
            continue
        assert not re.search(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b(?=[;\s,)'])", path.read_text()), path.name
