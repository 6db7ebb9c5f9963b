/** A report with everything that this device has not yet got acknowledged laid over it, in order. Pure. */
import type { Pending } from '../lib/queue';
import type { Edit } from '../lib/types';
import type { Block, Device, Part, Report, Section } from './types';

export function laid(report: Report, queue: readonly Pending[]): Report {
  return queue
    .filter((p) => p.state === 'waiting' || p.state === 'sent')
    .reduce((state, p) => lay(state, p.edit as Edit), report);
}

function lay(report: Report, edit: Edit): Report {
  const { kind, id } = edit.subject;
  if (kind === 'report' && id === report.id) return { ...report, ...grown(report, edit) };
  if (kind === 'device') return { ...report, devices: parts(report.devices, edit, true) as Device[] };
  if (kind !== 'block') return report;
  return { ...report, sections: report.sections.map((section) => within(section, edit, report.id)) };
}

function within(section: Section, edit: Edit, report: string): Section {
  const set = edit.set as { report?: string; section?: string } | undefined;
  const here = set?.report === report && set.section === section.code;
  const blocks = parts(section.blocks, edit, here) as Block[];
  return { ...section, blocks: inOrder(blocks) };
}

function parts(known: readonly Part<unknown>[], edit: Edit, here: boolean): Part<unknown>[] {
  const { id } = edit.subject;
  const others = known.filter((part) => part.id !== id);
  const mine = known.find((part) => part.id === id);
  if (edit.kind === 'delete') return others;
  if (mine) return known.map((part) => (part.id === id ? grown(part, edit) : part));
  return edit.kind === 'create' && here
    ? [...known, grown({ id, fields: {}, versions: {} }, edit)]
    : [...known];
}

function grown<P extends Part<unknown>>(part: P, edit: Edit): P {
  const fields: Record<string, unknown> = { ...(part.fields as Record<string, unknown>) };
  for (const [field, value] of Object.entries(edit.set ?? {})) {
    if (value === null) delete fields[field];
    else fields[field] = value;
  }
  return { ...part, fields };
}

/** Blocks in their order; two with the same number as they were made, which their ids tell. */
export function inOrder(blocks: readonly Block[]): Block[] {
  return [...blocks].sort((a, b) => (a.fields.order ?? 0) - (b.fields.order ?? 0) || (a.id < b.id ? -1 : 1));
}

/** The number of a block that shall stand last, or between two others; numbers leave room for those to come. */
export function lastOrder(blocks: readonly Block[]): number {
  return Math.max(0, ...blocks.map((b) => b.fields.order ?? 0)) + 10;
}
