/** The screens of the séances, as one part to load. */
import '../styles/seance/index.css';
export { default as JoinPage } from './JoinPage.svelte';
export { default as JoinStrip } from './JoinStrip.svelte';
export { default as ScreenPage } from './ScreenPage.svelte';
export { default as SeancePage } from './SeancePage.svelte';
export { default as SeancesPage } from './SeancesPage.svelte';
