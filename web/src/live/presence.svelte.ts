/** Who is here and what they do, in the form in which the screens ask for it; and the name that this device goes by. */
import { untrack } from 'svelte';
import { t } from '../i18n';
import { recall, remember } from '../lib/device';
import type { Person } from './messages';
import { socket } from './socket.svelte';

/** What the five pastels of people are called. */
export const TINT_NAMES = [
  'live.tint.0',
  'live.tint.1',
  'live.tint.2',
  'live.tint.3',
  'live.tint.4',
] as const;

/** How this device's person is called and coloured here. Never required: without a name they are « visiteur 3 ». */
class Own {
  nickname = $state(recall('nickname') ?? '');
  color = $state<number | null>(readColor());
  /** How many fields this person is writing in: nothing is put in their way meanwhile. */
  writing = $state(0);

  constructor() {
    this.#tell();
  }

  call(nickname: string): void {
    this.nickname = nickname.trim().slice(0, 30);
    remember('nickname', this.nickname || null);
    this.#tell();
  }

  dye(color: number): void {
    this.color = color;
    remember('nickname-color', String(color));
    this.#tell();
  }

  #tell(): void {
    socket.present({ nickname: this.nickname, color: this.color });
  }
}

function readColor(): number | null {
  const kept = Number(recall('nickname-color') ?? NaN);
  return Number.isInteger(kept) && kept >= 0 && kept < TINT_NAMES.length ? kept : null;
}

export const own = new Own();

/** What somebody is called here: « visiteur 3 » is said in the language of this page. */
export function called(person: Pick<Person, 'name' | 'visitor'>): string {
  return typeof person.visitor === 'number' ? t('live.visitor', { n: person.visitor }) : person.name;
}

/** The others who are listed: they have a name, or edit. */
export function listed(): Person[] {
  return socket.people
    .filter((p) => p.session !== socket.you?.session)
    .map((p) => ({ ...p, name: called(p) }));
}

/** Who writes in this field of this actor. */
export function holdersOf(actor: string, field: string): Person[] {
  return listed().filter((p) => p.actor === actor && p.field === field);
}

/** Who writes somewhere in this actor, in words for its line of the list; empty when nobody does. */
export function editorsOf(actor: string): string[] {
  return listed().flatMap((p) => (p.actor === actor && p.field !== null ? [p.name] : []));
}

/** Others see that this field is being written, until the function that this gives is called. */
export function holding(field: string): () => void {
  socket.present({ field });
  untrack(() => (own.writing += 1));
  return () => {
    socket.present({ field: null });
    own.writing -= 1;
  };
}
