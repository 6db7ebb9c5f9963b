//! A sheet: where title, map, legend, index and foot stand, and the pages on which the index goes on.

use super::markers::Sizes;
use super::panel::{Dot, Matter};
use super::parts::{self, FOOT, INDEX_ROW, LEGEND_ROW, Line};
use super::view::{Extent, View};
use super::words::{self, say};
use super::{Error, Paper, Sheet, Style, screen};
use crate::geo::Bbox;
use crate::model::State;
use crate::report::Selection;
use crate::report::paper::{Block, Drawing, MM, Page, Role, SOFT, Words, fonts};
use crate::tiles::Archive;
use geo::{BoundingRect, MultiPolygon};

/// Margin of a sheet.
const MARGIN: f64 = 12.0 * MM;
/// Between two things.
const GAP: f64 = 12.0;
/// An index column's width, at least.
const COLUMN: f64 = 290.0;
/// Lines of the index that are printed at most; more are in the CSV file.
const INDEXED: usize = 2000;

/// Draws a sheet. Blocks: not for an async task.
///
/// # Errors
/// [`Error`].
pub fn draw(sheet: &Sheet, selection: &Selection, base: Option<&Archive>, outline: &MultiPolygon<f64>) -> Result<Drawing, Error> {
    let sheet = &cleaned(sheet);
    let matter = Matter {
        dots: dots(selection),
        base,
        outline,
        style: sheet.style,
        lang: sheet.lang,
        sizes: sizes(sheet),
        insets: !matches!(sheet.paper, Paper::Screen { .. }),
    };
    let extent = extent(sheet, selection, outline);
    let pages = match sheet.paper {
        Paper::Screen { .. } => vec![screen::page(sheet, selection, &matter, extent)?],
        _ => Layout { sheet, selection, matter, extent }.pages()?,
    };
    let title = fonts::clean(&words::title(sheet, selection));
    Ok(Drawing { title, alt: fonts::clean(&words::alt(sheet, selection)), lang: sheet.lang, at: selection.at, pages })
}

/// Texts that people wrote, without what can't be printed.
fn cleaned(sheet: &Sheet) -> Sheet {
    let clean = |text: &String| fonts::clean(text);
    Sheet {
        title: clean(&sheet.title),
        caption: clean(&sheet.caption),
        alt: clean(&sheet.alt),
        sources: sheet.sources.iter().map(clean).collect(),
        ..sheet.clone()
    }
}

fn sizes(sheet: &Sheet) -> Sizes {
    match sheet.paper {
        Paper::Screen { width, .. } => Sizes { radius: f64::from(width) / 80.0 + 3.0, number: None, codes: false },
        _ => Sizes { radius: 7.6, number: Some(8.8), codes: sheet.style == Style::Impression },
    }
}

fn dots(selection: &Selection) -> Vec<Dot> {
    let dot = |(i, degrees): (usize, [f64; 2])| {
        let actor = &selection.actors[i];
        let theme = actor.category().split('.').next().unwrap_or("").to_owned();
        Dot { number: i + 1, theme, confirmed: actor.state() == State::Confirmed, degrees }
    };
    selection.points().map(dot).collect()
}

/// What the map shows: what was asked for, else the territory, else the actors.
fn extent(sheet: &Sheet, selection: &Selection, outline: &MultiPolygon<f64>) -> Extent {
    if let Some(extent) = sheet.extent {
        return extent;
    }
    if let Some(r) = outline.bounding_rect() {
        return Bbox { west: r.min().x, south: r.min().y, east: r.max().x, north: r.max().y }.grown(0.02, 0.0002).into();
    }
    let mut bbox = Bbox::EMPTY;
    selection.points().for_each(|(_, [lon, lat])| bbox.add(lon, lat));
    if bbox.is_empty() {
        // Nothing is known of the place: the whole of mainland France.
        return Extent { west: -5.2, south: 42.3, east: 8.3, north: 51.1 };
    }
    bbox.grown(0.06, 0.002).into()
}

struct Layout<'a> {
    sheet: &'a Sheet,
    selection: &'a Selection,
    matter: Matter<'a>,
    extent: Extent,
}

/// Columns of the legend.
fn legend_columns(width: f64) -> usize {
    ((width / 250.0).floor() as usize).clamp(1, 4)
}

/// What is left of a page for the index.
struct Room {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

impl Room {
    fn columns(&self) -> usize {
        ((self.width / COLUMN).floor() as usize).max(1)
    }

    /// Lines that fit under the heads of the columns.
    fn rows(&self) -> usize {
        (((self.height - INDEX_ROW) / INDEX_ROW).floor().max(0.0)) as usize
    }
}

impl Layout<'_> {
    fn pages(&self) -> Result<Vec<Page>, Error> {
        let [width, height] = self.sheet.paper.size();
        let (mut blocks, room, view) = self.first()?;
        if self.sheet.in_text {
            let height = if width > height { height } else { room.y + FOOT + MARGIN };
            blocks.extend(parts::foot(self.sheet, [MARGIN, height - MARGIN - FOOT + 6.0], width - 2.0 * MARGIN, 1, 1));
            return Ok(vec![Page { width, height, blocks }]);
        }
        let lines = parts::index(self.selection, &view, self.sheet.lang);
        let shown = &lines[..lines.len().min(INDEXED)];
        let mut rest = self.index(shown, &room, &mut blocks, false);
        let mut pages = vec![blocks];
        while !rest.is_empty() {
            let mut blocks = Vec::new();
            let top = self.head(&mut blocks, true);
            let room = Room { x: MARGIN, y: top, width: width - 2.0 * MARGIN, height: height - MARGIN - FOOT - top };
            rest = self.index(rest, &room, &mut blocks, true);
            pages.push(blocks);
        }
        let count = pages.len();
        let foot = |i: usize| parts::foot(self.sheet, [MARGIN, height - MARGIN - FOOT + 6.0], width - 2.0 * MARGIN, i + 1, count);
        let finished = pages.into_iter().enumerate().map(|(i, mut blocks)| {
            blocks.extend(foot(i));
            Page { width, height, blocks }
        });
        Ok(finished.collect())
    }

    /// Title, state and caption; gives where they end.
    fn head(&self, blocks: &mut Vec<Block>, again: bool) -> f64 {
        let [width, _] = self.sheet.paper.size();
        let room = width - 2.0 * MARGIN;
        let title = words::title(self.sheet, self.selection);
        let size = if again { 14.0 } else { 24.0 };
        let mut y = MARGIN + size * 0.9;
        let lines = fonts::wrapped(&fonts::clean(&title), size, true, room, if again { 1 } else { 2 });
        let count = lines.len();
        let words = lines.into_iter().enumerate().map(|(i, l)| Block::Words(Words::new(MARGIN, y + size * 1.15 * i as f64, size, l).bold()));
        blocks.push(Block::Group(if again { Role::Paragraph } else { Role::Heading(1) }, words.collect()));
        y += size * 1.15 * (count.max(1) - 1) as f64 + if again { 18.0 } else { 22.0 };
        let mut state = words::state(self.selection, self.sheet.lang);
        if again {
            state = format!("{} · {state}", say(self.sheet.lang, "Index, suite", "Index, continued"));
        } else if !self.sheet.title.is_empty() {
            let place = self
                .selection
                .area
                .as_ref()
                .map_or(self.selection.territory.name.clone(), |a| format!("{}, {}", a.name, self.selection.territory.name));
            state = format!("{} · {state}", fonts::clean(&place));
        }
        blocks.push(Block::paragraph([Words::new(MARGIN, y, 12.5, state).ink(SOFT)]));
        y += 8.0;
        if !again && !self.sheet.caption.is_empty() {
            let lines = fonts::wrapped(&self.sheet.caption, 12.5, false, room, 3);
            let caption: Vec<Words> = lines.into_iter().enumerate().map(|(i, l)| Words::new(MARGIN, y + 10.0 + 16.0 * i as f64, 12.5, l)).collect();
            y += 16.0 * caption.len() as f64 + 2.0;
            blocks.push(Block::paragraph(caption));
        }
        y + 6.0
    }

    /// The first page without its index, and the room that the index has there.
    fn first(&self) -> Result<(Vec<Block>, Room, View), Error> {
        let [width, height] = self.sheet.paper.size();
        let mut blocks = Vec::new();
        let top = self.head(&mut blocks, false);
        let bottom = height - MARGIN - FOOT;
        let legend = parts::legend(self.selection, self.sheet.lang);
        let inner = width - 2.0 * MARGIN;
        if width > height {
            let side = (inner * 0.3).max(COLUMN + 10.0);
            let map_width = inner - side - GAP;
            let view = self.map(&mut blocks, [MARGIN, top], [map_width, bottom - top - 4.0])?;
            let x = MARGIN + map_width + GAP;
            let y = self.legend(&mut blocks, &legend, [x, top], side);
            return Ok((blocks, Room { x, y, width: side, height: bottom - y - 4.0 }, view));
        }
        let map_height = self.map_height(inner, height, top, legend.len());
        let view = self.map(&mut blocks, [MARGIN, top], [inner, map_height])?;
        let y = self.legend(&mut blocks, &legend, [MARGIN, top + map_height + GAP], inner);
        Ok((blocks, Room { x: MARGIN, y, width: inner, height: bottom - y - 4.0 }, view))
    }

    /// As high as the extent needs, within 40 to 60 % of the page; lower than it needs when the whole index then fits under it.
    fn map_height(&self, inner: f64, height: f64, top: f64, legend: usize) -> f64 {
        let view = View::of(self.extent, inner, inner * 10.0);
        let [_, upper] = view.place([self.extent.west, self.extent.north]);
        let [_, lower] = view.place([self.extent.west, self.extent.south]);
        let [least, most] = if self.sheet.in_text { [0.25, 0.68] } else { [0.4, 0.6] };
        let wanted = (lower - upper).clamp(height * least, height * most);
        if self.sheet.in_text {
            return wanted;
        }
        let rows = self.selection.actors.len().div_ceil(((inner / COLUMN).floor() as usize).max(1));
        let index = 17.0 + INDEX_ROW * (rows as f64 + 1.5) + 4.0;
        let legend = 18.0 + legend.div_ceil(legend_columns(inner)) as f64 * LEGEND_ROW + 2.0 * GAP;
        let left = height - MARGIN - FOOT - top - legend - index;
        if left >= height * 0.4 { wanted.min(left) } else { wanted }
    }

    fn map(&self, blocks: &mut Vec<Block>, [x, y]: [f64; 2], [width, height]: [f64; 2]) -> Result<View, Error> {
        let view = View::of(self.extent, width, height);
        let lang = self.sheet.lang;
        let note = self.matter.dots.is_empty().then(|| say(lang, "Aucun acteur à montrer ici.", "No actor to show here."));
        let panel = self.matter.draw(&view, "map", note)?;
        let svg = format!("<g transform=\"translate({x:.2} {y:.2})\">{}</g>", panel.svg);
        blocks.push(Block::Group(Role::Figure(fonts::clean(&words::alt(self.sheet, self.selection))), vec![Block::Graphic(svg)]));
        Ok(view)
    }

    /// Gives where it ends.
    fn legend(&self, blocks: &mut Vec<Block>, entries: &[parts::Entry], [x, y]: [f64; 2], width: f64) -> f64 {
        if entries.is_empty() {
            return y;
        }
        let lang = self.sheet.lang;
        let heading = Words::new(x, y + 11.0, 13.0, say(lang, "Légende", "Legend")).bold();
        let after = x + heading.width() + 16.0;
        blocks.push(Block::Group(Role::Heading(2), vec![heading.into()]));
        let columns = legend_columns(width);
        let beside = columns > 1;
        let states = if beside { [after, y + 11.0] } else { [x, y + 29.0] };
        let top = if beside { y + 18.0 } else { y + 36.0 };
        blocks.extend(parts::states(states, lang));
        blocks.push(parts::legend_block(entries, [x, top], width, columns, lang));
        top + entries.len().div_ceil(columns) as f64 * LEGEND_ROW + GAP
    }

    /// Writes as many lines as fit, in columns; gives those that don't.
    fn index<'l>(&self, lines: &'l [Line], room: &Room, blocks: &mut Vec<Block>, whole: bool) -> &'l [Line] {
        let lang = self.sheet.lang;
        let total = self.selection.actors.len();
        if lines.is_empty() {
            return lines;
        }
        let mut room = Room { ..*room };
        if !whole {
            let mut heading = say(lang, "Index", "Index").to_owned();
            if total > INDEXED {
                let (all, some) = (fonts::number(total, lang), fonts::number(INDEXED, lang));
                heading = if lang == crate::model::Lang::Fr {
                    format!("Index des {some} premiers ; les {all} acteurs sont dans le fichier CSV")
                } else {
                    format!("Index of the first {some}; all {all} actors are in the CSV file")
                };
            }
            let words = Words::new(room.x, room.y + 11.0, 13.0, heading).bold().within(room.width);
            blocks.push(Block::Group(Role::Heading(2), vec![words.into()]));
            room.y += 17.0;
            room.height -= 17.0;
        }
        let columns = room.columns();
        let fit = room.rows();
        if fit < 3 && !whole {
            blocks.pop();
            return lines;
        }
        let taken = lines.len().min(fit.max(1) * columns);
        // Even columns look better than one full and one short.
        let each = taken.div_ceil(columns).max(1);
        let wide = room.width / columns as f64;
        for (i, column) in lines[..taken].chunks(each).enumerate() {
            blocks.push(parts::index_column(column, [room.x + wide * i as f64, room.y], wide, lang));
        }
        let rest = &lines[taken..];
        if !whole && !rest.is_empty() {
            let next = say(lang, "suite page 2", "continued on page 2");
            let at = Words::new(room.x + room.width, room.y - 6.0, 10.0, next).ink(SOFT).at(crate::report::paper::Anchor::End);
            blocks.push(Block::paragraph([at]));
        }
        rest
    }
}
