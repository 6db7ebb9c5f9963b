/** Which lines of a run are listed is in the address, so that a reload and a shared link show the same. */
import { tick } from 'svelte';
import { router } from '../lib/router.svelte';
import type { Action } from './types';

/** Lists one action, or all; `go` also brings the list under the eyes. */
export function show(run: string, action: Action | null, go = false): void {
  const params = new URLSearchParams({ run });
  if (action) params.set('action', action);
  router.go(`${router.path}?${params}`, true);
  if (!go) return;
  void tick().then(() => {
    const title = document.getElementById('items-title');
    title?.scrollIntoView();
    title?.focus({ preventScroll: true });
  });
}
