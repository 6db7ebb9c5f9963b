/** Everything that only the team sees, as one part to load. */
export { default as ImportsPage } from './ImportsPage.svelte';
export { default as ModerationPage } from './ModerationPage.svelte';
export { default as TeamLinks } from './TeamLinks.svelte';
export { default as TeamNote } from './TeamNote.svelte';
