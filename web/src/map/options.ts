/** How the map behaves: flat, north up, quiet, and with words in the person's language. */
import { t } from '../i18n';
import { requestCredentials } from '../lib/api';

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
