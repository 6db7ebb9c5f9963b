/** The parts of an area: who looks where, laid over with what this device has not yet got acknowledged. */
import type { Pending } from '../lib/queue';
import type { FieldValue } from '../lib/types';
import type { Cell, CellState, Coverage } from './types';

/** Looked at, whether something was found or not. */
export const seen = (coverage: Coverage): number => coverage.done + coverage.nothing;

export function percent(coverage: Coverage): number {
  return coverage.total === 0 ? 0 : Math.round((100 * seen(coverage)) / coverage.total);
}

export function covered(cells: readonly Cell[]): Coverage {
  const count = (state: CellState) => cells.filter((cell) => cell.state === state).length;
  return { total: cells.length, claimed: count('claimed'), done: count('done'), nothing: count('nothing') };
}

/** The cell as it will be once what waits here is accepted; a conflict shows what is online. */
export function laid(cell: Cell, pending: readonly Pending[]): Cell {
  return pending
    .filter((p) => p.edit.subject.id === cell.id && (p.state === 'waiting' || p.state === 'sent'))
    .reduce((shown, { edit }) => {
      const set = edit.set ?? {};
      const text = (field: string, now: string | null) =>
        field in set ? (set[field] as FieldValue | null as string | null) : now;
      return {
        ...shown,
        state: text('state', shown.state) as CellState | null,
        team: text('team', shown.team),
        note: text('note', shown.note),
      };
    }, cell);
}

export type Sort = 'all' | 'free' | 'mine';

export function filtered(cells: readonly Cell[], sort: Sort, team: string): Cell[] {
  if (sort === 'free') return cells.filter((cell) => cell.state === null);
  if (sort === 'mine') return cells.filter((cell) => cell.team !== null && cell.team === team);
  return [...cells];
}

/** What the map draws: one shape per cell, its state and its name. */
export function shapes(cells: readonly Cell[], chosen: string | null = null): GeoJSON.Feature[] {
  return cells.map((cell) => ({
    type: 'Feature',
    id: cell.id,
    geometry: cell.boundary ?? box(cell),
    properties: { id: cell.id, name: cell.name, state: cell.state ?? 'free', chosen: cell.id === chosen },
  }));
}

function box({ bbox: [w, s, e, n] }: Cell): GeoJSON.Polygon {
  return {
    type: 'Polygon',
    coordinates: [
      [
        [w, s],
        [e, s],
        [e, n],
        [w, n],
        [w, s],
      ],
    ],
  };
}
