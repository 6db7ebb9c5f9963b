/** An actor that has just come: its sticker in a broth ring, and its name, for a wall that nobody clicks on. */
import { pinSvg } from './pin';

export function calloutElement(theme: string, name: string): HTMLElement {
  const holder = document.createElement('div');
  holder.className = 'callout';
  holder.setAttribute('aria-hidden', 'true');
  const ring = document.createElement('span');
  ring.className = 'callout-ring';
  ring.append(pinSvg(theme));
  const tag = document.createElement('span');
  tag.className = 'callout-name';
  tag.textContent = name;
  holder.append(ring, tag);
  return holder;
}
