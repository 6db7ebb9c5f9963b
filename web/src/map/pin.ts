/** The pin that a person sets: same shape as the selected marker, as an element that takes keyboard focus. */
import { glyph, themeColor } from '../parts/glyphs';

const SVG = 'http://www.w3.org/2000/svg';

/** A white line around the petrol one, which the dark map would swallow. */
const EDGE = { stroke: '#fff', 'stroke-width': '1.5' };

export function pinElement(theme: string): HTMLElement {
  const holder = document.createElement('div');
  holder.className = 'pin';
  const svg = node('svg', { width: '62', height: '74', viewBox: '0 0 62 74', 'aria-hidden': 'true' });
  svg.append(
    node('path', { d: 'M20 56 31 73 42 56Z', fill: '#0A2F37', ...EDGE }),
    node('circle', { cx: '31', cy: '31', r: '30.2', fill: '#0A2F37', ...EDGE }),
    node('path', { d: 'M22 56 31 71 40 56Z', fill: '#0A2F37' }),
    node('circle', { cx: '31', cy: '31', r: '28.5', fill: '#F6BE3B' }),
    node('circle', { cx: '31', cy: '31', r: '22', fill: '#fff' }),
    node('circle', { cx: '31', cy: '31', r: '20', fill: themeColor(theme) }),
    node('path', { d: glyph(theme), fill: '#fff', transform: 'translate(19 19) scale(1.6)' }),
  );
  holder.append(svg);
  return holder;
}

/** The sticker of a theme alone, as large as the disc of the pin. */
export function pinSvg(theme: string): SVGElement {
  const svg = node('svg', { width: '40', height: '40', viewBox: '11 11 40 40' });
  svg.append(
    node('circle', { cx: '31', cy: '31', r: '20', fill: '#fff' }),
    node('circle', { cx: '31', cy: '31', r: '18.5', fill: themeColor(theme) }),
    node('path', { d: glyph(theme), fill: '#fff', transform: 'translate(20.5 20.5) scale(1.4)' }),
  );
  return svg;
}

function node(name: string, attributes: Record<string, string>): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
