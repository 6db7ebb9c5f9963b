/** Names of actors that others mention by their id: asked for once a visit, and shown when they come. */
import { SvelteMap } from 'svelte/reactivity';
import { api } from './api';
import { textOf, themeOf } from './journal';

interface Known {
  name: string;
  theme: string;
}
const known = new SvelteMap<string, Known>();
const asked = new Set<string>();

/** Null while it is on its way, or when there is no such actor any more. */
export function actorKnown(id: string): Known | null {
  if (!asked.has(id)) {
    asked.add(id);
    api.actor(id).then(
      ({ fields }) => learn(id, textOf(fields.name), themeOf(textOf(fields.primary_category))),
      () => undefined,
    );
  }
  return known.get(id) ?? null;
}

export function learn(id: string, name: string, theme: string): void {
  asked.add(id);
  known.set(id, { name, theme });
}

/** `partner:…` as "partenaire de La Passerelle". */
export function splitRelation(member: string): { kind: string; id: string } {
  const [kind = '', id = ''] = member.split(':');
  return { kind, id };
}
