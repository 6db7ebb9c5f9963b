/** How the map behaves: flat, north up, quiet, and with words in the person's language. */
import { t } from '../i18n';
import { requestCredentials } from '../lib/api';
import { SHADES, type Shade } from './palette';

interface Wishes {
  still: boolean;
  cooperative: boolean;
  label: string;
}

export function mapOptions({ still, cooperative, label }: Wishes) {
  return {
    minZoom: 4,
    maxZoom: 20,
    maxPitch: 0,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    fadeDuration: 0,
    attributionControl: false as const,
    renderWorldCopies: false,
    interactive: !still,
    cooperativeGestures: cooperative,
    transformRequest: (url: string) => ({ url, credentials: requestCredentials() as 'same-origin' }),
    locale: {
      'Map.Title': label,
      'Marker.Title': t('map.pin'),
      'CooperativeGesturesHandler.WindowsHelpText': t('map.ctrl'),
      'CooperativeGesturesHandler.MacHelpText': t('map.cmd'),
      'CooperativeGesturesHandler.MobileHelpText': t('map.twoFingers'),
    },
  };
}

/** Room kept around the territory at first: on a phone the search and the chips lie over the top. */
export function firstPadding(width: number, still: boolean, picking: boolean) {
  if (still) return 8;
  return width < 720 && !picking ? { top: 128, bottom: 36, left: 12, right: 12 } : 24;
}

/** `?style=` asks for one of the three styles; otherwise the screen's own light or dark. */
export function shadeAsked(dark: boolean, search = location.search): Shade {
  const asked = new URLSearchParams(search).get('style');
  return SHADES.find((shade) => shade === asked) ?? (dark ? 'dark' : 'light');
}

/** On a phone, how far to move the map so that a chosen marker stands between the search and the sheet; null when it does. */
export function uncovered(
  point: { x: number; y: number },
  width: number,
  height: number,
): [number, number] | null {
  if (width >= 720) return null;
  // The marker stands on its point, 78 px tall, its name below; the sheet opens over the lower 52 %.
  const free = { left: 44, right: width - 44, top: 132 + 78, bottom: height * 0.48 - 48 };
  const outside = (value: number, low: number, high: number) =>
    value < low ? value - low : value > high ? value - high : 0;
  const by: [number, number] = [
    outside(point.x, free.left, free.right),
    outside(point.y, free.top, Math.max(free.top, free.bottom)),
  ];
  return by[0] === 0 && by[1] === 0 ? null : by;
}
