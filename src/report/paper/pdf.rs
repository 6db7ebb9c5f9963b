//! A drawing as a PDF: vectors, text that can be selected and searched, and a structure that screen readers follow.

use super::fonts::{self, FontId};
use super::{Block, Drawing, Error, Page, Role, Words, png};
use crate::model::Lang;
use krilla::color::rgb;
use krilla::configure::{Accessibility, Configuration, ConfigurationBuilder};
use krilla::geom::{Point, Size, Transform};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, ListNumbering, Node, SpanTag, TableHeaderScope, Tag, TagGroup, TagKind, TagTree};
use krilla::text::{Font, TextDirection};
use krilla::{Document, SerializeSettings};
use krilla_svg::{SurfaceExt, SvgSettings};
use std::num::NonZeroU16;

/// Points of a CSS pixel.
const POINT: f32 = 0.75;

/// All pages as one document: PDF/UA-1 where the drawing allows it, always with its structure.
///
/// # Errors
/// [`Error`].
pub fn pdf(drawing: &Drawing) -> Result<Vec<u8>, Error> {
    let accessible = ConfigurationBuilder::new().with_accessibility_validator(Accessibility::UA1).finish().ok();
    if let Some(configuration) = accessible {
        match write(drawing, configuration) {
            Err(Error::Pdf(e)) => tracing::warn!("a document is not PDF/UA: {e}"),
            done => return done,
        }
    }
    write(drawing, Configuration::default())
}

fn write(drawing: &Drawing, configuration: Configuration) -> Result<Vec<u8>, Error> {
    let settings = SerializeSettings { enable_tagging: true, configuration, ..SerializeSettings::default() };
    let mut document = Document::new_with(settings);
    let language = if drawing.lang == Lang::Fr { "fr" } else { "en" };
    let mut structure = TagTree::new().with_lang(Some(language.into()));
    let fonts: Vec<Font> = (0..4).filter_map(|id| Font::new(fonts::file(id).into(), 0)).collect();
    for page in &drawing.pages {
        write_page(&mut document, page, &fonts, &mut structure)?;
    }
    document.set_tag_tree(structure);
    document.set_outline(outline(drawing));
    document.set_metadata(
        Metadata::new()
            .title(fonts::clean(&drawing.title))
            .description(fonts::clean(&drawing.alt))
            .language(language.into())
            .creator("Bouillon".into())
            .producer("Bouillon".into())
            .creation_date(moment(drawing.at))
            .document_id(crate::store::hash_of(format!("{}{}{}", drawing.title, drawing.at, drawing.alt).as_bytes())),
    );
    document.finish().map_err(|e| Error::Pdf(format!("{e:?}")))
}

/// One entry a page, as PDF/UA wants them.
fn outline(drawing: &Drawing) -> krilla::outline::Outline {
    use krilla::destination::XyzDestination;
    use krilla::outline::{Outline, OutlineNode};
    let mut outline = Outline::new();
    for i in 0..drawing.pages.len() {
        let title = if i == 0 { fonts::clean(&drawing.title) } else { format!("{} · {}", fonts::clean(&drawing.title), i + 1) };
        outline.push_child(OutlineNode::new(title, XyzDestination::new(i, Point::from_xy(0.0, 0.0))));
    }
    outline
}

/// The date of the selection, never that of the writing: the same drawing gives the same bytes.
fn moment(at: i64) -> DateTime {
    let t = time::OffsetDateTime::from_unix_timestamp(at.div_euclid(1000)).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    let year = u16::try_from(t.year()).unwrap_or(1970);
    DateTime::new(year)
        .month(u8::from(t.month()))
        .day(t.day())
        .hour(t.hour())
        .minute(t.minute())
        .second(t.second())
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

fn write_page(document: &mut Document, page: &Page, fonts: &[Font], structure: &mut TagTree) -> Result<(), Error> {
    let (width, height) = (page.width as f32, page.height as f32);
    let settings = PageSettings::from_wh(width * POINT, height * POINT).ok_or_else(|| Error::Pdf("the page has no size".into()))?;
    let mut sheet = document.start_page_with(settings);
    let mut surface = sheet.surface();
    surface.push_transform(&Transform::from_scale(POINT, POINT));
    let mut writer = Writer { page, fonts, surface: &mut surface };
    let nodes = writer.blocks(&page.blocks)?;
    surface.pop();
    surface.finish();
    sheet.finish();
    nodes.into_iter().for_each(|node| structure.push(node));
    Ok(())
}

struct Writer<'a, 's> {
    page: &'a Page,
    fonts: &'a [Font],
    surface: &'a mut Surface<'s>,
}

impl Writer<'_, '_> {
    fn blocks(&mut self, blocks: &[Block]) -> Result<Vec<Node>, Error> {
        let mut nodes = Vec::new();
        for block in blocks {
            match block {
                Block::Group(Role::Artifact, inner) => {
                    self.surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Other)));
                    self.decoration(inner)?;
                    self.surface.end_tagged();
                }
                Block::Group(role @ Role::Figure(_), inner) => {
                    let id = self.surface.start_tagged(ContentTag::Other);
                    self.decoration(inner)?;
                    self.surface.end_tagged();
                    nodes.push(TagGroup::with_children(tag(role), vec![id.into()]).into());
                }
                Block::Group(Role::Heading(level), inner) => {
                    let children = self.blocks(inner)?;
                    let level = NonZeroU16::new(*level).unwrap_or(NonZeroU16::MIN);
                    nodes.push(TagGroup::with_children(Tag::Hn(level, Some(said(inner))), children).into());
                }
                Block::Group(role, inner) => {
                    let children = self.blocks(inner)?;
                    nodes.push(TagGroup::with_children(tag(role), children).into());
                }
                Block::Graphic(svg) => {
                    self.surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Other)));
                    self.graphic(svg)?;
                    self.surface.end_tagged();
                }
                Block::Words(words) => {
                    let whole = words.whole.as_deref();
                    let id = self.surface.start_tagged(ContentTag::Span(SpanTag::empty().with_actual_text(whole)));
                    self.words(words);
                    self.surface.end_tagged();
                    nodes.push(id.into());
                }
            }
        }
        Ok(nodes)
    }

    /// What has one tag together.
    fn decoration(&mut self, blocks: &[Block]) -> Result<(), Error> {
        for block in blocks {
            match block {
                Block::Group(_, inner) => self.decoration(inner)?,
                Block::Graphic(svg) => self.graphic(svg)?,
                Block::Words(words) => self.words(words),
            }
        }
        Ok(())
    }

    fn graphic(&mut self, elements: &str) -> Result<(), Error> {
        let (w, h) = (self.page.width, self.page.height);
        let file = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" font-family=\"'{}', sans-serif\">{elements}</svg>",
            fonts::FAMILY
        );
        let tree = png::tree(&file)?;
        let size = Size::from_wh(w as f32, h as f32).ok_or_else(|| Error::Pdf("the page has no size".into()))?;
        self.surface.draw_svg(&tree, size, SvgSettings::default());
        Ok(())
    }

    fn words(&mut self, words: &Words) {
        let [r, g, b] = crate::report::map::paint::Color::parse(&words.color).map_or([0; 3], |c| c.rgb);
        self.surface.set_fill(Some(Fill { paint: rgb::Color::new(r, g, b).into(), opacity: NormalizedF32::ONE, ..Fill::default() }));
        self.surface.set_stroke(None);
        let mut x = words.left();
        for (id, run) in fonts::runs(&words.text, words.bold) {
            let Some(font) = self.fonts.get(id) else { continue };
            let place = Point::from_xy(x as f32, words.y as f32);
            self.surface.draw_text(place, font.clone(), words.size as f32, &run, false, direction(id));
            x += fonts::width(&run, words.size, words.bold);
        }
    }
}

/// The words of some blocks.
fn said(blocks: &[Block]) -> String {
    let words: Vec<&str> =
        blocks.iter().filter_map(|b| if let Block::Words(w) = b { Some(w.whole.as_deref().unwrap_or(&w.text)) } else { None }).collect();
    words.join(" ")
}

/// Arabic and Hebrew are written from right to left.
fn direction(id: FontId) -> TextDirection {
    if id < 2 { TextDirection::LeftToRight } else { TextDirection::RightToLeft }
}

fn tag(role: &Role) -> TagKind {
    match role {
        Role::Heading(_) | Role::Paragraph | Role::Artifact => Tag::P.into(),
        Role::Figure(alt) => Tag::Figure(Some(alt.clone())).into(),
        Role::List => Tag::L(ListNumbering::None).into(),
        Role::Item => Tag::LI.into(),
        Role::Label => Tag::Lbl.into(),
        Role::Body => Tag::LBody.into(),
        Role::Table => Tag::Table.into(),
        Role::Row => Tag::TR.into(),
        Role::RowHeader => Tag::TH(TableHeaderScope::Row).into(),
        Role::ColumnHeader => Tag::TH(TableHeaderScope::Column).into(),
        Role::Cell => Tag::TD.into(),
    }
}
