/** What must hold on every page of every test: own origin only, no failed request, no error in the console. */
import { expect, type BrowserContext } from '@playwright/test';

export class Watch {
  readonly #faults: string[] = [];
  readonly #origins = new Set<string>();
  readonly #allowed: RegExp[] = [];
  /** Every address asked for, in order. */
  readonly asked: string[] = [];

  /** Another origin that the test itself serves. */
  trust(origin: string): void {
    this.#origins.add(origin);
  }

  /** A fault that the test provokes: a stopped server, a conflict that Chromium reports as a failed resource. */
  allow(fault: RegExp): void {
    this.#allowed.push(fault);
  }

  on(context: BrowserContext): void {
    context.on('request', (request) => {
      const url = new URL(request.url());
      this.asked.push(request.url());
      if (['data:', 'blob:', 'about:'].includes(url.protocol)) return;
      if (!this.#origins.has(url.origin)) this.#faults.push(`left our origin: ${request.url()}`);
    });
    context.on('requestfailed', (request) => {
      const why = request.failure()?.errorText ?? '';
      // A page that was left, or a question that a newer one replaced.
      if (why !== 'net::ERR_ABORTED') this.#faults.push(`failed: ${request.url()} ${why}`);
    });
    context.on('console', (message) => {
      if (message.type() === 'error')
        this.#faults.push(`console: ${message.text()} ${message.location().url ?? ''}`);
    });
    context.on('weberror', (error) => this.#faults.push(`page error: ${error.error().stack}`));
  }

  check(): void {
    const faults = this.#faults.filter((fault) => !this.#allowed.some((allowed) => allowed.test(fault)));
    expect(faults, 'nothing leaves our origin, fails, or complains in the console').toEqual([]);
  }
}
