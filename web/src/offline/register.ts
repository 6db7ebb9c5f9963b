/** Starts the service worker where the browser has one: on https and on the machine itself, not on a hall's plain http. */
import { refreshPack } from './take';

/** Why nothing can be taken along here, if so. */
export function whyNot(): 'http' | 'browser' | null {
  if (!isSecureContext) return 'http';
  return 'serviceWorker' in navigator && 'caches' in globalThis ? null : 'browser';
}

/** Once the first screen is at rest: the worker comes after what the person waits for. */
export function startWorker(slug: () => string | null): void {
  if (whyNot() || !import.meta.env.PROD) return;
  const start = () =>
    navigator.serviceWorker
      .register('/sw.js')
      .then(
        async () => {
          const here = slug();
          if (here && navigator.onLine) await refreshPack(here);
        },
        // A browser that forbids it (a private window) loses nothing but this.
      )
      .catch(() => undefined);
  setTimeout(() => void start(), 5000);
}
