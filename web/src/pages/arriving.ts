/** Somebody who came from a frame, to contribute: the dialog is open, and the address stays that of the view. */
import { app } from '../lib/app.svelte';
import { router } from '../lib/router.svelte';

export function addIfAsked(): void {
  const params = new URLSearchParams(router.search);
  if (!params.has('ajouter')) return;
  params.delete('ajouter');
  const rest = params.toString().replaceAll('%2C', ',').replaceAll('=&', '&').replace(/=$/, '');
  router.go(router.path + (rest ? `?${rest}` : ''), true);
  app.adding = { name: '' };
}
