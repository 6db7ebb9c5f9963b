/** Small repeating pictures for areas that must differ without colour. */

const EDGE = 32;

/** The id under which a style asks for a pattern; `drawPattern` reads it back. */
export function patternId(name: string, fill: string, ink: string): string {
  return `pattern:${name}:${fill}:${ink}`;
}

export function drawPattern(name: string, fill: string, ink: string, ratio: number): ImageData {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = EDGE * ratio;
  const pen = canvas.getContext('2d')!;
  pen.scale(ratio, ratio);
  pen.fillStyle = fill;
  pen.fillRect(0, 0, EDGE, EDGE);
  pen.strokeStyle = pen.fillStyle = ink;
  pen.lineWidth = 1;
  PENS[name]?.(pen);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

/** Each repeats without a seam on a square of 32 pixels. */
const PENS: Record<string, (pen: CanvasRenderingContext2D) => void> = {
  dots(pen) {
    for (const [x, y] of places(4)) spot(pen, x, y, 0.9);
  },
  trees(pen) {
    for (const [x, y] of places(2)) {
      pen.beginPath();
      pen.moveTo(x, y - 3.5);
      pen.lineTo(x + 2.5, y + 2);
      pen.lineTo(x - 2.5, y + 2);
      pen.closePath();
      pen.moveTo(x, y + 2);
      pen.lineTo(x, y + 3.5);
      pen.stroke();
    }
  },
  waves(pen) {
    for (const y of [4, 12, 20, 28]) {
      pen.beginPath();
      pen.moveTo(0, y);
      pen.bezierCurveTo(8, y - 3, 8, y - 3, 16, y);
      pen.bezierCurveTo(24, y + 3, 24, y + 3, EDGE, y);
      pen.stroke();
    }
  },
  hatch(pen) {
    for (let x = -EDGE; x < EDGE; x += 8) stroke(pen, x, EDGE, x + EDGE, 0);
  },
  cross(pen) {
    for (const [x, y] of places(2)) {
      stroke(pen, x - 2, y, x + 2, y);
      stroke(pen, x, y - 2.5, x, y + 2.5);
    }
  },
};

/** The middles of a chequerboard's dark squares, `n` to a side. */
function places(n: number): [number, number][] {
  const step = EDGE / n;
  const all: [number, number][] = [];
  for (let row = 0; row < n; row++)
    for (let column = row % 2; column < n; column += 2) all.push([(column + 0.5) * step, (row + 0.5) * step]);
  return all;
}

function spot(pen: CanvasRenderingContext2D, x: number, y: number, radius: number) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}

function stroke(pen: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number) {
  pen.beginPath();
  pen.moveTo(x1, y1);
  pen.lineTo(x2, y2);
  pen.stroke();
}
