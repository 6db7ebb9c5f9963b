/** Secrets that come in the fragment of an address: read once, taken out of the address bar, kept for this tab. */

/** The token `#name=…` of this page, or the one that this tab was given before a reload. */
export function fragment(name: string, key: string): string | null {
  const given = new URLSearchParams(location.hash.slice(1)).get(name);
  if (given !== null) {
    history.replaceState(null, '', location.pathname + location.search);
    shelve(key, given);
    return given;
  }
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

function shelve(key: string, value: string): void {
  try {
    sessionStorage.setItem(key, value);
  } catch {
    // The token then lasts until the page is reloaded.
  }
}
