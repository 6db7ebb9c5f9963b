"""Writes themes.json: the sign of each theme as one path on a grid of 15 by 15, for sheets drawn by the server.

The same as the browser's (web/src/parts/glyphs.ts): Maki's icons, which are CC0 (LICENSE.txt beside this file), our own carrot
for food and a question mark for actors without a theme. Run it from the root of the project after `npm --prefix web ci`.
"""
import html
import json
import pathlib
import re

glyphs = pathlib.Path("web/src/parts/glyphs.ts").read_text()
maki = pathlib.Path("web/node_modules/@mapbox/maki")
files = dict(re.findall(r"import (\w+) from '@mapbox/maki/(icons/[\w-]+\.svg)\?raw'", glyphs))
drawn = {name: "".join(re.findall(r"'([^']+)'", text)) for name, text in re.findall(r"const (carrot|question) =((?:\s*'[^']+'[ +]*)+);", glyphs)}


def path(name: str) -> str:
    svg = (maki / files[name]).read_text()
    return " ".join(" ".join(html.unescape(d).split()) for d in re.findall(r'\sd="([^"]+)"', svg))


themes = re.search(r"const GLYPHS[^{]+\{(.*?)\};", glyphs, re.S).group(1)
signs = {code: path(maki_name) if maki_name else drawn[own] for code, maki_name, own in re.findall(r"([A-Z]{3}): (?:path\((\w+)\)|(\w+))", themes)}
signs[""] = drawn["question"]
here = pathlib.Path("tiles/icons")
(here / "themes.json").write_text(json.dumps(signs, indent=1) + "\n")
(here / "LICENSE.txt").write_text((maki / "LICENSE.txt").read_text())
