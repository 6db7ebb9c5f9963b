//! Figures that are no maps, as sheets: lists, tables, numbers, charts. Maps are drawn by `report::map`.

use super::definition::Kind;
use super::files::{Content, address};
use super::numbers::{Numbers, place_and_date};
use super::shown::alternative;
use super::words::{self, pick};
use crate::model::{Lang, taxonomy};
use crate::report::map::words as map_words;
use crate::report::paper::{Anchor, Block, Drawing, Page, Role, SOFT, Words, fonts};

/// Margin of a sheet.
const MARGIN: f64 = 45.0;
/// Height of the foot.
const FOOT: f64 = 46.0;
/// Height of a row, and size of its letters.
const ROW: f64 = 18.0;
const SIZE: f64 = 11.5;
/// Between two columns.
const GAP: f64 = 14.0;
/// Rows that are printed; more are in the CSV file.
const ROWS: usize = 3000;
/// A card with one number or one chart is this wide, CSS pixels.
const CARD: f64 = 780.0;
/// The two inks of the rim.
const RIM: [&str; 2] = ["#0F4550", "#F6BE3B"];

/// Rows under their heads.
struct Table {
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// A figure on sheets of a size (CSS pixels).
pub(super) fn draw(content: &Content, size: [f64; 2]) -> Drawing {
    let pages = match content.figure.kind {
        Kind::Count => vec![count(content, [CARD, 420.0])],
        Kind::Chart => match &content.numbers().chart {
            Some(svg) => vec![chart(content, svg)],
            None => sheets(content, size, &numbers(&content.numbers())),
        },
        Kind::Table => sheets(content, size, &numbers(&content.numbers())),
        Kind::List | Kind::Map => sheets(content, size, &names(content)),
    };
    finished(content, pages)
}

/// A picture for a shared link.
pub(super) fn link(content: &Content, size: [f64; 2]) -> Drawing {
    finished(content, vec![count(content, size)])
}

fn finished(content: &Content, pages: Vec<Page>) -> Drawing {
    Drawing {
        title: fonts::clean(&content.figure.title),
        alt: fonts::clean(&alternative(&content.figure, &content.selection, content.lang)),
        lang: content.lang,
        at: content.selection.at,
        pages,
    }
}

fn numbers(n: &Numbers) -> Table {
    Table { heads: n.columns.clone(), rows: n.rows.clone() }
}

fn names(content: &Content) -> Table {
    let lang = content.lang;
    let heads = ["N°", pick(lang, "Nom", "Name"), pick(lang, "Thème", "Theme"), pick(lang, "Adresse", "Address")];
    let label = |code: &str| taxonomy().labels(code).map_or(String::new(), |(fr, en)| pick(lang, fr, en).to_owned());
    let row = |(i, a): (usize, &crate::model::Actor)| vec![(i + 1).to_string(), a.name().to_owned(), label(a.category()), address(a)];
    Table { heads: heads.map(str::to_owned).to_vec(), rows: content.selection.actors.iter().enumerate().map(row).collect() }
}

/// Title, place and date, caption; gives where they end.
fn head(content: &Content, width: f64, blocks: &mut Vec<Block>, again: bool) -> f64 {
    let room = width - 2.0 * MARGIN;
    let size = if again { 14.0 } else { 24.0 };
    let lines = fonts::wrapped(&fonts::clean(&content.figure.title), size, true, room, if again { 1 } else { 3 });
    let mut y = MARGIN + size * 0.9;
    let last = lines.len().max(1) - 1;
    let words = lines.into_iter().enumerate().map(|(i, l)| Block::Words(Words::new(MARGIN, y + size * 1.15 * i as f64, size, l).bold()));
    blocks.push(Block::Group(if again { Role::Paragraph } else { Role::Heading(1) }, words.collect()));
    y += size * 1.15 * last as f64 + 22.0;
    let line = fonts::clean(&place_and_date(&content.selection, content.lang));
    blocks.push(Block::paragraph([Words::new(MARGIN, y, 12.5, line).ink(SOFT).within(room)]));
    y += 10.0;
    if !again && !content.figure.caption.is_empty() {
        let lines = fonts::wrapped(&fonts::clean(&content.figure.caption), 12.5, false, room, 6);
        let caption: Vec<Words> = lines.into_iter().enumerate().map(|(i, l)| Words::new(MARGIN, y + 12.0 + 16.0 * i as f64, 12.5, l)).collect();
        y += 16.0 * caption.len() as f64 + 6.0;
        blocks.push(Block::paragraph(caption));
    }
    y + 10.0
}

/// Rim, sources, licence, address, number of the page.
fn foot(content: &Content, [width, height]: [f64; 2], page: usize, pages: usize) -> Vec<Block> {
    let (y, inner) = (height - MARGIN - FOOT + 14.0, width - 2.0 * MARGIN);
    let rim = format!(
        "<rect x=\"{MARGIN}\" y=\"{y:.1}\" width=\"{inner:.1}\" height=\"2\" fill=\"{}\"/><rect x=\"{MARGIN}\" y=\"{:.1}\" width=\"{inner:.1}\" height=\"3\" fill=\"{}\"/>",
        RIM[0],
        y + 2.0,
        RIM[1]
    );
    let sources = format!("{} · ODbL 1.0", words::sources(&content.selection.territory.name, content.lang).join(" · "));
    let mut lines: Vec<Words> = fonts::wrapped(&fonts::clean(&sources), 9.2, false, inner, 2)
        .into_iter()
        .enumerate()
        .map(|(i, l)| Words::new(MARGIN, y + 18.0 + 12.0 * i as f64, 9.2, l).ink(SOFT))
        .collect();
    let below = y + 18.0 + 12.0 * lines.len() as f64;
    lines.push(Words::new(MARGIN, below, 9.2, fonts::clean(&content.at)).bold().within(inner - 60.0));
    if pages > 1 {
        lines.push(Words::new(width - MARGIN, below, 9.2, format!("{page} / {pages}")).ink(SOFT).at(Anchor::End));
    }
    vec![Block::artifact(rim), Block::paragraph(lines)]
}

/// « Lecture : », in at most three lines; gives where it ends.
fn reading(text: &str, y: f64, width: f64, blocks: &mut Vec<Block>) -> f64 {
    let lines = fonts::wrapped(&fonts::clean(text), 12.0, false, width - 2.0 * MARGIN, 3);
    let end = y + 16.0 * lines.len() as f64;
    blocks.push(Block::paragraph(lines.into_iter().enumerate().map(|(i, l)| Words::new(MARGIN, y + 16.0 * i as f64, 12.0, l).ink(SOFT))));
    end
}

/// A card with one large number.
fn count(content: &Content, [width, height]: [f64; 2]) -> Page {
    let (n, mut blocks) = (content.numbers(), Vec::new());
    let lang = content.lang;
    let top = head(content, width, &mut blocks, false);
    let measured = content.numbers.is_some();
    let shown = if measured { n.shown.clone() } else { words::number(content.selection.actors.len(), lang) };
    let shown = fonts::clean(&shown);
    let mut size: f64 = (height * 0.24).min(120.0);
    while size > 20.0 && fonts::width(&shown, size, true) > width - 2.0 * MARGIN {
        size *= 0.9;
    }
    let bottom = height - MARGIN - FOOT;
    let y = (top + (bottom - top) * 0.5 + size * 0.2).max(top + size);
    let name = if measured { n.title.clone() } else { actors_word(content.selection.actors.len(), lang).to_owned() };
    let number = Words::new(width / 2.0, y, size, shown).bold().ink(RIM[0]).at(Anchor::Middle);
    let name = Words::new(width / 2.0, y + size * 0.2 + 16.0, 16.0, fonts::clean(&name)).at(Anchor::Middle).within(width - 2.0 * MARGIN);
    blocks.push(Block::paragraph([number, name]));
    let told = if measured { n.reading } else { counted(content) };
    reading(&told, bottom - 34.0, width, &mut blocks);
    blocks.extend(foot(content, [width, height], 1, 1));
    Page { width, height, blocks }
}

/// How to read a number of actors.
fn counted(content: &Content) -> String {
    let (selection, lang) = (&content.selection, content.lang);
    let place = selection.area.as_ref().map_or(&selection.territory.name, |a| &a.name);
    let (n, date) = (words::actors(selection.actors.len(), lang), words::day(selection.at, lang));
    match lang {
        Lang::Fr => format!("Lecture : au {date}, la carte de {place} compte {n} qui répondent à ce que la figure demande."),
        Lang::En => format!("Reading: on {date}, the map of {place} holds {n} of those that the figure asks for."),
    }
}

/// `acteurs`, as many as there are.
fn actors_word(n: usize, lang: Lang) -> &'static str {
    if map_words::actors(n, lang).ends_with('s') { pick(lang, "acteurs", "actors") } else { pick(lang, "acteur", "actor") }
}

/// A card with a chart, which brings its own title.
fn chart(content: &Content, svg: &str) -> Page {
    let [wide, high] = size_of(svg).unwrap_or([720.0, 480.0]);
    let inner = CARD - 2.0 * MARGIN;
    let drawn = high * inner / wide;
    let mut blocks =
        vec![Block::picture(svg, fonts::clean(&alternative(&content.figure, &content.selection, content.lang)), [MARGIN, 20.0, inner, drawn])];
    let mut y = 20.0 + drawn + 16.0;
    if !content.figure.caption.is_empty() {
        y = reading(&content.figure.caption, y, CARD, &mut blocks);
    }
    let height = y + FOOT + MARGIN;
    blocks.extend(foot(content, [CARD, height], 1, 1));
    Page { width: CARD, height, blocks }
}

/// Width and height of an SVG file.
fn size_of(svg: &str) -> Option<[f64; 2]> {
    let head = svg.get(svg.find("<svg")?..)?.split('>').next()?;
    let number = |name: &str| head.split(name).nth(1)?.split('"').next()?.parse::<f64>().ok().filter(|n| *n > 0.0);
    Some([number(" width=\"")?, number(" height=\"")?])
}

/// Sheets with a table that goes on from page to page.
fn sheets(content: &Content, size: [f64; 2], table: &Table) -> Vec<Page> {
    let [width, mut height] = size;
    let shown = table.rows.get(..table.rows.len().min(ROWS)).unwrap_or(&[]);
    let columns = columns(&table.heads, shown, width - 2.0 * MARGIN);
    let bottom = height - MARGIN - FOOT;
    let (mut rest, mut pages) = (shown, Vec::new());
    loop {
        let mut blocks = Vec::new();
        let top = head(content, width, &mut blocks, !pages.is_empty());
        let fit = (((bottom - top - 30.0) / ROW).floor().max(2.0) as usize - 1).min(rest.len());
        let (now, later) = rest.split_at(fit);
        if table.rows.is_empty() {
            blocks.push(Block::paragraph([Words::new(
                MARGIN,
                top + ROW,
                14.0,
                pick(content.lang, "Aucun acteur ne correspond.", "No actor matches."),
            )]));
        } else {
            blocks.push(rows(&table.heads, now, &columns, top));
        }
        rest = later;
        if rest.is_empty() {
            let end = last_words(content, table, top + ROW * (now.len() + 2) as f64, width, &mut blocks);
            // A table alone on its sheet is as high as it needs: it goes into a text.
            if pages.is_empty() && content.figure.kind != Kind::List {
                height = height.min(end + FOOT + MARGIN);
            }
        }
        pages.push(blocks);
        if rest.is_empty() {
            break;
        }
    }
    let count = pages.len();
    let page = |(i, mut blocks): (usize, Vec<Block>)| {
        blocks.extend(foot(content, [width, height], i + 1, count));
        Page { width, height, blocks }
    };
    pages.into_iter().enumerate().map(page).collect()
}

/// How to read the numbers, or how many names are only in the file; gives where that ends.
fn last_words(content: &Content, table: &Table, y: f64, width: f64, blocks: &mut Vec<Block>) -> f64 {
    if table.rows.len() > ROWS {
        let more = words::actors(table.rows.len() - ROWS, content.lang);
        let text = match content.lang {
            Lang::Fr => format!("Et {more} de plus, dans le fichier CSV : {}.csv", content.at),
            Lang::En => format!("And {more} more, in the CSV file: {}.csv", content.at),
        };
        reading(&text, y, width, blocks)
    } else if content.figure.kind != Kind::List && !table.rows.is_empty() {
        reading(&content.numbers().reading, y, width, blocks)
    } else {
        y
    }
}

/// Left edge and width of each column, and whether it holds numbers.
fn columns(heads: &[String], rows: &[Vec<String>], room: f64) -> Vec<(f64, f64, bool)> {
    let sample = || rows.iter().take(400);
    let natural = |i: usize| {
        let cells = sample().filter_map(|r| r.get(i)).map(|c| fonts::width(c, SIZE, i == 1));
        cells.fold(heads.get(i).map_or(0.0, |h| fonts::width(h, SIZE, true)), f64::max).min(room * 0.45)
    };
    let wide: Vec<f64> = (0..heads.len()).map(natural).collect();
    let gaps = GAP * heads.len().saturating_sub(1) as f64;
    let is_number = |i: usize| {
        let mut cells = sample().filter_map(|r| r.get(i)).filter(|c| !c.is_empty()).peekable();
        cells.peek().is_some() && cells.all(|c| c.starts_with(|l: char| l.is_ascii_digit() || "–−-<".contains(l)) && c.len() < 24)
    };
    let numeric: Vec<bool> = (0..heads.len()).map(is_number).collect();
    // Words give way, numbers never: half a number is another one.
    let sum = |of: bool| wide.iter().zip(&numeric).filter(|(_, n)| **n == of).map(|(w, _)| w).sum::<f64>();
    let scale = if sum(false) > 0.0 { ((room - gaps - sum(true)) / sum(false)).clamp(0.1, 1.0) } else { 1.0 };
    let mut x = MARGIN;
    let column = |(w, number): (&f64, &bool)| {
        let at = (x, if *number { *w } else { w * scale }, *number);
        x += at.1 + GAP;
        at
    };
    wide.iter().zip(&numeric).map(column).collect()
}

/// A table from a height on, its heads first.
fn rows(heads: &[String], rows: &[Vec<String>], columns: &[(f64, f64, bool)], top: f64) -> Block {
    let cell = |text: &str, (x, width, number): (f64, f64, bool), y: f64, bold: bool| {
        let words = Words::new(if number { x + width } else { x }, y, SIZE, fonts::clean(text)).within(width + 1.0);
        let words = if number { words.at(Anchor::End) } else { words };
        Block::Words(if bold { words.bold() } else { words })
    };
    let base = top + ROW * 0.7;
    let mut first: Vec<Block> = heads.iter().zip(columns).map(|(h, c)| Block::Group(Role::ColumnHeader, vec![cell(h, *c, base, true)])).collect();
    let width = columns.last().map_or(0.0, |(x, w, _)| x + w - MARGIN);
    first.push(Block::Graphic(format!("<path stroke=\"#47595D\" d=\"M{MARGIN} {:.1}h{width:.1}\"/>", base + 5.0)));
    let mut all = vec![Block::Group(Role::Row, first)];
    for (i, row) in rows.iter().enumerate() {
        let y = base + ROW * (i + 1) as f64;
        let cells = row
            .iter()
            .zip(columns)
            .enumerate()
            .map(|(k, (text, c))| Block::Group(if k == 0 { Role::RowHeader } else { Role::Cell }, vec![cell(text, *c, y, k == 1)]));
        all.push(Block::Group(Role::Row, cells.collect()));
    }
    Block::Group(Role::Table, all)
}
