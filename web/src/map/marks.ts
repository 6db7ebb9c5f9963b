/** Marks that are elements of the page, not paint: the pin that a person sets, and the ring around an actor that has just come. */
import { Marker, type Map as GlMap } from 'maplibre-gl';
import type { ActorFeature } from '../lib/types';
import { calloutElement } from './callout';
import { pinElement } from './pin';

type Pin = { lon: number; lat: number; theme: string };

/** The place being chosen: by finger, mouse or arrow keys. */
export class PinMark {
  #marker: Marker | null = null;

  constructor(private readonly onmove: (lon: number, lat: number) => void) {}

  show(map: GlMap, pin: Pin | null): void {
    if (!pin) {
      this.#marker?.remove();
      this.#marker = null;
      return;
    }
    if (this.#marker) return void this.#marker.setLngLat([pin.lon, pin.lat]);
    const marker = new Marker({ element: pinElement(pin.theme), anchor: 'bottom', draggable: true });
    marker.on('dragend', () => this.onmove(marker.getLngLat().lng, marker.getLngLat().lat));
    this.#marker = marker.setLngLat([pin.lon, pin.lat]).addTo(map);
  }
}

/** Rings actors with their names until the returned function is called. */
export function ring(map: GlMap, features: readonly ActorFeature[]): () => void {
  const shown = features.flatMap(({ geometry, properties: p }) => {
    if (!geometry) return [];
    const mark = new Marker({ element: calloutElement(p.theme, p.name) });
    return [mark.setLngLat(geometry.coordinates as [number, number]).addTo(map)];
  });
  return () => shown.forEach((mark) => mark.remove());
}
