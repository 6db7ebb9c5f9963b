/** Talks to the server: one fetch wrapper, one function per route, and sentences instead of statuses. */
import { language, t } from '../i18n';
import { source } from '../offline/source.svelte';
import type {
  Actor,
  ActorCollection,
  AddressFacts,
  ChangesAnswer,
  Counts,
  Duplicates,
  Edit,
  EditsAnswer,
  FoundAddress,
  History,
  Me,
  SearchAnswer,
  Taxonomy,
  Territory,
  TerritoryPage,
} from './types';

/** A refusal of the server, already said in the person's language. */
export class Refused extends Error {
  constructor(
    /** The HTTP status, kept to tell "not found" from "try later"; never shown. */
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: Record<string, string> = {},
    /** Seconds to wait before trying again, when the server said so. */
    readonly retryAfter: number | null = null,
    readonly body: unknown = null,
  ) {
    super(message);
  }
}

/** The server cannot be reached at all (no network, server down, answer that is not ours). */
export class Unreachable extends Error {
  constructor() {
    super(t('error.unreachable'));
  }
}

/** An embed never sends the identity cookie; the page sets this once, before the first request. */
let credentials: RequestCredentials = 'same-origin';
export function forgetIdentity(): void {
  credentials = 'omit';
}
export function requestCredentials(): RequestCredentials {
  return credentials;
}

/** How far the journal was when this page last wrote, so that another node shows no older state: `epoch:seq`. */
let written = '';
function rememberHead(body: unknown): void {
  if (!hasResults(body)) return;
  const { epoch, head } = body as { epoch?: unknown; head?: unknown };
  if (typeof epoch === 'number' && typeof head === 'number') wrote(epoch, head);
}
/** This page wrote, by a request or over the socket: what it reads next must hold this. */
export function wrote(epoch: number, seq: number): void {
  written = `${epoch}:${seq}`;
}

export async function request<T>(path: string, init: RequestInit = {}, accept: number[] = []): Promise<T> {
  const headers: Record<string, string> = {
    Accept: 'application/json',
    'Accept-Language': language,
    ...(init.headers as Record<string, string> | undefined),
  };
  if (init.body) headers['Content-Type'] = 'application/json';
  if (written) headers['Bouillon-Head'] = written;
  let answer: Response;
  try {
    answer = await fetch(path, { ...init, credentials, headers });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Unreachable();
  }
  source.note(answer);
  const body: unknown = await answer.json().catch(() => null);
  rememberHead(body);
  if (answer.ok || (accept.includes(answer.status) && hasResults(body))) return body as T;
  // A gateway in front of a stopped server answers 502 to 504: same thing for the person.
  if (answer.status >= 502 && answer.status <= 504) throw new Unreachable();
  throw refusal(answer.status, answer.headers.get('Retry-After'), body);
}

/** Turns a problem document (RFC 9457) into a sentence; anything else becomes a plain one. */
export function refusal(status: number, retryAfter: string | null, body: unknown): Refused {
  const problem = (typeof body === 'object' && body !== null ? body : {}) as {
    detail?: unknown;
    title?: unknown;
    code?: unknown;
    fields?: Record<string, string>;
  };
  const sentence = [problem.detail, problem.title].find((s) => typeof s === 'string' && s.length > 0);
  const fallback =
    status === 404 ? t('error.notFound') : status === 429 ? t('error.tooMany') : t('error.refused');
  const seconds = retryAfter === null ? NaN : Number(retryAfter);
  return new Refused(
    status,
    typeof problem.code === 'string' ? problem.code : `http_${status}`,
    typeof sentence === 'string' ? sentence : fallback,
    problem.fields ?? {},
    Number.isFinite(seconds) ? seconds : null,
    body,
  );
}

function hasResults(body: unknown): boolean {
  return typeof body === 'object' && body !== null && Array.isArray((body as { results?: unknown }).results);
}

type Query = Record<string, string | number | null | undefined>;
/** `path?key=value` without the keys that have nothing to say. */
export function withQuery(path: string, query: Query): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') params.set(key, String(value));
  }
  // Commas are legal in a query; leaving them readable keeps shared links readable.
  const text = params.toString().replaceAll('%2C', ',');
  return text ? `${path}?${text}` : path;
}

/** What the operator said about the site; null where nothing was set. */
export type Site = { publisher: string | null; contact: string | null; host: string | null };

const V1 = '/api/v1';
const one = encodeURIComponent;
const post = (body: unknown): RequestInit => ({ method: 'POST', body: JSON.stringify(body) });

export const api = {
  territories: (query: Query = {}, signal?: AbortSignal) =>
    request<TerritoryPage>(withQuery(`${V1}/territories`, query), signal ? { signal } : undefined),
  territory: (slug: string) => request<Territory>(`${V1}/territories/${one(slug)}`),
  taxonomy: () => request<Taxonomy>(`${V1}/taxonomy`),
  actors: (slug: string, query: Query, signal?: AbortSignal) =>
    request<ActorCollection>(withQuery(`${V1}/territories/${one(slug)}/actors.geojson`, query), { signal }),
  counts: (slug: string, query: Query, signal?: AbortSignal) =>
    request<Counts>(withQuery(`${V1}/territories/${one(slug)}/counts`, query), { signal }),
  actor: (id: string) => request<Actor>(`${V1}/actors/${one(id)}`),
  history: (id: string, before?: number) =>
    request<History>(withQuery(`${V1}/actors/${one(id)}/history`, { before, limit: 50 })),
  territoryHistory: (slug: string, limit: number, before?: number) =>
    request<History>(withQuery(`${V1}/territories/${one(slug)}/history`, { before, limit })),
  search: (q: string, territory: string, near: string | null, signal?: AbortSignal) =>
    request<SearchAnswer>(withQuery(`${V1}/search`, { q, territory, near, limit: 8 }), { signal }),
  addresses: async (q: string, territory: string, signal?: AbortSignal): Promise<FoundAddress[]> => {
    type Feature = { geometry: { coordinates: [number, number] }; properties: AddressFacts };
    const path = withQuery(`${V1}/geocode/search`, { q, territory, limit: 8 });
    const { features } = await request<{ features: Feature[] }>(path, { signal });
    return features.map(({ geometry: { coordinates: at }, properties }) => ({
      lon: at[0],
      lat: at[1],
      properties,
    }));
  },
  duplicates: (query: Query, signal?: AbortSignal) =>
    request<Duplicates>(withQuery(`${V1}/duplicates`, query), { signal }),
  changes: (after: number, territory: string) =>
    request<ChangesAnswer>(withQuery(`${V1}/changes`, { after, territory })),
  form: () => request<{ token: string; min_seconds: number }>(`${V1}/form`),
  /** Conflicts and refusals come as results, not as exceptions: both carry what the person needs. */
  edit: (edit: Edit, form?: { token: string; trap: string }) =>
    request<EditsAnswer>(
      `${V1}/edits`,
      post(form ? { edits: [edit], form } : { edits: [edit] }),
      [409, 403, 422],
    ),
  me: () => request<Me>(`${V1}/me`),
  contributions: (before?: number) =>
    request<History>(withQuery(`${V1}/me/contributions`, { before, limit: 50 })),
  makeRecovery: () => request<{ code: string }>(`${V1}/me/recovery`, post({})),
  recover: (code: string) => request<Me>(`${V1}/me/recover`, post({ code })),
  invitation: (token: string) => request<Me>(`${V1}/invitations`, post({ token })),
  site: () => request<Site>(`${V1}/site`),
};
