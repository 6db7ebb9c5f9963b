//! A picture for a page or a shared link: the map over all of it, a band with the name and the count.

use super::panel::Matter;
use super::view::{Extent, View};
use super::words;
use super::{Error, Sheet};
use crate::report::Selection;
use crate::report::paper::{Anchor, Block, Page, Role, Words, fonts};

/// The one page.
pub(super) fn page(sheet: &Sheet, selection: &Selection, matter: &Matter<'_>, extent: Extent) -> Result<Page, Error> {
    let [width, height] = sheet.paper.size();
    let size = (width / 26.0).clamp(14.0, 46.0);
    let band = size * 2.5;
    let view = View::of(extent, width, (height - band).max(40.0));
    let note = matter.dots.is_empty().then(|| words::say(sheet.lang, "Aucun acteur à montrer ici.", "No actor to show here."));
    let panel = matter.draw(&view, "map", note)?;
    let top = height - band;
    let alt = fonts::clean(&words::alt(sheet, selection));
    let rim = format!(
        "<rect y=\"{top:.1}\" width=\"{width}\" height=\"{band:.1}\" fill=\"#0F4550\"/><rect y=\"{top:.1}\" width=\"{width}\" height=\"{:.1}\" fill=\"#F6BE3B\"/>",
        size * 0.12
    );
    let pad = size * 0.7;
    let room = width - 2.0 * pad;
    let title = Words::new(pad, top + size * 1.25, size, fonts::clean(&words::title(sheet, selection))).bold().ink("#FFFFFF").within(room);
    let line = if sheet.caption.is_empty() { words::state(selection, sheet.lang) } else { sheet.caption.clone() };
    let state = Words::new(pad, top + size * 2.05, size * 0.58, line).ink("#FFFFFF").within(room * 0.62);
    let small = (size * 0.4).max(9.0);
    let credit = words::say(sheet.lang, "© les contributeurs d’OpenStreetMap", "© OpenStreetMap contributors");
    let credit = Words::new(width - pad, top + size * 2.05, small, credit).ink("#FFFFFF").at(Anchor::End);
    let blocks = vec![
        Block::Group(Role::Figure(alt), vec![Block::Graphic(panel.svg)]),
        Block::artifact(rim),
        Block::Group(Role::Heading(1), vec![title.into()]),
        Block::paragraph([state, credit]),
    ];
    Ok(Page { width, height, blocks })
}
