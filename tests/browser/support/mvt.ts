/** A reader of vector tiles (MVT 2.1) that shares no code with the app: layers, and the attributes of their features. */

type Value = string | number | boolean;
export interface TileFeature {
  layer: string;
  attributes: Record<string, Value>;
}

class Reader {
  #at = 0;
  constructor(private readonly bytes: Uint8Array) {}
  get done(): boolean {
    return this.#at >= this.bytes.length;
  }
  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.#at++];
      if (byte === undefined) throw new Error('the tile ends in the middle of a number');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }
  take(length: number): Uint8Array {
    const part = this.bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return part;
  }
  /** Reads a message: field number and content, numbers as they are, the rest as bytes. */
  *fields(): Generator<[number, number | Uint8Array]> {
    while (!this.done) {
      const key = this.varint();
      const kind = key & 7;
      const field = Math.floor(key / 8);
      if (kind === 0) yield [field, this.varint()];
      else if (kind === 1) yield [field, this.take(8)];
      else if (kind === 2) yield [field, this.take(this.varint())];
      else if (kind === 5) yield [field, this.take(4)];
      else throw new Error(`wire type ${kind}`);
    }
  }
}

const text = (bytes: number | Uint8Array) => new TextDecoder().decode(bytes as Uint8Array);
const view = (bytes: number | Uint8Array) =>
  new DataView((bytes as Uint8Array).buffer, (bytes as Uint8Array).byteOffset);

function readValue(bytes: Uint8Array): Value {
  for (const [field, content] of new Reader(bytes).fields()) {
    if (field === 1) return text(content);
    if (field === 2) return view(content).getFloat32(0, true);
    if (field === 3) return view(content).getFloat64(0, true);
    if (field === 4 || field === 5) return content as number;
    if (field === 6)
      return (content as number) % 2 ? -((content as number) + 1) / 2 : (content as number) / 2;
    if (field === 7) return content === 1;
  }
  throw new Error('a value without content');
}

function readLayer(bytes: Uint8Array): TileFeature[] {
  let layer = '';
  const keys: string[] = [];
  const values: Value[] = [];
  const tags: number[][] = [];
  for (const [field, content] of new Reader(bytes).fields()) {
    if (field === 1) layer = text(content);
    else if (field === 3) keys.push(text(content));
    else if (field === 4) values.push(readValue(content as Uint8Array));
    else if (field === 2) {
      const found: number[] = [];
      for (const [inner, packed] of new Reader(content as Uint8Array).fields()) {
        if (inner !== 2) continue;
        const reader = new Reader(packed as Uint8Array);
        while (!reader.done) found.push(reader.varint());
      }
      tags.push(found);
    }
  }
  return tags.map((pairs) => {
    const attributes: Record<string, Value> = {};
    for (let i = 0; i < pairs.length; i += 2) attributes[keys[pairs[i]!]!] = values[pairs[i + 1]!]!;
    return { layer, attributes };
  });
}

export function readTile(bytes: Uint8Array): TileFeature[] {
  const found: TileFeature[] = [];
  for (const [field, content] of new Reader(bytes).fields())
    if (field === 3) found.push(...readLayer(content as Uint8Array));
  return found;
}

/** The tile that holds a point at a zoom, as `z/x/y`. */
export function tileAt(lon: number, lat: number, zoom: number): string {
  const n = 2 ** zoom;
  const rad = (lat * Math.PI) / 180;
  const x = Math.floor(((lon + 180) / 360) * n);
  const y = Math.floor(((1 - Math.asinh(Math.tan(rad)) / Math.PI) / 2) * n);
  return `${zoom}/${x}/${y}`;
}
