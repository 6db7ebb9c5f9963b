/** Writing a report, as organisers do it, and preparing what its pages show. */
import { expect, type APIRequestContext, type Page } from '@playwright/test';
import { SLUG, uuidv7 } from './api';

type Kind = 'report' | 'block' | 'device' | 'actor';
type Verb = 'create' | 'add' | 'set';

/** Writes as the person whose browser this is. */
export async function put(
  request: APIRequestContext,
  kind: Kind,
  verb: Verb,
  set: Record<string, unknown>,
  id = uuidv7(),
): Promise<string> {
  const territory = verb === 'create' ? { territory: SLUG } : {};
  const edit = {
    id: uuidv7(),
    subject: { kind, id },
    kind: verb,
    set,
    ...territory,
  };
  const answer = await request.post('/api/v1/edits', {
    data: { edits: [edit] },
  });
  if (!answer.ok()) throw new Error(await answer.text());
  return id;
}

export const REPORT = 'Diagnostic démocratique de Solvigné';
/** A report with a text, five devices, and a few links between actors; by an organiser. */
export async function diagnosis(request: APIRequestContext): Promise<string> {
  const report = await put(request, 'report', 'create', {
    title: REPORT,
    summary: 'Ce que la carte dit de la vie citoyenne, et ce que le comité propose.',
  });
  await put(request, 'block', 'create', {
    report,
    section: 'summary',
    order: 10,
    text: '# Pourquoi\nLa commune est entrée dans le programme en **mars 2026**.\n\n- une carte\n- deux réunions',
  });
  const devices = [
    {
      name: 'Conseil de quartier du Centre',
      step: 'express',
      rung: '4',
      since: '2019',
      audience: 'Habitants du centre',
      evaluation: 'Bien suivi, mais peu de jeunes et peu de suites données.',
    },
    {
      name: 'Budget participatif',
      step: 'decide',
      rung: '7',
      since: '2023-03',
    },
    { name: 'Lettre municipale', step: 'inform', rung: '3', since: '2008' },
    { name: 'Réunion publique annuelle', step: 'express', rung: '4' },
  ];
  for (const device of devices) await put(request, 'device', 'create', device);
  return report;
}

/** Tabs on until what has the focus is called so: everything can be reached, in an order that makes sense. */
export async function tabTo(page: Page, name: RegExp | string, most = 150): Promise<void> {
  for (let i = 0; i < most; i++) {
    await page.keyboard.press('Tab');
    const label = await page.evaluate(() => {
      const at = document.activeElement as HTMLElement | null;
      const labels = at && 'labels' in at ? [...((at as HTMLInputElement).labels ?? [])] : [];
      return (at?.getAttribute('aria-label') ?? labels[0]?.textContent ?? at?.textContent ?? '')
        .replace(/\s+/g, ' ')
        .trim();
    });
    if (typeof name === 'string' ? label === name : name.test(label)) return;
  }
  throw new Error(`the keyboard does not come to ${name}`);
}

export const part = (page: Page, code: string) => page.locator(`[data-section=${code}]`);
export async function openReport(page: Page, id: string): Promise<void> {
  await page.goto(`/${SLUG}/rapports/${id}`);
  await expect(part(page, 'method')).toBeVisible();
}
