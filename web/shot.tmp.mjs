import { chromium } from '@playwright/test';
const [,, path, out, w='1440', h='900', scheme='light'] = process.argv;
const b = await chromium.launch({ executablePath:'/usr/bin/chromium', chromiumSandbox:false });
const c = await b.newContext({ viewport:{width:+w,height:+h}, locale:'fr-FR', colorScheme:scheme, deviceScaleFactor:1 });
const p = await c.newPage();
p.on('console', m => { if (['error','warning'].includes(m.type())) console.log(m.type(), m.text()); });
p.on('requestfailed', r => console.log('failed', r.url()));
await p.goto('http://127.0.0.1:8091'+path);
try { await p.waitForFunction(() => document.documentElement.dataset.mapIdle==='1', null, {timeout: +(process.env.WAIT||15000)}); } catch { console.log('no idle'); }
await p.waitForTimeout(500);
await p.screenshot({ path: out });
await b.close();
