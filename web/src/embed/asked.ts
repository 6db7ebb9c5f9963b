/** What the address of a frame asks for. */
import { KINDS, type FigureKind } from '../figure/types';

export interface Asked {
  mode: FigureKind | null;
  /** A figure instead of a view. */
  figure: string | null;
  /** Visitors may change the themes. */
  filter: boolean;
  /** The page around wants to know how tall this is. */
  auto: boolean;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function readAsked(search: string): Asked {
  const params = new URLSearchParams(search);
  const mode = params.get('mode');
  const figure = params.get('figure') ?? '';
  return {
    mode: KINDS.find((kind) => kind === mode) ?? null,
    figure: UUID.test(figure) ? figure : null,
    filter: params.get('filter') === '1',
    auto: params.get('height') === 'auto',
  };
}

/** Tells the page around how tall the content is, now and whenever it changes. */
export function tellHeight(content: HTMLElement): () => void {
  let told = 0;
  const tell = () => {
    const height = Math.ceil(content.getBoundingClientRect().height);
    if (height === told || height === 0) return;
    told = height;
    // Nothing but a number leaves, so any page may hear it.
    parent.postMessage({ bouillon: 'height', height }, '*');
  };
  const watch = new ResizeObserver(tell);
  watch.observe(content);
  tell();
  return () => watch.disconnect();
}
