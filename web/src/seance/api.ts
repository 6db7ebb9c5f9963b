/** The routes of the séances. */
import { request, withQuery } from '../lib/api';
import type { EditsAnswer, Version } from '../lib/types';
import type {
  Cell,
  Door,
  Joining,
  Participant,
  ParticipantLine,
  Progress,
  Seance,
  SeanceFields,
} from './types';

const V1 = '/api/v1';
const one = encodeURIComponent;
const post = (body: unknown = {}): RequestInit => ({ method: 'POST', body: JSON.stringify(body) });
const at = (id: string, rest = '') => `${V1}/seances/${one(id)}${rest}`;

/** A modification of the séance itself; those of cells wait in the outbox like any other. */
export interface SeanceEdit {
  id: string;
  subject: { kind: 'seance'; id: string };
  kind: 'create' | 'set';
  territory?: string;
  set: { [F in keyof SeanceFields]: SeanceFields[F] | null };
  base?: Record<string, Version>;
}

export const api = {
  list: (slug: string) => request<{ seances: Seance[] }>(`${V1}/territories/${one(slug)}/seances`),
  seance: (id: string) => request<Seance>(at(id)),
  write: (edit: SeanceEdit) => request<EditsAnswer>(`${V1}/edits`, post({ edits: [edit] }), [409, 403, 422]),
  join: (joining: Joining) =>
    request<{ seance: Seance; you: Participant }>(`${V1}/seances/join`, post(joining)),
  /** The projector shows its token instead of a person's rights. */
  door: (id: string, screen: string | null = null) =>
    request<Door>(at(id, '/door'), screen ? { headers: { 'Bouillon-Screen': screen } } : {}),
  order: (id: string, action: 'renew' | 'revoke') => request<Door>(at(id, '/door'), post({ action })),
  participants: (id: string) => request<{ participants: ParticipantLine[] }>(at(id, '/participants')),
  revoke: (id: string, participant: string) =>
    request<unknown>(at(id, `/participants/${one(participant)}/revoke`), post()),
  progress: (id: string) => request<Progress>(at(id, '/progress')),
  cells: (id: string) => request<{ cells: Cell[] }>(at(id, '/cells')),
  next: (id: string, near: [number, number] | null) =>
    request<{ cell: Cell | null }>(
      withQuery(at(id, '/cells/next'), { lon: near?.[0].toFixed(6), lat: near?.[1].toFixed(6) }),
    ),
};
