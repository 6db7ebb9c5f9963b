#!/usr/bin/env python3
"""Counts the actors that the mapping promises in an extract, without Bouillon's importer, and writes expected_actors.tsv.

Objects come from `osmium tags-filter` (Debian's osmium-tool), areas from `osmium export`; the reading of tiles/*.tsv, the point of an
area, point in polygon, the guess and the search for twins are plain Python written for this file alone.

    tests/expected_actors.py [SHARED_DATA_FOLDER] > tests/expected_actors.tsv
"""

import gzip
import json
import math
import re
import subprocess
import sys
import tempfile
import unicodedata
from collections import Counter
from difflib import SequenceMatcher
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data"
REASONS = ["published", "unnamed", "off_by_default", "to_classify", "duplicate"]
NOTE = (
    "# made by tests/expected_actors.py with osmium tags-filter and plain Python, not with the importer; contour: an INSEE code of "
    "communes-france-2018.geojson.gz, a relation of the file, or the file's box"
)


def rows(name):
    for line in (ROOT / "tiles" / name).read_text(encoding="utf-8").splitlines()[1:]:
        if line.strip() and not line.startswith("#"):
            yield [cell.strip() for cell in line.split("\t")]


RULES = [
    {
        "line": number,
        "tag": tuple(cells[0].split("=", 1)),
        "extra": (cells[1].split("=", 1)[0], set(cells[1].split("=", 1)[1].split("|"))) if cells[1] else None,
        "category": cells[2],
        "on": cells[3] == "1",
        "wins": any("modifier wins" in cell for cell in cells[4:]),
    }
    for number, cells in enumerate(rows("osm_mapping.tsv"))
]
REWRITES = [[[tuple(tag.split("=", 1)) for tag in cell.split(" + ")] for cell in cells[:2]] for cells in rows("osm_deprecated.tsv")]
GUESSES = [(cells[0], cells[1]) for cells in rows("osm_guess.tsv")]


def members(value):
    return [part.strip() for part in (value or "").split(";") if part.strip()]


def rewrite(tags):
    tags = dict(tags)
    for old, new in REWRITES:
        if all(value in members(tags.get(key)) for key, value in old):
            for key, value in old:
                tags[key] = ";".join(v for v in members(tags[key]) if v != value)
            for key, value in new:
                if value not in members(tags.get(key)):
                    tags[key] = ";".join(members(tags.get(key)) + [value])
    return {key: value for key, value in tags.items() if value}


def rule_of(tags):
    def fits(rule):
        key, wanted = rule["tag"]
        have = members(tags.get(key))
        if wanted == "*":
            good = any(value != "no" for value in have)
        else:
            good = wanted in have
        return good and (rule["extra"] is None or rule["extra"][1] & set(members(tags.get(rule["extra"][0]))))

    order = lambda rule: (not rule["wins"], rule["extra"] is None, rule["tag"][1] == "*", rule["line"])
    return min((rule for rule in RULES if fits(rule)), key=order, default=None)


def fold(text):
    text = unicodedata.normalize("NFD", text or "").lower()
    text = text.replace("œ", "oe").replace("æ", "ae").replace("ß", "ss").replace("ø", "o")
    text = "".join(c for c in text if not "\u0300" <= c <= "\u036f")
    return " ".join("".join(c if c.isalnum() else " " for c in text).split())


def guess(tags):
    for key in ["name", "name:fr", "official_name", "alt_name", "short_name", "operator"]:
        name = f" {fold(tags.get(key))} "
        for words, category in GUESSES:
            if (f" {words[:-1]}" if words.endswith("*") else f" {words} ") in name:
                return category
    return None


def osmium(*arguments):
    return subprocess.run(["osmium", *map(str, arguments)], check=True, capture_output=True).stdout.decode()


def text_of(opl):
    return re.sub(r"%([0-9a-f]+)%", lambda match: chr(int(match[1], 16)), opl)


def read_opl(opl):
    """Objects by ("n", 12): tags, position, nodes, members."""
    objects = {}
    for line in filter(None, opl.split("\n")):
        one = {"tags": {}, "nodes": [], "members": []}
        for part in line.split(" ")[1:]:
            kind, rest = part[:1], part[1:]
            if kind == "T" and rest:
                one["tags"] = {text_of(k): text_of(v) for k, v in (tag.split("=", 1) for tag in rest.split(","))}
            elif kind in "xy" and rest:
                one[kind] = float(rest)
            elif kind == "N" and rest:
                one["nodes"] = [int(node[1:]) for node in rest.split(",")]
            elif kind == "M" and rest:
                one["members"] = [(m[0], int(m[1:].split("@")[0])) for m in rest.split(",")]
        objects[line[0], int(line.split(" ", 1)[0][1:])] = one
    return objects


def in_ring(ring, x, y):
    inside = False
    for (ax, ay), (bx, by) in zip(ring, ring[1:]):
        if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
            inside = not inside
    return inside


def in_polygons(polygons, x, y):
    return any(sum(in_ring(ring, x, y) for ring in rings) == 1 for rings in polygons if in_ring(rings[0], x, y))


def point_in(polygons):
    """The middle of the longest stretch of the line through the middle of the largest polygon."""
    rings = max(polygons, key=lambda p: (max(x for x, _ in p[0]) - min(x for x, _ in p[0])) * (max(y for _, y in p[0]) - min(y for _, y in p[0])))
    ys = [y for _, y in rings[0]]
    y = (min(ys) + max(ys)) / 2 + 1e-9
    cuts = sorted(
        ax + (y - ay) * (bx - ax) / (by - ay) for ring in rings for (ax, ay), (bx, by) in zip(ring, ring[1:]) if (ay > y) != (by > y)
    )
    stretches = list(zip(cuts[::2], cuts[1::2]))
    if not stretches:
        return rings[0][0]
    left, right = max(stretches, key=lambda s: s[1] - s[0])
    return (left + right) / 2, y


def areas_of(file):
    """Multipolygons by ("r", 12), and closed ways, as osmium puts them together."""
    config = {"attributes": {}, "linear_tags": False, "area_tags": True, "include_tags": [], "exclude_tags": []}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as settings:
        json.dump(config, settings)
        settings.flush()
        lines = osmium("export", "-c", settings.name, "-u", "type_id", "-f", "geojsonseq", "--geometry-types=polygon", file, "-o", "-")
    areas = {}
    for line in lines.split("\n"):
        if not line:
            continue
        feature = json.loads(line.lstrip("\x1e"))
        number = int(feature["id"][1:])
        shape = feature["geometry"]
        areas["r" if number % 2 else "w", number // 2] = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
    return areas


def place(key, objects, areas, depth=0):
    """(point, polygons) of an object; None when nothing of it has a position."""
    one = objects.get(key)
    if one is None or depth > 5:
        return None
    if key[0] == "n":
        return ((one["x"], one["y"]), None) if "x" in one else None
    if key in areas:
        return point_in(areas[key]), areas[key]
    if key[0] == "w":
        line = [(objects["n", node]["x"], objects["n", node]["y"]) for node in one["nodes"] if "x" in objects.get(("n", node), {})]
        if len(line) > 3 and one["nodes"][0] == one["nodes"][-1]:
            ring = line if line[0] == line[-1] else line + line[:1]
            return point_in([[ring]]), [[ring]]
        return (line[len(line) // 2], None) if line else None
    parts = [part for part in (place(member, objects, areas, depth + 1) for member in one["members"]) if part]
    surfaces = [part for part in parts if part[1]]
    return (surfaces or parts or [None])[0]


def metres(a, b):
    return math.hypot((a[0] - b[0]) * math.cos(math.radians(a[1])), a[1] - b[1]) * 111_195


def gap(a, b):
    """Metres from the point of one to the surface of the other."""

    def one_way(point, other):
        if not other[1]:
            return metres(point, other[0])
        if in_polygons(other[1], *point):
            return 0
        best = math.inf
        for ring in (ring for rings in other[1] for ring in rings):
            for (ax, ay), (bx, by) in zip(ring, ring[1:]):
                k = math.cos(math.radians(ay))
                dx, dy, px, py = (bx - ax) * k, by - ay, (point[0] - ax) * k, point[1] - ay
                t = max(0, min(1, (px * dx + py * dy) / ((dx * dx + dy * dy) or 1)))
                best = min(best, math.hypot(px - t * dx, py - t * dy) * 111_195)
        return best

    return min(one_way(a[0], b), one_way(b[0], a))


def box(file):
    def numbers(what):
        text = osmium("fileinfo", "-e", "-g", what, file).strip()
        return [float(n) for n in text.strip("()").split(",")] if text else None

    header, data = numbers("header.boxes"), numbers("data.bbox")
    if header:
        data = [max(header[0], data[0]), max(header[1], data[1]), min(header[2], data[2]), min(header[3], data[3])]
    west, south, east, north = data
    return [[[[west, south], [east, south], [east, north], [west, north], [west, south]]]], data


def contour_of(file, contour, areas):
    if contour == "box":
        polygons, bounds = box(file)
        # A node on the very edge of the box is inside.
        return lambda x, y: bounds[0] <= x <= bounds[2] and bounds[1] <= y <= bounds[3]
    if contour.startswith("relation/"):
        polygons = areas["r", int(contour.split("/")[1])]
    else:
        with gzip.open(SHARED / "admin" / "communes-france-2018.geojson.gz", "rt", encoding="utf-8") as lines:
            line = next(line for line in lines if f'"{contour}"' in line)
        shape = json.loads(line.rstrip().rstrip(","))["geometry"]
        polygons = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
    return lambda x, y: in_polygons(polygons, x, y)


def count(file, contour):
    keys = {rule["tag"] for rule in RULES} | {old[0] for old, _ in REWRITES}
    # Values may be lists, so the filter asks for keys and the rules decide.
    filters = sorted({f"nwr/{key}" for key, _ in keys})
    with tempfile.TemporaryDirectory() as folder:
        picked = Path(folder) / "picked.osm.pbf"
        osmium("tags-filter", file, *filters, "r/boundary=administrative", "-o", picked)
        objects = read_opl(osmium("cat", picked, "-f", "opl", "-o", "-"))
        areas = areas_of(picked)
    inside = contour_of(file, contour, areas)
    found = []
    for key, one in objects.items():
        tags = rewrite(one["tags"])
        rule = rule_of(tags)
        where = rule and place(key, objects, areas)
        if not where or not inside(*where[0]):
            continue
        name = (tags.get("name:fr") or tags.get("name") or "").strip()
        category = guess(tags) if rule["category"] == "review" else rule["category"]
        if not name:
            verdict = "unnamed"
        elif not category:
            verdict = "to_classify"
        else:
            verdict = "published" if rule["on"] else "off_by_default"
        found.append({"key": key, "name": fold(name), "category": category or "review", "verdict": verdict, "place": where})
    public = [one for one in found if one["verdict"] == "published"]
    for i, a in enumerate(public):
        for b in public[i + 1 :]:
            twins = a["key"][0] != b["key"][0] and a["category"][:3] == b["category"][:3]
            if twins and SequenceMatcher(None, a["name"], b["name"]).ratio() > 0.8 and gap(a["place"], b["place"]) <= 30:
                (a if a["verdict"] == "published" else b)["verdict"] = "duplicate"
    return Counter((one["category"], one["verdict"]) for one in found)


def main():
    newest = sorted((ROOT / "fixtures").glob("*.osm.pbf"))[-1:]
    files = [
        (SHARED / "osm" / "redon.osm.pbf", "35236"),
        (SHARED / "osm" / "andorra-2021-10.osm.pbf", "relation/9407"),
        (SHARED / "osm" / "monaco-2023-11.osm.pbf", "box"),
        (SHARED / "osm" / "helsinki-2019-04.osm.pbf", "box"),
        *((file, commune(file)) for file in newest),
    ]
    print(NOTE)
    print("\t".join(["file", "contour", "category", *REASONS]))
    for file, contour in files:
        counts = count(file, contour)
        for category in sorted({category for category, _ in counts}):
            print("\t".join([file.name, contour, category, *(str(counts[category, reason]) for reason in REASONS)]))


def commune(file):
    """The one relation of level 8 that osmium can close."""
    relations = read_opl(osmium("tags-filter", "-R", file, "r/admin_level=8", "-f", "opl", "-o", "-"))
    closed = [number for kind, number in areas_of(file) if (kind, number) in relations]
    assert len(closed) == 1, closed
    return f"relation/{closed[0]}"


if __name__ == "__main__":
    main()
