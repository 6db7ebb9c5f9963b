/** The server under test: the real binary, on a data folder of its own and a free loopback port. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const root = resolve(__dirname, '../../..');
/** The demonstration commune as OpenStreetMap had it on a day. */
export const extractOf = (date: string) => join(root, `fixtures/solvigne-${date}.osm.pbf`);
const extract = extractOf('2026-03-01');

/** Limits that tests do not run into, unless they test them. */
export const FREE = [
  '--creations-per-hour=1000000',
  '--edits-per-hour=1000000',
  '--address-creations-per-hour=1000000',
  '--address-edits-per-hour=1000000',
  '--min-fill-seconds=0',
];

function binary(): string {
  const built = [process.env.BOUILLON, 'target/release/bouillon', 'target/debug/bouillon']
    .filter((path) => path !== undefined)
    .map((path) => resolve(root, path))
    .find((path) => existsSync(path));
  if (!built) throw new Error('no bouillon binary: run `make build`, or set BOUILLON');
  return built;
}

function run(args: string[]): string {
  const done = spawnSync(binary(), args, { encoding: 'utf8', cwd: tmpdir() });
  if (done.status !== 0) throw new Error(`bouillon ${args.join(' ')}: ${done.stderr}`);
  return done.stdout;
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'bouillon-browser-'));
}

/** Reads the demonstration extract into an empty folder. */
export function importDemo(data: string, file = extract): void {
  run(['import', 'osm', file, '--data', data]);
}

/** A second territory in the middle of the first, so that the start has a directory to show. */
export function importSecond(data: string): void {
  const box = '-1.80,47.70,-1.78,47.715';
  run([
    'import',
    'osm',
    extract,
    '--data',
    data,
    '--territory',
    'le-bourg',
    '--name',
    'Le Bourg',
    '--boundary',
    box,
  ]);
}

export class Site {
  url = '';
  #child: ChildProcess | null = null;
  #former: string[] = [];

  private constructor(
    public data: string,
    private readonly args: readonly string[],
  ) {}

  /** Starts on a copy of a data folder, or on an empty one. */
  static async start(template: string | null, args: readonly string[]): Promise<Site> {
    const data = temporaryFolder();
    if (template) cpSync(template, data, { recursive: true });
    const site = new Site(data, args);
    await site.begin();
    return site;
  }

  /** Starts, or starts again at the same address. */
  async begin(): Promise<void> {
    const listen = this.url ? new URL(this.url).host : '127.0.0.1:0';
    const child = spawn(binary(), ['serve', '--data', this.data, '--listen', listen, ...this.args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        BOUILLON_LOG: process.env.BOUILLON_LOG ?? 'warn',
      },
      cwd: this.data,
    });
    this.#child = child;
    const lines = createInterface({ input: child.stdout });
    const [line] = (await Promise.race([once(lines, 'line'), once(child, 'exit')])) as [string | number];
    const url = String(line).split(' ').at(-1) ?? '';
    if (!url.startsWith('http://')) throw new Error(`the server did not start: ${line}`);
    this.url = url;
  }

  /** Stops the server and leaves its data. */
  async end(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 5000);
    await gone;
    clearTimeout(late);
  }

  /** `kill -9`: the server has no time for anything. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** Makes a backup beside the running server; gives its folder. */
  backup(): string {
    const folder = join(this.data, 'backups');
    run(['backup', folder, '--data', this.data]);
    const made = readdirSync(folder).filter((name) => name.startsWith('bouillon-'));
    return join(folder, made.sort().at(-1)!);
  }

  /** Goes on from a backup, in another data folder; the server is stopped. */
  restore(backup: string): void {
    const fresh = temporaryFolder();
    run(['restore', backup, '--data', fresh]);
    this.#former.push(this.data);
    this.data = fresh;
  }

  /** Takes every role away from everybody, as an operator would while the server is stopped. */
  revokeAll(): void {
    const code =
      'import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute("delete from grants"); c.commit()';
    const done = spawnSync('python3', ['-c', code, join(this.data, 'bouillon.sqlite')], { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(done.stderr);
  }

  /** What `bouillon export actors` writes, beside the running server. */
  exported(slug: string): { id: string; properties: Record<string, unknown> }[] {
    const text = run(['export', 'actors', '--territory', slug, '--format', 'geojson', '--data', this.data]);
    return (
      JSON.parse(text) as {
        features: { id: string; properties: Record<string, unknown> }[];
      }
    ).features;
  }

  async remove(): Promise<void> {
    await this.end();
    for (const data of [this.data, ...this.#former]) rmSync(data, { recursive: true, force: true });
  }

  /** The one-time link that `bouillon admin invite` prints, on this server's address. */
  invitation(role: string): string {
    const link = run(['admin', 'invite', '--role', role, '--data', this.data]).trim();
    return `${this.url}/invitation#${link.split('#')[1]}`;
  }
}
