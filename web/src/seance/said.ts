/** What people did and where cells stand, in words. */
import { t } from '../i18n';
import { fieldName } from '../lib/words';
import type { Cell, Gesture } from './types';

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
