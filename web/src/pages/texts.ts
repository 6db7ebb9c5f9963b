/** The order of the sections of the legal pages; their words are in the catalogues. */
import type { Key } from '../i18n';

type Section = { title: Key; paragraphs: Key[] };

export const LEGAL: Section[] = [
  { title: 'legal.publisher', paragraphs: ['legal.publisher.1', 'legal.publisher.2'] },
  { title: 'legal.licences', paragraphs: ['legal.licences.1', 'legal.licences.2', 'legal.licences.3'] },
  { title: 'legal.report', paragraphs: ['legal.report.1', 'legal.report.2'] },
];
export const PRIVACY: Section[] = [
  { title: 'privacy.what', paragraphs: ['privacy.what.1', 'privacy.what.2', 'privacy.what.3'] },
  { title: 'privacy.people', paragraphs: ['privacy.people.1', 'privacy.people.2'] },
  { title: 'privacy.rights', paragraphs: ['privacy.rights.1', 'privacy.rights.2'] },
];
export const ACCESSIBILITY: Section[] = [
  { title: 'a11y.state', paragraphs: ['a11y.state.1', 'a11y.state.2'] },
  { title: 'a11y.ways', paragraphs: ['a11y.ways.1', 'a11y.ways.2', 'a11y.ways.3'] },
  { title: 'a11y.limits', paragraphs: ['a11y.limits.1'] },
  { title: 'a11y.contact', paragraphs: ['a11y.contact.1', 'a11y.contact.2'] },
];
