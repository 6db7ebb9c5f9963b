/** The service worker: the app without network, and what was taken along in the place of a server that does not answer. */
import { answer, passing } from './answers';
import { cacheOf, everyPack, packOf, type Pack } from './pack';
import { actorTile } from './tiles';

/** Files of this build, and the page that holds the app; written in by the build. */
declare const FILES: string[];
declare const SHELL: string;

interface Life extends EventTarget {
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
}
interface Lives extends Event {
  waitUntil(done: Promise<unknown>): void;
}
interface Asks extends Lives {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}
const life = self as unknown as Life;

/** Who does not answer within this has no network, milliseconds: bad Wi-Fi hangs more often than it fails. */
const PATIENCE = 4000;
/** Versions of the app whose files are kept: a page that is open may still ask for those of the one before. */
const VERSIONS = 2;
const APP = `app-${SHELL.replace(/^.*shell-|\.html$/g, '')}`;

life.addEventListener('install', (event) => {
  (event as Lives).waitUntil(
    caches
      .open(APP)
      .then((cache) => cache.addAll([...FILES, SHELL]))
      .then(() => life.skipWaiting()),
  );
});

life.addEventListener('activate', (event) => {
  (event as Lives).waitUntil(forgetOld().then(() => life.clients.claim()));
});

async function forgetOld(): Promise<void> {
  const versions = (await caches.keys()).filter((name) => name.startsWith('app-'));
  for (const name of versions.slice(0, -VERSIONS)) if (name !== APP) await caches.delete(name);
}

life.addEventListener('fetch', (event) => {
  const { request } = event as Asks;
  const url = new URL(request.url);
  const answered =
    request.method === 'GET' && url.origin === location.origin ? answering(request, url) : null;
  if (answered) (event as Asks).respondWith(answered);
});

/** Nothing for what the browser should do by itself. */
function answering(request: Request, url: URL): Promise<Response> | null {
  const path = url.pathname;
  if (path.startsWith('/embed/')) return null;
  if (request.mode === 'navigate') return network(request, () => kept(SHELL));
  if (path.startsWith('/assets/')) return kept(request).then((file) => file ?? fetch(request));
  if (path.startsWith('/tiles/base/'))
    return kept(request).then((known) => known ?? fetch(request).catch(() => nothingThere(url)));
  if (path.startsWith('/tiles/actors/')) return network(request, () => tile(url));
  if (path.startsWith('/api/v1/')) return network(request, () => reading(url));
  return null;
}

/** What lies in any of our caches; which coding it came in does not matter, since it is unpacked. */
const kept = (what: Request | string) => caches.match(what, { ignoreVary: true });

/** The network's answer, or `otherwise` when there is none in time, or a gateway says that nobody is behind it. */
async function network(request: Request, otherwise: () => Promise<Response | undefined>): Promise<Response> {
  const asked = fetch(request);
  asked.catch(() => undefined);
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), PATIENCE));
  const first = await Promise.race([asked, late]).catch(() => null);
  if (first && !(first.status >= 502 && first.status <= 504)) return first;
  return (await otherwise()) ?? asked;
}

async function reading(url: URL): Promise<Response | undefined> {
  for (const pack of await everyPack()) {
    const said = answer(url, pack);
    if (said !== undefined) return Response.json(said, { headers: from(pack) });
    const cached = await (await caches.open(cacheOf(pack.slug))).match(url.pathname, { ignoreVary: true });
    if (cached)
      return new Response(cached.body, { headers: { ...Object.fromEntries(cached.headers), ...from(pack) } });
  }
  return undefined;
}

/** Beyond what was taken along the map is bare, not broken. */
async function nothingThere(url: URL): Promise<Response> {
  const archive = url.pathname.split('/')[3];
  const names = (await caches.keys()).filter((name) => name.startsWith('pack-'));
  const held = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
  const ours = held.flat().some((tile) => new URL(tile.url).pathname.startsWith(`/tiles/base/${archive}/`));
  return ours ? new Response(null, { status: 204 }) : Response.error();
}

async function tile(url: URL): Promise<Response | undefined> {
  const parts = /^\/tiles\/actors\/([^/]+)\/(\d+)\/(\d+)\/(\d+)\.mvt$/.exec(url.pathname);
  const pack = parts ? await packOf(decodeURIComponent(parts[1]!)) : undefined;
  if (!parts || !pack) return undefined;
  const [z, x, y] = parts.slice(2).map(Number) as [number, number, number];
  const bytes = actorTile({ z, x, y }, passing(url.searchParams, pack).flat());
  const headers = { 'Content-Type': 'application/vnd.mapbox-vector-tile', ...from(pack) };
  return new Response(bytes as Uint8Array<ArrayBuffer>, { headers });
}

/** Tells the page that this comes from the device, and as of when. */
function from(pack: Pack): Record<string, string> {
  return { 'Bouillon-Pack': new Date(pack.at).toISOString(), 'Cache-Control': 'no-store' };
}
