/** The screens of figures and the builder of embeds, loaded with their words the first time that one of them is shown. */
import { addFigureWords } from '../i18n';

export async function loadFigure() {
  const [figure] = await Promise.all([import('../figure'), addFigureWords()]);
  return figure;
}
