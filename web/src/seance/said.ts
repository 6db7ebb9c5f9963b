/** What people did and where cells stand, in words. */
import { t } from '../i18n';
import { fieldName, sayValue } from '../lib/words';
import type { FieldValue } from '../lib/types';
import type { Cell, CellState, Gesture, ReviewLine } from './types';

/** "Céleri vient de l'ajouter", "Panais a complété les horaires", "Ana l'a confirmé". */
export function sayGesture({ nickname, kind, field }: Gesture): string {
  if (kind === 'added') return t('gesture.added', { name: nickname });
  if (kind === 'confirmed') return t('gesture.confirmed', { name: nickname });
  return field
    ? t('gesture.completedField', { name: nickname, field: fieldName(field).toLocaleLowerCase() })
    : t('gesture.completed', { name: nickname });
}

/** "Libre", "Prise par Céleri", "Vue", "Rien ici". */
export function sayCell(cell: Pick<Cell, 'state' | 'team'>): string {
  if (cell.state === 'claimed')
    return cell.team ? t('cell.claimedBy', { name: cell.team }) : t('cell.claimed');
  if (cell.state === 'done') return t('cell.done');
  if (cell.state === 'nothing') return t('cell.nothing');
  return t('cell.free');
}

/** One value that changed, in words; a creation or a removal is one gesture without a field. */
export interface Said {
  field: string;
  before: string;
  after: string;
}

const cut = (text: string) => (text.length > 120 ? `${text.slice(0, 118)}…` : text);

export function sayChanges(line: Pick<ReviewLine, 'kind' | 'subject' | 'fields'>): Said[] {
  const cell = line.subject.kind === 'cell';
  if (!cell && line.kind === 'create') return [{ field: '', before: '', after: t('review.created') }];
  if (line.kind === 'delete') return [{ field: '', before: '', after: t('review.deleted') }];
  if (line.kind === 'restore') return [{ field: '', before: '', after: t('review.restored') }];
  return Object.entries(line.fields).flatMap(([field, { before, after }]) => {
    if (cell && !['state', 'team', 'note'].includes(field)) return [];
    const said = (value: FieldValue | null | undefined) =>
      cut(cell ? sayPart(field, value) : sayValue(field, value));
    return [
      {
        field: cell ? t(`review.field.${field as 'state' | 'team' | 'note'}`) : fieldName(field),
        before: before === null || before === undefined ? '' : said(before),
        after: said(after),
      },
    ];
  });
}

function sayPart(field: string, value: FieldValue | null | undefined): string {
  if (field === 'state') return sayCell({ state: (value ?? null) as CellState | null, team: null });
  return typeof value === 'string' && value !== '' ? value : t('value.none');
}
