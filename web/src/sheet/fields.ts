/** The facts of a sheet: their order, how each is written, and what help its editor gives. */
import type { Key } from '../i18n';

export type Editor = 'line' | 'lines' | 'choice' | 'hours' | 'set';
export interface FieldSpec {
  name: string;
  editor: Editor;
  /** Type of the text input, for the right keyboard on a phone. */
  input?: 'text' | 'url' | 'email' | 'tel';
  max?: number;
  values?: readonly string[];
  hint?: Key;
  /** Offered as "Ajouter les horaires" when empty. */
  add?: Key;
}

export const KINDS = [
  'person',
  'association',
  'collective',
  'company',
  'cooperative',
  'public_body',
  'foundation',
  'place',
  'media',
  'network',
] as const;

/** Shown when filled, offered when empty. */
export const USEFUL: FieldSpec[] = [
  { name: 'summary', editor: 'lines', max: 250, add: 'add.field.summary', hint: 'hint.summary' },
  { name: 'opening_hours', editor: 'hours', max: 255, add: 'add.field.opening_hours' },
  { name: 'email', editor: 'line', input: 'email', add: 'add.field.email', hint: 'hint.email' },
  { name: 'phone', editor: 'line', input: 'tel', add: 'add.field.phone', hint: 'hint.phone' },
  { name: 'website', editor: 'line', input: 'url', add: 'add.field.website', hint: 'hint.website' },
  { name: 'description', editor: 'lines', max: 5000, add: 'add.field.description' },
];

/** Kept in "Autres renseignements". */
export const MORE: FieldSpec[] = [
  { name: 'kind', editor: 'choice', values: KINDS, add: 'add.field.kind' },
  {
    name: 'status',
    editor: 'choice',
    values: ['active', 'dormant', 'closed', 'planned'],
    add: 'add.field.status',
  },
  { name: 'wheelchair', editor: 'choice', values: ['yes', 'limited', 'no'], add: 'add.field.wheelchair' },
  { name: 'short_name', editor: 'line', max: 40, add: 'add.field.short_name' },
  {
    name: 'scope',
    editor: 'choice',
    values: ['quartier', 'commune', 'epci', 'departement', 'region', 'national'],
    add: 'add.field.scope',
  },
  { name: 'founded_on', editor: 'line', max: 10, add: 'add.field.founded_on', hint: 'hint.founded_on' },
  { name: 'legal_form', editor: 'line', max: 80, add: 'add.field.legal_form' },
  { name: 'rna', editor: 'line', max: 10, add: 'add.field.rna', hint: 'hint.rna' },
  { name: 'siret', editor: 'line', max: 14, add: 'add.field.siret', hint: 'hint.siret' },
  { name: 'tags', editor: 'set', add: 'add.field.tags', hint: 'hint.tags' },
  { name: 'links', editor: 'set', add: 'add.field.links', hint: 'hint.links' },
  { name: 'former_names', editor: 'set', add: 'add.field.former_names', hint: 'hint.tags' },
];

export const NAME: FieldSpec = { name: 'name', editor: 'line', max: 120 };

export function specOf(field: string): FieldSpec | null {
  return [NAME, ...USEFUL, ...MORE].find((s) => s.name === field) ?? null;
}

/** What people type for a site or a phone is made sendable without asking them. */
export function tidy(field: string, text: string): string {
  const value = text.trim();
  if (field === 'website' && value !== '' && !/^[a-z]+:/i.test(value)) return `https://${value}`;
  if (field === 'siret' || field === 'rna') return value.replace(/\s/g, '').toUpperCase();
  return value;
}
