/** The cells of a séance on screen: read again at each change, laid over with what waits in the outbox. */
import { t } from '../i18n';
import { outbox } from '../lib/outbox.svelte';
import type { Edit, FieldValue, Version } from '../lib/types';
import { answerEdit, type Conflict } from '../lib/journal';
import type { Pending } from '../lib/queue';
import { uuidv7 } from '../lib/uuid';
import { api } from './api';
import { covered, laid } from './cells';
import { pulse } from './pulse';
import type { Cell, Seance } from './types';

export class CoverageState {
  #cells = $state.raw<Cell[] | null>(null);
  failed = $state('');
  readonly cells = $derived.by(() => this.#cells?.map((cell) => laid(cell, outbox.queue)) ?? null);
  readonly coverage = $derived(covered(this.cells ?? []));

  /** `owner`: the screen has no map page beside it that holds the socket. */
  constructor(
    private readonly seance: Pick<Seance, 'id' | 'territory'>,
    private readonly owner: boolean,
  ) {}

  follow(): () => void {
    return pulse({
      slug: this.seance.territory.slug,
      owner: this.owner,
      every: 2000,
      // What is found in a cell changes at each edit; who has it, only by an edit of cells.
      wants: ({ subject }) => subject.kind === 'cell' || subject.kind === 'seance',
      read: () => this.read(),
    }).stop;
  }

  async read(): Promise<void> {
    try {
      this.#cells = (await api.cells(this.seance.id)).cells;
      this.failed = '';
    } catch (error) {
      if (this.#cells === null) this.failed = error instanceof Error ? error.message : t('error.unreachable');
    }
  }

  cell(id: string): Cell | undefined {
    return this.cells?.find((cell) => cell.id === id);
  }

  /** An answer of this device is on its way: its buttons wait. */
  busy(id: string): boolean {
    return outbox.forActor(id).some((p) => p.state === 'sent' && !outbox.offline);
  }

  conflicts(id: string): Pending[] {
    return outbox.forActor(id).filter((p) => p.state === 'conflict' || p.state === 'refused');
  }

  /** Writes fields of a cell, on the versions on screen; the first one to write makes the cell. */
  write(cell: Cell, set: Record<string, FieldValue | null>): void {
    void outbox.add(this.#pending(cell, this.#edit(cell, set))).then(() => this.read());
  }

  /** Answers a conflict with the value that this person wanted, on the version that won. */
  async put(cell: Cell, entry: Pending, conflict: Conflict): Promise<void> {
    const edit = answerEdit(uuidv7(), cell.id, conflict, conflict.mine);
    const mine: Edit = { ...edit, subject: { kind: 'cell', id: cell.id } };
    const sent = outbox.add(this.#pending(cell, mine));
    await outbox.settle(entry.id, conflict.field);
    await sent;
    await this.read();
  }

  #edit(cell: Cell, set: Record<string, FieldValue | null>): Edit {
    const id = uuidv7();
    const subject = { kind: 'cell' as const, id: cell.id };
    const seance = this.seance.id;
    const made =
      Object.keys(cell.versions).length > 0 || outbox.forActor(cell.id).some((p) => p.edit.kind === 'create');
    if (!made) {
      const given = Object.fromEntries(Object.entries(set).filter(([, value]) => value !== null));
      return {
        id,
        subject,
        kind: 'create',
        set: { seance, key: cell.key, name: cell.name, ...given },
      };
    }
    const base: Record<string, Version> = {};
    for (const field of Object.keys(set)) if (cell.versions[field]) base[field] = cell.versions[field];
    return { id, subject, kind: 'set', set, base };
  }

  #pending(cell: Cell, edit: Edit): Pending {
    const { slug } = this.seance.territory;
    return { id: edit.id, edit, state: 'waiting', at: Date.now(), name: cell.name, slug };
  }
}
