/** How numbers are said. Pure. */

/** A number with what stands behind it, "61 % (462 sur 752)", in its two parts. */
export function split(shown: string): [main: string, behind: string] {
  const at = shown.search(/\s[(;]|\s;/);
  return at < 0 ? [shown, ''] : [shown.slice(0, at), shown.slice(at).trim()];
}

/** The unit to write after a number, unless the number says it itself, as shares do. */
export function unitAfter(shown: string, unit: string | null): string {
  return unit && unit !== '%' && !shown.includes(unit) ? ` ${unit}` : '';
}
