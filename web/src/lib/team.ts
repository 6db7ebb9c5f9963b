/** The team's screens, loaded with their words and their style the first time that one of them is shown. */
import { addTeamWords } from '../i18n';

async function withWords<T>(part: Promise<T>): Promise<T> {
  const [loaded] = await Promise.all([part, addTeamWords()]);
  return loaded;
}

export const team = {
  imports: () => withWords(import('../team/ImportsPage.svelte')),
  moderation: () => withWords(import('../team/ModerationPage.svelte')),
  links: () => withWords(import('../team/TeamLinks.svelte')),
  note: () => withWords(import('../team/TeamNote.svelte')),
};
