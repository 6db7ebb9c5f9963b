import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { parse } from 'smol-toml';
import { build, defineConfig, type Plugin } from 'vite';

/** Lets code import a TOML file: the palette of the map is shared with drawings that are not the web's. */
function toml(): Plugin {
  return {
    name: 'toml',
    transform(code, id) {
      return id.endsWith('.toml')
        ? { code: `export default ${JSON.stringify(parse(code))}`, map: null }
        : null;
    },
  };
}

/** Takes the default tile server out of `@versatiles/style`: what is not in the build can't be asked by mistake. */
function ownTilesOnly(): Plugin {
  return {
    name: 'own-tiles-only',
    apply: 'build',
    transform(code, id) {
      return id.includes('@versatiles/style')
        ? { code: code.replaceAll('https://tiles.versatiles.org', ''), map: null }
        : null;
    },
  };
}

/** Writes a `.br` beside every text file of the build, so that the server never compresses at run time. */
function precompress(): Plugin {
  let folder = 'dist';
  return {
    name: 'precompress',
    apply: 'build',
    configResolved(config) {
      folder = config.build.outDir;
    },
    async closeBundle() {
      const names = await readdir(folder, { recursive: true });
      for (const name of names.filter((n) => /\.(js|mjs|css|html|svg|json|webmanifest)$/.test(n))) {
        const path = join(folder, name);
        // The server rewrites index.html for each page, so a compressed copy would never be served.
        if (name === 'index.html') continue;
        const packed = brotliCompressSync(await readFile(path), {
          params: { [constants.BROTLI_PARAM_QUALITY]: 9 },
        });
        await writeFile(`${path}.br`, packed);
      }
    },
  };
}

/** Builds the service worker, which knows every file of the build, and the page that it shows when the server does not answer. */
function worker(): Plugin {
  return {
    name: 'worker',
    apply: 'build',
    async writeBundle(options, bundle) {
      const folder = options.dir ?? 'dist';
      const page = (await readFile(join(folder, 'index.html'), 'utf8')).replaceAll(/<!--(head|body)-->/g, '');
      const hash = createHash('sha256').update(page).digest('hex').slice(0, 12);
      const shell = `assets/shell-${hash}.html`;
      await writeFile(join(folder, shell), page);
      const files = Object.keys(bundle).filter((name) => /\.(js|mjs|css|woff2)$/.test(name));
      await build({
        configFile: false,
        logLevel: 'warn',
        publicDir: false,
        define: {
          FILES: JSON.stringify(['/bouillon.svg', ...files.map((name) => `/${name}`)]),
          SHELL: JSON.stringify(`/${shell}`),
        },
        build: {
          outDir: folder,
          emptyOutDir: false,
          target: 'es2022',
          lib: { entry: 'src/offline/worker.ts', formats: ['iife'], name: 'worker', fileName: () => 'sw.js' },
        },
      });
    },
  };
}

const server = process.env.BOUILLON_SERVER ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [toml(), ownTilesOnly(), svelte(), worker(), precompress()],
  // The palette lies in tiles/, beside the web's own folder.
  server: { host: '127.0.0.1', fs: { allow: ['..'] }, proxy: { '/api': server, '/tiles': server } },
  build: {
    target: 'es2022',
    // MapLibre and the base map's layers are above the default limit; they are loaded only when a map is shown.
    chunkSizeWarningLimit: 1300,
    // The CSP has no `data:` in font-src, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // What the first screen needs comes in a few files: many small ones cost a request each and pack badly.
        advancedChunks: {
          groups: [
            {
              name: 'base',
              test: /\/src\/(lib|parts)\/|\/src\/live\/(?!PeoplePanel)|\/i18n\/(index\.ts|fr\.json)|node_modules\/(svelte|idb)\//,
            },
          ],
        },
      },
    },
  },
});
