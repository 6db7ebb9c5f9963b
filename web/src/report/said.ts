/** How numbers are said. Pure. */

/** A number with what stands behind it, "61 % (462 sur 752)", in its two parts. */
export function split(shown: string): [main: string, behind: string] {
  const at = shown.search(/\s[(;]|\s;/);
  return at < 0 ? [shown, ''] : [shown.slice(0, at), shown.slice(at).trim()];
}
