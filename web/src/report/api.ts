/** The routes of statistics, reports and links between actors. */
import { api as main, Refused, refusal, request, Unreachable, withQuery } from '../lib/api';
import { language } from '../i18n';
import type { Edit, EditsAnswer } from '../lib/types';
import { uuidv7 } from '../lib/uuid';
import type { FigureLine, Network, Report, ReportLine, Statistics, WorkKind, WorkValue } from './types';

const V1 = '/api/v1';
const one = encodeURIComponent;
const post = (body: unknown = {}): RequestInit => ({ method: 'POST', body: JSON.stringify(body) });
const of = (slug: string, rest: string) => `${V1}/territories/${one(slug)}/${rest}`;

/** What statistics are asked for: positions of the journal, or nothing for the state of now. */
export interface Question {
  area: string;
  category: string;
  at: number | null;
  before: number | null;
}
const asked = (question: Partial<Question>) => ({ ...question, lang: language });

export const api = {
  statistics: (slug: string, question: Partial<Question> = {}, signal?: AbortSignal) =>
    request<Statistics>(withQuery(of(slug, 'statistics'), asked(question)), { signal }),
  network: (slug: string, question: Partial<Question> = {}) =>
    request<Network>(withQuery(of(slug, 'relations'), asked(question))),
  figures: async (slug: string) => (await request<{ figures: FigureLine[] }>(of(slug, 'figures'))).figures,
  reports: async (slug: string) => (await request<{ reports: ReportLine[] }>(of(slug, 'reports'))).reports,
  report: (id: string) => request<Report>(withQuery(`${V1}/reports/${one(id)}`, { lang: language })),
  freeze: (id: string) => request<Report>(`${V1}/reports/${one(id)}/freeze`, post()),
  remake: (id: string) => request<{ id: string }>(`${V1}/reports/${one(id)}/remake`, post()),
  picture: (id: string, file: File) => upload(`${V1}/reports/${one(id)}/picture`, file),
};

/** A request whose body or answer is no JSON; a refusal is said like any other. */
async function raw(path: string, init: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(path, init);
  } catch {
    throw new Unreachable();
  }
  if (answer.ok) return answer;
  const body: unknown = await answer.json().catch(() => null);
  throw refusal(answer.status, answer.headers.get('Retry-After'), body);
}

/** A picture goes as it is. */
async function upload(path: string, file: File): Promise<void> {
  const headers = { Accept: 'application/json', 'Accept-Language': language, 'Content-Type': file.type };
  await raw(path, { method: 'POST', body: file, headers });
}

/** The report as a PDF, which takes the server some seconds. */
export async function pdf(id: string): Promise<Blob> {
  return (await raw(files.report(id, 'pdf'), { headers: { 'Accept-Language': language } })).blob();
}

/** Makes or changes a figure, report, block or device at once, outside of the outbox; gives its id. */
export async function write(
  kind: WorkKind,
  edit: Pick<Edit, 'kind'> & { id?: string; territory?: string; set?: Record<string, WorkValue | null> },
): Promise<string> {
  const id = edit.id ?? uuidv7();
  const whole = { ...edit, id: uuidv7(), subject: { kind, id } } as Edit;
  const answer: EditsAnswer = await main.edit(whole);
  const ack = answer.results[0];
  const said = Object.values(ack?.fields ?? {}).find((f) => f.result === 'refused')?.message;
  if (!ack || ack.result === 'refused') throw new Refused(422, ack?.code ?? '', said ?? ack?.message ?? '');
  return id;
}

/** Addresses of files: they open or download as they are. */
export const files = {
  chart: (slug: string, code: string, question: Partial<Question>) =>
    withQuery(of(slug, `statistics/${one(code)}.svg`), asked(question)),
  table: (slug: string, code: string, question: Partial<Question>) =>
    withQuery(of(slug, `statistics/${one(code)}.csv`), asked(question)),
  network: (slug: string) => withQuery(of(slug, 'relations.svg'), { lang: language }),
  map: (slug: string) => withQuery(of(slug, 'map.png'), { format: 'a4', dpi: 72, lang: language }),
  figure: (id: string, kind: 'svg' | 'png') => `/f/${one(id)}.${kind}`,
  report: (id: string, kind: 'docx' | 'html' | 'pdf' | 'zip') =>
    withQuery(`/r/${one(id)}.${kind}`, { lang: language }),
};
