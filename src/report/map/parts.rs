//! What stands around the map: scale bar, north, legend, index, foot.

use super::Sheet;
use super::signs;
use super::view::View;
use super::words::{self, say};
use crate::model::{Actor, Lang, State, taxonomy};
use crate::report::Selection;
use crate::report::paper::{Anchor, Block, Role, SOFT, Words, fonts};
use std::fmt::Write;

/// Petrol and broth.
const RIM: [&str; 2] = ["#0F4550", "#F6BE3B"];

/// A length and its name: 1, 2 or 5 of a power of ten, as long as it can be within `room` pixels.
pub(super) fn scale(view: &View, room: f64) -> (f64, String) {
    let most = view.metres() * room;
    let power = 10_f64.powf(most.max(1.0).log10().floor());
    let metres = [5.0, 2.0, 1.0].into_iter().map(|n| n * power).find(|m| *m <= most).unwrap_or(power);
    let name = if metres >= 1000.0 { format!("{}\u{a0}km", metres / 1000.0) } else { format!("{metres}\u{a0}m") };
    (metres / view.metres(), name)
}

fn scale_room(view: &View) -> f64 {
    (view.width * 0.22).min(170.0)
}

/// Width of scale bar and north together.
pub(super) fn scale_width(view: &View) -> f64 {
    scale(view, scale_room(view)).0 + 56.0
}

/// Scale bar at a point (its left end, on the baseline), with the north over it; and the box that both take.
pub(super) fn scale_and_north(view: &View, [x, y]: [f64; 2]) -> (String, [f64; 4]) {
    let (long, name) = scale(view, scale_room(view));
    let (w, h) = (scale_width(view), 28.0);
    let mut out =
        format!("<g><rect x=\"{:.1}\" y=\"{:.1}\" width=\"{w:.1}\" height=\"{h}\" rx=\"3\" fill=\"#FFFFFF\" fill-opacity=\"0.88\"/>", x, y - h);
    let (left, base) = (x + 8.0, y - 8.0);
    let _ = write!(
        out,
        "<path fill=\"none\" stroke=\"#14282C\" stroke-width=\"1.4\" d=\"M{left:.1} {:.1}V{base:.1}H{:.1}V{:.1}\"/>",
        base - 5.0,
        left + long,
        base - 5.0
    );
    let _ = write!(out, "<path fill=\"#14282C\" d=\"M{left:.1} {:.1}h{:.1}v3h-{:.1}z\"/>", base - 3.0, long / 2.0, long / 2.0);
    let _ = write!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"10\" text-anchor=\"middle\" fill=\"#14282C\">{name}</text>",
        left + long / 2.0,
        base - 7.0
    );
    let north = left + long + 22.0;
    let _ = write!(out, "<path fill=\"#14282C\" d=\"M{north:.1} {:.1}l5 13l-5 -3.4l-5 3.4z\"/>", y - 25.0);
    let _ = write!(
        out,
        "<text x=\"{north:.1}\" y=\"{:.1}\" font-size=\"10\" font-weight=\"700\" text-anchor=\"middle\" fill=\"#14282C\">N</text></g>",
        y - 3.0
    );
    (out, [x, y - h, x + w, y])
}

/// Side of a square of the map, about, pixels.
const SQUARE: f64 = 115.0;

/// Columns and rows of the squares.
fn squares(view: &View) -> [usize; 2] {
    [view.width, view.height].map(|side| ((side / SQUARE).round() as usize).clamp(1, 26))
}

/// The name of the square that a place lies in: `C4`; none outside the map.
fn square(view: &View, place: [f64; 2]) -> Option<String> {
    let [columns, rows] = squares(view);
    let cell = |v: f64, side: f64, count: usize| ((v / side * count as f64) as usize).min(count - 1);
    let letter = char::from(b'A' + u8::try_from(cell(place[0], view.width, columns)).ok()?);
    view.holds(place).then(|| format!("{letter}{}", cell(place[1], view.height, rows) + 1))
}

/// Letters along the upper edge and numbers along the left one, with small ticks between them.
pub(super) fn square_marks(view: &View) -> String {
    let [columns, rows] = squares(view);
    let (w, h) = (view.width / columns as f64, view.height / rows as f64);
    let mut ticks = String::new();
    let mut names = String::from(
        "<g font-size=\"8.5\" font-weight=\"700\" text-anchor=\"middle\" fill=\"#47595D\" stroke=\"#FFFFFF\" stroke-width=\"2.4\" paint-order=\"stroke\">",
    );
    for i in 0..columns {
        let x = w * i as f64;
        let _ = write!(ticks, "M{x:.1} 0v5M{x:.1} {:.1}v-5", view.height);
        let _ = write!(names, "<text x=\"{:.1}\" y=\"9.5\">{}</text>", x + w / 2.0, char::from(b'A' + u8::try_from(i).unwrap_or(25)));
    }
    for i in 0..rows {
        let y = h * i as f64;
        let _ = write!(ticks, "M0 {y:.1}h5M{:.1} {y:.1}h-5", view.width);
        let _ = write!(names, "<text x=\"7.5\" y=\"{:.1}\">{}</text>", y + h / 2.0 + 3.0, i + 1);
    }
    format!("<path stroke=\"#47595D\" stroke-width=\"0.8\" d=\"{ticks}\"/>{names}</g>")
}

/// One line of the legend.
pub(super) struct Entry {
    theme: String,
    label: String,
    count: usize,
}

/// Themes of the selection in the order of the taxonomy, those without a theme last.
pub(super) fn legend(selection: &Selection, lang: Lang) -> Vec<Entry> {
    let counts = selection.by_theme();
    let known = taxonomy().themes.iter().map(|t| t.code.as_str()).chain([""]);
    known.filter_map(|t| Some(Entry { theme: t.into(), label: words::theme(t, lang), count: *counts.get(t)? })).collect()
}

/// Height of a line of the legend.
pub(super) const LEGEND_ROW: f64 = 19.0;

/// The legend as a list in columns; its height is known from the number of entries.
pub(super) fn legend_block(entries: &[Entry], [x, y]: [f64; 2], width: f64, columns: usize, lang: Lang) -> Block {
    let rows = entries.len().div_ceil(columns);
    let wide = width / columns as f64;
    let items = entries.iter().enumerate().map(|(i, e)| {
        let (left, middle) = (x + (i / rows) as f64 * wide, y + (i % rows) as f64 * LEGEND_ROW + LEGEND_ROW / 2.0);
        let sign = Block::Graphic(signs::gommette(&e.theme, true, [left + 8.0, middle], 8.0));
        let code = Words::new(left + 20.0, middle + 4.0, 10.5, if e.theme.is_empty() { "–" } else { &e.theme }).bold();
        let count = fonts::number(e.count, lang);
        let room = wide - 54.0 - fonts::width(&count, 11.5, true) - 20.0;
        let label = Words::new(left + 52.0, middle + 4.0, 11.5, &e.label).within(room);
        let count = Words::new(left + 52.0 + label.width() + 6.0, middle + 4.0, 11.5, count).bold();
        Block::Group(Role::Item, vec![Block::Group(Role::Label, vec![sign, code.into()]), Block::Group(Role::Body, vec![label.into(), count.into()])])
    });
    Block::Group(Role::List, items.collect())
}

/// A line that tells full signs from hollow ones and those of several.
pub(super) fn states([x, y]: [f64; 2], lang: Lang) -> Vec<Block> {
    let mut svg = signs::gommette("LIE", true, [x + 6.0, y - 4.0], 6.0);
    let first = Words::new(x + 16.0, y, 10.5, say(lang, "confirmé", "confirmed")).ink(SOFT);
    let second_x = first.x + first.width() + 14.0;
    svg.push_str(&signs::gommette("LIE", false, [second_x + 6.0, y - 4.0], 6.0));
    let second = Words::new(second_x + 16.0, y, 10.5, say(lang, "à vérifier", "to check")).ink(SOFT);
    let third_x = second.x + second.width() + 14.0;
    svg.push_str(&signs::ring(&[("ALI", 1), ("SOL", 1), ("CUL", 1)].into(), [third_x + 6.0, y - 4.0], 6.5));
    let third = Words::new(third_x + 16.0, y, 10.5, say(lang, "plusieurs au même endroit", "several at one place")).ink(SOFT);
    vec![Block::artifact(svg), Block::paragraph([first, second, third])]
}

/// One line of the index.
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) place: String,
    pub(super) theme: String,
    pub(super) confirmed: bool,
    /// The square of the map that its first point lies in.
    pub(super) square: String,
}

/// The index: number → name, address, theme.
pub(super) fn index(selection: &Selection, view: &View, lang: Lang) -> Vec<Line> {
    let line = |(i, a): (usize, &Actor)| Line {
        number: i + 1,
        name: fonts::clean(a.name()),
        place: fonts::clean(&address(a, lang)),
        theme: a.category().split('.').next().unwrap_or("").to_owned(),
        confirmed: a.state() == State::Confirmed,
        square: a.places().iter().find_map(|p| square(view, view.place(p.point?))).unwrap_or_default(),
    };
    selection.actors.iter().enumerate().map(line).collect()
}

/// Streets of an actor's places, or what is known instead.
fn address(actor: &Actor, lang: Lang) -> String {
    let places = actor.places();
    if !places.iter().any(|p| p.point.is_some()) {
        return say(lang, "sans lieu", "no place").into();
    }
    let mut lines: Vec<String> = Vec::new();
    for place in &places {
        let city = || actor.address(&place.id).and_then(|a| a.get("city")).and_then(|c| c.as_str()).unwrap_or("").to_owned();
        let street = actor.street(&place.id);
        let line = if street.is_empty() { city() } else { street };
        if !line.is_empty() && !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.join("\u{a0}; ")
}

/// Height of a line of the index.
pub(super) const INDEX_ROW: f64 = 13.6;
/// Size of its letters.
const INDEX_SIZE: f64 = 9.6;

/// One column of the index as a table.
pub(super) fn index_column(lines: &[Line], [x, y]: [f64; 2], width: f64, lang: Lang) -> Block {
    let mut rows = vec![heading([x, y], width, lang)];
    for (i, line) in lines.iter().enumerate() {
        let base = y + INDEX_ROW * (i + 1) as f64 + INDEX_ROW * 0.72;
        let sign = Block::Graphic(signs::gommette(&line.theme, line.confirmed, [x + 32.0, base - 3.3], 5.4));
        let number = Words::new(x + 23.0, base, INDEX_SIZE, line.number.to_string()).bold().at(Anchor::End);
        let code = Words::new(x + 40.0, base, 7.6, if line.theme.is_empty() { "–" } else { &line.theme }).ink(SOFT);
        let (left, room) = (x + 60.0, width - 92.0);
        let address = fonts::width(&line.place, INDEX_SIZE, false);
        let named = fonts::width(&line.name, INDEX_SIZE, true);
        // The name is what people look for: the address gives way.
        let name_room = if named + 5.0 + address <= room { named } else { named.min(room - 5.0 - address.min(room * 0.18)) };
        let name = Words::new(left, base, INDEX_SIZE, &line.name).bold().within(name_room + 0.1);
        let place_x = left + name.width() + 5.0;
        let place = Words::new(place_x, base, INDEX_SIZE, &line.place).ink(SOFT).within((left + room - place_x).max(0.0));
        let square = Words::new(x + width - 10.0, base, INDEX_SIZE, if line.square.is_empty() { "–" } else { &line.square }).at(Anchor::End);
        let mut row = vec![
            Block::Group(Role::RowHeader, vec![number.into()]),
            Block::Group(Role::Cell, vec![sign, code.into()]),
            Block::Group(Role::Cell, vec![name.into()]),
        ];
        row.push(Block::Group(Role::Cell, vec![place.into()]));
        row.push(Block::Group(Role::Cell, vec![square.into()]));
        rows.push(Block::Group(Role::Row, row));
    }
    Block::Group(Role::Table, rows)
}

/// The names of a column's cells, small.
fn heading([x, y]: [f64; 2], width: f64, lang: Lang) -> Block {
    let base = y + INDEX_ROW * 0.6;
    let cell =
        |at: f64, text: &str, anchor: Anchor| Block::Group(Role::ColumnHeader, vec![Words::new(at, base, 7.6, text).ink(SOFT).at(anchor).into()]);
    let line = Block::Graphic(format!("<path stroke=\"#C9D3D1\" stroke-width=\"0.8\" d=\"M{x:.1} {:.1}h{:.1}\"/>", base + 3.0, width - 8.0));
    let cells = vec![
        cell(x + 23.0, say(lang, "n°", "no."), Anchor::End),
        cell(x + 27.0, say(lang, "thème", "theme"), Anchor::Start),
        cell(x + 60.0, say(lang, "nom", "name"), Anchor::Start),
        cell(x + 86.0, say(lang, "adresse", "address"), Anchor::Start),
        cell(x + width - 10.0, say(lang, "case", "square"), Anchor::End),
        line,
    ];
    Block::Group(Role::Row, cells)
}

/// Height of the foot.
pub(super) const FOOT: f64 = 40.0;

/// Rim, licence, sources, address of the figure, number of the page. `y` is the foot's upper edge.
pub(super) fn foot(sheet: &Sheet, [x, y]: [f64; 2], width: f64, page: usize, pages: usize) -> Vec<Block> {
    let rim = format!(
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"2\" fill=\"{}\"/><rect x=\"{x:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"3\" fill=\"{}\"/>",
        RIM[0],
        y + 2.0,
        RIM[1]
    );
    let count = if pages > 1 { format!("{page} / {pages}") } else { String::new() };
    let mut lines = vec![words::licence(sheet.lang).to_owned()];
    if !sheet.sources.is_empty() {
        lines.push(format!("{}{}", say(sheet.lang, "Sources\u{a0}: ", "Sources: "), sheet.sources.join(", ")));
    }
    let room = width - fonts::width(&sheet.address, 9.2, true) - 24.0;
    let text = fonts::clean(&lines.join(" · "));
    let small = fonts::wrapped(&text, 9.2, false, room.max(width * 0.5), 2);
    let mut words: Vec<Words> = small.iter().enumerate().map(|(i, l)| Words::new(x, y + 17.0 + 12.0 * i as f64, 9.2, l).ink(SOFT)).collect();
    let address_y = if room < width * 0.5 { y + 17.0 + 12.0 * small.len() as f64 } else { y + 17.0 };
    if !sheet.address.is_empty() {
        words.push(Words::new(x + width, address_y, 9.2, fonts::clean(&sheet.address)).bold().at(Anchor::End).within(width));
    }
    if !count.is_empty() {
        words.push(Words::new(x + width, y + 30.0, 9.2, count).ink(SOFT).at(Anchor::End));
    }
    vec![Block::artifact(rim), Block::paragraph(words)]
}
