/** The screens of the séances, loaded with their words the first time that one of them is shown. */
import { addSeanceWords } from '../i18n';

export async function loadSeance() {
  const [seance] = await Promise.all([import('../seance'), addSeanceWords()]);
  return seance;
}
