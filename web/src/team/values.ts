/** Values of an import as people read them: a place by its distance, the rest as everywhere else. Pure. */
import { t } from '../i18n';
import type { Address, FieldValue, Position } from '../lib/types';
import { sayAddress, sayValue } from '../lib/words';

type Value = FieldValue | null | undefined;
interface Point {
  lon: number;
  lat: number;
}

/** The point of a value that is a place, or null. */
export function pointOf(value: Value): Point | null {
  const point = value as Partial<Point> | null | undefined;
  return typeof point === 'object' && typeof point?.lon === 'number' && typeof point.lat === 'number'
    ? { lon: point.lon, lat: point.lat }
    : null;
}

/** Metres between two points, on a sphere. */
export function metres(a: Point, b: Point): number {
  const rad = (degrees: number) => (degrees * Math.PI) / 180;
  const dLat = rad(b.lat - a.lat);
  const dLon = rad(b.lon - a.lon);
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(rad(a.lat)) * Math.cos(rad(b.lat)) * Math.sin(dLon / 2) ** 2;
  return 2 * 6_371_000 * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** Whole metres between two places, or null when one of them is not a point. */
export function apart(a: Value, b: Value): number | null {
  const [from, to] = [pointOf(a), pointOf(b)];
  return from && to ? Math.round(metres(from, to)) : null;
}

/** A value in words. What the server may add one day is shown as it is rather than not at all. */
export function say(field: string, value: Value): string {
  if (value === null || value === undefined || value === '') return t('field.empty');
  const point = pointOf(value);
  if (point) return t('field.point', { lat: point.lat.toFixed(5), lon: point.lon.toFixed(5) });
  if (typeof value === 'string' || Array.isArray(value)) return sayValue(field, value);
  if ((value as Position).precision === 'online') return t('place.online');
  return (typeof value === 'object' && sayAddress(value as Address)) || JSON.stringify(value);
}

/** A point at openstreetmap.org, marked. */
export function osmPoint(value: Value): string | null {
  const point = pointOf(value);
  if (!point) return null;
  const [lat, lon] = [point.lat.toFixed(5), point.lon.toFixed(5)];
  return `https://www.openstreetmap.org/?mlat=${lat}&mlon=${lon}#map=19/${lat}/${lon}`;
}
