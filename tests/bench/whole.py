"""Copies an extract without references to objects that it does not hold: tilemaker ends at the first one. usage: whole.py IN.osm.pbf OUT.osm.pbf"""
import sys

import osmium

known = {"n": set(), "w": set(), "r": set()}
writer = osmium.SimpleWriter(sys.argv[2], overwrite=True)
for thing in osmium.FileProcessor(sys.argv[1]):
    if thing.is_node():
        known["n"].add(thing.id)
        writer.add(thing)
    elif thing.is_way():
        nodes = [node.ref for node in thing.nodes if node.ref in known["n"]]
        if len(nodes) > 1:
            known["w"].add(thing.id)
            writer.add(thing.replace(nodes=nodes))
    elif thing.is_relation():
        members = [member for member in thing.members if member.ref in known[member.type]]
        if members:
            known["r"].add(thing.id)
            writer.add(thing.replace(members=members))
writer.close()
