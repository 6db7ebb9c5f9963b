#!/usr/bin/env python3
"""Computes the statistics of a territory without Bouillon's code: from the export of its actors, its shapes, its history and its base map,
all as any reader gets them. Prints JSON that tests/statistics.rs compares with what the server says.

    target/venv/bin/python tests/statistics_golden.py URL SLUG EXPORT.geojson MOMENT_MS
"""

import gzip
import json
import math
import sys
import urllib.request
from collections import defaultdict
from datetime import datetime, timezone

import numpy as np

URL, SLUG, EXPORT, AT = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
RADIUS = 6_371_008.8
SIDE, STEP, NEAR = 200.0, 20.0, 500.0


def fetch(path):
    with urllib.request.urlopen(URL + path, timeout=60) as answer:
        raw = answer.read()
        return gzip.decompress(raw) if answer.headers.get("content-encoding") == "gzip" else raw


def get(path):
    return json.loads(fetch(path))


# ---- what there is --------------------------------------------------------------------------------------------------

territory = get(f"/api/v1/territories/{SLUG}")
quartiers = [get(f"/api/v1/territories/{q['slug']}") for q in territory["quartiers"] if q["kind"] == "quartier"]
themes = [t["code"] for t in get("/api/v1/taxonomy")["themes"]]
actors, points = {}, defaultdict(list)
for feature in json.load(open(EXPORT, encoding="utf-8"))["features"]:
    properties = feature["properties"]
    one = actors.setdefault(properties["id"], {"fields": properties, "precisions": [], "address": False})
    one["address"] |= any(k in properties for k in ("housenumber", "street", "postcode", "city", "insee_code"))
    if properties.get("precision"):
        one["precisions"].append(properties["precision"])
    if feature["geometry"]:
        points[properties["id"]].append(feature["geometry"]["coordinates"])
theme_of = {i: a["fields"].get("primary_category", "").split(".")[0] for i, a in actors.items()}


def rings(geometry):
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    return [np.array(ring) for polygon in polygons for ring in polygon]


def on_edge(shape, xy):
    """Whether points lie on an edge of a shape, which then covers them, as two quartiers cover a point of their common edge."""
    on = np.zeros(len(xy), dtype=bool)
    for ring in shape:
        for a, b in zip(ring[:-1], ring[1:]):
            cross = (b[0] - a[0]) * (xy[:, 1] - a[1]) - (b[1] - a[1]) * (xy[:, 0] - a[0])
            within = ((xy >= np.minimum(a, b)) & (xy <= np.maximum(a, b))).all(axis=1)
            on |= within & (np.abs(cross) < 1e-15)
    return on


def inside(shape, xy):
    """Even and odd over all rings, for many points at once."""
    xy = np.atleast_2d(np.asarray(xy, dtype=float))
    odd = np.zeros(len(xy), dtype=bool)
    for ring in shape:
        for a, b in zip(ring[:-1], ring[1:]):
            crosses = (a[1] > xy[:, 1]) != (b[1] > xy[:, 1])
            if crosses.any():
                with np.errstate(divide="ignore", invalid="ignore"):
                    at = a[0] + (xy[:, 1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0])
                odd ^= crosses & (xy[:, 0] < at)
    return odd


def members(area):
    shape = rings(area["boundary"])
    covers = lambda at: inside(shape, at).any() or on_edge(shape, np.asarray(at, dtype=float)).any()
    return [i for i in actors if points[i] and covers(points[i])]


# ---- stock, density, diversity --------------------------------------------------------------------------------------

stock = defaultdict(int)
for i, a in actors.items():
    stock[f"{theme_of[i] or '-'} {a['fields'].get('kind', 'unknown')}"] += 1


def shannon(ids):
    counts = np.array([sum(theme_of[i] == t for i in ids) for t in themes], dtype=float)
    p = counts[counts > 0] / counts.sum()
    return {"shannon": float(-(p * np.log(p)).sum()), "themes": int((counts > 0).sum())} if len(p) else None


areas = [(territory["name"], list(actors), territory["population"])] + [(q["name"], members(q), q["population"]) for q in quartiers]
density = {name: len(ids) * 1000 / people for name, ids, people in areas if people}
diversity = {name: shannon(ids) for name, ids, _ in areas}


# ---- built area: a small reader of vector tiles ---------------------------------------------------------------------


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields(data):
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            size, at = varint(data, at)
            value, at = data[at : at + size], at + size
        else:
            size = 8 if key & 7 == 1 else 4
            value, at = data[at : at + size], at + size
        yield key >> 3, value


def packed(data):
    out, at = [], 0
    while at < len(data):
        value, at = varint(data, at)
        out.append(value)
    return out


def areas_of(tile):
    """The rings of residential land and of buildings, in units of a tile's side."""
    for number, layer in fields(tile):
        if number != 3:
            continue
        name, extent, keys, values, features = "", 4096, [], [], []
        for n, value in fields(layer):
            if n == 1:
                name = value.decode()
            elif n == 2:
                features.append(value)
            elif n == 3:
                keys.append(value.decode())
            elif n == 4:
                values.append(next((v.decode() for k, v in fields(value) if k == 1), None))
            elif n == 5:
                extent = value
        if name not in ("land", "buildings"):
            continue
        for feature in features:
            parts = dict(fields(feature))
            tags = packed(parts.get(2, b""))
            tagged = {keys[k]: values[v] for k, v in zip(tags[::2], tags[1::2])}
            if parts.get(3) != 3 or (name == "land" and tagged.get("kind") != "residential"):
                continue
            numbers, at, x, y, done = packed(parts[4]), 0, 0, 0, []
            while at < len(numbers):
                command, count = numbers[at] & 7, numbers[at] >> 3
                at += 1
                if command == 7:
                    continue
                for _ in range(count):
                    dx, dy = ((n >> 1) ^ -(n & 1) for n in numbers[at : at + 2])
                    x, y, at = x + dx, y + dy, at + 2
                    if command == 1:
                        done.append([])
                    done[-1].append((x, y))
            yield [np.array(ring, dtype=float) / extent for ring in done]


def unproject(x, y):
    return x * 360 - 180, np.degrees(np.arctan(np.sinh(math.pi * (1 - 2 * y))))


shape = rings(territory["boundary"])
west, south = np.vstack(shape).min(axis=0)
east, north = np.vstack(shape).max(axis=0)
scale = np.array([RADIUS * math.pi / 180 * math.cos(math.radians((south + north) / 2)), RADIUS * math.pi / 180])


def metres(lonlat):
    return (np.asarray(lonlat, dtype=float) - [west, south]) * scale


columns, rows = (int(math.ceil(v / SIDE)) for v in metres([east, north]))
built = np.zeros((rows * 10, columns * 10), dtype=bool)


def fill(parts):
    """Marks the points that rings turn around more often than not at all."""
    edges = [(r, np.roll(r, -1, axis=0)) for r in parts]
    low, high = np.vstack(parts).min(axis=0), np.vstack(parts).max(axis=0)
    first = np.maximum(np.ceil(low / STEP - 0.5), 0).astype(int)
    last = np.minimum(np.floor(high / STEP - 0.5) + 1, [columns * 10, rows * 10]).astype(int)
    if (last <= first).any():
        return
    xs, ys = (np.arange(first[i], last[i]) * STEP + STEP / 2 for i in (0, 1))
    turns = np.zeros((len(ys), len(xs)), dtype=int)
    for a, b in edges:
        for p, q in zip(a, b):
            across = (p[1] <= ys) != (q[1] <= ys)
            if across.any():
                at = p[0] + (ys[across] - p[1]) / (q[1] - p[1]) * (q[0] - p[0])
                turns[across] += np.where(xs[None, :] >= at[:, None], 1 if p[1] <= q[1] else -1, 0)
    built[first[1] : last[1], first[0] : last[0]] |= turns != 0


def tiles(z):
    side = 2**z
    column = lambda lon: int((lon + 180) / 360 * side)
    row = lambda lat: int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * side)
    return [(x, y) for y in range(row(north), row(south) + 1) for x in range(column(west), column(east) + 1)]


coverage = None
if territory["basemap"]:
    for x, y in tiles(14):
        for parts in areas_of(fetch(f"/tiles/base/{territory['basemap']['archive']}/14/{x}/{y}.mvt") or b""):
            placed = [np.column_stack(unproject((x + r[:, 0]) / 2**14, (y + r[:, 1]) / 2**14)) for r in parts if len(r) > 2]
            if placed:
                fill([metres(r) for r in placed])
    at = np.argwhere(built)
    lonlat = (at[:, ::-1] * STEP + STEP / 2) / scale + [west, south]
    kept = at[inside(shape, lonlat)]
    cells = np.zeros((rows, columns))
    np.add.at(cells, (kept[:, 0] // 10, kept[:, 1] // 10), 1)
    where = np.argwhere(cells > 0)
    weight = cells[cells > 0]
    middle = (where[:, ::-1] + 0.5) * SIDE

    def near(ids):
        of = [metres(p) for i in ids for p in points[i]]
        if not of:
            return np.zeros(len(middle), dtype=bool)
        return (((middle[:, None, :] - np.array(of)[None, :, :]) ** 2).sum(axis=2) <= NEAR**2).any(axis=1)

    by_theme = {t: near([i for i in actors if theme_of[i] == t]) for t in themes}
    any_theme = near(list(actors))
    coverage = {
        "built_ha": float(weight.sum() * STEP * STEP / 10_000),
        "all": float(weight[any_theme].sum() / weight.sum() * 100),
        "themes": {t: float(weight[by_theme[t]].sum() / weight.sum() * 100) for t in themes},
        "blank": int((~any_theme).sum()),
        "squares": int(len(weight)),
        "gaps": {},
        "areas": {},
    }
    for q in quartiers:
        of = inside(rings(q["boundary"]), middle / scale + [west, south])
        coverage["areas"][q["name"]] = float(weight[of].sum() * STEP * STEP / 10_000)
        for t in themes:
            missing = float(weight[of & ~by_theme[t]].sum() * STEP * STEP / 10_000)
            if missing:
                coverage["gaps"][f"{q['name']} {t}"] = missing


# ---- concentration --------------------------------------------------------------------------------------------------

gini = None
if len(quartiers) >= 2 and (coverage or all(q["population"] for q in quartiers)):
    people = all(q["population"] for q in quartiers)
    w = np.array([q["population"] if people else coverage["areas"][q["name"]] for q in quartiers], dtype=float)
    n = np.array([len(members(q)) for q in quartiers], dtype=float)
    # Half the mean of all differences of density, weighted: another way to the same index.
    density_of = n / w
    mean = n.sum() / w.sum()
    gini = float((np.outer(w, w) * np.abs(density_of[:, None] - density_of[None, :])).sum() / (2 * w.sum() ** 2 * mean))


# ---- quality --------------------------------------------------------------------------------------------------------

today = datetime.fromtimestamp(AT / 1000, timezone.utc).date()
ages = np.array([(today - datetime.strptime(a["fields"]["confirmed_on"], "%Y-%m-%d").date()).days for a in actors.values() if a["fields"].get("confirmed_on")])
PIECES = [
    lambda i, a: "kind" in a["fields"],
    lambda i, a: "primary_category" in a["fields"],
    lambda i, a: "summary" in a["fields"],
    lambda i, a: bool(points[i]),
    lambda i, a: a["address"],
    lambda i, a: any(k in a["fields"] for k in ("website", "email", "phone")),
    lambda i, a: "opening_hours" in a["fields"],
    lambda i, a: "wheelchair" in a["fields"],
]
pieces = [sum(bool(p(i, a)) for i, a in actors.items()) for p in PIECES]
precisions = [p for a in actors.values() for p in a["precisions"]]
somewhere = [(i, a) for i, a in actors.items() if points[i]]


# ---- journal --------------------------------------------------------------------------------------------------------

edits, cursor = [], ""
while True:
    page = get(f"/api/v1/territories/{SLUG}/history?limit=200{cursor}")
    edits += page["edits"]
    if not page["next"]:
        break
    cursor = f"&before={page['next']}"
by_people = [e for e in edits if not e["source"]]
months = defaultdict(lambda: [set(), 0])
for e in by_people:
    months[e["at"][:7]][0].add(e["by"])
    months[e["at"][:7]][1] += 1
imported = {e["subject"]["id"] for e in edits if e["kind"] == "create" and e["source"] == "osm"}
touched = {e["subject"]["id"] for e in by_people}
few = lambda n: "< 5" if 0 < n < 5 else n


# ---- links ----------------------------------------------------------------------------------------------------------

links, dangling = set(), 0
for i, a in actors.items():
    for relation in a["fields"].get("relations", []):
        kind, other = relation.split(":")
        if other not in actors:
            dangling += 1
        elif other != i:
            links.add((kind, *(sorted((i, other)) if kind in ("partner", "shares_place") else (i, other))))
parent = {i: i for i in actors}


def root(i):
    while parent[i] != i:
        i = parent[i]
    return i


for _, a, b in links:
    parent[root(a)] = root(b)
linked = {i for _, a, b in links for i in (a, b)}

print(
    json.dumps(
        {
            "actors": len(actors),
            "stock": stock,
            "density": density,
            "diversity": diversity,
            "coverage": coverage,
            "gini": gini,
            "freshness": {"median": float(np.median(ages)) if len(ages) else None, "recent": int((ages < 365).sum()), "never": len(actors) - len(ages)},
            "pieces": pieces,
            "completeness": sum(pieces) / (8 * len(actors)) * 100,
            "precision": precisions.count("exact") / len(precisions) * 100,
            "practical": sum("opening_hours" in a["fields"] and "wheelchair" in a["fields"] for _, a in somewhere) / len(somewhere) * 100,
            "sources": [len(actors.keys() & (imported - touched)), len(actors.keys() & imported & touched), len(actors.keys() & touched - imported)],
            "participation": {m: [few(len(p)), n] for m, (p, n) in months.items()},
            "people": few(len({e["by"] for e in by_people})),
            "links": {k: sum(link[0] == k for link in links) for k in ("partner", "member_of", "funds", "hosts", "shares_place")},
            "dangling": dangling,
            "groups": len({root(i) for i in linked}),
            "linked": len(linked),
        }
    )
)
