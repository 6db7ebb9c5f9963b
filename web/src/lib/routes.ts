/** The address plan: which screen a path asks for. */
export type Route =
  | { name: 'directory' }
  | { name: 'home'; slug: string }
  | { name: 'map'; slug: string; actor: string | null }
  | { name: 'history'; slug: string }
  | { name: 'mine'; slug: string }
  | { name: 'imports'; slug: string }
  | { name: 'moderation'; slug: string }
  | { name: 'seances'; slug: string }
  | { name: 'seance'; slug: string; id: string }
  | { name: 'screen'; slug: string; id: string }
  | { name: 'statistics'; slug: string }
  | { name: 'reports'; slug: string }
  | { name: 'report'; slug: string; id: string }
  | { name: 'join'; id: string | null }
  | { name: 'embed'; slug: string }
  | { name: 'figures'; slug: string }
  | { name: 'figure'; id: string }
  | { name: 'legal' }
  | { name: 'privacy' }
  | { name: 'accessibility' }
  | { name: 'invitation' }
  | { name: 'lost' };

const SLUG = /^[a-z0-9][a-z0-9-]*$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function parseRoute(pathname: string): Route {
  const parts = pathname.split('/').filter(Boolean).map(decode);
  const [first, second, third] = parts;
  if (first === undefined) return { name: 'directory' };
  if (parts.length === 1) {
    if (first === 'mentions-legales') return { name: 'legal' };
    if (first === 'donnees-personnelles') return { name: 'privacy' };
    if (first === 'accessibilite') return { name: 'accessibility' };
    if (first === 'invitation') return { name: 'invitation' };
  }
  if (first === 's' && parts.length <= 2 && (second === undefined || UUID.test(second)))
    return { name: 'join', id: second ?? null };
  if (first === 'f' && second && UUID.test(second) && parts.length === 2)
    return { name: 'figure', id: second };
  if (first === 'embed' && second && SLUG.test(second) && parts.length === 2)
    return { name: 'embed', slug: second };
  if (!SLUG.test(first)) return { name: 'lost' };
  if (second === undefined) return { name: 'home', slug: first };
  if (parts.length === 2) {
    if (second === 'carte') return { name: 'map', slug: first, actor: null };
    if (second === 'historique') return { name: 'history', slug: first };
    if (second === 'mes-contributions') return { name: 'mine', slug: first };
    if (second === 'figures') return { name: 'figures', slug: first };
    if (second === 'seances') return { name: 'seances', slug: first };
    if (second === 'imports' || second === 'moderation') return { name: second, slug: first };
  }
  if (second === 'acteurs' && third && parts.length === 3) return { name: 'map', slug: first, actor: third };
  if (second === 'seances' && third && UUID.test(third)) {
    if (parts.length === 3) return { name: 'seance', slug: first, id: third };
    if (parts.length === 4 && parts[3] === 'ecran') return { name: 'screen', slug: first, id: third };
  }
  if (parts.length === 2 && second === 'statistiques') return { name: 'statistics', slug: first };
  if (second === 'rapports' && parts.length === 2) return { name: 'reports', slug: first };
  if (second === 'rapports' && third && UUID.test(third) && parts.length === 3)
    return { name: 'report', slug: first, id: third };
  return { name: 'lost' };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const paths = {
  home: (slug: string) => `/${slug}`,
  map: (slug: string) => `/${slug}/carte`,
  actor: (slug: string, id: string) => `/${slug}/acteurs/${id}`,
  history: (slug: string) => `/${slug}/historique`,
  mine: (slug: string) => `/${slug}/mes-contributions`,
  imports: (slug: string, run?: string) => `/${slug}/imports${run ? `?run=${encodeURIComponent(run)}` : ''}`,
  moderation: (slug: string) => `/${slug}/moderation`,
  seances: (slug: string) => `/${slug}/seances`,
  seance: (slug: string, id: string, view?: string) =>
    `/${slug}/seances/${id}${view ? `?vue=${encodeURIComponent(view)}` : ''}`,
  figures: (slug: string) => `/${slug}/figures`,
  figure: (id: string) => `/f/${id}`,
  statistics: (slug: string) => `/${slug}/statistiques`,
  reports: (slug: string) => `/${slug}/rapports`,
  report: (slug: string, id: string) => `/${slug}/rapports/${id}`,
  embed: (slug: string) => `/embed/${slug}`,
};
