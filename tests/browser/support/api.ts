/** What the tests ask the server without a browser: to prepare, and to compare. */
import type { APIRequestContext } from '@playwright/test';
import { randomBytes } from 'node:crypto';

export interface Feature {
  id: string;
  geometry: { type: 'Point'; coordinates: [number, number] } | null;
  properties: { id: string; name: string; theme: string; category: string; state: string; street: string };
}
export interface Collection {
  numberMatched: number;
  features: Feature[];
}
export interface Actor {
  id: string;
  fields: Record<string, unknown>;
  versions: Record<string, [number, number]>;
}

export const SLUG = 'solvigne';
export const MAP = `/${SLUG}/carte`;

export async function actors(request: APIRequestContext, query = ''): Promise<Collection> {
  const answer = await request.get(`/api/v1/territories/${SLUG}/actors.geojson?limit=1000&${query}`);
  return (await answer.json()) as Collection;
}

export async function actorNamed(request: APIRequestContext, name: string): Promise<Feature> {
  const found = (await actors(request)).features.find((f) => f.properties.name === name);
  if (!found) throw new Error(`no actor is called ${name}`);
  return found;
}

export function uuidv7(): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Changes one field as somebody else would, on the version of now. */
export async function change(request: APIRequestContext, id: string, field: string, value: unknown) {
  const actor = (await (await request.get(`/api/v1/actors/${id}`)).json()) as Actor;
  const version = actor.versions[field];
  const edit = {
    id: uuidv7(),
    subject: { kind: 'actor', id },
    kind: 'set',
    set: { [field]: value },
    base: version ? { [field]: version } : {},
  };
  const answer = await request.post('/api/v1/edits', { data: { edits: [edit] } });
  if (!answer.ok()) throw new Error(await answer.text());
}
