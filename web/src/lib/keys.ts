/** Keyboard shortcuts: single letters act only outside fields and can be switched off (WCAG 2.1.4). */
import { recall, remember } from './device';

export type Shortcut = '/' | 'a' | 'l' | 'm' | '?' | 'F6' | 'Escape' | 'undo';
type Handlers = Partial<Record<Shortcut, () => void>>;

export function lettersOn(): boolean {
  return recall('keys') !== 'off';
}
export function switchLetters(on: boolean): void {
  remember('keys', on ? null : 'off');
}

/** Which shortcut a key press means, or null. Pure, so that the rules are tested. */
export function shortcutOf(
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>,
  inField: boolean,
  letters: boolean,
): Shortcut | null {
  if (event.key === 'F6') return 'F6';
  if (event.key === 'Escape') return 'Escape';
  if (inField || event.altKey) return null;
  if (event.ctrlKey || event.metaKey) return event.key === 'z' ? 'undo' : null;
  return letters && ['/', 'a', 'l', 'm', '?'].includes(event.key) ? (event.key as Shortcut) : null;
}

export function listen(handlers: Handlers): () => void {
  const onkey = (event: KeyboardEvent) => {
    if (event.defaultPrevented || document.querySelector('dialog:modal')) return;
    const target = event.target as HTMLElement | null;
    const inField =
      target?.matches?.('input:not([type=checkbox],[type=radio]), textarea, select, [contenteditable]') ??
      false;
    const shortcut = shortcutOf(event, inField, lettersOn());
    const act = shortcut && handlers[shortcut];
    if (!act) return;
    event.preventDefault();
    act();
  };
  addEventListener('keydown', onkey);
  return () => removeEventListener('keydown', onkey);
}
