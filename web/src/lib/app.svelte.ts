/** What every screen shares: the territory, the taxonomy, who the person is, and the one toast. */
import { language } from '../i18n';
import { api, Refused } from './api';
import { outbox } from './outbox.svelte';
import type { Actor, Me, Role, Taxonomy, Territory, Theme, Version } from './types';

export interface Toast {
  text: string;
  action?: { label: string; run: () => void };
}

class App {
  taxonomy = $state<Taxonomy | null>(null);
  territory = $state<Territory | null>(null);
  me = $state<Me | null>(null);
  toast = $state<Toast | null>(null);
  /** The add dialog; `name` is what was already typed in the search field. */
  adding = $state<{ name: string } | null>(null);
  /** An actor just added from this device: it stays visible whatever the filter. */
  fresh = $state<string | null>(null);
  keysHelp = $state(false);
  /** The middle of the map that is shown: where one probably adds. */
  center = $state.raw<[number, number] | null>(null);
  /** The last edit of this visit that can be undone with one key. */
  lastEdit = $state<{ actor: Actor; undone: Version } | null>(null);

  readonly themes = $derived(this.taxonomy?.themes ?? []);
  readonly role = $derived<Role>(this.me?.role ?? 'visitor');
  /** May open séances. */
  readonly organiser = $derived(
    this.role === 'organiser' || this.role === 'moderator' || this.role === 'admin',
  );
  readonly moderator = $derived(this.role === 'moderator' || this.role === 'admin');

  async loadTaxonomy(): Promise<void> {
    this.taxonomy ??= await api.taxonomy();
  }

  async loadTerritory(slug: string): Promise<Territory> {
    if (this.territory?.slug !== slug) {
      this.territory = null;
      this.territory = await api.territory(slug);
    }
    return this.territory;
  }

  /** Figures age while the page is open: read them again without emptying the screen. */
  async refreshTerritory(): Promise<void> {
    if (this.territory) this.territory = await api.territory(this.territory.slug);
  }

  async loadMe(): Promise<void> {
    try {
      this.me = await api.me();
    } catch (error) {
      if (error instanceof Refused) this.me = null;
    }
  }

  theme(code: string): Theme | undefined {
    return this.themes.find((t) => t.code === code.split('.')[0]);
  }

  themeName(code: string): string {
    const theme = this.theme(code);
    return theme ? (language === 'fr' ? theme.fr : theme.en) : '';
  }

  /** The first words of a theme, for chips: "Culture, patrimoine & fêtes" gives "Culture". */
  themeShort(code: string): string {
    return this.themeName(code).split(/[,&]/)[0]!.trim();
  }

  /** The most precise name of a category: its sub-category, else its theme. */
  categoryName(code: string): string {
    const [theme, sub] = code.split('.');
    const found = this.theme(theme ?? '')?.sub.find((s) => s.slug === sub);
    const name = found ? (language === 'fr' ? found.fr : (found.en ?? found.fr)) : this.themeName(code);
    return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
  }

  say(text: string, action?: Toast['action']): void {
    this.toast = { text, action };
  }
}

export const app = new App();

outbox.onAck((actor, edit, ack) => {
  if (ack.seq !== null && edit.kind !== 'revert') app.lastEdit = { actor, undone: [ack.epoch, ack.seq] };
});
