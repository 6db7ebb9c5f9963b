import { beforeAll, describe, expect, it } from 'vitest';
import { addTeamWords } from '../i18n';
import fr from '../i18n/fr.json';
import en from '../i18n/en.json';
import teamEn from '../i18n/team.en.json';
import teamFr from '../i18n/team.fr.json';
import { Refused, Unreachable } from '../lib/api';
import { day } from '../lib/dates';
import { parseRoute, paths } from '../lib/routes';
import {
  brief,
  bytes,
  inOneLine,
  listed,
  mapAround,
  open,
  osmPage,
  percent,
  quietly,
  shown,
  stepOf,
  working,
  wrongFile,
} from './runs';
import { judge, send, Stopped } from './send';
import type { Counts, Run } from './types';
import { apart, osmPoint, say } from './values';
import { watch } from './watch';

beforeAll(() => addTeamWords());

const NONE: Counts = {
  create: 0,
  update: 0,
  conflict: 0,
  close: 0,
  reappear: 0,
  renumber: 0,
  candidate: 0,
  refused: 0,
  unchanged: 0,
  kept: 0,
  outside: 0,
};
const COUNTS: Counts = { ...NONE, create: 12, update: 31, conflict: 3, close: 2, unchanged: 140, kept: 8 };
const run = (part: Partial<Run>): Run => ({
  id: '7',
  territory: 'solvigne',
  source: 'osm',
  file: 'a.osm.pbf',
  kind: 'extract',
  data_date: '2026-03-01',
  state: 'planned',
  progress: null,
  error: null,
  created_at: '2026-11-22T06:00:00Z',
  applied_at: null,
  undone_at: null,
  counts: COUNTS,
  undo: null,
  ...part,
});

describe('what an import changes', () => {
  it('is one sentence, without what is nought', () =>
    expect(inOneLine(COUNTS)).toBe(
      '12 acteurs nouveaux, 31 acteurs mis à jour, 3 désaccords à trancher, ' +
        '2 disparus d’OpenStreetMap (proposés à la fermeture), 140 inchangés, 8 valeurs de citoyens gardées',
    ));
  it('knows one from many', () =>
    expect(inOneLine({ ...NONE, create: 1, close: 1, kept: 1 })).toBe(
      '1 acteur nouveau, 1 disparu d’OpenStreetMap (proposé à la fermeture), 1 valeur de citoyens gardée',
    ));
  it('lists only what has lines', () => {
    expect(listed(COUNTS)).toEqual(['create', 'update', 'conflict', 'close']);
    expect(listed(NONE)).toEqual([]);
    expect(quietly(NONE)).toBe('');
  });
  it('is told as plan, as deed, or not at all', () => {
    expect(brief(run({}))).toMatch(/^Changerait\u00a0: 12 acteurs nouveaux, .+\.$/);
    expect(brief(run({ state: 'applied' }))).toMatch(/^A changé\u00a0: 12/);
    expect(brief(run({ state: 'undone' }))).toMatch(/^Avait changé\u00a0: 12/);
    expect(brief(run({ state: 'discarded' }))).toBe('Rien n’a été changé.');
    expect(brief(run({ state: 'planned', counts: NONE }))).toContain('la carte est déjà à jour');
  });
});

describe('the states of an import', () => {
  it('say when to ask again and when another may be sent', () => {
    expect((['reading', 'applying', 'undoing'] as const).every(working)).toBe(true);
    expect((['planned', 'applied', 'undone', 'discarded', 'failed'] as const).some(working)).toBe(false);
    expect(open('planned')).toBe(true);
    expect((['applied', 'undone', 'discarded', 'failed'] as const).some(open)).toBe(false);
  });
  it('stand on a step', () =>
    expect((['reading', 'planned', 'applying'] as const).map(stepOf)).toEqual([1, 2, 3]));
  it('never show the end before it is there', () => {
    expect([percent(0, 10), percent(5, 10), percent(10, 10)]).toEqual([0, 50, 99]);
    expect([percent(1, 0), percent(NaN, 5), percent(-1, 5)]).toEqual([null, null, null]);
  });
});

describe('a chosen file', () => {
  it('is sent when its name and size can be right', () => {
    expect(wrongFile('Solvigné-2026.OSM.PBF', 12)).toBeNull();
    expect(wrongFile('4521.osc.gz', 12)).toBeNull();
  });
  it('is refused in a sentence that names it', () => {
    expect(wrongFile('notes.pbf', 12)).toContain('«\u00a0notes.pbf\u00a0» n’est ni un extrait');
    expect(wrongFile('a.osm.pbf', 0)).toContain('est vide');
    expect(wrongFile('a.osm.pbf', 1024 ** 3)).toBeNull();
    expect(wrongFile('a.osm.pbf', 1024 ** 3 + 1)).toContain('la limite est de 1\u00a0Go');
  });
  it('has a size in words', () =>
    expect([812 * 1024, 12.4 * 1024 ** 2, 1.5 * 1024 ** 3].map((n) => bytes(n).replace(/\s/g, ' '))).toEqual([
      '812 ko',
      '12,4 Mo',
      '1,5 Go',
    ]));
});

describe('addresses', () => {
  it('of the team are screens of a territory', () => {
    expect(parseRoute('/solvigne/imports')).toEqual({ name: 'imports', slug: 'solvigne' });
    expect(parseRoute('/solvigne/moderation')).toEqual({ name: 'moderation', slug: 'solvigne' });
    expect(paths.imports('solvigne', '7')).toBe('/solvigne/imports?run=7');
  });
  it('of OpenStreetMap are made of references only', () => {
    expect(osmPage('osm:node/12')).toBe('https://www.openstreetmap.org/node/12');
    for (const other of ['osm:node/12?x', 'node/12', 'osm:user/me', 'javascript:alert(1)'])
      expect(osmPage(other)).toBeNull();
  });
  it('of a place show what lies around it', () =>
    expect(mapAround('solvigne', -1.79, 47.71)).toBe(
      '/solvigne/carte?bbox=-1.79200,47.70860,-1.78800,47.71140',
    ));
  it('hold the action that is listed', () => {
    expect(shown('?run=7&action=conflict')).toBe('conflict');
    expect(shown('?run=7&action=<x>')).toBeNull();
  });
});

describe('values side by side', () => {
  const here = { lon: -1.79, lat: 47.71, precision: 'exact' as const };
  it('say how far a place has moved', () => {
    expect(apart(here, { ...here, lat: 47.711 })).toBe(111);
    expect(apart(here, { precision: 'online' })).toBeNull();
    expect(apart(null, here)).toBeNull();
    expect(osmPoint(here)).toContain('mlat=47.71000&mlon=-1.79000');
  });
  it('are said in words, whatever the server sends', () => {
    expect(say('phone', null)).toBe('rien');
    expect(say('opening_hours', 'Mo-Fr 09:00-12:00')).toContain('Lundi à vendredi');
    expect(say('place/a/address', { housenumber: '12', street: 'Rue Haute' })).toBe('12 Rue Haute');
    expect(say('address', { street: 'Rue Haute' })).toBe('Rue Haute');
    expect(say('place/a/position', { precision: 'online' })).toBe('Sans lieu, en ligne');
    expect(say('new', { strange: 1 } as never)).toBe('{"strange":1}');
  });
  it('have French first days of a month', () => {
    expect(day('2026-03-01T12:00:00Z')).toBe('1er mars 2026');
    expect(day('2026-03-11T12:00:00Z')).toBe('11 mars 2026');
  });
});

describe('sending', () => {
  it('knows a run, a refusal and a server that is not there', () => {
    expect(judge(202, null, JSON.stringify(run({})))).toMatchObject({ id: '7' });
    const busy = judge(409, null, '{"code":"import_busy","detail":"Un autre import.","run":{"id":"6"}}');
    expect(busy).toBeInstanceOf(Refused);
    expect((busy as Refused).body).toMatchObject({ run: { id: '6' } });
    expect((judge(413, null, '<html>') as Refused).message).toMatch(/serveur/);
    for (const [status, text] of [
      [0, ''],
      [200, 'hello'],
      [502, ''],
    ] as const)
      expect(judge(status, null, text)).toBeInstanceOf(Unreachable);
  });
  it('tells its progress and can be stopped', async () => {
    const heard: number[] = [];
    class Fake {
      upload: { onprogress?: (event: object) => void } = {};
      onabort?: () => void;
      open() {}
      setRequestHeader() {}
      send() {
        this.upload.onprogress?.({ loaded: 3, total: 0 });
      }
      abort() {
        this.onabort?.();
      }
    }
    const sending = send(
      '/x',
      new Blob(['123456']),
      (done, total) => heard.push(done, total),
      () => new Fake() as unknown as XMLHttpRequest,
    );
    sending.stop();
    await expect(sending.done).rejects.toBeInstanceOf(Stopped);
    expect(heard).toEqual([3, 6]);
  });
});

describe('watching a run', () => {
  const page = { hidden: false, addEventListener: () => {}, removeEventListener: () => {} };
  const heard = (answers: (Run | Error)[]) => {
    const log: string[] = [];
    return new Promise<string[]>((done) => {
      // A little later, so that one question too many would be heard.
      const end = () =>
        setTimeout(() => {
          watched.stop();
          done(log);
        }, 40);
      const watched = watch({
        every: 1,
        document: page,
        ask: async () => {
          const answer = answers.shift();
          if (!answer) throw new Error('asked once too often');
          if (answer instanceof Error) throw answer;
          return answer;
        },
        onrun: (now) => {
          log.push(now.state);
          if (!working(now.state)) end();
        },
        onlost: (lost) => log.push(lost ? 'lost' : 'back'),
        onrefused: (error) => {
          log.push(error.message);
          end();
        },
      });
    });
  };
  it('asks until it settles, then no more', async () =>
    expect(await heard([run({ state: 'reading' }), run({ state: 'reading' }), run({})])).toEqual([
      'reading',
      'reading',
      'planned',
    ]));
  it('goes on after the server was away', async () =>
    expect(await heard([run({ state: 'applying' }), new Unreachable(), run({ state: 'applied' })])).toEqual([
      'applying',
      'lost',
      'back',
      'applied',
    ]));
  it('stops at a refusal', async () =>
    expect(await heard([new Refused(404, 'unknown', 'Inconnu.')])).toEqual(['Inconnu.']));
});

describe('the catalogues of the team', () => {
  const texts = (catalogue: Record<string, unknown>) =>
    Object.values(catalogue).flatMap((v) => (typeof v === 'string' ? [v] : Object.values(v as object)));
  it('keep French punctuation with the word before it', () =>
    expect(texts(teamFr).filter((s) => / [:;!?»%]|« /.test(s as string))).toEqual([]));
  it('hold the same placeholders in both languages', () => {
    const holes = (v: unknown) => [...new Set(JSON.stringify(v).match(/\{\w+\}/g) ?? [])].sort();
    for (const key of Object.keys(teamFr) as (keyof typeof teamFr)[])
      expect([key, holes(teamEn[key])]).toEqual([key, holes(teamFr[key])]);
  });
  it('never take a key of the others', () => {
    const common = { ...fr, ...en };
    expect(Object.keys({ ...teamFr, ...teamEn }).filter((key) => key in common)).toEqual([]);
  });
});
