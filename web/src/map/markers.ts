/** Draws the map's images on a canvas, once each: gommettes, the selected pin, cluster rings. */
import { drawPattern } from './patterns';
import { glyph, GREY, THEME_CODES, themeColor } from '../parts/glyphs';

export interface Drawn {
  image: ImageData;
  pixelRatio: number;
}

const PETROL = '#0A2F37';
const BROTH = '#F6BE3B';

/** The image for an id of the style (`actor:…`, `cluster:…`, `pattern:…`), or null when it is none of ours. */
export function draw(id: string, pixelRatio: number): Drawn | null {
  const [kind, first = '', second = '', third = ''] = id.split(':');
  if (kind === 'actor') return drawActor(first, second === 'full', pixelRatio);
  if (kind === 'selected') return drawSelected(first, pixelRatio);
  if (kind === 'cluster') return drawCluster(Number(first), second.split(',').map(Number), pixelRatio);
  if (kind === 'pattern') return { image: drawPattern(first, second, third, pixelRatio), pixelRatio };
  return null;
}

/** Arcs of a cluster ring: the four largest themes in taxonomy order, then the rest in grey. Shares sum to 1. */
export function arcs(shares: readonly number[]): { color: string; share: number }[] {
  const total = shares.reduce((sum, s) => sum + s, 0);
  if (total === 0) return [{ color: GREY, share: 1 }];
  const largest = shares
    .map((share, index) => ({ share, index }))
    .filter((s) => s.share > 0)
    .sort((a, b) => b.share - a.share || a.index - b.index)
    .slice(0, 4)
    .sort((a, b) => a.index - b.index);
  const shown = largest.map((s) => ({
    color: themeColor(THEME_CODES[s.index] ?? ''),
    share: s.share / total,
  }));
  const rest = 1 - shown.reduce((sum, s) => sum + s.share, 0);
  return rest > 0.001 ? [...shown, { color: GREY, share: rest }] : shown;
}

function board(width: number, height: number, ratio: number) {
  const canvas = document.createElement('canvas');
  canvas.width = Math.ceil(width * ratio);
  canvas.height = Math.ceil(height * ratio);
  const pen = canvas.getContext('2d')!;
  pen.scale(ratio, ratio);
  return { canvas, pen };
}

function finish(canvas: HTMLCanvasElement, pen: CanvasRenderingContext2D, pixelRatio: number): Drawn {
  return { image: pen.getImageData(0, 0, canvas.width, canvas.height), pixelRatio };
}

function disc(pen: CanvasRenderingContext2D, x: number, y: number, radius: number, color: string) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fillStyle = color;
  pen.fill();
}

function lifted(pen: CanvasRenderingContext2D, ratio: number, paint: () => void) {
  pen.save();
  pen.shadowColor = 'rgba(10,47,55,0.4)';
  pen.shadowBlur = 4 * ratio;
  pen.shadowOffsetY = 1 * ratio;
  paint();
  pen.restore();
}

function sign(
  pen: CanvasRenderingContext2D,
  theme: string,
  x: number,
  y: number,
  size: number,
  color: string,
) {
  pen.save();
  pen.translate(x - size / 2, y - size / 2);
  pen.scale(size / 15, size / 15);
  pen.fillStyle = color;
  pen.fill(new Path2D(glyph(theme)));
  pen.restore();
}

function drawActor(theme: string, full: boolean, ratio: number): Drawn {
  const size = 40;
  const middle = size / 2;
  const { canvas, pen } = board(size, size, ratio);
  const color = themeColor(theme);
  lifted(pen, ratio, () => disc(pen, middle, middle, 16, '#fff'));
  if (full) {
    disc(pen, middle, middle, 14, color);
  } else {
    pen.beginPath();
    pen.arc(middle, middle, 12.8, 0, 2 * Math.PI);
    pen.lineWidth = 2.6;
    pen.strokeStyle = color;
    pen.stroke();
  }
  sign(pen, theme, middle, middle, full ? 16 : 14, full ? '#fff' : color);
  return finish(canvas, pen, ratio);
}

/** White line, petrol ring, broth ring, white ring, theme disc, and a foot on the exact point (bottom of the image). */
function drawSelected(theme: string, ratio: number): Drawn {
  const width = 70;
  const height = 78;
  const x = width / 2;
  const y = 35;
  const { canvas, pen } = board(width, height, ratio);
  const foot = () => {
    pen.beginPath();
    pen.moveTo(x - 10, y + 26);
    pen.lineTo(x, height - 2);
    pen.lineTo(x + 10, y + 26);
  };
  lifted(pen, ratio, () => {
    // A white line around the petrol one, which the dark map would swallow.
    disc(pen, x, y, 32.5, '#fff');
    foot();
    pen.strokeStyle = '#fff';
    pen.lineWidth = 3;
    pen.lineJoin = 'round';
    pen.stroke();
  });
  foot();
  pen.fillStyle = PETROL;
  pen.fill();
  disc(pen, x, y, 31, PETROL);
  disc(pen, x, y, 28.5, BROTH);
  disc(pen, x, y, 22, '#fff');
  disc(pen, x, y, 20, themeColor(theme));
  sign(pen, theme, x, y, 24, '#fff');
  return finish(canvas, pen, ratio);
}

function drawCluster(size: number, shares: number[], ratio: number): Drawn {
  const edge = size + 8;
  const middle = edge / 2;
  const { canvas, pen } = board(edge, edge, ratio);
  lifted(pen, ratio, () => disc(pen, middle, middle, size / 2, '#fff'));
  const radius = size / 2 - 5;
  const parts = arcs(shares);
  // 2.5 px between arcs, as an angle at this radius; a single arc is a whole ring.
  const gap = parts.length > 1 ? 2.5 / radius : 0;
  let angle = -Math.PI / 2;
  pen.lineWidth = 6;
  for (const part of parts) {
    const end = angle + part.share * 2 * Math.PI;
    pen.beginPath();
    pen.arc(middle, middle, radius, angle + gap / 2, Math.max(end - gap / 2, angle + gap / 2 + 0.01));
    pen.strokeStyle = part.color;
    pen.stroke();
    angle = end;
  }
  return finish(canvas, pen, ratio);
}
