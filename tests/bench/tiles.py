"""Prints z/x/y of up to 2,000 tiles of a PMTiles archive, spread evenly. Reads the format itself: https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md"""
import gzip
import struct
import sys


def varints(data):
    out, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            out.append(value)
            value = shift = 0
    return out


def entries(data):
    numbers = varints(data)
    n = numbers[0]
    ids, runs, lengths, offsets = (numbers[1 + i * n : 1 + (i + 1) * n] for i in range(4))
    tile = end = 0
    for i in range(n):
        tile += ids[i]
        # An offset of 0 says: right after the one before.
        offset = offsets[i] - 1 if offsets[i] else end
        end = offset + lengths[i]
        yield tile, runs[i], offset, lengths[i]


def place(tile):
    z, first = 0, 0
    while tile >= first + 4**z:
        first += 4**z
        z += 1
    d, x, y, s = tile - first, 0, 0, 1
    while s < 1 << z:
        rx = 1 & (d // 2)
        ry = 1 & (d ^ rx)
        if ry == 0:
            if rx == 1:
                x, y = s - 1 - x, s - 1 - y
            x, y = y, x
        x, y, d, s = x + s * rx, y + s * ry, d // 4, s * 2
    return z, x, y


file = open(sys.argv[1], "rb")
head = file.read(127)
root, root_length, _, _, leaves, _ = struct.unpack("<6Q", head[8:56])


def read(offset, length):
    file.seek(offset)
    return gzip.decompress(file.read(length))


found = []
for tile, run, offset, length in entries(read(root, root_length)):
    if run:
        found.append(tile)
    else:
        found.extend(t for t, r, _, _ in entries(read(leaves + offset, length)) if r)
for tile in found[:: max(1, len(found) // 2000)]:
    print("/".join(map(str, place(tile))))
