/** A place as a person chooses it, and what is really sent: never more precise than they said. */
import { center, quartierAt } from './geo';
import type { Address, FoundAddress, Position, Precision, Territory } from './types';

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
  const { housenumber, street, city, postcode, insee_code } = choice.address;
  const kept: Address =
    choice.precision === 'exact'
      ? { housenumber, street, postcode, city, insee_code }
      : choice.precision === 'street'
        ? { street, postcode, city, insee_code }
        : choice.precision === 'quartier'
          ? { quartier, city, insee_code }
          : { city, insee_code };
  const filled = Object.entries(kept).filter(([, v]) => typeof v === 'string' && v !== '');
  return filled.length > 0 ? (Object.fromEntries(filled) as Address) : null;
}

/** How precise an address is, and its parts: of a street whose number is not known here, the number as it was typed. */
export function fromAddress(
  found: FoundAddress,
  typedNumber: string,
): { precision: Precision; address: Address } {
  const { type, name, street, housenumber, postcode, city, citycode } = found.properties;
  const number = housenumber ?? (type === 'street' || type === 'locality' ? typedNumber : '');
  const parts: Record<string, string | undefined> = {
    housenumber: number,
    street: street ?? (type === 'poi' ? undefined : name),
    postcode,
    city,
    insee_code: citycode,
  };
  const address = Object.fromEntries(Object.entries(parts).filter(([, v]) => v)) as Address;
  return { precision: type === 'housenumber' || type === 'poi' ? 'exact' : 'street', address };
}

function point([lon, lat]: [number, number], decimals: number): { lon: number; lat: number } {
  return { lon: Number(lon.toFixed(decimals)), lat: Number(lat.toFixed(decimals)) };
}
