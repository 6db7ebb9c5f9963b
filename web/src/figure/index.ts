/** The screens of figures and what other pages show of them, as one part to load. */
export { default as EmbedBuilder } from './EmbedBuilder.svelte';
export { default as FigurePage } from './FigurePage.svelte';
export { default as FiguresPage } from './FiguresPage.svelte';
export { default as MakePanel } from './MakePanel.svelte';
