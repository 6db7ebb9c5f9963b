/** The four questions of the add dialog, answered with a mouse or a finger. */
import { expect, type Page } from '@playwright/test';

export const addDialog = (page: Page) => page.getByRole('dialog', { name: 'Ajouter un acteur' });
export const onward = (page: Page) => addDialog(page).getByTestId('add-next');
export const theme = (page: Page, name: string) =>
  addDialog(page).locator('label.theme-button', { hasText: name });
export const street = (page: Page) => addDialog(page).getByRole('combobox', { name: 'Chercher' });

export async function openDialog(page: Page): Promise<void> {
  await page.getByTestId('add-actor').click();
  await expect(addDialog(page).getByText('Question')).toBeVisible();
}

/** Adds an actor without a place, from the button of the bar to the open sheet. */
export async function add(page: Page, name: string, themeName = 'Je ne sais pas'): Promise<void> {
  await openDialog(page);
  await addDialog(page).getByLabel('Comment s’appelle-t-il ?').fill(name);
  await onward(page).click();
  await theme(page, themeName).click();
  await onward(page).click();
  await addDialog(page).getByRole('button', { name: 'Pas de lieu' }).click();
  await onward(page).click();
  await onward(page).click();
  await expect(page.getByTestId('actor-name')).toHaveText(name);
}
