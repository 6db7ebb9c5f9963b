/** The part of Leaflet 1.9 that the simple map uses; the package brings no types of its own. */
declare module 'leaflet' {
  export type LatLng = [lat: number, lon: number];
  export interface Point {
    x: number;
    y: number;
  }
  export interface Bounds {
    getWest(): number;
    getSouth(): number;
    getEast(): number;
    getNorth(): number;
  }
  export interface Layer {
    addTo(map: LeafletMap | Group): this;
    remove(): this;
    on(type: string, run: (event: { latlng: { lat: number; lng: number } }) => void): this;
  }
  export interface Group extends Layer {
    clearLayers(): this;
  }
  export interface Shapes extends Group {
    addData(shape: GeoJSON.GeoJsonObject): this;
  }
  export interface Marker extends Layer {
    getElement(): HTMLElement | undefined;
    setZIndexOffset(offset: number): this;
  }
  export interface Tiles extends Layer {
    setUrl(url: string): this;
  }
  export interface LeafletMap {
    on(type: string, run: () => void): this;
    getBounds(): Bounds;
    getCenter(): { lat: number; lng: number };
    getZoom(): number;
    project(at: LatLng, zoom: number): Point;
    setView(at: LatLng, zoom: number, options?: { animate?: boolean }): this;
    fitBounds(
      bounds: [LatLng, LatLng],
      options?: { animate?: boolean; padding?: [number, number]; maxZoom?: number },
    ): this;
    zoomIn(): this;
    zoomOut(): this;
    invalidateSize(): this;
    remove(): this;
  }
  interface Leaflet {
    map(box: HTMLElement, options: Record<string, unknown>): LeafletMap;
    tileLayer(url: string, options: Record<string, unknown>): Tiles;
    layerGroup(): Group;
    geoJSON(shape: GeoJSON.GeoJsonObject | null, options: Record<string, unknown>): Shapes;
    marker(at: LatLng, options: Record<string, unknown>): Marker;
    divIcon(options: Record<string, unknown>): unknown;
  }
  const L: Leaflet;
  export default L;
}
