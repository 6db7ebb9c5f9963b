/** The routes of imports and moderation; they answer to moderators and admins only. */
import { request, withQuery } from '../lib/api';
import type { Action, CasePage, Decision, ItemPage, Run, RunPage } from './types';

const V1 = '/api/v1';
const one = encodeURIComponent;
const post = (body: unknown = {}): RequestInit => ({ method: 'POST', body: JSON.stringify(body) });

/** How many lines or cases are asked for at a time. */
export const PAGE = 50;

export const api = {
  runs: (slug: string, before?: string) =>
    request<RunPage>(withQuery(`${V1}/territories/${one(slug)}/imports`, { before })),
  run: (id: string) => request<Run>(`${V1}/imports/${one(id)}`),
  items: (id: string, action: Action | null, after: number | null) =>
    request<ItemPage>(withQuery(`${V1}/imports/${one(id)}/items`, { action, after, limit: PAGE })),
  order: (id: string, what: 'apply' | 'undo' | 'discard') =>
    request<Run>(`${V1}/imports/${one(id)}/${what}`, post()),
  cases: (slug: string, after: string | null, limit = PAGE) =>
    request<CasePage>(withQuery(`${V1}/territories/${one(slug)}/moderation`, { after, limit })),
  settle: (id: string, decision: Decision) =>
    request<{ settled: boolean }>(`${V1}/moderation/${one(id)}`, post({ decision })),
};

/** Where a file is sent; its bytes are the body. */
export function sendAddress(slug: string, name: string): string {
  return withQuery(`${V1}/territories/${one(slug)}/imports`, { name });
}
