/** The statistics, the reports and the links between actors, loaded with their words the first time that one of them is shown. */
import { addReportWords } from '../i18n';

export async function loadReport() {
  const [report] = await Promise.all([import('../report'), addReportWords()]);
  return report;
}

/** Only what an actor's sheet needs of it. */
export async function loadRelations() {
  const [relations] = await Promise.all([import('../report/relations'), addReportWords()]);
  return relations;
}
