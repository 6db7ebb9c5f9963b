/** A place as a person chooses it, and what is really sent: never more precise than they said. */
import { center, quartierAt } from './geo';
import type { Address, Position, Precision, Territory } from './types';

export type PlaceChoice =
  | { kind: 'point'; lon: number; lat: number; precision: Precision; address: Address; text: string }
  | { kind: 'online' };

/** The position to send. "Le quartier" sends the middle of the quartier; the exact point stays on the device. */
export function positionOf(choice: PlaceChoice, territory: Territory): Position {
  if (choice.kind === 'online') return { precision: 'online' };
  const { lon, lat, precision } = choice;
  if (precision === 'quartier') {
    const quartier = quartierAt(territory.quartiers, lon, lat);
    if (quartier) return { ...point(center(quartier.bbox), 5), precision };
    // No known quartier: two decimals are about a kilometre.
    return { ...point([lon, lat], 2), precision };
  }
  if (precision === 'commune') return { ...point(territory.center, 5), precision };
  return { ...point([lon, lat], 6), precision };
}

/** The address to send, cut to the chosen precision; null when nothing is left of it. */
export function addressOf(choice: PlaceChoice, territory: Territory): Address | null {
  if (choice.kind === 'online') return null;
  const quartier = quartierAt(territory.quartiers, choice.lon, choice.lat)?.name;
  const { housenumber, street, city, postcode } = choice.address;
  const kept: Address =
    choice.precision === 'exact'
      ? { housenumber, street, postcode, city }
      : choice.precision === 'street'
        ? { street, postcode, city }
        : choice.precision === 'quartier'
          ? { quartier, city }
          : { city };
  const filled = Object.entries(kept).filter(([, v]) => typeof v === 'string' && v !== '');
  return filled.length > 0 ? (Object.fromEntries(filled) as Address) : null;
}

function point([lon, lat]: [number, number], decimals: number): { lon: number; lat: number } {
  return { lon: Number(lon.toFixed(decimals)), lat: Number(lat.toFixed(decimals)) };
}
