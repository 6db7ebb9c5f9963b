/** The few signs of Markdown that a report uses, as a tree: nothing of what was typed becomes HTML. Pure. */
export type Inline =
  | { is: 'text'; text: string }
  | { is: 'strong' | 'em' | 'del'; parts: Inline[] }
  | { is: 'code'; text: string }
  | { is: 'link'; href: string; parts: Inline[] };
export type Block =
  | { is: 'heading'; level: number; parts: Inline[] }
  | { is: 'paragraph'; lines: Inline[][] }
  | { is: 'list'; ordered: boolean; items: Inline[][] }
  | { is: 'quote'; lines: Inline[][] }
  | { is: 'table'; head: Inline[][]; rows: Inline[][][] };

const ITEM = /^\s{0,3}(?:([-*+])|(\d{1,9})[.)])\s+(.*)$/;
const HEADING = /^\s{0,3}(#{1,6})\s+(.*?)\s*#*$/;
const ROW = /^\s*\|(.*?)\|?\s*$/;
const RULE = /^[\s|:-]+$/;
const QUOTE = /^\s{0,3}>\s?(.*)$/;

/** The highest heading stands below the section's own, the others below it. */
export function topOf(blocks: readonly Block[]): number {
  return Math.min(6, ...blocks.flatMap((b) => (b.is === 'heading' ? [b.level] : [])));
}

export function parse(text: string): Block[] {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  const blocks: Block[] = [];
  let open: Block | null = null;
  for (const line of lines) {
    if (line.trim() === '') {
      // Items of a list may stand apart; the next line says whether the list goes on.
      if (open?.is !== 'list') open = null;
      continue;
    }
    const next = read(line, open);
    if (next !== open) blocks.push(next);
    open = next.is === 'heading' ? null : next;
  }
  return blocks;
}

/** The block that a line belongs to: the open one, grown, or a new one. */
function read(line: string, open: Block | null): Block {
  const heading = HEADING.exec(line);
  if (heading) {
    return { is: 'heading', level: heading[1]!.length, parts: inline(heading[2]!) };
  }
  const item = ITEM.exec(line);
  if (item) {
    const ordered = item[2] !== undefined;
    const list: Block =
      open?.is === 'list' && open.ordered === ordered ? open : { is: 'list', ordered, items: [] };
    list.items.push(inline(item[3]!));
    return list;
  }
  const row = ROW.exec(line);
  if (row) {
    const cells = row[1]!.split('|').map((cell) => inline(cell.trim()));
    if (open?.is !== 'table') return { is: 'table', head: cells, rows: [] };
    if (!RULE.test(line)) open.rows.push(cells);
    return open;
  }
  const quote = QUOTE.exec(line);
  if (quote) {
    const block: Block = open?.is === 'quote' ? open : { is: 'quote', lines: [] };
    block.lines.push(inline(quote[1]!));
    return block;
  }
  if (open?.is === 'list' && /^\s{2,}/.test(line)) {
    open.items.at(-1)!.push({ is: 'text', text: ' ' }, ...inline(line.trim()));
    return open;
  }
  const paragraph: Block = open?.is === 'paragraph' ? open : { is: 'paragraph', lines: [] };
  paragraph.lines.push(inline(line.trim()));
  return paragraph;
}

const MARKS =
  /\\([\\`*_[\](){}#+\-.!>])|(`+)(.+?)\2|\[([^\]]*)\]\(([^()\s]*)\)|(\*\*|__|~~)(?=\S)(.+?)\6|([*_])(?=\S)(.+?)\8/;

export function inline(text: string): Inline[] {
  const parts: Inline[] = [];
  let rest = text;
  for (let m = MARKS.exec(rest); m; m = MARKS.exec(rest)) {
    push(parts, rest.slice(0, m.index));
    if (m[1] !== undefined) push(parts, m[1]);
    else if (m[3] !== undefined) parts.push({ is: 'code', text: m[3].trim() });
    else if (m[5] !== undefined) {
      const label = inline(m[4]!);
      if (isSafe(m[5])) parts.push({ is: 'link', href: m[5], parts: label });
      else parts.push(...label);
    } else if (m[7] !== undefined) parts.push({ is: m[6] === '~~' ? 'del' : 'strong', parts: inline(m[7]) });
    else parts.push({ is: 'em', parts: inline(m[9]!) });
    rest = rest.slice(m.index + m[0].length);
  }
  push(parts, rest);
  return parts;
}

function push(parts: Inline[], text: string): void {
  const last = parts.at(-1);
  if (text === '') return;
  if (last?.is === 'text') last.text += text;
  else parts.push({ is: 'text', text });
}

/** Only addresses that lead to a page or open a letter. */
export function isSafe(href: string): boolean {
  return /^(https?:\/\/|mailto:)/i.test(href);
}
