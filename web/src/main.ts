/** Starts the app: language first, then the screen that the address asks for. */
import '@fontsource/atkinson-hyperlegible-next/400.css';
import '@fontsource/atkinson-hyperlegible-next/700.css';
import './styles/index.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { chooseLanguage, language } from './i18n';
import { forgetIdentity } from './lib/api';
import { app } from './lib/app.svelte';
import { recall, remember } from './lib/device';
import { outbox } from './lib/outbox.svelte';
import { parseRoute } from './lib/routes';
import { router } from './lib/router.svelte';
import { sendLive } from './live/sending';
import { startWorker } from './offline/register';

const embedded = parseRoute(location.pathname).name === 'embed';
if (embedded) forgetIdentity();

await chooseLanguage(location.search, embedded ? null : recall('lang'), navigator.languages);
document.documentElement.lang = language;
if (!embedded && new URLSearchParams(location.search).has('lang')) remember('lang', language);

router.start();
if (!embedded) {
  sendLive();
  void outbox.start();
  void app.loadMe().catch(() => undefined);
  startWorker(() => app.territory?.slug ?? null);
}

const target = document.getElementById('app')!;
// What the server wrote for readers without script makes room for the app.
target.replaceChildren();
mount(App, { target });
