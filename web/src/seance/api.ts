/** The routes of the séances. */
import { request, withQuery } from '../lib/api';
import type { EditsAnswer, Version } from '../lib/types';
import type {
  Cell,
  Door,
  Joining,
  Minutes,
  Participant,
  ParticipantLine,
  Progress,
  ReviewLine,
  Scope,
  Seance,
  SeanceFields,
  Undone,
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

/** The projector shows its token instead of a person's rights. */
const shown = (screen: string | null): RequestInit =>
  screen ? { headers: { 'Bouillon-Screen': screen } } : {};

export const api = {
  list: (slug: string) => request<{ seances: Seance[] }>(`${V1}/territories/${one(slug)}/seances`),
  seance: (id: string) => request<Seance>(at(id)),
  write: (edit: SeanceEdit) => request<EditsAnswer>(`${V1}/edits`, post({ edits: [edit] }), [409, 403, 422]),
  join: (joining: Joining) =>
    request<{ seance: Seance; you: Participant }>(`${V1}/seances/join`, post(joining)),
  door: (id: string, screen: string | null = null) => request<Door>(at(id, '/door'), shown(screen)),
  order: (id: string, action: 'renew' | 'revoke') => request<Door>(at(id, '/door'), post({ action })),
  participants: (id: string) => request<{ participants: ParticipantLine[] }>(at(id, '/participants')),
  /** Sends somebody away; `forget` erases the nickname too. */
  revoke: (id: string, participant: string, forget: boolean) =>
    request<ParticipantLine>(at(id, `/participants/${one(participant)}/revoke`), post({ forget })),
  progress: (id: string, screen: string | null = null) =>
    request<Progress>(at(id, '/progress'), shown(screen)),
  cells: (id: string) => request<{ cells: Cell[] }>(at(id, '/cells')),
  next: (id: string, [lon, lat]: [number, number]) =>
    request<{ cell: Cell | null }>(
      withQuery(at(id, '/cells/next'), { lon: lon.toFixed(6), lat: lat.toFixed(6) }),
    ),
  minutes: (id: string) => request<Minutes>(at(id, '/minutes')),
  edits: (id: string, scope: Scope, before: number | null) =>
    request<{ edits: ReviewLine[]; next: number | null }>(
      withQuery(at(id, '/edits'), {
        participant: 'participant' in scope ? scope.participant : null,
        cell: 'cell' in scope ? scope.cell : null,
        before,
      }),
    ),
  undo: (id: string, scope: Scope, preview: boolean) =>
    request<Undone>(at(id, '/undo'), post({ ...scope, preview })),
};

/** The minutes as a table, to download. */
export const minutesTable = (id: string): string => at(id, '/minutes.csv');
