/** The team's part of the app, loaded with its words the first time that something of it is shown. */
import { addTeamWords } from '../i18n';

export async function loadTeam() {
  const [team] = await Promise.all([import('../team'), addTeamWords()]);
  return team;
}
