#!/usr/bin/env bash
# Makes the fonts of printed sheets again: npm has woff2 in pieces, usvg and krilla need whole TTF files. Needs Python's venv and npm; run it from the root of the project after `npm --prefix web ci`.
set -euo pipefail
out=tiles/fonts
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet fonttools==4.60.1 brotli==1.1.0
unpack() { "$work/venv/bin/fonttools" ttLib.woff2 decompress -o "$2" "$1" 2>/dev/null; }
atkinson=web/node_modules/@fontsource/atkinson-hyperlegible-next
for pair in 400:Regular 700:Bold; do
  weight=${pair%:*}
  for part in latin latin-ext; do unpack "$atkinson/files/atkinson-hyperlegible-next-$part-$weight-normal.woff2" "$work/$part-$weight.ttf"; done
  "$work/venv/bin/pyftmerge" --output-file="$out/AtkinsonHyperlegibleNext-${pair#*:}.ttf" "$work/latin-$weight.ttf" "$work/latin-ext-$weight.ttf"
  # Written into SVG files, so that they look the same where the font is not installed.
  cp "$atkinson/files/atkinson-hyperlegible-next-latin-$weight-normal.woff2" "$out/latin-$weight.woff2"
done
cp "$atkinson/LICENSE" "$out/OFL-AtkinsonHyperlegibleNext.txt"
# For names of actors in Arabic and Hebrew letters.
for pair in arabic:Arabic hebrew:Hebrew; do
  script=${pair%:*}
  (cd "$work" && npm pack --silent "@fontsource/noto-sans-$script@5.3.0" >/dev/null && tar xzf "fontsource-noto-sans-$script-5.3.0.tgz")
  unpack "$work/package/files/noto-sans-$script-$script-400-normal.woff2" "$out/NotoSans${pair#*:}-Regular.ttf"
  cp "$work/package/LICENSE" "$out/OFL-NotoSans${pair#*:}.txt"
done
